//! From what people and agents type to the record they mean: a full id, one in other case, or the start of one.

use std::collections::BTreeSet;

use crate::base::{Error, Id, Result, id, text};
use crate::records::kind::named_kinds;
use crate::records::{Kind, Term};
use crate::state::{Select, Snapshot};

/// The most candidates that an ambiguous name lists.
const MOST_CANDIDATES: usize = 10;

/// Returns the record of any kind that a text names: `kind/id`, an id, the start of one, or, where nothing here is
/// called so, its name in the system it was imported from.
///
/// # Errors
/// `not_found` or `ambiguous`, both 4.
pub fn any(snapshot: &dyn Snapshot, name: &str) -> Result<(&'static Kind, Id)> {
    match name.split_once('/') {
        Some((kind, rest)) => {
            let kind = named_kinds().find(|row| row.name == kind).ok_or_else(|| {
                let known: Vec<&str> = named_kinds().map(|kind| kind.name).collect();
                Error::not_found(format!("there is no kind of record called «{}»", text::excerpt(kind, 40)))
                    .hint(format!("kinds: {}", known.join(", ")))
            })?;
            Ok((kind, one(snapshot, kind, rest)?))
        }
        None => match among(snapshot, &named_kinds().collect::<Vec<_>>(), name) {
            Err(error) if error.code() == "not_found" => foreign(snapshot, name)?.ok_or(error),
            found => found,
        },
    }
}

/// Returns the record that another system calls so, as an import has noted it.
fn foreign(snapshot: &dyn Snapshot, name: &str) -> Result<Option<(&'static Kind, Id)>> {
    let mut found = Vec::new();
    for kind in named_kinds().filter(|kind| kind.field("external_ref").is_some()) {
        let called_so = snapshot.under(kind, &Select::with(Term::new("external", name)))?;
        found.extend(called_so.into_iter().map(|id| (kind, id)));
    }
    if found.is_empty() { Ok(None) } else { single(found, &[], name).map(Some) }
}

/// Returns the id of the record of one kind that a text names: an id, or the start of one.
///
/// # Errors
/// `not_found` or `ambiguous`, both 4.
pub fn one(snapshot: &dyn Snapshot, kind: &'static Kind, name: &str) -> Result<Id> {
    let name = name.strip_prefix(kind.name).and_then(|rest| rest.strip_prefix('/')).unwrap_or(name);
    among(snapshot, &[kind], name).map(|(_, id)| id)
}

fn among(snapshot: &dyn Snapshot, kinds: &[&'static Kind], name: &str) -> Result<(&'static Kind, Id)> {
    let exact = exact(snapshot, kinds, name)?;
    if !exact.is_empty() {
        return single(exact, kinds, name);
    }
    let mut twins = Vec::new();
    if Id::parse(name).is_ok() {
        for kind in kinds {
            twins.extend(snapshot.twin(kind, name)?.map(|id| (*kind, id)));
        }
    }
    if !twins.is_empty() {
        return single(twins, kinds, name);
    }
    if name.len() < id::SHORTEST_PREFIX {
        let error = missing(kinds, name);
        return Err(error.hint(format!("the start of an id needs at least {} characters", id::SHORTEST_PREFIX)));
    }
    let folded = id::fold(name);
    let mut starting = Vec::new();
    for kind in kinds {
        let ids = snapshot.starting(kind, &folded)?.into_iter();
        starting.extend(ids.map(|id| (*kind, id)));
    }
    single(starting, kinds, name)
}

fn exact(snapshot: &dyn Snapshot, kinds: &[&'static Kind], name: &str) -> Result<Vec<(&'static Kind, Id)>> {
    let Ok(id) = Id::parse(name) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for kind in kinds {
        if snapshot.contains(kind, &id)? {
            found.push((*kind, id.clone()));
        }
    }
    Ok(found)
}

/// Returns the one that was found for a text.
///
/// # Errors
/// `not_found` where nothing was, `ambiguous` where several were, both 4.
pub fn single(mut found: Vec<(&'static Kind, Id)>, kinds: &[&'static Kind], name: &str) -> Result<(&'static Kind, Id)> {
    match found.len() {
        0 => Err(missing(kinds, name)),
        1 => Ok(found.remove(0)),
        several => {
            let candidates: BTreeSet<String> = found.iter().map(|(kind, id)| format!("{}/{id}", kind.name)).collect();
            let shown: Vec<String> = candidates.into_iter().take(MOST_CANDIDATES).collect();
            Err(Error::new(
                crate::base::Kind::NotFound,
                "ambiguous",
                format!("«{}» fits {several} records", text::excerpt(name, 40)),
            )
            .detail("candidates", shown.clone())
            .hint(format!("name one of them: {}", shown.join(", "))))
        }
    }
}

fn missing(kinds: &[&'static Kind], name: &str) -> Error {
    let shown = text::excerpt(name, 60);
    let what = if let [kind] = kinds { kind.name } else { "record" };
    let error = Error::not_found(format!("there is no {what} {shown}")).detail("id", shown);
    if what == "task" { error.hint("git coord task list") } else { error }
}

/// Returns the short form of an id for people: generated ids by their first eight characters, which one in a
/// billion shares; chosen ids whole.
pub fn short(kind: &Kind, id: &str) -> String {
    let is_generated = id.len() == 14
        && id.starts_with(kind.letter)
        && id
            .bytes()
            .skip(1)
            .all(|byte| byte.is_ascii_digit() || (byte.is_ascii_lowercase() && !b"ilou".contains(&byte)));
    if is_generated { id[..8].to_owned() } else { id.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Timestamp;
    use crate::records::{Agent, Task, task};
    use crate::state::memory::Memory;

    fn records(tasks: &[&str], agents: &[&str]) -> Memory {
        let mut memory = Memory::default();
        for id in tasks {
            memory.put(Task::new(Id::parse(id).expect("an id"), Timestamp::EPOCH, "ada"));
        }
        for id in agents {
            memory.put(Agent::new(Id::parse(id).expect("an id"), Timestamp::EPOCH, "ada"));
        }
        memory
    }

    fn found(memory: &Memory, name: &str) -> String {
        let (kind, id) = any(memory, name).expect(name);
        format!("{}/{id}", kind.name)
    }

    #[test]
    fn an_exact_id_wins_over_a_prefix_and_case_does_not_matter() {
        let memory = records(&["abcd", "abcde", "T-One"], &[]);
        assert_eq!(found(&memory, "abcd"), "task/abcd");
        assert_eq!(found(&memory, "abcde"), "task/abcde");
        assert_eq!(found(&memory, "t-one"), "task/T-One");
        assert_eq!(found(&memory, "t-on"), "task/T-One");
    }

    #[test]
    fn a_name_that_fits_several_lists_them() {
        let memory = records(&["abcd1", "abcd2", "twin"], &["twin"]);
        let error = any(&memory, "abcd").expect_err("ambiguous");
        assert_eq!((error.code(), error.kind().exit_code()), ("ambiguous", 4));
        assert_eq!(any(&memory, "twin").expect_err("ambiguous").code(), "ambiguous");
        assert_eq!(found(&memory, "agent/twin"), "agent/twin");
    }

    #[test]
    fn a_prefix_needs_four_characters_and_nothing_odd_is_found() {
        let memory = records(&["abcdef"], &[]);
        for name in ["abc", "", "/", "task/", "x/abcdef", "../../x", "abc\n"] {
            assert_eq!(any(&memory, name).expect_err(name).code(), "not_found", "{name}");
        }
        assert_eq!(one(&memory, &task::TASK, "task/abcd").expect("one").as_str(), "abcdef");
    }

    #[test]
    fn what_was_imported_is_found_by_the_name_it_had_there() {
        let mut memory = records(&["abcd"], &[]);
        let mut task = Task::new(Id::parse("t1").expect("an id"), Timestamp::EPOCH, "ada");
        task.external_ref = Some("42".into());
        memory.put(task.clone());
        assert_eq!(found(&memory, "42"), "task/t1");
        memory.put(Task { id: Id::parse("t2").expect("an id"), ..task });
        assert_eq!(any(&memory, "42").expect_err("two").code(), "ambiguous");
    }

    #[test]
    fn only_generated_ids_are_shortened() {
        assert_eq!(short(&task::TASK, "t0123456789abc"), "t0123456");
        assert_eq!(short(&task::TASK, "beads_rust-0v1"), "beads_rust-0v1");
    }
}
