//! `decision show`: one decision by its id.

use crate::commands::show_of::Shows;
use crate::commands::verb::Group;
use crate::records::Kind;
use crate::records::decision::DECISION;

/// What is said of the verb.
pub struct Show;

impl Shows for Show {
    const NAME: &'static str = "decision show";
    const GROUP: Group = Group::Knowledge;
    const KIND: &'static Kind = &DECISION;
    const ABOUT: &'static str = "Show a decision: how it stands, what led to it, why";
}
