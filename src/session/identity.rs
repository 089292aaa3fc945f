//! Who asks: the agent, its session, and the author and committer of its commits.
//!
//! The agent comes from `--agent`, else `GIT_COORD_AGENT`, else `coord.agent`, else the name of git's author, slugged.

use super::Session;
use crate::base::{Error, Result, id, text};
use crate::records::check;
use crate::store::Person;

/// Who asks.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The name of the agent.
    pub agent: String,
    /// Where the name comes from.
    pub source: &'static str,
    /// The session of the agent.
    pub session: Option<String>,
    /// The author of its commits.
    pub author: Person,
    /// The committer of its commits: the git user, or the agent where git knows none.
    pub committer: Person,
}

pub(super) fn settle(session: &Session) -> Result<Identity> {
    let (agent, source) = name(session)?;
    check_name(&agent)?;
    let author = Person::new(&agent, &format!("{}@git-coord.localhost", email_name(&agent)));
    let committer = session.store().committer()?.unwrap_or_else(|| author.clone());
    Ok(Identity { agent, source, session: session_id(session)?, author, committer })
}

/// Refuses a name that nobody who asks can have.
///
/// # Errors
/// `bad_name`.
pub(super) fn check_name(agent: &str) -> Result<()> {
    check::name("the agent's name", agent).map_err(|error| bad_name(agent, error.message()))?;
    if is_reserved(agent) {
        return Err(bad_name(agent, "the name stands for others"));
    }
    Ok(())
}

/// Returns the session of the asker, where it has one.
fn session_id(session: &Session) -> Result<Option<String>> {
    let environment = session.options().environment.text("GIT_COORD_SESSION");
    let given = session.options().session.as_deref().or(environment).filter(|id| !id.is_empty());
    if let Some(id) = given {
        check::name("the session", id).map_err(|error| Error::usage(error.message()))?;
    }
    Ok(given.map(str::to_owned))
}

fn name(session: &Session) -> Result<(String, &'static str)> {
    let options = session.options();
    if let Some(agent) = options.agent.as_deref().filter(|agent| !agent.is_empty()) {
        return Ok((agent.to_owned(), "--agent"));
    }
    if let Some(agent) = options.environment.text("GIT_COORD_AGENT").filter(|agent| !agent.is_empty()) {
        return Ok((agent.to_owned(), "GIT_COORD_AGENT"));
    }
    if let Some(agent) = &session.settings().agent {
        return Ok((agent.clone(), "coord.agent"));
    }
    let author = session.store().author()?;
    match author.map(|person| text::slug(&person.name)).filter(|slug| !slug.is_empty()) {
        Some(slug) => Ok((slug, "git author")),
        None => {
            Err(Error::fatal("no_identity", "cannot tell who you are: no agent is named, and git has no author name")
                .hint("git config coord.agent NAME")
                .hint("for one command: git coord --agent NAME …"))
        }
    }
}

/// Returns whether a name stands for several agents or for a role.
fn is_reserved(name: &str) -> bool {
    name.contains(':') || matches!(id::fold(name).as_str(), "all" | "shared")
}

fn email_name(agent: &str) -> String {
    let slug = text::slug(agent);
    if slug.is_empty() { "agent".to_owned() } else { slug }
}

fn bad_name(agent: &str, why: &str) -> Error {
    Error::invalid("bad_name", format!("«{}» cannot be an agent: {why}", text::excerpt(agent, 40)))
        .hint("git config coord.agent NAME")
}
