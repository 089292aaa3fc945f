//! The text of a task: its description, and the context that gathers while it is worked on.

use serde::{Deserialize, Serialize};

use super::message::require_text;
use super::{Context, access, revise::revise, task::require};
use crate::base::Result;
use crate::state::{Changeset, Snapshot};

/// What to do to the text of a task.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Describe {
    /// The task.
    pub task: String,
    /// The text.
    pub text: String,
    /// Whether it takes the place of what is there; else it is added as a paragraph of its own.
    pub replace: bool,
}

/// Adds a paragraph to the text of a task, or replaces the text.
///
/// # Errors
/// `empty_text` (5) where nothing would be added, `not_found` (4).
pub fn describe(snapshot: &dyn Snapshot, input: &Describe, context: &Context) -> Result<Changeset> {
    let before = require(snapshot, &input.task)?;
    let mut after = before.clone();
    if input.replace {
        after.body.clone_from(&input.text);
    } else {
        require_text(&input.text, "paragraph")?;
        after.body = joined(&before.body, &input.text);
    }
    let what = if input.replace { "Replace the text of" } else { "Add to the text of" };
    let mut changes = Changeset::new(format!("{what} {}", after.id));
    changes.holds = access::held_by(context, &before, None);
    revise(&mut changes, &before, after, context);
    Ok(changes)
}

/// Two texts with an empty line between them.
fn joined(before: &str, paragraph: &str) -> String {
    match before.trim_end_matches('\n') {
        "" => paragraph.to_owned(),
        before => format!("{before}\n\n{paragraph}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::Operation;
    use crate::ops::fixture::{World, code};

    fn text(text: &str, replace: bool) -> Operation {
        Operation::Describe(Describe { task: "a".into(), text: text.into(), replace })
    }

    #[test]
    fn paragraphs_gather_and_a_new_text_takes_their_place() {
        let mut world = World::new();
        world.task("a");
        world.run(text("One.\n", false)).expect("added");
        world.run(text("Two.", false)).expect("added");
        assert_eq!(world.get("a").body, "One.\n\nTwo.");
        world.run(text("", true)).expect("replaced");
        assert_eq!(world.get("a").body, "");
        assert_eq!(code(world.run(text(" ", false))), "empty_text");
    }
}
