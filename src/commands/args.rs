//! Arguments that several verbs share, and texts that may come from standard input.

use std::ffi::OsStr;
use std::io::Read;

use clap::{ArgMatches, Args, Command};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::base::time::NotATimestamp;
use crate::base::{Error, Result, Timestamp};
use crate::state::Paging;

/// The most bytes that are read from standard input: a record's limit, and enough above it to say so.
const MOST_INPUT: u64 = 2 << 20;

/// Which part of a list is wanted.
#[derive(Debug, Clone, Args, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ListArgs {
    /// At most that many items
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = limit_value)]
    pub limit: u32,
    /// Go on after this cursor, from `next_cursor` of the page before
    #[arg(long, value_name = "CURSOR")]
    pub cursor: Option<String>,
    /// Show when each part was changed, and by whom
    #[arg(long)]
    pub stamps: bool,
}

impl Default for ListArgs {
    fn default() -> Self {
        ListArgs { limit: 50, cursor: None, stamps: false }
    }
}

impl ListArgs {
    /// Returns which part is wanted.
    pub fn paging(&self) -> Paging {
        Paging { limit: self.limit as usize, cursor: self.cursor.clone() }
    }
}

/// Reads how many items are wanted.
///
/// # Errors
/// Where it is no whole number, or none is wanted.
pub fn limit_value(text: &str) -> Result<u32, String> {
    text.parse().ok().filter(|limit| *limit > 0).ok_or_else(|| "takes a whole number, at least 1".to_owned())
}

/// Reads a text that is the value of an option: it may begin with `-`, but one that looks like an option is refused.
///
/// # Errors
/// Where the text is one word that begins with `--`.
pub fn text_value(text: &str) -> Result<String, String> {
    if text.len() > 2 && text.starts_with("--") && !text.contains(char::is_whitespace) {
        return Err("looks like an option; to give it as a text, pass `-` and write it to standard input".to_owned());
    }
    Ok(text.to_owned())
}

/// Returns what is wrong with a word of a verb's that was taken for a text and looks like a misspelt option; nothing where
/// none does. Behind a bare `--` there are only texts, and what an option takes for its value is not looked at: it stands
/// where only a value can stand.
pub fn misspelt<'w>(
    command: &Command,
    matches: &ArgMatches,
    mut words: impl Iterator<Item = &'w str>,
) -> Option<String> {
    let texts = command.get_arguments().filter(|arg| arg.is_positional() && !arg.is_trailing_var_arg_set());
    let texts: Vec<&OsStr> = texts.filter_map(|arg| matches.get_raw(arg.get_id().as_str())).flatten().collect();
    let known: Vec<&str> = command.get_arguments().filter_map(|arg| arg.get_long()).collect();
    let is_misspelt = |word: &&str| {
        let name = word.trim_start_matches('-');
        let name = name.split_once('=').map_or(name, |(name, _)| name);
        let is_option = word.starts_with("--") && !word.contains(char::is_whitespace);
        is_option && !known.contains(&name) && texts.contains(&OsStr::new(*word))
    };
    let word = crate::base::text::excerpt(words.by_ref().take_while(|word| *word != "--").find(is_misspelt)?, 60);
    Some(format!("«{word}» looks like an option, and is none; put `--` before it to give it as a text"))
}

/// Returns a text, or what standard input holds where it is `-`, without the line end that ends it.
///
/// # Errors
/// `bad_input` where standard input is no text, or longer than any record may be.
pub fn text_or_stdin(text: &str) -> Result<String> {
    if text != "-" {
        return Ok(text.to_owned());
    }
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .take(MOST_INPUT)
        .read_to_end(&mut bytes)
        .map_err(|error| Error::invalid("bad_input", "cannot read the text from standard input").because(error))?;
    if bytes.len() as u64 == MOST_INPUT {
        return Err(Error::invalid("too_large", "cannot take the text: standard input is larger than a record may be"));
    }
    let mut text = String::from_utf8(bytes).map_err(|error| {
        Error::invalid("bad_input", "cannot take the text: standard input is not UTF-8").because(error)
    })?;
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    Ok(text)
}

/// Reads a moment to come: a date and time, a date in UTC, or how long from now (`2d`, `90m`).
///
/// # Errors
/// `bad_value` where it is none of them.
pub fn moment(text: &str, now: Timestamp) -> Result<Timestamp> {
    let text = text.trim();
    let midnight = || format!("{text}T00:00:00Z").parse();
    if let Ok(moment) = text.parse().or_else(|_: NotATimestamp| midnight()) {
        return Ok(moment);
    }
    humantime::parse_duration(text).map(|wait| now.plus(wait)).map_err(|_| {
        let shown = crate::base::text::excerpt(text, 40);
        Error::invalid(
            "bad_value",
            format!("«{shown}» is no time: give 2026-01-02T03:04:05Z, 2026-01-02, or how long from now, like 2d"),
        )
    })
}

/// Splits a list given with commas.
pub fn split(list: &[String]) -> impl Iterator<Item = String> + '_ {
    list.iter().flat_map(|part| part.split(',')).map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_time_a_date_or_a_while() {
        let now = Timestamp::from_seconds(0);
        let read = |text: &str| moment(text, now).map(|moment| moment.to_string());
        assert_eq!(read("2026-01-02T03:04:05+01:00").expect("a time"), "2026-01-02T02:04:05.000Z");
        assert_eq!(read(" 2026-01-02 ").expect("a date"), "2026-01-02T00:00:00.000Z");
        assert_eq!(read("90m").expect("a while"), "1970-01-01T01:30:00.000Z");
        for text in ["", "soon", "2026-13-01", "-1d"] {
            assert_eq!(moment(text, now).expect_err(text).code(), "bad_value");
        }
    }
}
