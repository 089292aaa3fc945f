//! Repositories at odd places, or no longer at any.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use super::{is_refusal, is_well};
use crate::harness::Repo;

#[test]
fn a_path_of_any_bytes_holds_a_repository() {
    let names: [&[u8]; 11] = [
        b"new\nline",
        b"a blank",
        "ünï日本".as_bytes(),
        b"\xff\xfe",
        b"quo'te",
        b"\"both\"",
        b"-dash",
        b"co:lon",
        b"$(touch pwned)`touch pwned`",
        b"\x1b[31mred\x07",
        b"glob*?[x]",
    ];
    let outer = Repo::none();
    for name in names {
        let path = outer.machine.root().join(OsStr::from_bytes(name));
        fs::create_dir_all(path.join("below")).expect("a folder");
        let repo = outer.at(&path);
        repo.git(&["init", "--quiet"]);
        repo.ok(&["init"]);
        repo.at("below").ok(&["task", "new", "X", "--id", "T-1"]);
        repo.ok(&["claim", "T-1"]);
        for json in [false, true] {
            let call = repo.coord(&["whoami"]);
            let told = if json { call.json() } else { call }.expect(0);
            assert!(
                !told.stdout.chars().any(|c| c != '\n' && git_coord::base::text::is_unsafe(c)),
                "{:?}",
                told.stdout
            );
        }
        repo.at("below").ok(&["done", "T-1"]);
        is_well(&repo);

        let lock = path.join(".git/coord/lock");
        fs::remove_file(&lock).expect("a file");
        fs::create_dir(&lock).expect("a folder");
        let refused = repo.coord(&["note", "T-1", "x"]).expect(128);
        let is_clean = !refused.stderr.chars().any(|c| c != '\n' && git_coord::base::text::is_unsafe(c));
        assert!(is_clean, "a path reached the terminal as it is: {:?}", refused.stderr);
        is_refusal(&repo.coord(&["note", "T-1", "x"]).json().run(), 128, "io");
    }
    assert!(!outer.machine.root().join("pwned").exists() && !outer.path.join("pwned").exists());
}

#[test]
fn a_folder_that_is_gone_says_so() {
    let repo = super::with_a_task();
    let gone = repo.path.join("gone");
    fs::create_dir(&gone).expect("a folder");
    let tip = repo.tip();
    for line in ["task list", "note T-1 x", "whoami", "init", "doctor"] {
        let script = format!("rmdir '{0}' && {1} {line} --json; e=$?; mkdir '{0}'; exit $e", gone.display(), coord());
        let refused = repo.at("gone").call("sh", &["-c", &script]).run();
        is_refusal(&refused, 128, "not_a_repository");
        assert_eq!(refused.error()["hint"], "change to a folder of a repository", "{refused}");
    }
    let script = format!("rmdir '{}' && {} -h", gone.display(), coord());
    repo.at("gone").call("sh", &["-c", &script]).expect(0);
    assert_eq!(repo.tip(), tip);
}

#[test]
fn a_worktree_whose_main_one_forgot_it_says_so() {
    let repo = super::with_a_task();
    let tree = repo.worktree("tree");
    tree.ok(&["claim", "T-1"]);
    let tip = repo.tip();
    fs::remove_dir_all(repo.path.join(".git/worktrees")).expect("a folder");
    for words in [&["task", "list"][..], &["done", "T-1"], &["init"]] {
        let refused = tree.coord(words).json().run();
        is_refusal(&refused, 128, "not_a_repository");
        assert!(refused.stderr.contains("git worktree repair"), "{refused}");
    }
    assert_eq!(repo.tip(), tip);
    assert_eq!(repo.data(&["task", "show", "T-1"])["record"]["claim"]["agent"], "Ada");
    is_well(&repo);
}

#[test]
fn hooks_at_an_odd_place_are_no_obstacle() {
    let repo = super::with_a_task();
    let file = repo.machine.root().join("file");
    fs::write(&file, "").expect("a file");
    for place in ["/nonexistent", "", "~/nowhere", "../..", &file.to_string_lossy(), "\u{1b}[31m"] {
        repo.git(&["config", "core.hooksPath", place]);
        repo.ok(&["note", "T-1", "x"]);
    }
    repo.git(&["config", "--unset", "core.hooksPath"]);
    is_well(&repo);
}

fn coord() -> &'static str {
    env!("CARGO_BIN_EXE_git-coord")
}

#[test]
fn a_git_file_that_names_nothing_is_said_to() {
    let repo = super::with_a_task();
    let odd = repo.at(repo.machine.root().join("odd"));
    fs::create_dir(&odd.path).expect("a folder");
    let nowhere: PathBuf = odd.path.join(".git");
    for text in ["", "gitdir: \n", "gitdir: /nowhere\n", "nonsense", "gitdir: ../repo\n"] {
        fs::write(&nowhere, text).expect("a file");
        for words in [&["status"][..], &["note", "T-1", "x"], &["init"]] {
            is_refusal(&odd.coord(words).json().run(), 128, "not_a_repository");
        }
        assert_eq!(fs::read_to_string(&nowhere).expect("text"), text);
    }
}
