//! Changes of the fields of a record, as the `edit` verbs of all kinds take them from the command line.

use std::collections::BTreeMap;

use super::args::text_or_stdin;
use super::page::{Style, plain, styled};
use super::written::Written;
use crate::base::{Error, Id, Result, text};
use crate::ops::{Operation, edit};
use crate::records::Kind;
use crate::session::Session;
use crate::session::resolve::short;

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
    /// Makes the changes in one commit.
    ///
    /// # Errors
    /// `usage` where there are none, and whatever [`edit::edit`] refuses.
    pub fn make(self, session: &Session, kind: &'static Kind, id: &Id) -> Result<Written> {
        let mut set = assignments(&self.set)?;
        set.extend(self.named.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        let nothing = edit::Edit { kind: kind.name.to_owned(), id: id.to_string(), ..edit::Edit::default() };
        let input = edit::Edit {
            set,
            add: elements(self.add),
            remove: elements(self.remove),
            body: self.body.as_deref().map(text_or_stdin).transpose()?,
            ..nothing.clone()
        };
        if input == nothing {
            return Err(Error::usage("nothing to change: name a field, as in --set FIELD=VALUE"));
        }
        let outcome = session.transact(&Operation::Edit(input))?;
        let what = if outcome.commit.is_some() { "Changed " } else { "As it was: " };
        Ok(Written::new(&outcome, [plain(what), styled(Style::Id, short(kind, id))]))
    }
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
