//! With which remotes a sync is.

use crate::base::{Error, Kind, Result, text};
use crate::session::Session;
use crate::session::setup::chosen_remote;

/// What the user has asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// The remote of the team.
    Shared,
    /// This one.
    Named(String),
    /// All there are.
    All,
}

/// Returns the remotes that are meant; none where there is none.
///
/// # Errors
/// `no_such_remote` (4); `usage` (2) where there are several and none of them is the one of the team.
pub fn meant(session: &Session, asked: &Asked) -> Result<Vec<String>> {
    let remotes = session.store().remotes();
    let known = |name: &str, why: &str, hint: &str| match remotes.iter().any(|remote| remote == name) {
        true => Ok(vec![name.to_owned()]),
        false => {
            let message = format!("there is no remote «{}»{why}", text::excerpt(name, 60));
            Err(Error::new(Kind::NotFound, "no_such_remote", message).hint(hint))
        }
    };
    match (asked, &session.settings().remote) {
        (Asked::Named(name), _) => known(name, "", "git remote -v"),
        (Asked::All, _) => Ok(remotes),
        _ if remotes.is_empty() => Ok(Vec::new()),
        (Asked::Shared, Some(name)) => known(name, ", which coord.remote names", "git coord config coord.remote"),
        (Asked::Shared, None) => match chosen_remote(&remotes) {
            Some(remote) => Ok(vec![remote]),
            None => Err(Error::usage("there are several remotes, and none of them is the one of the team")
                .hint("git coord sync --all")
                .hint(format!("git coord config coord.remote {}", remotes[0]))),
        },
    }
}
