//! Tasks and what becomes of them.

pub mod block;
pub mod blocked;
pub mod bulk;
pub mod cancel;
pub mod claim;
pub mod context;
pub mod defer;
pub mod dep_add;
pub mod dep_rm;
pub mod done;
pub mod edit;
pub mod gate;
pub mod held;
pub mod list;
pub mod move_to;
pub mod new;
pub mod next;
pub mod note;
pub mod ready;
pub mod release;
pub mod reopen;
pub mod show;
pub mod step;
pub mod task_show;
pub mod unblock;
