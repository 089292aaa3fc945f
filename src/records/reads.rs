//! Who has read a message to several: the companion of such a message, made when the first of them reads it.
//!
//! What it begins with is that of the message, so that two machines on which somebody reads make the same record.

use std::collections::BTreeSet;

use super::check;
use super::field::{Field, Rule};
use super::kind::{Kind, Place, build_as, decode_as, happened_as, mark_as, schema_of};
use super::message::{MESSAGE, Message};
use super::record::record;
use super::term::{Term, rank_as, terms_as};
use crate::base::Result;

/// The row of the kind.
pub static READS: Kind = Kind {
    name: "reads",
    letter: 'r',
    place: Place::Sharded("reads"),
    companion_of: Some(&MESSAGE),
    fields: FIELDS,
    decode: decode_as::<Reads>,
    build: build_as::<Reads>,
    mark: mark_as::<Reads>,
    happened: happened_as::<Reads>,
    terms: terms_as::<Reads>,
    rank: rank_as::<Reads>,
    schema: schema_of::<Reads>,
};

const FIELDS: &[Field] = &[Field::by("readers", Rule::Set, "read, reply"), Field::closed("body", Rule::Immutable)];

record! {
    /// Who has read a message to several. Its id is that of the message.
    Reads in READS {
        /// Those who have read it.
        readers: BTreeSet<String>,
    }
}

impl Reads {
    fn found_under(&self) -> Vec<Term> {
        Vec::new()
    }

    fn ranked(&self) -> i64 {
        0
    }

    /// Returns the record for a message that nobody has read.
    pub fn of(message: &Message) -> Self {
        Reads::new(message.id.clone(), message.created_at, &message.created_by)
    }

    fn check(&self) -> Result<()> {
        check::name("created_by", &self.created_by)?;
        check::name("updated_by", &self.updated_by)?;
        self.readers.iter().try_for_each(|reader| check::name("readers", reader))
    }

    fn told(before: Option<&Self>, after: Option<&Self>) -> Vec<&'static str> {
        let count = |reads: Option<&Self>| reads.map_or(0, |reads| reads.readers.len());
        if count(after) > count(before) { vec!["message.read"] } else { Vec::new() }
    }
}
