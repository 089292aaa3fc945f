//! `sprint show`: one sprint by its id.

use crate::commands::show_of::Shows;
use crate::commands::verb::Group;
use crate::records::Kind;
use crate::records::sprint::SPRINT;

/// What is said of the verb.
pub struct Show;

impl Shows for Show {
    const NAME: &'static str = "sprint show";
    const GROUP: Group = Group::Sprint;
    const KIND: &'static Kind = &SPRINT;
    const ABOUT: &'static str = "Show a sprint: its goal, its phases, its document, its tasks";
}
