//! Commits as values, read from and written to the bytes that git stores.

use gix::objs::{CommitRef, Kind};

use super::fault;
use super::objects::Objects;
use super::{ObjectFormat, Oid};
use crate::base::{Error, Result, Timestamp};

/// Somebody: a name and an address.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Person {
    /// The name.
    pub name: String,
    /// The e-mail address.
    pub email: String,
}

impl Person {
    /// Makes a person. What git cannot store in a commit (line ends, `<`, `>`, NUL) is taken out, as git does.
    pub fn new(name: &str, email: &str) -> Self {
        Person { name: clean(name), email: clean(email) }
    }
}

/// One commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Its own id.
    pub id: Oid,
    /// The commits it follows.
    pub parents: Vec<Oid>,
    /// The tree it holds.
    pub tree: Oid,
    /// Who made the change.
    pub author: Person,
    /// When the change was made, to the second.
    pub author_time: Timestamp,
    /// Who made the commit.
    pub committer: Person,
    /// When the commit was made, to the second.
    pub commit_time: Timestamp,
    /// The whole message.
    pub message: String,
    /// Whether it carries a signature, good or not.
    pub is_signed: bool,
}

impl Commit {
    /// Returns the first paragraph of the message on one line.
    pub fn subject(&self) -> String {
        let lines = self.message.lines().skip_while(|line| line.trim().is_empty());
        lines.take_while(|line| !line.trim().is_empty()).map(str::trim).collect::<Vec<_>>().join(" ")
    }

    /// Returns the `Key: value` lines of the last paragraph, in order; none where another kind of line is among them.
    pub fn trailers(&self) -> Vec<(String, String)> {
        let text = self.message.trim_end();
        let Some((_, last)) = text.rsplit_once("\n\n") else { return Vec::new() };
        let mut trailers: Vec<(String, String)> = Vec::new();
        for line in last.lines() {
            if let (Some(rest), Some((_, value))) = (line.strip_prefix([' ', '\t']), trailers.last_mut()) {
                value.push(' ');
                value.push_str(rest.trim());
                continue;
            }
            let Some((key, value)) = line.split_once(':') else { return Vec::new() };
            let is_key = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
            if !is_key {
                return Vec::new();
            }
            trailers.push((key.to_owned(), value.trim().to_owned()));
        }
        trailers
    }
}

/// Reads a commit that must be there.
pub(super) fn read(objects: &Objects, id: Oid) -> Result<Commit> {
    let bytes = objects.read(id, Kind::Commit)?;
    parse(id, &bytes)
}

/// Understands the bytes of a commit.
pub(super) fn parse(id: Oid, bytes: &[u8]) -> Result<Commit> {
    let broken = |err: gix::Error| fault::unreadable(id, err);
    let raw = CommitRef::from_bytes(bytes, id.0.kind()).map_err(broken)?;
    let (author, author_time) = signature(raw.author().map_err(broken)?);
    let (committer, commit_time) = signature(raw.committer().map_err(broken)?);
    Ok(Commit {
        id,
        parents: raw.parents().map(Oid).collect(),
        tree: Oid(raw.tree()),
        author,
        author_time,
        committer,
        commit_time,
        message: raw.message.to_string(),
        is_signed: raw.extra_headers.iter().any(|(name, _)| *name == signature_header(id.format())),
    })
}

fn signature(raw: gix::actor::SignatureRef<'_>) -> (Person, Timestamp) {
    let person = Person { name: raw.name.to_string(), email: raw.email.to_string() };
    (person, Timestamp::from_seconds(raw.seconds()))
}

/// Returns the header under which git looks for the signature of a commit.
pub(super) fn signature_header(format: ObjectFormat) -> &'static str {
    match format {
        ObjectFormat::Sha1 => "gpgsig",
        ObjectFormat::Sha256 => "gpgsig-sha256",
    }
}

/// What a commit object is made of.
pub(super) struct Parts<'a> {
    pub(super) tree: Oid,
    pub(super) parents: &'a [Oid],
    pub(super) author: &'a Person,
    pub(super) author_time: Timestamp,
    pub(super) committer: &'a Person,
    pub(super) commit_time: Timestamp,
    pub(super) message: &'a str,
}

/// Returns the bytes of a commit object. Times are written in UTC, so that the same commit is the same everywhere.
pub(super) fn encode(parts: &Parts<'_>, format: ObjectFormat) -> Result<Vec<u8>> {
    if parts.parents.iter().any(|id| id.format() != format) {
        return Err(Error::invalid("bad_object_id", "cannot commit: a parent's id is of another object format"));
    }
    if parts.message.contains('\0') {
        return Err(Error::invalid("bad_message", "cannot commit: the message holds a NUL"));
    }
    let mut text = format!("tree {}\n", parts.tree);
    for parent in parts.parents {
        text.push_str(&format!("parent {parent}\n"));
    }
    text.push_str(&format!("author {}\n", stamp(parts.author, parts.author_time)));
    text.push_str(&format!("committer {}\n\n", stamp(parts.committer, parts.commit_time)));
    text.push_str(parts.message.trim_end_matches('\n'));
    text.push('\n');
    Ok(text.into_bytes())
}

/// Returns `Name <address> seconds +0000`. Git cannot write a moment before 1970.
pub(super) fn stamp(person: &Person, time: Timestamp) -> String {
    format!("{} <{}> {} +0000", clean(&person.name), clean(&person.email), time.seconds().max(0))
}

/// Takes out what git takes out of names: control characters, angle brackets, and crud at both ends.
fn clean(text: &str) -> String {
    let kept: String = text.chars().filter(|&c| !c.is_control() && !matches!(c, '<' | '>')).collect();
    kept.trim_matches(|c: char| c <= ' ' || matches!(c, '.' | ',' | ':' | ';' | '"' | '\\' | '\'')).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_message(message: &str) -> Commit {
        let nobody = Person::new("a", "b");
        let id = ObjectFormat::Sha1.zero();
        Commit {
            id,
            parents: Vec::new(),
            tree: id,
            author: nobody.clone(),
            author_time: Timestamp::default(),
            committer: nobody,
            commit_time: Timestamp::default(),
            message: message.to_owned(),
            is_signed: false,
        }
    }

    #[test]
    fn trailers_are_the_last_paragraph_and_nothing_else() {
        let commit = with_message("subject\ngoes on\n\nbody: of text\n\nCoord-Event: task.done\nCoord-Agent: ada: x\n");
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(commit.trailers(), [pair("Coord-Event", "task.done"), pair("Coord-Agent", "ada: x")]);
        assert_eq!(commit.subject(), "subject goes on");
        assert!(with_message("a: b\n").trailers().is_empty());
        assert!(with_message("s\n\na: b\nnot a trailer\n").trailers().is_empty());
    }

    #[test]
    fn a_name_cannot_add_a_line_to_a_commit() {
        let person = Person::new("Eve\nparent 000 <x>", "e@x>\n");
        assert_eq!(stamp(&person, Timestamp::default()), "Eveparent 000 x <e@x> 0 +0000");
    }
}
