//! Every argument of every verb, given what nobody means: escapes, line ends, bytes that are no text, other directions.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::process::Stdio;

use git_coord::base::text::is_unsafe;

use super::{Whole, is_well};
use crate::harness::{Machine, Repo};
use crate::verbs;

/// What a command line can hold that is no word. NUL cannot be in one.
const HOSTILE: &[&[u8]] = &[
    b"\x1b]0;title\x07\x1b[31mred",
    b"one\r\ntwo\ttabbed",
    b"\xff\xfe not text \xc3(",
    "\u{202e}desrever\u{2066}\u{feff}\u{2028}".as_bytes(),
    "del\u{7f} csi\u{9b}31m nel\u{85}\u{1}".as_bytes(),
    b"",
    b" ",
    b"--",
    b"../../../.git/config",
    b"%s%n$(touch pwned)`touch pwned`;touch pwned",
];

/// The exit codes that are documented, but for those of a remote and of a reader that went away.
const DOCUMENTED: [i32; 7] = [0, 1, 2, 3, 4, 5, 7];

/// What a program said, and whether all of it may be shown to a terminal.
struct Said {
    exit: Option<i32>,
    stdout: String,
    stderr: String,
}

fn say(repo: &Repo, words: &[OsString]) -> Said {
    let mut command = repo.command(env!("CARGO_BIN_EXE_git-coord"));
    repo.machine.tick(&mut command);
    let output = command.args(words).stdin(Stdio::null()).output().expect("the program starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap_or_else(|error| panic!("{words:?}: {error}"));
    Said { exit: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// Checks what holds of every answer: a documented end, nothing that a terminal obeys, and JSON that is JSON.
#[track_caller]
fn is_tame(words: &[OsString], said: &Said, json: bool) {
    let Said { exit, stdout, stderr } = said;
    let exit = exit.unwrap_or_else(|| panic!("{words:?} was ended by a signal: {stderr}"));
    assert!(DOCUMENTED.contains(&exit), "{words:?}: exit {exit}: {stderr}");
    let raw = |c: char| c != '\n' && c != '\t' && is_unsafe(c);
    assert!(!stdout.contains(raw) && !stderr.contains(raw), "{words:?}: {stdout:?} {stderr:?}");
    assert!(stdout.len() + stderr.len() < 200_000, "{words:?}: {} bytes", stdout.len() + stderr.len());
    if exit > 1 {
        assert!(stdout.is_empty() && !stderr.is_empty(), "{words:?}: {stdout} {stderr}");
    }
    if json {
        let (text, part) = if exit > 1 { (stderr, "error") } else { (stdout, "data") };
        let line = text.lines().find(|line| line.starts_with("{\"schema\"")).unwrap_or_default();
        let value: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{words:?}: {e}: {text}"));
        assert!(value.get(part).is_some(), "{words:?}: {value}");
    }
}

/// Runs the rows of all verbs with one argument after the other replaced.
#[test]
fn every_argument_of_every_verb_is_taken_or_refused_and_never_obeyed() {
    let repo = Repo::on(Machine::in_memory()).initialised(&[]).expect("a repository");
    repo.commit_a_file();
    repo.ok(&["init"]);
    let message = verbs::furnish(&repo);
    let before = Whole::of(&repo);
    let work = || std::fs::read_dir(&repo.path).expect("a folder").count();
    let files = work();
    let mut json = false;
    let mut count = 0;
    for row in verbs::rows() {
        let line: Vec<OsString> = row.line(&repo, &message).into_iter().map(OsString::from).collect();
        let verb = row.verb.split(' ').count();
        // A flag is a word of ours; its value is the user's. What `export` names is a file of the user's choice.
        let places = (verb..line.len()).filter(|&at| !line[at].as_bytes().starts_with(b"--"));
        for at in places {
            for &hostile in HOSTILE {
                let mut words = line.clone();
                words[at] = OsStr::from_bytes(hostile).to_owned();
                // Behind a bare `--` there are no flags any more.
                json = !json && hostile != b"--" && row.verb != "export";
                if json {
                    words.push("--json".into());
                }
                is_tame(&words, &say(&repo, &words), json);
                count += 1;
            }
        }
    }
    assert!(count > 300, "only {count} calls");
    assert_eq!(work(), files, "something was made in the work tree");
    assert!(!repo.path.join("pwned").exists());
    assert_eq!(Whole::of(&repo).others, before.others, "another ref was touched");
    // And all that was taken is shown tamely.
    for words in super::READS {
        for json in [false, true] {
            let mut words: Vec<OsString> = words.iter().map(OsString::from).collect();
            if json && words[0] != "export" {
                words.push("--json".into());
            }
            is_tame(&words, &say(&repo, &words), json && words[0] != "export");
        }
    }
    is_well(&repo);
}

#[test]
fn the_flags_of_every_verb_and_the_verb_itself_are_no_way_in() {
    let repo = super::with_a_task();
    let before = Whole::of(&repo);
    for &hostile in HOSTILE {
        let hostile = OsStr::from_bytes(hostile).to_owned();
        let given = |words: &[&str]| -> Vec<OsString> {
            words.iter().map(|word| if *word == "$" { hostile.clone() } else { word.into() }).collect()
        };
        for words in [
            &["$"][..],
            &["$", "list"],
            &["task", "$"],
            &["show", "T-1", "--color", "$"],
            &["task", "list", "--limit", "$"],
            &["export", "$"],
            &["import", "$", "-"],
            &["--$", "status"],
        ] {
            let words = given(words);
            let said = say(&repo, &words);
            assert_ne!(said.exit, Some(0), "{words:?}: {}", said.stdout);
            is_tame(&words, &said, false);
        }
        // Names are made of what can be one; a session is a word of the caller's.
        for words in [["whoami", "--session", "$"], ["status", "--agent", "$"]] {
            let words = given(&words);
            is_tame(&words, &say(&repo, &words), false);
        }
    }
    assert_eq!(Whole::of(&repo), before);
    is_well(&repo);
}

/// What cannot be on a command line can be on standard input; it is kept to the byte and shown without.
#[test]
fn a_body_with_nul_and_escapes_is_kept_to_the_byte_and_shown_without() {
    let repo = super::with_a_task();
    let text = "a\0b\u{1b}[31mc\r\n\u{202e}d\u{9b}e\u{7f}\n\nlast";
    let made = repo.coord(&["note", "T-1", "-"]).input(text).json().expect(0);
    assert_eq!(made.data()["record"]["body"], text);
    assert!(!made.stdout.contains(|c| c != '\n' && is_unsafe(c)), "{:?}", made.stdout);
    repo.coord(&["task", "new", "N", "--id", "T-2", "--body", "-"]).input(text).expect(0);
    for words in [&["show", "T-2"][..], &["thread", "T-1"], &["export", "json"], &["export", "beads"], &["log"]] {
        let shown = repo.ok(words).stdout;
        assert!(!shown.contains(|c| c != '\n' && is_unsafe(c)), "{words:?}: {shown:?}");
    }
    assert_eq!(repo.data(&["show", "T-2"])["record"]["body"], text);
    let again = repo.ok(&["export", "json"]).stdout;
    let other = Repo::set_up();
    other.coord(&["import", "json", "-"]).input(&again).expect(0);
    assert_eq!(other.data(&["show", "T-2"])["record"]["body"], text, "an export is no way to lose a byte");
    is_well(&repo);
}
