//! The settings of this machine, from git's own configuration: `coord.*`.

use std::time::Duration;

use crate::base::{Error, Result, text};
use crate::query::overlap::Policy;
use crate::store::Config;

/// The settings of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `coord.agent`: who asks, where the command does not say.
    pub agent: Option<String>,
    /// `coord.ttl`: how long a claim lives without a sign of life, in minutes.
    pub ttl_minutes: u64,
    /// `coord.lockTimeout`: how long a writer waits for its turn.
    pub lock_timeout: Duration,
    /// `coord.overlap`: what is done about a claim whose paths overlap with those of another one.
    pub overlap: Policy,
}

impl Settings {
    /// Reads the settings.
    ///
    /// # Errors
    /// `bad_setting` for a value that makes no sense.
    pub fn read(config: &Config) -> Result<Self> {
        let ttl = config.text("coord.ttl").map(|text| parse_minutes("coord.ttl", &text)).transpose()?;
        let lock_timeout =
            config.text("coord.lockTimeout").map(|text| parse_duration("coord.lockTimeout", &text)).transpose()?;
        Ok(Settings {
            agent: config.text("coord.agent").filter(|agent| !agent.is_empty()),
            ttl_minutes: ttl.unwrap_or(30),
            lock_timeout: lock_timeout.unwrap_or(Duration::from_secs(30)),
            overlap: config.text("coord.overlap").map(|text| parse_overlap(&text)).transpose()?.unwrap_or_default(),
        })
    }
}

/// Reads a time to live as whole minutes, at least one: `90m`, `2h`, or a bare number of minutes.
///
/// # Errors
/// `bad_setting`, naming `what`.
pub fn parse_minutes(what: &str, text: &str) -> Result<u64> {
    let minutes = match text.trim().parse::<u64>() {
        Ok(minutes) => minutes,
        Err(_) => parse_duration(what, text)?.as_secs() / 60,
    };
    if minutes == 0 || minutes > 60 * 24 * 366 {
        return Err(bad(what, text, "must be from a minute to a year"));
    }
    Ok(minutes)
}

fn parse_overlap(text: &str) -> Result<Policy> {
    match text.trim() {
        "refuse" => Ok(Policy::Refuse),
        "warn" => Ok(Policy::Warn),
        "off" => Ok(Policy::Off),
        _ => Err(bad("coord.overlap", text, "must be refuse, warn or off")),
    }
}

fn parse_duration(what: &str, text: &str) -> Result<Duration> {
    humantime::parse_duration(text.trim()).map_err(|_| bad(what, text, "is not a duration like 90s, 30m or 2h"))
}

fn bad(what: &str, value: &str, rule: &str) -> Error {
    let error = Error::invalid("bad_setting", format!("{what} is «{}», which {rule}", text::excerpt(value, 40)));
    // What is no setting of git is an option, whose verb knows more.
    if what.starts_with("coord.") { error.hint(format!("git config --show-origin {what}")) } else { error }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_to_live_is_minutes_or_a_duration() {
        for (text, minutes) in [("30", 30), ("90m", 90), ("2h", 120), ("1day", 1440), ("90s", 1)] {
            assert_eq!(parse_minutes("--ttl", text).expect(text), minutes);
        }
        for text in ["", "0", "10s", "soon", "-5", "99999999999999999999", "5000days"] {
            assert_eq!(parse_minutes("--ttl", text).expect_err(text).code(), "bad_setting");
        }
    }

    #[test]
    fn an_overlap_is_refused_warned_of_or_passed_over() {
        assert_eq!(parse_overlap(" warn ").expect("a policy"), Policy::Warn);
        assert_eq!(parse_overlap("").expect_err("no policy").code(), "bad_setting");
    }
}
