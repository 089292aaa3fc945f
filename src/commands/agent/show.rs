//! `agent show`: one agent by its id.

use crate::commands::show_of::Shows;
use crate::commands::verb::Group;
use crate::records::Kind;
use crate::records::agent::AGENT;

/// What is said of the verb.
pub struct Show;

impl Shows for Show {
    const NAME: &'static str = "agent show";
    const GROUP: Group = Group::Agent;
    const KIND: &'static Kind = &AGENT;
    const ABOUT: &'static str = "Show the profile of an agent";
}
