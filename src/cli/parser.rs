//! From the words of a command line to a verb and its arguments, building the parser of that one verb only.
//!
//! Building the parser of every verb takes longer than all of git's start; it is built for help and errors.

use std::ffi::OsString;

use clap::{ArgMatches, Args as _, Command, FromArgMatches as _};

use super::globals::{self, Globals};
use super::{flags, help};
use crate::commands::VERBS;
use crate::commands::verb::Row;

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
    let rows = candidates(first, second);
    let mut command = root(if rows.is_empty() { VERBS.iter().collect() } else { rows });
    let matches = command.try_get_matches_from_mut(argv)?;
    let globals = Globals::from_arg_matches(&matches)?;
    let (name, inner) = innermost(&matches);
    match VERBS.iter().find(|row| row.name == name) {
        Some(row) => Ok(Parsed::Verb(row, globals, inner.clone())),
        None => Ok(Parsed::Text(help::overview())),
    }
}

/// Returns the verb that a command line names, where it is one.
pub(super) fn verb_of(argv: &[OsString]) -> Option<&'static str> {
    let words = words(argv);
    let is_named = |row: &&Row| row.name == words.join(" ") || words.first().is_some_and(|first| row.name == first);
    VERBS.iter().find(is_named).map(|row| row.name)
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
    if let Some(row) = VERBS.iter().find(|row| row.name == name || row.name == first) {
        return vec![row];
    }
    let noun = format!("{first} ");
    VERBS.iter().filter(|row| row.name.starts_with(&noun)).collect()
}

/// The flags of lists that take a value, which may stand before the verb too.
const LIST_WITH_VALUE: &[&str] = &["--limit", "--cursor"];

/// Returns the first two words of a command line that are no flags and no values of flags that may stand before a verb.
fn words(argv: &[OsString]) -> Vec<String> {
    places(argv).into_iter().filter_map(|place| argv[place].to_str().map(str::to_owned)).collect()
}

/// Returns where the first two such words stand.
fn places(argv: &[OsString]) -> Vec<usize> {
    let takes_value = |word: &str| {
        [globals::WITH_VALUE, flags::WITH_VALUE, LIST_WITH_VALUE].iter().any(|flags| flags.contains(&word))
    };
    let mut places = Vec::new();
    let mut rest = argv.iter().enumerate().skip(1);
    while let Some((place, word)) = rest.next() {
        match word.to_str() {
            Some("--") => break,
            Some(word) if takes_value(word) => drop(rest.next()),
            Some(word) if word.starts_with('-') => {}
            Some(_) if places.len() < 2 => places.push(place),
            _ => break,
        }
    }
    places
}

/// Puts the flags before a verb behind it, where the parser of that verb knows them.
fn in_order(argv: &[OsString]) -> Vec<OsString> {
    let Some(&verb) = places(argv).first() else { return argv.to_vec() };
    // `task --json new`: the second word of the name comes first, too, where there is such a verb.
    let name = words(argv).join(" ");
    let both = VERBS.iter().any(|row| row.name == name);
    let named: Vec<usize> = places(argv).into_iter().take(if both { 2 } else { 1 }).collect();
    let last = named.last().copied().unwrap_or(verb);
    let flags = (1..last).filter(|place| !named.contains(place));
    let order = std::iter::once(0).chain(named.iter().copied()).chain(flags).chain(last + 1..argv.len());
    order.map(|place| argv[place].clone()).collect()
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
