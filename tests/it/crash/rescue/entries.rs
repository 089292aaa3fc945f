//! Entries that git or a file system would refuse, and links that lead nowhere: a commit on top puts them right.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use super::{assert_titles, fix, furnished};
use crate::harness::Repo;

const ID: &str = "01KAHD4V2M0000000000000000";

#[test]
fn entries_that_git_would_refuse_are_taken_out_and_stay_in_history() {
    let repo = furnished();
    repo.ok(&["agent", "new", "dev-1"]);
    let before = repo.files();
    repo.plant("agents/DEV-1.md", b"a twin");
    repo.plant_as("120000", "agents/link.md".as_ref(), b"dev-1.md");
    repo.plant_as("160000", "agents/module".as_ref(), b"");
    repo.plant_as("100644", OsStr::from_bytes(b"agents/\xff.md"), b"x");
    repo.plant_as("100644", "sprints/a\\b.md".as_ref(), b"x");
    let tip = repo.tip().expect("a tip");
    let answer = repo.coord(&["doctor", "--fix"]).json().expect(0).data();
    assert!(answer["findings"].as_array().is_some_and(|all| all.len() == 5), "{answer}");
    assert_eq!(repo.files(), before, "the profile is there, and its twin is not");
    assert_eq!(repo.git(&["rev-parse", "refs/coord/main^"]), tip, "one commit on top");
    assert_eq!(repo.git(&["cat-file", "blob", &format!("{tip}:agents/DEV-1.md")]), "a twin");
}

/// Of two that differ only in case, the record stays that was there first.
#[test]
fn of_twins_the_older_record_stays() {
    let repo = furnished();
    repo.ok(&["agent", "new", "dev-1", "--role", "reviewer"]);
    let path = "agents/dev-1.md";
    let younger = repo.file(path).replace("id: dev-1", "id: DEV-1").replace("2026-01-02T", "2026-01-03T");
    repo.plant("agents/DEV-1.md", format!("{younger}\n").as_bytes());
    fix(&repo);
    assert!(repo.file(path).contains("id: dev-1"));
    assert!(!repo.files().contains_key("agents/DEV-1.md"));
}

fn linked(repo: &Repo, agent: &str) -> bool {
    repo.files().keys().any(|path| path.starts_with(&format!("inbox/{agent}/")))
}

#[test]
fn a_link_that_is_no_message_goes() {
    let repo = furnished();
    repo.ok(&["agent", "new", "dev-1"]);
    repo.plant(&format!("inbox/dev-1/{ID}.md"), b"no message");
    let fixed = fix(&repo);
    assert_eq!(fixed.codes(), ["dangling_link"]);
    assert!(!linked(&repo, "dev-1"));
}

#[test]
fn a_message_that_is_gone_comes_back_from_its_link() {
    let repo = furnished();
    repo.ok(&["agent", "new", "dev-1"]);
    repo.ok(&["send", "dev-1", "Do not lose me"]);
    let message =
        repo.files().into_keys().find(|path| path.starts_with("messages/") && repo.file(path).contains("Do not"));
    let message = message.expect("a message");
    let whole = repo.file(&message);
    unplant(&repo, &message);
    assert!(!repo.files().contains_key(&message));
    fix(&repo);
    assert_eq!(repo.file(&message), whole);
    assert!(linked(&repo, "dev-1"));
}

#[test]
fn a_link_to_another_version_of_its_message_follows_the_message() {
    let repo = furnished();
    repo.ok(&["agent", "new", "dev-1"]);
    repo.ok(&["send", "dev-1", "The true text"]);
    let link = repo.files().into_keys().find(|path| path.starts_with("inbox/dev-1/")).expect("a link");
    let forged = repo.file(&link).replace("The true text", "Another text");
    repo.plant(&link, format!("{forged}\n").as_bytes());
    fix(&repo);
    assert!(repo.file(&link).contains("The true text"));
    assert_titles(&repo, &super::ALL);
}

/// Takes a file out of the tip with plain git.
fn unplant(repo: &Repo, path: &str) {
    let index = repo.machine.root().join("unplanting");
    let line = format!(
        "export GIT_INDEX_FILE='{}'; git read-tree refs/coord/main && git rm -q --cached -- '{path}' && \
         git update-ref refs/coord/main $(git commit-tree -m Unplant -p refs/coord/main $(git write-tree))",
        index.display()
    );
    let mut command = repo.command("sh");
    repo.machine.date(&mut command);
    assert!(command.args(["-c", &line]).status().expect("git runs").success());
}
