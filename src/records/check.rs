//! Checks of single fields that the types do not make.

use crate::base::text::excerpt;
use crate::base::{Error, Result};

/// The most characters of a title.
pub const LONGEST_TITLE: usize = 500;

/// The most characters of a name: an agent, a label, a reference.
pub const LONGEST_NAME: usize = 128;

/// Checks a text that must be there, on one line.
///
/// # Errors
/// `bad_record` where it is empty, longer than [`LONGEST_TITLE`], or holds a control character.
pub fn title(field: &str, text: &str) -> Result<()> {
    if text.trim().is_empty() {
        return Err(fault(field, "must not be empty"));
    }
    one_line(field, text, LONGEST_TITLE)
}

/// Checks a text that only names something: one line, not empty.
///
/// # Errors
/// `bad_record` where it is empty, longer than [`LONGEST_NAME`], or holds a control character.
pub fn name(field: &str, text: &str) -> Result<()> {
    if text.is_empty() {
        return Err(fault(field, "must not be empty"));
    }
    one_line(field, text, LONGEST_NAME)
}

/// Checks a name that may be absent.
///
/// # Errors
/// As [`name`].
pub fn optional_name(field: &str, text: Option<&str>) -> Result<()> {
    text.map_or(Ok(()), |text| name(field, text))
}

/// Checks a word of an enum that may hold any word: one line without blanks.
///
/// # Errors
/// `bad_record` where it is not one word, or longer than [`LONGEST_NAME`].
pub fn word(field: &str, text: &str) -> Result<()> {
    if text.chars().any(char::is_whitespace) {
        return Err(fault(field, &format!("must be one word, not «{}»", excerpt(text, 40))));
    }
    name(field, text)
}

fn one_line(field: &str, text: &str, most: usize) -> Result<()> {
    if text.chars().any(char::is_control) {
        return Err(fault(field, "must be on one line, without control characters"));
    }
    // Bytes bound characters, so a long text is counted only where it could still fit.
    if text.len() > most * 4 || text.chars().count() > most {
        return Err(fault(field, &format!("must have at most {most} characters")));
    }
    Ok(())
}

fn fault(field: &str, rule: &str) -> Error {
    Error::invalid("bad_record", format!("{field} {rule}")).detail("field", field)
}
