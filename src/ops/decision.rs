//! Writing down decisions, and what becomes of one whose place another takes. All else of them is changed by edit.
//!
//! A decision takes the place of another when it is accepted: a proposal leaves what it would replace as it is.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Context, task::fresh_id};
use crate::base::{Error, Result, text};
use crate::records::decision::{DECISION, Decision, Status, Type};
use crate::records::record::Typed;
use crate::records::stamps;
use crate::state::{Changeset, Snapshot, find, get};

/// What a new decision is made of.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct New {
    /// What it is about.
    pub title: String,
    /// The id, where the user chose one.
    pub id: Option<String>,
    /// What sort of record it is.
    pub r#type: Option<String>,
    /// Whether it holds; without it, accepted where it takes the place of another, else proposed.
    pub status: Option<String>,
    /// What made it necessary.
    pub context: Option<String>,
    /// What could have been done.
    pub options: Vec<String>,
    /// Why it was settled so.
    pub rationale: Option<String>,
    /// What it refers to.
    pub references: BTreeSet<String>,
    /// The decision whose place it takes.
    pub supersedes: Option<String>,
    /// Whatever else is to be said.
    pub body: String,
}

/// Writes a decision down.
///
/// # Errors
/// `id_taken` (3); `not_found` (4) where there is no decision whose place it could take; `bad_id`, `bad_value`, `cycle`
/// or `bad_record` (5).
pub fn new(snapshot: &dyn Snapshot, input: &New, context: &Context) -> Result<Changeset> {
    let id = fresh_id(snapshot, &DECISION, input.id.as_deref(), context)?;
    let mut decision = Decision::new(id, context.now, &context.agent);
    decision.title.clone_from(&input.title);
    decision.r#type = input.r#type.as_deref().map(Type::from).unwrap_or_default();
    decision.status = match &input.status {
        Some(word) => Status::from(word.as_str()),
        None if input.supersedes.is_some() => Status::Accepted,
        None => Status::default(),
    };
    decision.context.clone_from(&input.context);
    decision.options.clone_from(&input.options);
    decision.rationale.clone_from(&input.rationale);
    decision.references.clone_from(&input.references);
    decision.supersedes.clone_from(&input.supersedes);
    decision.body.clone_from(&input.body);
    decision.validate()?;
    let mut changes = Changeset::new(format!("Add decision {}: {}", decision.id, text::excerpt(&decision.title, 60)));
    settle(snapshot, None, &decision, context, &mut changes)?;
    changes.put_main(decision);
    Ok(changes)
}

/// Checks what is new about a decision, and where it holds now, puts the one whose place it takes aside.
///
/// # Errors
/// `not_found` (4) where there is none whose place it could take, `bad_value` or `cycle` (5).
pub fn settle(
    snapshot: &dyn Snapshot,
    before: Option<&Decision>,
    after: &Decision,
    context: &Context,
    changes: &mut Changeset,
) -> Result<()> {
    if before.is_none_or(|before| before.r#type != after.r#type)
        && let Type::Other(word) = &after.r#type
    {
        return Err(odd_word("type", "decision or consultation", word));
    }
    if before.is_none_or(|before| before.status != after.status)
        && let Status::Other(word) = &after.status
    {
        return Err(odd_word("status", "proposed, accepted, rejected or superseded", word));
    }
    let Some(place) = &after.supersedes else { return Ok(()) };
    let is_new = before.is_none_or(|before| before.supersedes != after.supersedes);
    if is_new {
        refuse_circle(snapshot, after, place)?;
    }
    let was_settled = before.is_some_and(|before| before.status == Status::Accepted) && !is_new;
    if after.status != Status::Accepted || was_settled {
        return Ok(());
    }
    // A decision that names one which has gone since then holds all the same.
    let Some(replaced) = find::<Decision>(snapshot, place)? else { return Ok(()) };
    let mut aside = replaced.clone();
    aside.status = Status::Superseded;
    if stamps::mark(&replaced, &mut aside, context.now, &context.agent) {
        changes.put(aside);
    }
    Ok(())
}

/// Refuses a decision that would take the place of one which, step by step, takes its own.
///
/// # Errors
/// `cycle` (5); `not_found` (4) where there is none to take the place of.
pub fn refuse_circle(snapshot: &dyn Snapshot, decision: &Decision, place: &str) -> Result<()> {
    let mut seen = BTreeSet::new();
    let mut next = Some(get::<Decision>(snapshot, place)?);
    while let Some(older) = next {
        if older.id == decision.id {
            let message = format!("{} cannot take the place of {place}, which takes its own", decision.id);
            return Err(Error::invalid("cycle", message).hint(format!("git coord show decision/{place}")));
        }
        let known = !seen.insert(older.id.clone());
        next = match older.supersedes.filter(|_| !known) {
            Some(id) => find::<Decision>(snapshot, &id)?,
            None => None,
        };
    }
    Ok(())
}

fn odd_word(field: &str, known: &str, word: &str) -> Error {
    Error::invalid("bad_value", format!("{field} must be {known}, not «{}»", text::excerpt(word, 40)))
        .detail("field", field)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::ops::Operation;
    use crate::ops::edit::Edit;
    use crate::ops::fixture::{World, code};

    fn new(id: &str, supersedes: Option<&str>, status: Option<&str>) -> Operation {
        Operation::DecisionNew(New {
            title: format!("use {id}"),
            id: Some(id.into()),
            supersedes: supersedes.map(str::to_owned),
            status: status.map(str::to_owned),
            ..New::default()
        })
    }

    fn set(id: &str, field: &str, value: &str) -> Operation {
        let set = BTreeMap::from([(field.to_owned(), value.to_owned())]);
        Operation::Edit(Edit { kind: "decision".into(), id: id.into(), set, ..Edit::default() })
    }

    fn status(world: &World, id: &str) -> String {
        get::<Decision>(&world.records, id).expect("a decision").status.to_string()
    }

    #[test]
    fn one_that_takes_the_place_of_another_puts_it_aside_in_the_same_change() {
        let mut world = World::new();
        world.run(new("a", None, Some("accepted"))).expect("made");
        let changes = world.run(new("b", Some("a"), None)).expect("made");
        assert_eq!(changes.edits().len(), 2);
        assert_eq!((status(&world, "a").as_str(), status(&world, "b").as_str()), ("superseded", "accepted"));
    }

    #[test]
    fn a_proposal_replaces_nothing_until_it_is_accepted() {
        let mut world = World::new();
        world.run(new("a", None, Some("accepted"))).expect("made");
        world.run(new("b", Some("a"), Some("proposed"))).expect("made");
        assert_eq!(status(&world, "a"), "accepted");
        world.run(set("b", "status", "rejected")).expect("changed");
        assert_eq!(status(&world, "a"), "accepted");
        world.run(set("b", "status", "accepted")).expect("changed");
        assert_eq!(status(&world, "a"), "superseded");
        // What was put aside may be taken up again; a later edit of the other does not put it aside anew.
        world.run(set("a", "status", "accepted")).expect("changed");
        world.run(set("b", "title", "use it")).expect("changed");
        assert_eq!(status(&world, "a"), "accepted");
    }

    #[test]
    fn an_edit_may_say_whose_place_it_takes() {
        let mut world = World::new();
        world.run(new("a", None, None)).expect("made");
        world.run(new("b", None, Some("accepted"))).expect("made");
        assert_eq!(code(world.run(set("b", "supersedes", "zz"))), "not_found");
        world.run(set("b", "supersedes", "a")).expect("changed");
        assert_eq!(status(&world, "a"), "superseded");
        assert_eq!(code(world.run(set("a", "supersedes", "b"))), "cycle");
        assert_eq!(code(world.run(set("a", "supersedes", "a"))), "cycle");
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let mut world = World::new();
        world.run(new("a", None, None)).expect("made");
        assert_eq!(code(world.run(new("A", None, None))), "id_taken");
        assert_eq!(code(world.run(new("b", Some("zz"), None))), "not_found");
        assert_eq!(code(world.run(new("b", None, Some("maybe")))), "bad_value");
        assert_eq!(code(world.run(set("a", "type", "whim"))), "bad_value");
        let empty = New { title: " ".into(), ..New::default() };
        assert_eq!(code(world.run(Operation::DecisionNew(empty))), "bad_record");
    }
}
