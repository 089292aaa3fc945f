//! The front for command lines: from arguments to a verb of the table, and from its answer to an exit code.

mod flags;
mod globals;
mod help;
mod order;
mod parser;

use std::ffi::OsString;
use std::path::PathBuf;
use std::rc::Rc;

use clap::error::ErrorKind;

use crate::base::{Error, Kind, Result};
use crate::commands::setup::hook::Hook;
use crate::commands::verb::{Answer, Scene, Verb};
use crate::render::{self, Look, Shown, Stage};
use crate::session::{Environment, Options};
use globals::Globals;
use parser::Parsed;

/// The exit code of a program whose reader went away.
const BROKEN_PIPE: u8 = 141;

/// Runs a command line, its own name in front, and returns the exit code.
pub fn run(argv: &[OsString]) -> u8 {
    // Before the arguments are understood, only their words tell how an error is to be shown.
    let early = Look { json: parser::wants_json(argv), ..Look::plain() };
    match parser::parse(argv) {
        Ok(Parsed::Verb(row, globals, matches)) => {
            let environment = Environment::from_process();
            let options = match flags::settle(options(&globals, environment), &matches, row.effect) {
                Ok(options) => options,
                Err(error) => return refuse(&error, Some(row.name), &early),
            };
            let stage = Rc::new(Stage::new(globals.quiet || globals.json));
            let scene = Scene::new(options).on(stage.clone());
            let look = Look { said_by: said_by(row.name), ..globals.look(&scene) };
            stage.set_look(&look);
            let done = (row.run)(&matches, &scene);
            if stage.is_gone() {
                return BROKEN_PIPE;
            }
            let exit = finish(
                done.and_then(|answer| {
                    let shown = render::answer(&answer, &look).map_err(|error| unheard(error, &answer))?;
                    if globals.verbose > 0 {
                        explain(&answer, &look);
                    }
                    Ok((shown, answer.shown().exit()))
                }),
                &look,
            );
            // The process ends here, which frees all at once what would take a while piece by piece.
            std::mem::forget(scene);
            exit
        }
        Ok(Parsed::Text(text)) => finish(render::plain_text(&text, &early).map(|shown| (shown, 0)), &early),
        Err(error) => refuse(&error, parser::verb_of(argv), &early),
    }
}

/// Git shows what a hook says among its own words, and those of other hooks.
fn said_by(verb: &str) -> &'static str {
    if verb == Hook::NAME { "git coord: " } else { "" }
}

fn options(globals: &Globals, environment: Environment) -> Options {
    Options {
        cwd: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
        environment,
        agent: globals.agent.clone(),
        session: globals.session.clone(),
        at: None,
        dry_run: false,
        if_match: None,
        offline: globals.offline,
    }
}

fn finish(done: Result<(Shown, u8)>, look: &Look) -> u8 {
    match done {
        Ok((Shown::BrokenPipe, _)) => BROKEN_PIPE,
        Ok((Shown::Whole, exit)) => exit,
        Err(error) => {
            render::error(&error, look);
            error.kind().exit_code()
        }
    }
}

/// An answer that could not be shown, of a change that has landed all the same: who takes it for refused does it twice.
/// What names no events has changed nothing, or may be done twice.
fn unheard(error: Error, answer: &Answer) -> Error {
    let data = answer.json().unwrap_or_default();
    match data.get("commit").and_then(|commit| commit.as_str()) {
        Some(commit) if data.get("events").is_some() => error
            .hint(format!("the change has been made, as commit {commit}; see `git coord log`"))
            .detail("commit", commit),
        _ => error,
    }
}

/// What clap refused, or the help that it was asked for.
fn refuse(error: &clap::Error, verb: Option<&str>, look: &Look) -> u8 {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let text = error.render().ansi().to_string();
            finish(render::plain_text(&text, look).map(|shown| (shown, 0)), look)
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand if !look.json => {
            render::usage(&error.render().ansi().to_string(), look);
            Kind::Usage.exit_code()
        }
        _ => finish(Err(usage(error, verb)), look),
    }
}

/// What clap says in a paragraph of its own, as a message and hints.
fn usage(error: &clap::Error, verb: Option<&str>) -> Error {
    let text = error.render().to_string();
    let line = text.lines().find_map(|line| line.trim().strip_prefix("Usage: "));
    let (usage, noun) = match line.map(|line| (line, line.strip_suffix(" [OPTIONS] <COMMAND>"))) {
        // The usage of all verbs together says nothing; their help does.
        Some((_, Some(noun))) => (None, noun.to_owned()),
        Some((usage, None)) => (Some(usage), String::new()),
        None => (None, format!("git coord {}", verb.unwrap_or_default()).trim_end().to_owned()),
    };
    let hint = usage.map_or_else(|| format!("{noun} -h"), str::to_owned);
    if matches!(error.kind(), ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand) {
        return Error::usage(format!("{noun} needs a verb after it")).hint(hint);
    }
    let is_extra = |line: &&str| ["Usage:", "tip:", "For more"].iter().any(|start| line.starts_with(start));
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let message = lines.clone().take_while(|line| !is_extra(line)).collect::<Vec<_>>().join(" ");
    let message = message.strip_prefix("error: ").unwrap_or(&message).replace("subcommand", "verb");
    let tips = lines.filter_map(|line| line.strip_prefix("tip: ")).map(|tip| tip.replace("subcommand", "verb"));
    tips.fold(Error::usage(message), Error::hint).hint(hint)
}

/// Says more of a write than its answer: the commit and what happened.
fn explain(answer: &Answer, look: &Look) {
    let Ok(data) = answer.json() else { return };
    if let Some(commit) = data.get("commit").and_then(|commit| commit.as_str()) {
        render::note(look, "commit", commit);
    }
    for event in data.get("events").and_then(|events| events.as_array()).into_iter().flatten() {
        let field = |name: &str| event.get(name).and_then(|value| value.as_str()).unwrap_or_default();
        render::note(look, "event", &format!("{} {}", field("type"), field("record")));
    }
}
