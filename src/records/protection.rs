//! Who may change what: rules that the team has agreed on, as `policy.protect` in `coordination.yaml`.
//!
//! A rule names files by a pattern and those who may change them, by what nobody can write into a commit of somebody else's:
//! whose signature it carries, or whom a server says it is that pushes. What is judged by them stands in
//! `session::received`.

use std::fmt;

use serde_json::{Map, Value};

use super::Config;
use crate::base::glob::Glob;
use crate::base::{Error, Result, text};

/// The name of the policy.
pub const NAME: &str = "protect";

/// One rule: only these may change such files.
#[derive(Debug, Clone)]
pub struct Rule {
    /// The files, by their paths in the tree of the state.
    pub files: Glob,
    /// Who may change them.
    pub who: Vec<Who>,
}

/// Somebody who may change something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// Whose signature it is: the principal of ssh, or the user id of a key.
    Signer(String),
    /// The fingerprint of the key of the signature.
    Key(String),
    /// Whom the server says it is that pushes.
    User(String),
}

impl Who {
    fn parse(word: &str) -> Option<Who> {
        let (kind, name) = word.split_once(':')?;
        let name = Some(name.trim()).filter(|name| !name.is_empty() && !name.chars().any(char::is_control))?.to_owned();
        match kind.trim() {
            "signer" => Some(Who::Signer(name)),
            "key" => Some(Who::Key(name)),
            "user" => Some(Who::User(name)),
            _ => None,
        }
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Who::Signer(name) => write!(f, "signer:{name}"),
            Who::Key(name) => write!(f, "key:{name}"),
            Who::User(name) => write!(f, "user:{name}"),
        }
    }
}

impl Rule {
    /// Returns who may change the files, in words.
    pub fn words(&self) -> String {
        let all: Vec<String> = self.who.iter().map(Who::to_string).collect();
        text::excerpt(&all.join(" or "), 200)
    }
}

/// Returns the rules of the team.
///
/// # Errors
/// `bad_policy` where they cannot be understood: what nobody can read protects nothing, so nothing may pass it.
pub fn rules(config: &Config) -> Result<Vec<Rule>> {
    config.policy.get(NAME).map_or_else(|| Ok(Vec::new()), read)
}

/// Reads the rules as they are stored: a list of names for each pattern.
pub(super) fn read(value: &Value) -> Result<Vec<Rule>> {
    let map = value.as_object().ok_or_else(|| bad("it is no list of rules"))?;
    map.iter().map(|(pattern, who)| rule(pattern, who)).collect()
}

fn rule(pattern: &str, who: &Value) -> Result<Rule> {
    let shown = text::excerpt(pattern, 60);
    let files = Glob::parse(pattern).map_err(|error| bad(&format!("«{shown}» is no pattern")).because(error))?;
    let names: Option<Vec<Who>> =
        who.as_array().map(|words| words.iter().map(|word| Who::parse(word.as_str()?)).collect()).unwrap_or_default();
    match names.filter(|names| !names.is_empty()) {
        Some(who) => Ok(Rule { files, who }),
        None => Err(bad(&format!("for «{shown}» it names nobody by signer:NAME, key:FINGERPRINT or user:NAME"))),
    }
}

/// Reads the rules as they are typed: `PATTERN = WHO, WHO; PATTERN = WHO`.
pub(super) fn parse(typed: &str) -> Result<Value> {
    let mut map = Map::new();
    for rule in typed.split(';').map(str::trim).filter(|rule| !rule.is_empty()) {
        let (pattern, who) = rule.split_once('=').ok_or_else(|| bad("a rule is PATTERN = WHO, WHO"))?;
        let pattern = Glob::parse(pattern.trim())?.as_str().to_owned();
        let who: Vec<&str> = who.split(',').map(str::trim).filter(|who| !who.is_empty()).collect();
        if map.insert(pattern, who.into()).is_some() {
            return Err(bad("a pattern stands there twice"));
        }
    }
    let value = Value::Object(map);
    match read(&value)?.is_empty() {
        true => Err(bad("there is no rule").hint("for none: git coord config policy.protect --unset")),
        false => Ok(value),
    }
}

fn bad(why: &str) -> Error {
    Error::invalid("bad_policy", format!("cannot tell who may change what: {why}"))
        .hint("git coord config policy.protect")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPED: &str = "coordination.yaml = key:SHA256:abc ; decisions = signer:Ada Byron <ada@example.org>, user:bob";

    #[test]
    fn rules_are_stored_as_a_list_for_each_pattern_and_read_again() {
        let mut config = Config::default();
        assert!(rules(&config).expect("none").is_empty());
        config.policy.insert(NAME.to_owned(), parse(TYPED).expect("two rules"));
        let config = Config::decode(&config.encode().expect("small")).expect("canonical");
        let read = rules(&config).expect("two rules");
        assert_eq!(read.len(), 2);
        assert_eq!(read[0].who, [Who::Key("SHA256:abc".to_owned())]);
        assert_eq!(read[1].words(), "signer:Ada Byron <ada@example.org> or user:bob");
        assert!(read[1].files.covers("decisions/d1.md") && !read[1].files.covers("decisions.md"));
    }

    #[test]
    fn what_cannot_be_understood_is_refused() {
        for typed in ["", " ; ", "decisions", "decisions =", "decisions = ada", "decisions = signer:", "../x = user:a"]
        {
            parse(typed).expect_err(typed);
        }
        assert_eq!(parse("a = user:x; a = user:y").expect_err("twice").code(), "bad_policy");
        for value in [serde_json::json!("x"), serde_json::json!({"a": "user:x"}), serde_json::json!({"a": [1]})] {
            assert_eq!(read(&value).expect_err("no rules").code(), "bad_policy");
        }
    }
}
