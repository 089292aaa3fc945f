//! Where the answer goes and the text comes from: closed, full, no terminal.

use std::fs::{self, File};
use std::process::{Output, Stdio};

use super::{Whole, is_well, with_a_task};
use crate::harness::Repo;

/// Runs a command line of the program in a shell, which redirects as a user would.
#[track_caller]
fn shell(repo: &Repo, line: &str) -> Output {
    let mut command = repo.command("sh");
    repo.machine.tick(&mut command);
    let script = format!("{} {line}", env!("CARGO_BIN_EXE_git-coord"));
    command.args(["-c", &script]).stdin(Stdio::null()).output().expect("a shell")
}

/// Runs the program with nothing but a full disk to answer on.
#[track_caller]
fn full(repo: &Repo, words: &[&str]) -> (Option<i32>, String) {
    let mut command = repo.command(env!("CARGO_BIN_EXE_git-coord"));
    repo.machine.tick(&mut command);
    let disk = File::options().write(true).open("/dev/full").expect("/dev/full");
    let output = command.args(words).stdin(Stdio::null()).stdout(disk).output().expect("the program");
    (output.status.code(), String::from_utf8(output.stderr).expect("UTF-8"))
}

#[test]
fn an_answer_that_could_not_be_given_says_whether_the_change_was_made() {
    let repo = with_a_task();
    for words in [&["note", "T-1", "x"][..], &["next", "--claim"], &["done", "T-1"], &["send", "bob", "Hello"]] {
        let before = repo.commit_count();
        let (exit, said) = full(&repo, words);
        assert_eq!(exit, Some(128), "{said}");
        assert_eq!(repo.commit_count(), before + 1, "{words:?}");
        let tip = repo.tip().expect("a tip");
        let hint = format!("hint: the change has been made, as commit {tip}; see `git coord log`\n");
        assert!(said.ends_with(&hint), "{words:?}: {said}");
        let (exit, said) = full(&repo, &[&["task", "new", "y", "--json"], &words[..0]].concat());
        let error: serde_json::Value = serde_json::from_str(&said).expect("JSON");
        assert_eq!((exit, error["error"]["code"].as_str()), (Some(128), Some("output")), "{said}");
        assert_eq!(error["error"]["details"]["commit"].as_str(), repo.tip().as_deref(), "{said}");
    }
    let before = Whole::of(&repo);
    for words in [&["task", "list"][..], &["show", "T-1"], &["next"], &["init"], &["export", "json"], &["-h"]] {
        let (exit, said) = full(&repo, words);
        assert_eq!(exit, Some(128), "{words:?}: {said}");
        assert!(!said.contains("has been made"), "{words:?}: {said}");
    }
    assert_eq!(Whole::of(&repo), before);
    is_well(&repo);
}

/// As with git, whose start opens `/dev/null` for what is closed: what cannot be heard was not asked for.
#[test]
fn closed_streams_are_as_nothing() {
    let repo = with_a_task();
    for line in ["task list >&-", "note T-1 heard >&- 2>&- <&-", "note T-1 heard --json >&-", "show T-9 2>&-"] {
        let output = shell(&repo, line);
        assert_eq!(output.status.code(), Some(if line.contains("T-9") { 4 } else { 0 }), "{line}");
    }
    assert_eq!(repo.commit_count(), 4);
    let refused = shell(&repo, "note T-1 - --json <&-");
    assert_eq!(refused.status.code(), Some(5));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("\"empty_text\""), "{refused:?}");
    let refused = shell(&repo, "note T-1 - --json </");
    assert_eq!(refused.status.code(), Some(5));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("\"bad_input\""), "{refused:?}");
    assert_eq!(repo.commit_count(), 4);
    is_well(&repo);
}

#[test]
fn nothing_needs_a_terminal_or_a_pager() {
    let repo = with_a_task();
    repo.git(&["config", "core.pager", "false"]);
    for term in ["dumb", "", "no-such-terminal"] {
        for words in super::READS {
            let answer = repo.coord(words).env("TERM", term).env("COLUMNS", "nonsense").expect(0);
            assert!(!answer.stdout.contains('\u{1b}'), "{answer}");
        }
    }
}

#[test]
fn a_device_that_is_exported_to_stays_a_device() {
    use std::os::unix::fs::FileTypeExt;
    let repo = with_a_task();
    // A pipe of the test's own: what a mistake here replaces must not be a device of the machine.
    let pipe = repo.machine.root().join("pipe");
    let made = repo.command("mkfifo").arg(&pipe).status().expect("mkfifo");
    assert!(made.success());
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::read_to_string(pipe).expect("text")
    });
    repo.ok(&["export", "json", &pipe.to_string_lossy()]);
    let is_pipe = fs::symlink_metadata(&pipe).expect("the pipe").file_type().is_fifo();
    assert!(is_pipe, "the pipe was replaced by a file");
    assert!(reader.join().expect("text").contains("\"T-1\""));
}

#[test]
fn a_link_that_is_exported_to_stays_a_link() {
    let repo = with_a_task();
    let (file, link) = (repo.machine.root().join("file"), repo.machine.root().join("link"));
    fs::write(&file, "old").expect("a file");
    std::os::unix::fs::symlink(&file, &link).expect("a link");
    repo.ok(&["export", "json", &link.to_string_lossy()]);
    assert!(fs::symlink_metadata(&link).expect("the link").is_symlink());
    assert!(fs::read_to_string(&file).expect("text").contains("\"T-1\""));
}

#[test]
fn a_file_that_cannot_be_exported_to_is_named_and_kept() {
    let repo = with_a_task();
    let folder = repo.machine.root().join("folder");
    fs::create_dir(&folder).expect("a folder");
    for place in [folder.clone(), folder.join("missing/file")] {
        let refused = repo.coord(&["export", "json", &place.to_string_lossy()]).json().expect(128);
        assert_eq!(refused.error_code(), "io", "{refused}");
        assert!(refused.stderr.contains(&*place.to_string_lossy()), "{refused}");
    }
    assert_eq!(fs::read_dir(&folder).expect("a folder").count(), 0, "something was left behind");
    let said = shell(&repo, "export json /dev/stdout");
    assert!(String::from_utf8_lossy(&said.stdout).contains("\"T-1\""), "{said:?}");
}
