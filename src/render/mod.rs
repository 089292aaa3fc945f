//! From answers to what is seen: the only place that writes to standard output and standard error.
//!
//! Standard output is data, standard error everything else. A reader that goes away ends the program quietly.

mod paint;
mod stage;

use std::io::{self, IsTerminal, Write};
use std::process::{Command, Stdio};

use anstream::ColorChoice;
use serde_json::json;

use crate::base::{Error, Result, text};
use crate::commands::envelope::{Refusal, SCHEMA, causes};
use crate::commands::page::Page;
use crate::commands::verb::Answer;

pub use stage::Stage;

/// How answers are to be shown.
#[derive(Debug, Clone)]
pub struct Look {
    /// As JSON.
    pub json: bool,
    /// No receipts of what was done, no warnings, no notes.
    pub quiet: bool,
    /// Whether colour is wanted; `Auto` leaves it to the terminal and the environment.
    pub color: ColorChoice,
    /// The pager, where one is wanted.
    pub pager: Option<String>,
    /// What stands before every line for people that is no answer: who says it, where that cannot be seen.
    pub said_by: &'static str,
}

impl Look {
    /// Returns how things are shown where nobody said anything.
    pub fn plain() -> Self {
        Look { json: false, quiet: false, color: ColorChoice::Auto, pager: None, said_by: "" }
    }
}

/// What became of showing something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// It was shown.
    Whole,
    /// The reader went away.
    BrokenPipe,
}

/// Shows the answer of a verb.
///
/// # Errors
/// `output` where standard output cannot be written, other than by the reader going away.
pub fn answer(answer: &Answer, look: &Look) -> Result<Shown> {
    let shown = answer.shown();
    // In JSON they are a part of the answer, and standard error is left to errors.
    for warning in shown.warnings().iter().filter(|_| !look.json) {
        note(look, "warning", &warning.message);
    }
    let bare = shown.bare();
    let text = match bare {
        Some(bare) => bare.to_owned(),
        None if look.json => {
            let object = json!({ "schema": SCHEMA, "data": answer.json()? });
            text::json_for_terminal(format!("{object}\n"))
        }
        None => {
            let mut page = Page::default();
            shown.text(&mut page);
            if look.quiet && shown.is_receipt() {
                return Ok(Shown::Whole);
            }
            paint::page(&page, width())
        }
    };
    out(&text, look, bare.is_none() && !look.json)
}

/// Shows text that is no answer: help, a version.
///
/// # Errors
/// As [`answer`].
pub fn plain_text(text: &str, look: &Look) -> Result<Shown> {
    out(text, look, true)
}

/// Shows an error, with what caused it and what to do next.
pub fn error(error: &Error, look: &Look) {
    let mut stderr = anstream::AutoStream::new(io::stderr(), choice(look, io::stderr().is_terminal()));
    // Where standard error is closed, there is nobody to tell.
    let _ = if look.json {
        writeln!(stderr, "{}", text::json_for_terminal(json!(Refusal::of(error)).to_string()))
    } else {
        stderr.write_all(signed(&error_text(error), look).as_bytes())
    };
}

/// Shows how something is used to somebody who used it otherwise.
pub fn usage(text: &str, look: &Look) {
    let mut stderr = anstream::AutoStream::new(io::stderr(), choice(look, io::stderr().is_terminal()));
    let _ = stderr.write_all(text.as_bytes());
}

/// Says something beside the answer.
pub fn note(look: &Look, label: &str, message: &str) {
    if look.quiet {
        return;
    }
    let mut stderr = anstream::AutoStream::new(io::stderr(), choice(look, io::stderr().is_terminal()));
    let line = format!("{}\n", paint::label(label, &text::one_line(message)));
    let _ = stderr.write_all(signed(&line, look).as_bytes());
}

fn error_text(error: &Error) -> String {
    let mut text = format!("{}\n", paint::label("error", &text::one_line(error.message())));
    for cause in causes(error) {
        text.push_str(&format!("  Caused by: {}\n", text::one_line(&cause)));
    }
    for hint in error.hints() {
        text.push_str(&format!("{}\n", paint::label("hint", &text::one_line(hint))));
    }
    text
}

/// Puts who says it before each line.
fn signed(text: &str, look: &Look) -> String {
    text.lines().map(|line| format!("{}{line}\n", look.said_by)).collect()
}

fn out(text: &str, look: &Look, for_people: bool) -> Result<Shown> {
    let is_terminal = io::stdout().is_terminal();
    let color = match choice(look, is_terminal) {
        // A terminal may be one without colours.
        ColorChoice::Auto => anstream::AutoStream::choice(&io::stdout()),
        asked => asked,
    };
    if let Some(pager) = look.pager.as_deref().filter(|_| for_people && is_terminal)
        && let Some(shown) = paged(text, pager)
    {
        return Ok(shown);
    }
    // What is no page is written as it is: an export may hold what looks like a colour.
    let plain = (for_people && color == ColorChoice::Never).then(|| anstream::adapter::strip_str(text).to_string());
    let mut stdout = io::stdout().lock();
    // At once, and not line by line: every write wakes who reads.
    let written = stdout.write_all(plain.as_deref().unwrap_or(text).as_bytes());
    match written.and_then(|()| stdout.flush()) {
        Ok(()) => Ok(Shown::Whole),
        Err(err) if err.kind() == io::ErrorKind::BrokenPipe => Ok(Shown::BrokenPipe),
        Err(err) => Err(Error::fatal("output", "cannot write the answer to standard output").because(err)),
    }
}

/// Shows text in a pager; nothing where it cannot be started.
fn paged(text: &str, pager: &str) -> Option<Shown> {
    let mut command = Command::new("sh");
    command.arg("-c").arg(pager).stdin(Stdio::piped());
    for (name, value) in [("LESS", "FRX"), ("LV", "-c")] {
        if std::env::var_os(name).is_none() {
            command.env(name, value);
        }
    }
    let mut child = command.spawn().ok()?;
    if let Some(mut stdin) = child.stdin.take() {
        // A pager that is left early has shown all that was wanted.
        let _ = stdin.write_all(text.as_bytes());
    }
    child.wait().ok().map(|_| Shown::Whole)
}

fn choice(look: &Look, is_terminal: bool) -> ColorChoice {
    match look.color {
        ColorChoice::Auto if !is_terminal => {
            if std::env::var_os("CLICOLOR_FORCE").is_some_and(|force| force != "0") {
                ColorChoice::Always
            } else {
                ColorChoice::Never
            }
        }
        ColorChoice::Auto if std::env::var_os("NO_COLOR").is_some_and(|no| !no.is_empty()) => ColorChoice::Never,
        choice => choice,
    }
}

/// The width of the terminal, else of a page that reads well.
fn width() -> usize {
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let terminal = || rustix::termios::tcgetwinsize(io::stdout()).ok().map(|size| usize::from(size.ws_col));
    columns.or_else(terminal).filter(|columns| *columns >= 20).unwrap_or(100)
}
