//! `message show`: one message by its id.

use crate::commands::show_of::Shows;
use crate::commands::verb::Group;
use crate::records::Kind;
use crate::records::message::MESSAGE;

/// What is said of the verb.
pub struct Show;

impl Shows for Show {
    const NAME: &'static str = "message show";
    const GROUP: Group = Group::Message;
    const KIND: &'static Kind = &MESSAGE;
    const ABOUT: &'static str = "Show a message";
    const MORE: Option<&'static str> = Some("Of one to several it says who has read it.");
}
