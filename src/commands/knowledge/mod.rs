//! What is known: decisions, and the words in all records.

pub mod decision_edit;
pub mod decision_list;
pub mod decision_new;
pub mod decision_show;
pub mod search;
