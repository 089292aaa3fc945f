//! What is known: decisions.

pub mod decision_edit;
pub mod decision_list;
pub mod decision_new;
pub mod decision_show;
