//! Whom a message is for (one agent, all who have a role, everybody), and where the links to it lie until it is read.
//!
//! A message to one agent is linked in that agent's own inbox. A message to several is linked once, and who has read it
//! stands beside it, in a record of the kind `reads`.

use super::agent;
use crate::base::{Error, Id, Result, id, text};

/// The folder of all links.
pub const FOLDER: &str = "inbox";

/// Whom a message is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Recipient {
    /// One agent.
    Agent(Id),
    /// All agents that have the role, which is in lower case.
    Role(Id),
    /// All agents.
    All,
}

impl Recipient {
    /// Reads what stands in `to`: `dev-1`, `role:reviewer`, `all`.
    ///
    /// # Errors
    /// `bad_id`, or `reserved_name` for `shared`.
    pub fn parse(text: &str) -> Result<Self> {
        if id::fold(text) == "all" {
            return Ok(Recipient::All);
        }
        match text.strip_prefix("role:") {
            Some(role) => Ok(Recipient::Role(Id::parse(&id::fold(role))?)),
            None => Ok(Recipient::Agent(agent::parse_name(text)?)),
        }
    }

    /// Reads whom an agent reports to: another agent, or all who have a role.
    ///
    /// # Errors
    /// `bad_id`, or `reserved_name` for `all` and `shared`.
    pub fn parse_superior(text: &str) -> Result<Self> {
        match Recipient::parse(text)? {
            Recipient::All => {
                Err(Error::invalid("reserved_name", "nobody reports to «all»: the name stands for everybody"))
            }
            one => Ok(one),
        }
    }

    /// Returns whether one link stands for several readers.
    pub fn is_shared(&self) -> bool {
        !matches!(self, Recipient::Agent(_))
    }

    /// Returns whether both are for the same, whatever the case of their names.
    pub fn is_same(&self, other: &Recipient) -> bool {
        match (self, other) {
            (Recipient::Agent(one), Recipient::Agent(other)) => one.folded() == other.folded(),
            (one, other) => one == other,
        }
    }

    /// Returns the folder of the links to messages for it.
    pub fn folder(&self) -> String {
        match self {
            Recipient::Agent(name) => format!("{FOLDER}/{name}"),
            Recipient::Role(role) => format!("{FOLDER}/@role/{role}"),
            Recipient::All => format!("{FOLDER}/@all"),
        }
    }

    /// Returns the path of the link to a message.
    pub fn path(&self, message: &str) -> String {
        format!("{}/{message}.md", self.folder())
    }
}

impl std::fmt::Display for Recipient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Recipient::Agent(name) => f.pad(name),
            Recipient::Role(role) => write!(f, "role:{role}"),
            Recipient::All => f.pad("all"),
        }
    }
}

/// Returns the role that a profile names, in the form in which messages name it: `Code Reviewer` is `code-reviewer`.
pub fn role_of(role: &str) -> Option<Id> {
    Id::parse(&id::fold(&text::slug(role))).ok()
}

/// Returns recipient and message of the link at a path; nothing where no link can lie there.
pub fn locate(path: &str) -> Option<(Recipient, Id)> {
    let (folder, file) = path.rsplit_once('/')?;
    let message = Id::parse(file.strip_suffix(".md")?).ok()?;
    let owner = folder.strip_prefix(FOLDER)?.strip_prefix('/')?;
    let recipient = match owner.strip_prefix('@') {
        Some("all") => Recipient::All,
        Some(role) => Recipient::Role(Id::parse(role.strip_prefix("role/")?).ok()?),
        None => Recipient::Agent(Id::parse(owner).ok()?),
    };
    (recipient.path(&message) == path).then_some((recipient, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_back_to_its_recipient() {
        for to in ["dev-1", "role:reviewer", "all"] {
            let recipient = Recipient::parse(to).expect(to);
            assert_eq!(recipient.to_string(), to);
            let path = recipient.path("01KAHD4V2M0000000000000000");
            let (found, message) = locate(&path).expect(&path);
            assert_eq!((found, message.as_str()), (recipient, "01KAHD4V2M0000000000000000"));
        }
        for path in
            ["inbox/x.md", "inbox/@all/a/b.md", "inbox/@role/a.md", "inbox/@x/a.md", "inbox/a/b", "tasks/a/b.md"]
        {
            assert!(locate(path).is_none(), "{path}");
        }
    }

    #[test]
    fn case_plays_no_part_in_roles_and_in_everybody() {
        assert_eq!(Recipient::parse("ALL").expect("everybody"), Recipient::All);
        assert_eq!(Recipient::parse("role:Reviewer").expect("a role").to_string(), "role:reviewer");
        assert_eq!(role_of("Code Reviewer").expect("a role").as_str(), "code-reviewer");
        assert_eq!(role_of("審査"), None);
        for bad in ["shared", "role:", "role:a b", "role:../x", "../x", "@all", "roles:x"] {
            assert!(Recipient::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(Recipient::parse_superior("all").expect_err("refused").code(), "reserved_name");
    }
}
