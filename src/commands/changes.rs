//! Changes of the fields of a record, as the `edit` verbs of all kinds take them from the command line.

use std::collections::BTreeMap;

use super::write::Desk;
use super::written::Written;
use crate::base::{Error, Result, text};
use crate::ops::edit;
use crate::records::Kind;
use crate::session::{Outcome, resolve};

/// What is to be different about a record.
#[derive(Debug, Default)]
pub struct Changes {
    /// `FIELD=VALUE`, as typed.
    pub set: Vec<String>,
    /// Fields that have a flag of their own.
    pub named: Vec<(&'static str, Option<String>)>,
    /// A set, and what is added to it.
    pub add: (&'static str, Vec<String>),
    /// A set, and what is taken out of it.
    pub remove: (&'static str, Vec<String>),
    /// The new text; `-` is standard input.
    pub body: Option<String>,
}

impl Changes {
    /// Returns the changes of the record that was typed, as the input of their operation.
    ///
    /// # Errors
    /// `usage` where there are none; `not_found` or `ambiguous`, both 4.
    pub fn of(self, kind: &'static Kind, name: &str, desk: &Desk<'_>) -> Result<edit::Edit> {
        let id = resolve::one(desk.snapshot, kind, name)?;
        let mut set = assignments(&self.set)?;
        set.extend(self.named.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        let nothing = edit::Edit { kind: kind.name.to_owned(), id: id.into(), ..edit::Edit::default() };
        let input = edit::Edit {
            set,
            add: elements(self.add),
            remove: elements(self.remove),
            body: desk.text_if_any(self.body.as_deref())?,
            ..nothing.clone()
        };
        if input == nothing {
            return Err(Error::usage("nothing to change: name a field, as in --set FIELD=VALUE"));
        }
        Ok(input)
    }
}

/// Tells what became of changes.
pub fn changed(outcome: &Outcome) -> Written {
    Written::about(if outcome.changed { "Changed " } else { "As it was: " }, outcome)
}

fn elements((field, elements): (&'static str, Vec<String>)) -> BTreeMap<String, Vec<String>> {
    if elements.is_empty() { BTreeMap::new() } else { BTreeMap::from([(field.to_owned(), elements)]) }
}

/// Splits `FIELD=VALUE`.
fn assignments(set: &[String]) -> Result<BTreeMap<String, String>> {
    set.iter()
        .map(|pair| match pair.split_once('=') {
            Some((field, value)) => Ok((field.trim().to_owned(), value.to_owned())),
            None => Err(Error::usage(format!("--set takes FIELD=VALUE, not «{}»", text::excerpt(pair, 40)))),
        })
        .collect()
}
