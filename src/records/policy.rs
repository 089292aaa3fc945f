//! What a team can agree on: the policies that this version knows, with what each means and how it is written.
//!
//! They stand in `coordination.yaml` under `policy`. What is not in the table is kept there and decides nothing.

use std::time::Duration;

use serde_json::Value;

use super::Config;
use super::check;
use super::protection;
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
pub const POLICIES: &[Policy] = &[
    Policy {
        name: "archive_messages_after",
        default: "30d",
        meaning: "How old a message that all have read must be before `archive` takes it; `never` keeps all",
        parse: |text| parse_age("archive_messages_after", text),
        check: |value| age("archive_messages_after", value).map(drop),
    },
    Policy {
        name: "archive_status_keep",
        default: "50",
        meaning: "How many of the latest status entries `archive` leaves; `all` keeps all",
        parse: parse_count,
        check: |value| count(value).map(drop),
    },
    Policy {
        name: "archive_tasks_after",
        default: "7d",
        meaning: "How long a task must have been closed, or a conflict settled, before `archive` takes it; `never` keeps all",
        parse: |text| parse_age("archive_tasks_after", text),
        check: |value| age("archive_tasks_after", value).map(drop),
    },
    Policy {
        name: protection::NAME,
        default: "none",
        meaning: "Who may change which files of the state, as `PATTERN = WHO, WHO; …` with `signer:NAME`, `key:FINGERPRINT` or `user:NAME`; a server with `pre-receive` sees to it",
        parse: protection::parse,
        check: |value| protection::read(value).map(drop),
    },
    Policy {
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
    },
];

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

/// When `archive` takes what is closed or old. Without a value nothing of the sort is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Archiving {
    /// How long a task must have been closed, or a conflict settled.
    pub tasks_after: Option<Duration>,
    /// How old a message must be that all have read.
    pub messages_after: Option<Duration>,
    /// How many of the latest status entries stay.
    pub status_keep: Option<usize>,
}

/// Returns when records are archived.
///
/// # Errors
/// `bad_policy` where that cannot be told.
pub fn archiving(config: &Config) -> Result<Archiving> {
    const DAY: Duration = Duration::from_secs(24 * 3600);
    let of = |name: &str, days: u32| config.policy.get(name).map_or(Ok(Some(DAY * days)), |value| age(name, value));
    Ok(Archiving {
        tasks_after: of("archive_tasks_after", 7)?,
        messages_after: of("archive_messages_after", 30)?,
        status_keep: config.policy.get("archive_status_keep").map_or(Ok(Some(50)), count)?,
    })
}

fn parse_age(name: &str, text: &str) -> Result<Value> {
    let value = Value::from(text.trim());
    age(name, &value).map(|_| value)
}

fn age(name: &str, value: &Value) -> Result<Option<Duration>> {
    match value.as_str() {
        Some("never") => Ok(None),
        text => text.and_then(|text| humantime::parse_duration(text).ok()).map(Some).ok_or_else(|| {
            Error::invalid("bad_policy", format!("{name} takes a duration like 7d or 12h, or never"))
                .hint(format!("git coord config policy.{name}"))
        }),
    }
}

fn parse_count(text: &str) -> Result<Value> {
    let text = text.trim();
    let value = text.parse::<u64>().map_or_else(|_| Value::from(text), Value::from);
    count(&value).map(|_| value)
}

fn count(value: &Value) -> Result<Option<usize>> {
    match (value.as_str(), value.as_u64()) {
        (Some("all"), _) => Ok(None),
        (_, Some(number)) => Ok(Some(usize::try_from(number).unwrap_or(usize::MAX))),
        _ => Err(Error::invalid("bad_policy", "archive_status_keep takes a whole number, or all")
            .hint("git coord config policy.archive_status_keep")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_and_counts_are_read_as_they_are_typed() {
        let parse = |name: &str, text: &str| (Policy::find(name).expect("a row").parse)(text);
        let days = |days: u64| Some(Duration::from_secs(days * 86_400));
        let mut config = Config::default();
        let plain = Archiving { tasks_after: days(7), messages_after: days(30), status_keep: Some(50) };
        assert_eq!(archiving(&config).expect("defaults"), plain);
        for (name, text) in
            [("archive_tasks_after", " 2d "), ("archive_messages_after", "never"), ("archive_status_keep", "0")]
        {
            config.policy.insert(name.into(), parse(name, text).expect(text));
        }
        let told = Archiving { tasks_after: days(2), messages_after: None, status_keep: Some(0) };
        assert_eq!(archiving(&config).expect("told"), told);
        for (name, text) in [
            ("archive_tasks_after", "7"),
            ("archive_messages_after", "soon"),
            ("archive_status_keep", "-1"),
            ("archive_status_keep", "many"),
        ] {
            assert_eq!(parse(name, text).expect_err(text).code(), "bad_policy");
        }
        config.policy.insert("archive_status_keep".into(), serde_json::json!([1]));
        assert_eq!(archiving(&config).expect_err("no number").code(), "bad_policy");
    }

    #[test]
    fn what_is_typed_is_what_is_read() {
        let policy = Policy::find("required_gates").expect("a row");
        let value = (policy.parse)("pytest, ruff").expect("two names");
        assert_eq!(gates(&value).expect("names"), ["pytest", "ruff"]);
        assert_eq!((policy.parse)(" , ").expect_err("none").code(), "bad_policy");
        assert_eq!((policy.check)(&Value::from(3)).expect_err("no list").code(), "bad_policy");
    }
}
