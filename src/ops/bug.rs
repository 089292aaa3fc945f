//! Reporting bugs: a task, and word of it to those who should know, in one change.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::delivery::one_agent;
use super::note::{Said, reports_to, say};
use super::{Context, access, task};
use crate::base::{Error, Result, id, text};
use crate::records::Task;
use crate::records::message::{Type, Urgency};
use crate::records::record::downcast;
use crate::records::status::Severity;
use crate::records::task::Priority;
use crate::state::{Changeset, Snapshot};

/// What is wrong.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    /// What is wrong, on one line.
    pub title: String,
    /// The id, where the user chose one.
    pub id: Option<String>,
    /// How it comes about, and what should be instead.
    pub body: String,
    /// How bad it is: INFO, WARN, URGENT or BLOCKER. It decides how much the task matters.
    pub severity: Option<String>,
    /// How much the task matters, where that is said outright.
    pub priority: Option<String>,
    /// The task during which it was found.
    pub task: Option<String>,
    /// Who is to see to it.
    pub assignee: Option<String>,
    /// Free labels.
    pub labels: BTreeSet<String>,
}

/// Makes a task of type `bug`, and tells whom the asker reports to, and who is to see to it.
///
/// # Errors
/// `id_taken` (3); `not_found` (4) where there is no such task; `bad_id`, `bad_value`, `reserved_name` or
/// `bad_record` (5).
pub fn report(snapshot: &dyn Snapshot, input: &Report, context: &Context) -> Result<Changeset> {
    let found_during = input.task.as_deref().map(|task| task::require(snapshot, task)).transpose()?;
    let assignee = input.assignee.as_deref().map(|name| one_agent(snapshot, name)).transpose()?;
    let made = task::new(snapshot, &as_task(input, found_during.as_ref())?, context)?;
    let mut bug = made.about.as_ref().and_then(downcast::<Task>).cloned().ok_or_else(no_task)?;
    bug.assignee.clone_from(&assignee);

    let mut changes = Changeset::new(format!("Report bug {}: {}", bug.id, text::excerpt(&bug.title, 60)));
    changes.warnings = made.warnings;
    changes.holds = found_during.and_then(|task| access::held_by(context, &task, None));
    let mut to: BTreeSet<String> = reports_to(snapshot, &context.agent, &mut changes).into_iter().collect();
    to.extend(assignee);
    to.retain(|name| id::fold(name) != id::fold(&context.agent));
    if !to.is_empty() {
        let body = [bug.title.as_str(), bug.body.as_str()].join("\n\n");
        let said = Said {
            r#type: Type::Error,
            body: body.trim_end(),
            to: &to.into_iter().collect::<Vec<_>>(),
            priority: urgency(&bug.priority),
            metadata: BTreeMap::from([("priority".to_owned(), bug.priority.as_str().into())]),
            ..Said::default()
        };
        say(snapshot, &bug, said, context, &mut changes)?;
    }
    changes.put_main(bug);
    Ok(changes)
}

fn as_task(input: &Report, found_during: Option<&Task>) -> Result<task::New> {
    if input.severity.is_some() && input.priority.is_some() {
        return Err(Error::invalid("bad_value", "a bug takes a severity or a priority, not both"));
    }
    let by_severity = input.severity.as_deref().map(priority_of).transpose()?;
    Ok(task::New {
        title: input.title.clone(),
        id: input.id.clone(),
        body: input.body.clone(),
        priority: input.priority.clone().or(by_severity.map(|priority| priority.as_str().to_owned())),
        r#type: Some("bug".to_owned()),
        labels: input.labels.clone(),
        // Found in a sprint, it is to be seen there.
        sprint: found_during.and_then(|task| task.sprint.clone()),
        discovered_from: found_during.map(|task| task.id.to_string()).into_iter().collect(),
        ..task::New::default()
    })
}

/// How much a bug matters that is so bad.
fn priority_of(severity: &str) -> Result<Priority> {
    Ok(match super::status::severity(severity)? {
        Severity::Blocker => Priority::P0,
        Severity::Urgent => Priority::P1,
        Severity::Warn => Priority::P2,
        _ => Priority::P3,
    })
}

/// How soon word of a bug wants to be read.
fn urgency(priority: &Priority) -> Urgency {
    match priority {
        Priority::P0 => Urgency::Urgent,
        Priority::P1 => Urgency::High,
        _ => Urgency::Normal,
    }
}

fn no_task() -> Error {
    Error::fatal("internal", "a new task is no task")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::fixture::{World, code};
    use crate::ops::{Operation, agent};
    use crate::records::Message;
    use crate::records::task::Type as Sort;
    use crate::state::all;

    fn bug(world: &mut World, report: Report) -> Changeset {
        let report = Report { title: "it leaks".into(), id: Some("bug".into()), ..report };
        world.run(Operation::BugReport(report)).expect("reported")
    }

    fn profile(world: &mut World, name: &str, boss: Option<&str>) {
        let reports_to = boss.map(str::to_owned);
        let new = agent::New { name: name.into(), reports_to, ..agent::New::default() };
        world.run(Operation::AgentNew(new)).expect("a profile");
    }

    #[test]
    fn it_is_a_task_that_says_where_it_was_found_and_they_are_told() {
        let mut world = World::with_task("a");
        profile(&mut world, "Bob", None);
        profile(&mut world, "boss", None);
        profile(&mut world, "ada", Some("boss"));
        world.claim("a");
        let report = Report {
            task: Some("a".into()),
            assignee: Some("bob".into()),
            severity: Some("blocker".into()),
            body: "Run it twice.".into(),
            ..Report::default()
        };
        let changes = bug(&mut world, report);
        assert!(changes.holds.is_some(), "it is a sign of life");
        let task = world.get("bug");
        assert_eq!((task.r#type, task.priority, task.assignee.as_deref()), (Sort::Bug, Priority::P0, Some("Bob")));
        assert!(task.discovered_from.contains("a") && task.claim.is_none());
        let said = &all::<Message>(&world.records).expect("messages")[0];
        assert_eq!((said.thread.as_deref(), said.body.as_str()), (Some("bug"), "it leaks\n\nRun it twice."));
        assert_eq!((said.r#type.as_str(), said.priority.as_str()), ("error", "urgent"));
        for name in ["Bob", "boss"] {
            assert_eq!(world.records.inbox(name).expect("an inbox").len(), 1, "{name}");
        }
    }

    #[test]
    fn where_nobody_is_to_know_nothing_is_said() {
        let mut world = World::new();
        bug(&mut world, Report { assignee: Some("Ada".into()), priority: Some("3".into()), ..Report::default() });
        assert_eq!((world.get("bug").priority, world.get("bug").assignee.as_deref()), (Priority::P3, Some("Ada")));
        assert!(all::<Message>(&world.records).expect("messages").is_empty());
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let mut world = World::new();
        let mut refused =
            |report: Report| code(world.run(Operation::BugReport(Report { title: "x".into(), ..report })));
        assert_eq!(refused(Report { task: Some("zz".into()), ..Report::default() }), "not_found");
        assert_eq!(refused(Report { assignee: Some("all".into()), ..Report::default() }), "reserved_name");
        assert_eq!(refused(Report { severity: Some("loud".into()), ..Report::default() }), "bad_value");
        let both = Report { severity: Some("WARN".into()), priority: Some("P1".into()), ..Report::default() };
        assert_eq!(refused(both), "bad_value");
    }
}
