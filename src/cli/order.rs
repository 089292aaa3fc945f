//! The order of the words of a command line: which of them name the verb, and flags before it put behind it.

use std::ffi::OsString;

use super::{flags, globals};
use crate::commands::VERBS;

/// The flags of lists that take a value, which may stand before the verb too.
const LIST_WITH_VALUE: &[&str] = &["--limit", "--cursor"];

/// The verb that passes the words behind it on to another.
const PASSES_ON: &str = "bulk";

/// Returns the first two words of a command line that are no flags and no values of flags that may stand before a verb.
pub(super) fn words(argv: &[OsString]) -> Vec<String> {
    places(argv).into_iter().filter_map(|place| argv[place].to_str().map(str::to_owned)).collect()
}

/// Returns where the first two such words stand.
fn places(argv: &[OsString]) -> Vec<usize> {
    let mut places = Vec::new();
    let mut rest = argv.iter().enumerate().skip(1);
    while let Some((place, word)) = rest.next() {
        match word.to_str() {
            Some("--") => break,
            Some(word) if takes_value(word) || LIST_WITH_VALUE.contains(&word) => drop(rest.next()),
            Some(word) if word.starts_with('-') => {}
            Some(_) if places.len() < 2 => places.push(place),
            _ => break,
        }
    }
    places
}

/// Puts the flags before a verb behind it, where the parser of that verb knows them; and those that every verb that
/// writes takes before the words that one verb passes on to another.
pub(super) fn in_order(argv: &[OsString]) -> Vec<OsString> {
    let (places, words) = (places(argv), words(argv));
    let Some(&first) = places.first() else { return argv.to_vec() };
    if words[0] == PASSES_ON {
        return own_flags_first(argv);
    }
    // `task --json new`: the second word of the name comes first, too, where there is such a verb.
    let both = words.len() == 2 && VERBS.iter().any(|row| row.name == words.join(" "));
    let named = &places[..if both { 2 } else { 1 }];
    let last = named.last().copied().unwrap_or(first);
    let flags = (1..last).filter(|place| !named.contains(place));
    let order = std::iter::once(0).chain(named.iter().copied()).chain(flags).chain(last + 1..argv.len());
    order.map(|place| argv[place].clone()).collect()
}

/// Moves the flags that are no other verb's behind the first verb, up to a `--`.
fn own_flags_first(argv: &[OsString]) -> Vec<OsString> {
    let (mut flags, mut others, mut tail) = (Vec::new(), Vec::new(), Vec::new());
    let mut rest = argv.iter().skip(1);
    while let Some(word) = rest.next() {
        let text = word.to_string_lossy();
        let list = if others.iter().any(|word| word == PASSES_ON) { &mut tail } else { &mut others };
        if text == "--" {
            list.push(word.clone());
            list.extend(rest.cloned());
            break;
        } else if takes_value(&text) {
            flags.extend([word].into_iter().chain(rest.next()).cloned());
        } else if text.split_once('=').is_some_and(|(flag, _)| takes_value(flag)) || is_switch(&text) {
            flags.push(word.clone());
        } else {
            list.push(word.clone());
        }
    }
    argv.iter().take(1).cloned().chain(others).chain(flags).chain(tail).collect()
}

fn takes_value(word: &str) -> bool {
    globals::WITH_VALUE.contains(&word) || flags::WITH_VALUE.contains(&word)
}

fn is_switch(word: &str) -> bool {
    globals::SWITCHES.contains(&word) || flags::SWITCHES.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ordered(line: &str) -> String {
        let argv: Vec<OsString> = std::iter::once("git-coord").chain(line.split(' ')).map(OsString::from).collect();
        let words: Vec<String> = in_order(&argv)[1..].iter().map(|word| word.to_string_lossy().into_owned()).collect();
        words.join(" ")
    }

    #[test]
    fn flags_before_the_verb_come_behind_it() {
        assert_eq!(ordered("--limit 3 ready"), "ready --limit 3");
        assert_eq!(ordered("--at ~2 --json task list --all"), "task list --at ~2 --json --all");
        assert_eq!(ordered("task --json new x --id y"), "task new --json x --id y");
        assert_eq!(ordered("init"), "init");
        assert_eq!(ordered("done T-1 --at"), "done T-1 --at");
        assert_eq!(ordered("-- ready"), "-- ready");
    }

    #[test]
    fn what_is_passed_on_keeps_its_own_flags() {
        assert_eq!(ordered("bulk a,b done x --force --json"), "bulk --json a,b done x --force");
        assert_eq!(ordered("--agent ada bulk a note x --dry-run"), "bulk --agent ada --dry-run a note x");
        assert_eq!(ordered("bulk a note -- --json"), "bulk a note -- --json");
    }
}
