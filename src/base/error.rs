//! The one error of the program: what kind it is, what could not be done, and what to do next.
//!
//! The kind decides the exit code, in [`Kind::exit_code`] and nowhere else. Causes go into the source
//! chain and never into the message. How an error is shown is decided in `render`.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The result of everything that can fail in this program.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What sort of failure an [`Error`] is. It decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// The question was understood and the answer is no.
    Negative,
    /// The command line does not make sense.
    Usage,
    /// Somebody else was first: a held claim, a taken id, a condition that no longer holds.
    Conflict,
    /// The thing named does not exist, or the name fits several things.
    NotFound,
    /// The input is malformed, or a rule forbids it.
    Invalid,
    /// A remote could not be reached or refused.
    Remote,
    /// A lock or a retry limit; the same command may work in a moment.
    Busy,
    /// The repository or the machine is in a state in which nothing can be done.
    Fatal,
}

impl Kind {
    /// Returns the exit code of the process for this kind, as documented in `docs/cli.md`.
    pub fn exit_code(self) -> u8 {
        match self {
            Kind::Negative => 1,
            Kind::Usage => 2,
            Kind::Conflict => 3,
            Kind::NotFound => 4,
            Kind::Invalid => 5,
            Kind::Remote => 6,
            Kind::Busy => 7,
            Kind::Fatal => 128,
        }
    }
}

/// A failure: kind, stable code, message, hints, facts, and what caused it.
pub struct Error(Box<Inner>);

struct Inner {
    kind: Kind,
    code: &'static str,
    message: String,
    hints: Vec<String>,
    details: Map<String, Value>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// Makes an error. `code` is the stable machine word (`claim_held`), `message` says what could not be
    /// done and names the thing, without a final full stop.
    pub fn new(kind: Kind, code: &'static str, message: impl Into<String>) -> Self {
        Error(Box::new(Inner {
            kind,
            code,
            message: message.into(),
            hints: Vec::new(),
            details: Map::new(),
            source: None,
        }))
    }

    /// Makes an error of kind [`Kind::Usage`], code `usage`.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, "usage", message)
    }

    /// Makes an error of kind [`Kind::NotFound`], code `not_found`.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(Kind::NotFound, "not_found", message)
    }

    /// Makes an error of kind [`Kind::Invalid`] with the given code.
    pub fn invalid(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Kind::Invalid, code, message)
    }

    /// Makes an error of kind [`Kind::Conflict`] with the given code.
    pub fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Kind::Conflict, code, message)
    }

    /// Makes an error of kind [`Kind::Fatal`] with the given code.
    pub fn fatal(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Kind::Fatal, code, message)
    }

    /// Adds what the user can type or do next. Never a command that destroys.
    ///
    /// A hint is a command; or words, a colon and a command; or words with commands in back quotes.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hints.push(hint.into());
        self
    }

    /// Adds several hints, in their order.
    pub fn hints_of(mut self, hints: impl IntoIterator<Item = String>) -> Self {
        self.0.hints.extend(hints);
        self
    }

    /// Adds a fact for machines, shown under `details` in JSON.
    pub fn detail(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.0.details.insert(key.to_owned(), value.into());
        self
    }

    /// Adds the cause, shown as «Caused by».
    pub fn because(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Returns the error as it travels to another process.
    pub fn tell(&self) -> Told {
        let mut causes = Vec::new();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            causes.push(error.to_string());
            cause = error.source();
        }
        let Inner { kind, code, message, hints, details, .. } = &*self.0;
        let (code, message) = ((*code).to_owned(), message.clone());
        Told { kind: *kind, code, message, hints: hints.clone(), details: details.clone(), causes }
    }

    /// Makes the error that another process has met.
    pub fn told(told: Told) -> Self {
        let cause = |below: Option<Cause>, message| Some(Cause { message, below: below.map(Box::new) });
        let source = told.causes.into_iter().rev().fold(None, cause);
        Error(Box::new(Inner {
            kind: told.kind,
            // An error is told once, and the program ends with it.
            code: told.code.leak(),
            message: told.message,
            hints: told.hints,
            details: told.details,
            source: source.map(Into::into),
        }))
    }

    /// Returns the kind.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// Returns the stable machine word.
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// Returns what could not be done.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Returns what to do next, in order of usefulness.
    pub fn hints(&self) -> &[String] {
        &self.0.hints
    }

    /// Returns the facts for machines.
    pub fn details(&self) -> &Map<String, Value> {
        &self.0.details
    }

    /// Returns whether the same command may succeed later without any change.
    pub fn is_retryable(&self) -> bool {
        matches!(self.0.kind, Kind::Busy | Kind::Remote)
    }
}

/// An error on its way from the process that has met it to the one that tells of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Told {
    kind: Kind,
    code: String,
    message: String,
    hints: Vec<String>,
    details: Map<String, Value>,
    causes: Vec<String>,
}

/// A cause of which only the words are left.
#[derive(Debug)]
struct Cause {
    message: String,
    below: Option<Box<Cause>>,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Cause {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.below.as_deref().map(|below| below as &(dyn std::error::Error + 'static))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}: {}", self.0.kind, self.0.code, self.0.message)?;
        let mut cause = std::error::Error::source(self);
        while let Some(err) = cause {
            write!(f, " <- {err}")?;
            cause = err.source();
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|s| s as &(dyn std::error::Error + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_the_documented_exit_code() {
        let codes = [
            (Kind::Negative, 1),
            (Kind::Usage, 2),
            (Kind::Conflict, 3),
            (Kind::NotFound, 4),
            (Kind::Invalid, 5),
            (Kind::Remote, 6),
            (Kind::Busy, 7),
            (Kind::Fatal, 128),
        ];
        for (kind, code) in codes {
            assert_eq!(kind.exit_code(), code);
        }
    }

    #[test]
    fn an_error_that_was_told_is_the_same() {
        let inner = Error::fatal("io", "cannot read the ref").because(std::io::Error::other("disk on fire"));
        let met = Error::conflict("claim_held", "cannot claim x").hint("wait").detail("agent", "bob").because(inner);
        let told = Error::told(met.tell());
        assert_eq!(told.tell(), met.tell());
        assert_eq!(format!("{told:?}"), format!("{met:?}"));
        assert_eq!((told.code(), told.hints(), told.kind()), ("claim_held", met.hints(), Kind::Conflict));
    }

    #[test]
    fn causes_stay_out_of_the_message() {
        let err = Error::fatal("io", "cannot read the ref").because(std::io::Error::other("disk on fire"));
        assert_eq!(err.to_string(), "cannot read the ref");
        assert!(format!("{err:?}").contains("disk on fire"));
    }
}
