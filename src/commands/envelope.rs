//! The object around all that is told in JSON: its version, and below it what was asked for, or why not.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::base::Error;

/// The name and version under which JSON is promised.
pub const SCHEMA: &str = "coord/1";

/// What is told where something was refused.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Refusal<'a> {
    /// The version of all JSON.
    #[schemars(extend("const" = SCHEMA))]
    pub schema: &'static str,
    /// Why not.
    pub error: Told<'a>,
}

/// An error, as programs are told of it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Told<'a> {
    /// The stable machine word.
    pub code: &'static str,
    /// What could not be done.
    pub message: &'a str,
    /// What to do next; null where nobody knows.
    pub hint: Option<&'a str>,
    /// All that can be done next, the most useful first.
    pub hints: &'a [String],
    /// Whether the same command may succeed later.
    pub retryable: bool,
    /// Facts about it; under `causes`, what it came from.
    pub details: Map<String, Value>,
}

impl<'a> Refusal<'a> {
    /// Tells of an error.
    pub fn of(error: &'a Error) -> Self {
        let mut details = error.details().clone();
        let causes: Vec<String> = causes(error).collect();
        if !causes.is_empty() {
            details.insert("causes".to_owned(), causes.into());
        }
        let told = Told {
            code: error.code(),
            message: error.message(),
            hint: error.hints().first().map(String::as_str),
            hints: error.hints(),
            retryable: error.is_retryable(),
            details,
        };
        Refusal { schema: SCHEMA, error: told }
    }
}

/// Returns what an error came from, the nearest first.
pub fn causes(error: &Error) -> impl Iterator<Item = String> {
    let first = std::error::Error::source(error);
    std::iter::successors(first, |cause| cause.source()).map(ToString::to_string)
}
