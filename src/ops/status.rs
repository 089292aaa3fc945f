//! Reporting how a sprint or a task stands. An entry never changes; what is new is a new entry.

use serde::{Deserialize, Serialize};

use super::{Context, access, message, task};
use crate::base::{Error, Result, text};
use crate::records::record::Typed;
use crate::records::sprint::SPRINT;
use crate::records::status::{Severity, StatusEntry, Word};
use crate::state::{Changeset, Snapshot};

/// What is reported.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Post {
    /// What happened.
    pub text: String,
    /// How it stands.
    pub status: String,
    /// The sprint it is about.
    pub sprint: Option<String>,
    /// The task it is about.
    pub task: Option<String>,
    /// How much it matters.
    pub severity: Option<String>,
    /// How long it lives without a sign of life, in minutes.
    pub ttl_minutes: Option<u64>,
}

/// Writes an entry in the name of the asker. One about a task is one of the task's sprint too.
///
/// # Errors
/// `not_found` (4) where there is no such task; `empty_text`, `bad_value` or `bad_record` (5).
pub fn post(snapshot: &dyn Snapshot, input: &Post, context: &Context) -> Result<Changeset> {
    message::require_text(&input.text, "status")?;
    let task = input.task.as_deref().map(|task| task::require(snapshot, task)).transpose()?;
    let mut entry = StatusEntry::new(context.seed.ulid(context.now, 0), context.now, &context.agent);
    entry.timestamp = context.now;
    entry.agent.clone_from(&context.agent);
    entry.sprint = input.sprint.clone().or_else(|| task.as_ref()?.sprint.clone());
    entry.task = task.as_ref().map(|task| task.id.to_string());
    entry.status = word(&input.status);
    entry.severity = input.severity.as_deref().map(severity).transpose()?.unwrap_or_default();
    entry.heartbeat = Some(context.now);
    entry.ttl_minutes = input.ttl_minutes;
    entry.body.clone_from(&input.text);
    entry.validate()?;
    let about =
        entry.task.as_deref().or(entry.sprint.as_deref()).map(|about| format!(" of {}", text::excerpt(about, 40)));
    let said = text::excerpt(&input.text, 60);
    let mut changes = Changeset::new(format!("Status{}: {}, {said}", about.unwrap_or_default(), entry.status));
    if let Some(sprint) = input.sprint.as_deref().filter(|sprint| !snapshot.contains(&SPRINT, sprint).unwrap_or(true)) {
        changes.warn("missing_sprint", format!("there is no sprint {} yet", text::excerpt(sprint, 40)));
    }
    changes.holds = task.and_then(|task| access::held_by(context, &task, None));
    changes.put_main(entry);
    Ok(changes)
}

/// Returns the word of a status, known ones however they are typed.
fn word(typed: &str) -> Word {
    match Word::from(shouted(typed).as_str()) {
        Word::Other(_) => Word::from(typed),
        known => known,
    }
}

/// Returns the severity that a text names, however it is typed.
///
/// # Errors
/// `bad_value` where it is none of the four.
pub fn severity(typed: &str) -> Result<Severity> {
    match Severity::from(shouted(typed).as_str()) {
        Severity::Other(_) => {
            let shown = text::excerpt(typed, 40);
            Err(Error::invalid("bad_value", format!("severity must be INFO, WARN, URGENT or BLOCKER, not «{shown}»"))
                .detail("field", "severity"))
        }
        known => Ok(known),
    }
}

fn shouted(typed: &str) -> String {
    typed.to_ascii_uppercase().replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::Operation;
    use crate::ops::fixture::{World, code};
    use crate::state::all;

    fn said(status: &str) -> Post {
        Post { text: "half done".into(), status: status.into(), ..Post::default() }
    }

    fn entries(world: &World) -> Vec<StatusEntry> {
        all::<StatusEntry>(&world.records).expect("entries")
    }

    #[test]
    fn an_entry_is_the_askers_and_of_the_sprint_of_its_task() {
        let mut world = World::with_task("a");
        let mut task = world.get("a");
        task.sprint = Some("s".into());
        world.put(task);
        world.claim("a");
        let post = Post { task: Some("a".into()), severity: Some("warn".into()), ..said("in-progress") };
        let changes = world.run(Operation::StatusPost(post)).expect("posted");
        assert!(changes.holds.is_some(), "it is a sign of life");
        let entry = &entries(&world)[0];
        assert_eq!(
            (entry.agent.as_str(), entry.sprint.as_deref(), entry.task.as_deref()),
            ("ada", Some("s"), Some("a"))
        );
        assert_eq!((entry.status.as_str(), entry.severity.as_str(), entry.ttl()), ("IN_PROGRESS", "WARN", 30));
        assert_eq!((entry.timestamp, entry.heartbeat, entry.body.as_str()), (world.now, Some(world.now), "half done"));
    }

    #[test]
    fn any_word_is_a_status_and_a_sprint_may_come_later() {
        let mut world = World::new();
        let post = Post { sprint: Some("s".into()), ttl_minutes: Some(5), ..said("Pondering") };
        assert_eq!(world.run(Operation::StatusPost(post)).expect("posted").warnings[0].code, "missing_sprint");
        assert_eq!((entries(&world)[0].status.as_str(), entries(&world)[0].ttl()), ("Pondering", 5));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let mut world = World::new();
        let mut refused = |post: Post| code(world.run(Operation::StatusPost(post)));
        assert_eq!(refused(Post { task: Some("zz".into()), ..said("STARTED") }), "not_found");
        assert_eq!(refused(Post { text: " ".into(), ..said("STARTED") }), "empty_text");
        assert_eq!(refused(Post { severity: Some("loud".into()), ..said("STARTED") }), "bad_value");
        assert_eq!(refused(said("two words")), "bad_record");
    }
}
