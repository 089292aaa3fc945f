//! The rules behind questions, over one snapshot: what is ready, what is blocked and by what, who has gone silent.

pub mod archive;
pub mod derive;
pub mod dispatch;
pub mod graph;
pub mod heard;
pub mod links;
pub mod lists;
pub mod near;
pub mod overlap;
pub mod presence;
pub mod published;
pub mod reach;
pub mod stale;
pub mod tree;
pub mod whole;

pub use graph::{Graph, Reason, Standing};
pub use links::{Links, Missing, cycles, cycles_among, missing};
pub use overlap::Tracked;
pub use presence::Presence;
pub use stale::Signs;
