//! Who the git user is, by git's rules: the environment, then the settings, then what git makes of the machine.

use super::Store;
use super::commit::Person;
use super::git::Call;
use crate::base::Result;

/// The two roles in which git knows the user.
#[derive(Clone, Copy)]
enum Role {
    Author,
    Committer,
}

impl Store {
    /// Returns who git would name as author; nothing where git does not know.
    ///
    /// # Errors
    /// Where git could not be asked.
    pub fn author(&self) -> Result<Option<Person>> {
        self.ident(Role::Author)
    }

    /// Returns who git would name as committer; nothing where git does not know.
    ///
    /// # Errors
    /// Where git could not be asked.
    pub fn committer(&self) -> Result<Option<Person>> {
        self.ident(Role::Committer)
    }

    fn ident(&self, role: Role) -> Result<Option<Person>> {
        if let (Some(name), Some(email)) = (self.ident_part(role, "NAME"), self.ident_part(role, "EMAIL")) {
            let person = Person::new(&name, &email);
            if !person.name.is_empty() && !person.email.is_empty() {
                return Ok(Some(person));
            }
        }
        // From here on it takes the user database and the name of the host, and git knows its rules for those best.
        let variable = match role {
            Role::Author => "GIT_AUTHOR_IDENT",
            Role::Committer => "GIT_COMMITTER_IDENT",
        };
        let answer = Call::new(&["var", variable]).plain().run(self)?;
        Ok(if answer.is_success() { parse(&answer.output) } else { None })
    }

    fn ident_part(&self, role: Role, part: &str) -> Option<String> {
        let role = match role {
            Role::Author => "author",
            Role::Committer => "committer",
        };
        let variable = format!("GIT_{}_{part}", role.to_uppercase());
        if let Some(value) = self.environment.var(&variable) {
            return value.to_str().map(str::to_owned);
        }
        let key = part.to_ascii_lowercase();
        let config = &self.config;
        config.text(&format!("{role}.{key}")).or_else(|| config.text(&format!("user.{key}")))
    }
}

/// Reads `Name <address> seconds zone`.
fn parse(text: &str) -> Option<Person> {
    let (name, rest) = text.trim().rsplit_once('<')?;
    let (email, _) = rest.rsplit_once('>')?;
    Some(Person::new(name.trim(), email))
}
