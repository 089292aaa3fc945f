//! `task show`: one task by its id.

use crate::commands::show_of::Shows;
use crate::commands::verb::Group;
use crate::records::Kind;
use crate::records::task::TASK;

/// What is said of the verb.
pub struct TaskShow;

impl Shows for TaskShow {
    const NAME: &'static str = "task show";
    const GROUP: Group = Group::Task;
    const KIND: &'static Kind = &TASK;
    const ABOUT: &'static str = "Show a task, and the tasks that are part of it";
}
