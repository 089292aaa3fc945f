//! From the words of a command line to a verb and its arguments, building the parser of that one verb only.
//!
//! Building the parser of every verb takes longer than all of git's start; it is built for help and errors.

use std::ffi::OsString;

use clap::{ArgMatches, Args as _, Command, FromArgMatches as _};

use super::globals::Globals;
use super::order::{in_order, words};
use super::{flags, help};
use crate::commands::verb::Row;
use crate::commands::{VERBS, args};

/// What a command line asks for.
pub(super) enum Parsed {
    /// A verb, the flags that every verb takes, and its arguments.
    Verb(&'static Row, Globals, ArgMatches),
    /// To be shown a text.
    Text(String),
}

/// Understands a command line, its own name in front.
///
/// # Errors
/// What clap refuses; also the help and the version that it is asked for.
pub(super) fn parse(argv: &[OsString]) -> Result<Parsed, clap::Error> {
    let argv = &in_order(argv);
    let words = words(argv);
    let [first, second] = [words.first(), words.get(1)].map(|word| word.map_or("", String::as_str));
    if first.is_empty() && asks_for(argv, &["-h", "--help"]) || first == "help" && second.is_empty() {
        return Ok(Parsed::Text(help::overview()));
    }
    if argv.len() < 2 {
        return Ok(Parsed::Text(help::overview()));
    }
    if argv[1] == "--version" || argv[1] == "-V" {
        return Ok(Parsed::Text(root(Vec::new()).render_version()));
    }
    let rows = candidates(first, second);
    let mut command = root(if rows.is_empty() { VERBS.iter().collect() } else { rows });
    let matches = command.try_get_matches_from_mut(argv)?;
    let globals = Globals::from_arg_matches(&matches)?;
    refuse_misspelt(&mut command, argv, &matches)?;
    let (name, inner) = innermost(&matches);
    match VERBS.iter().find(|row| row.name == name) {
        Some(row) => Ok(Parsed::Verb(row, globals, inner.clone())),
        None => Ok(Parsed::Text(help::overview())),
    }
}

/// Refuses a word that was taken for a text and looks like a misspelt option. Behind a bare `--` there are only texts.
fn refuse_misspelt(root: &mut Command, argv: &[OsString], matches: &ArgMatches) -> Result<(), clap::Error> {
    let (mut command, mut matches) = (root, matches);
    while let Some((name, inner)) = matches.subcommand() {
        match command.find_subcommand_mut(name) {
            Some(found) => (command, matches) = (found, inner),
            None => return Ok(()),
        }
    }
    match args::misspelt(command, matches, argv.iter().filter_map(|word| word.to_str())) {
        None => Ok(()),
        Some(message) => Err(command.error(clap::error::ErrorKind::UnknownArgument, message)),
    }
}

/// Returns the verb that a command line names, where it is one.
pub(super) fn verb_of(argv: &[OsString]) -> Option<&'static str> {
    let words = words(argv);
    let named = |name: &str| VERBS.iter().find(|row| row.name == name);
    named(&words.join(" ")).or_else(|| named(words.first()?)).map(|row| row.name)
}

/// Returns whether errors of this command line are to be told as JSON.
pub(super) fn wants_json(argv: &[OsString]) -> bool {
    argv.iter().take_while(|word| *word != "--").any(|word| word == "--json")
}

/// Returns the parser for some verbs.
pub(super) fn root(rows: Vec<&'static Row>) -> Command {
    let mut root = Globals::augment_args(Command::new("git-coord"))
        .bin_name("git coord")
        .display_name("git coord")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Coordinate coding agents, in the repository they work on")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .infer_long_args(false);
    for row in rows {
        root = match row.name.split_once(' ') {
            None => root.subcommand(verb(row, row.name)),
            Some((noun, name)) => with_noun(root, noun, verb(row, name)),
        };
    }
    root
}

fn verb(row: &'static Row, name: &'static str) -> Command {
    flags::augment((row.augment)(Command::new(name)), row.effect)
}

/// Adds a verb below its noun, `task` of `task new`.
fn with_noun(root: Command, noun: &'static str, verb: Command) -> Command {
    if root.find_subcommand(noun).is_some() {
        return root.mut_subcommand(noun, |noun| noun.subcommand(verb));
    }
    let group = Command::new(noun).subcommand_required(true).arg_required_else_help(true);
    root.subcommand(group.subcommand(verb))
}

/// Returns the verbs that a command line with these first words can mean; none where all are to be built.
fn candidates(first: &str, second: &str) -> Vec<&'static Row> {
    let name = format!("{first} {second}");
    // `status post` is a verb although `status` is one.
    let named = |name: &str| VERBS.iter().find(|row| row.name == name);
    if let Some(row) = named(&name).or_else(|| named(first)) {
        return vec![row];
    }
    let noun = format!("{first} ");
    VERBS.iter().filter(|row| row.name.starts_with(&noun)).collect()
}

fn asks_for(argv: &[OsString], flags: &[&str]) -> bool {
    argv.iter().skip(1).any(|word| flags.iter().any(|flag| word == flag))
}

fn innermost(matches: &ArgMatches) -> (String, &ArgMatches) {
    match matches.subcommand() {
        Some((noun, inner)) => match inner.subcommand() {
            Some((verb, innermost)) => (format!("{noun} {verb}"), innermost),
            None => (noun.to_owned(), inner),
        },
        None => (String::new(), matches),
    }
}
