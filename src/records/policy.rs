//! What a team can agree on: the policies that this version knows, with what each means and how it is written.
//!
//! They stand in `coordination.yaml` under `policy`. What is not in the table is kept there and decides nothing.

use serde_json::Value;

use super::Config;
use super::check;
use crate::base::{Error, Result};

/// Something a team can agree on.
#[derive(Debug)]
pub struct Policy {
    /// Its name under `policy`.
    pub name: &'static str,
    /// What holds where nothing is said.
    pub default: &'static str,
    /// What it decides.
    pub meaning: &'static str,
    /// Reads what a person types for it.
    pub parse: fn(&str) -> Result<Value>,
    /// Refuses a value in the file that cannot be understood.
    pub check: fn(&Value) -> Result<()>,
}

/// All policies, in the order of their names.
pub const POLICIES: &[Policy] = &[Policy {
    name: "required_gates",
    default: "none",
    meaning: "The gates that must have passed before a task is done, with commas between them",
    parse: |text| {
        let names: Vec<&str> = text.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
        if names.is_empty() {
            return Err(Error::invalid(
                "bad_policy",
                "required_gates takes the names of gates, with commas between them",
            )
            .hint("for none: git coord config policy.required_gates --unset"));
        }
        names.iter().try_for_each(|name| check::name("required_gates", name))?;
        Ok(names.into())
    },
    check: |value| gates(value).map(drop),
}];

impl Policy {
    /// Returns the row of the policy of that name.
    pub fn find(name: &str) -> Option<&'static Policy> {
        POLICIES.iter().find(|policy| policy.name == name)
    }
}

/// Returns the gates that must have passed before a task is done.
///
/// # Errors
/// `bad_policy` where that cannot be told: what nobody can read protects nothing, so nothing may pass it.
pub fn required_gates(config: &Config) -> Result<Vec<String>> {
    config.policy.get("required_gates").map_or_else(|| Ok(Vec::new()), gates)
}

fn gates(value: &Value) -> Result<Vec<String>> {
    let names: Option<Vec<String>> = match value {
        Value::String(name) => Some(vec![name.clone()]),
        Value::Array(names) => names.iter().map(|name| name.as_str().map(str::to_owned)).collect(),
        _ => None,
    };
    names.ok_or_else(|| {
        Error::invalid("bad_policy", "cannot tell which gates are required: required_gates is no list of names")
            .hint("git coord config policy.required_gates")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_what_is_read() {
        let policy = Policy::find("required_gates").expect("a row");
        let value = (policy.parse)("pytest, ruff").expect("two names");
        assert_eq!(gates(&value).expect("names"), ["pytest", "ruff"]);
        assert_eq!((policy.parse)(" , ").expect_err("none").code(), "bad_policy");
        assert_eq!((policy.check)(&Value::from(3)).expect_err("no list").code(), "bad_policy");
    }
}
