//! What each field of a kind is to the merge, to the stamps and to `edit`.
//!
//! One table per kind stands beside its struct; the generic layers (stamps, edit, merge, documentation) read it.

/// How two changes of the same field become one, and under which key the change is stamped.
///
/// The rules are those of the design's merge section; the names are the same in `docs/data-model.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// One value; of two the later wins and the other is kept in a conflict.
    Scalar,
    /// The pair `updated_at`, `updated_by`: the later pair, never a conflict.
    Stamp,
    /// Part of a group of fields that are true only together; the text names the group.
    Unit(&'static str),
    /// Elements without order, added and removed one by one.
    Set,
    /// Elements in order; merged as a set, in the order of the later side.
    List,
    /// Objects told apart by the field of that name, merged per object.
    Keyed(&'static str),
    /// Merged by key.
    Map,
    /// The greater wins.
    Max,
    /// The least wins.
    Min,
    /// Both increments count.
    Counter,
    /// Merged by lines.
    Text,
    /// Written when the record is made and never again.
    Immutable,
}

/// Who may change a field of a record that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetBy {
    /// `edit` may.
    Edit,
    /// Only the verbs named here may.
    Verb(&'static str),
    /// Nobody: it belongs to the record's identity or to the machinery.
    Nobody,
}

/// One row of a kind's table of fields.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// The name, the same in files, JSON, schemas and `--set`.
    pub name: &'static str,
    /// How it is merged and stamped.
    pub rule: Rule,
    /// Who changes it.
    pub set_by: SetBy,
}

impl Field {
    /// Returns a field that `edit` may change.
    pub const fn open(name: &'static str, rule: Rule) -> Self {
        Field { name, rule, set_by: SetBy::Edit }
    }

    /// Returns a field that only the named verbs change.
    pub const fn by(name: &'static str, rule: Rule, verbs: &'static str) -> Self {
        Field { name, rule, set_by: SetBy::Verb(verbs) }
    }

    /// Returns a field that nobody changes by hand.
    pub const fn closed(name: &'static str, rule: Rule) -> Self {
        Field { name, rule, set_by: SetBy::Nobody }
    }
}

/// The fields that every record has, besides those of its kind.
pub const COMMON: &[Field] = &[
    Field::closed("kind", Rule::Immutable),
    Field::closed("id", Rule::Immutable),
    Field::closed("created_at", Rule::Min),
    Field::closed("created_by", Rule::Immutable),
    Field::closed("updated_at", Rule::Stamp),
    Field::closed("updated_by", Rule::Stamp),
    Field::closed("edited", Rule::Map),
    Field::open("body", Rule::Text),
];
