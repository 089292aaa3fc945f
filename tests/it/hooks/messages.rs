//! The message of a commit says under which claim it was made.

use crate::harness::Repo;
use crate::sync::{Team, synced};

/// A repository in which Ada holds T-1, and the id of her claim.
fn holding() -> (Repo, String) {
    let repo = Repo::set_up();
    for id in ["T-1", "T-2"] {
        repo.ok(&["task", "new", "A task", "--id", id]);
    }
    let claim = repo.data(&["claim", "T-1"])["claim"]["id"].as_str().expect("an id").to_owned();
    (repo, claim)
}

#[track_caller]
fn commit(repo: &Repo, words: &[&str]) -> String {
    repo.git(&[&["commit", "--quiet", "--allow-empty"], words].concat());
    message(repo)
}

fn message(repo: &Repo) -> String {
    repo.git(&["log", "-1", "--format=%B"]).trim_end().to_owned()
}

/// Has an editor that runs this script on the message.
fn edit(repo: &Repo, script: &str) {
    repo.git(&["config", "core.editor", &format!("sh -c '{script}' editor")]);
}

#[test]
fn a_commit_names_the_task_and_the_claim_that_are_held() {
    let (repo, claim) = holding();
    let trailers = format!("Coord-Task: T-1\nCoord-Claim: {claim}");
    assert_eq!(commit(&repo, &["-m", "Parse"]), format!("Parse\n\n{trailers}"));
    // Beside the trailers that are there, and once however often it is amended.
    let signed = commit(&repo, &["-s", "-m", "Parse more", "-m", "A body.", "-m", "Refs: 7"]);
    assert_eq!(signed, format!("Parse more\n\nA body.\n\nRefs: 7\nSigned-off-by: Ada <ada@example.org>\n{trailers}"));
    assert_eq!(commit(&repo, &["--amend", "--no-edit"]), signed);
    edit(&repo, "sed -i 1s/more/less/ \"$1\"");
    assert_eq!(commit(&repo, &["--amend"]), signed.replace("more", "less"));
    assert_eq!(commit(&repo, &["--amend", "-m", "Anew"]), format!("Anew\n\n{trailers}"));
    assert_eq!(
        commit(&repo, &["-m", "Given", "-m", "Coord-Task: T-9\nCoord-Claim: c9"]),
        "Given\n\nCoord-Task: T-9\nCoord-Claim: c9"
    );
}

#[test]
fn who_edits_the_message_sees_the_trailers_and_a_message_that_nobody_writes_is_none() {
    let (repo, claim) = holding();
    edit(&repo, "cp \"$1\" seen; sed -i 1s/^/Written/ \"$1\"");
    assert_eq!(commit(&repo, &[]), format!("Written\n\nCoord-Task: T-1\nCoord-Claim: {claim}"));
    let seen = std::fs::read_to_string(repo.path.join("seen")).expect("the message");
    assert!(seen.starts_with(&format!("\n\nCoord-Task: T-1\nCoord-Claim: {claim}\n")), "{seen}");
    let head = repo.git(&["rev-parse", "HEAD"]);
    for words in [&["--quiet"][..], &["--verbose"], &["-s"], &["--cleanup=scissors"]] {
        repo.git(&["config", "core.editor", "true"]);
        let output = repo.try_git(&[&["commit", "--allow-empty"], words].concat());
        assert_eq!(output.status.code(), Some(1), "{words:?}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("Aborting commit due to empty commit message"), "{words:?}: {said}");
        assert_eq!(repo.git(&["rev-parse", "HEAD"]), head);
    }
}

#[test]
fn nothing_is_added_where_no_claim_is_held_or_several_or_it_is_another_agents() {
    let (repo, claim) = holding();
    repo.git(&["config", "coord.agent", "bob"]);
    assert_eq!(commit(&repo, &["-m", "Of bob"]), "Of bob");
    repo.git(&["config", "--unset", "coord.agent"]);
    let tree = repo.worktree("tree");
    assert_eq!(commit(&tree, &["-m", "Elsewhere"]), "Elsewhere");
    let other = tree.data(&["claim", "T-2"])["claim"]["id"].as_str().expect("an id").to_owned();
    assert_eq!(commit(&tree, &["-m", "There"]), format!("There\n\nCoord-Task: T-2\nCoord-Claim: {other}"));
    assert!(commit(&repo, &["-m", "Here"]).ends_with(&claim));
    tree.ok(&["release", "T-2"]);
    assert_eq!(commit(&tree, &["-m", "Given back"]), "Given back");
    repo.ok(&["claim", "T-2"]);
    assert_eq!(commit(&repo, &["-m", "Of which"]), "Of which");
    repo.ok(&["done", "T-1"]);
    assert!(commit(&repo, &["-m", "Of this"]).contains("\nCoord-Task: T-2\n"));
    let plain = Repo::plain();
    assert_eq!(commit(&plain, &["-m", "Not set up"]), "Not set up");
}

#[test]
fn of_several_sessions_in_one_worktree_each_names_its_own_claim() {
    let (repo, _) = holding();
    repo.ok(&["release", "T-1"]);
    for (task, session) in [("T-1", "s1"), ("T-2", "s2")] {
        repo.coord(&["claim", task]).session(session).expect(0);
    }
    let words = ["commit", "--quiet", "--allow-empty", "-m", "Of the second"];
    repo.call("git", &words).env("GIT_COORD_SESSION", "s2").expect(0);
    assert!(message(&repo).contains("\nCoord-Task: T-2\n"), "{}", message(&repo));
}

#[test]
fn commits_that_are_not_new_are_left_as_they_are() {
    let (repo, _) = holding();
    repo.git(&["config", "coord.agent", "bob"]);
    for branch in ["merged", "picked", "rebased", "squashed"] {
        repo.git(&["checkout", "--quiet", "-b", branch, "main"]);
        std::fs::write(repo.path.join(branch), "x\n").expect("a file");
        repo.git(&["add", branch]);
        commit(&repo, &["-m", &format!("Of {branch}")]);
    }
    repo.git(&["checkout", "--quiet", "main"]);
    repo.git(&["config", "--unset", "coord.agent"]);
    let with = commit(&repo, &["-m", "New"]);
    assert!(with.contains("Coord-Claim: "), "{with}");
    repo.git(&["merge", "--quiet", "--no-edit", "merged"]);
    assert_eq!(message(&repo), "Merge branch 'merged'");
    repo.git(&["cherry-pick", "picked"]);
    assert_eq!(message(&repo), "Of picked");
    repo.git(&["merge", "--quiet", "--squash", "squashed"]);
    assert!(!commit(&repo, &["--no-edit"]).contains("Coord-Claim: "));
    repo.git(&["checkout", "--quiet", "rebased"]);
    repo.git(&["rebase", "--quiet", "main"]);
    assert_eq!(message(&repo), "Of rebased");
    assert_eq!(commit(&repo, &["--fixup", "HEAD"]), "fixup! Of rebased");
    assert_eq!(commit(&repo, &["-C", "HEAD~1"]), "Of rebased");
}

#[test]
fn the_users_own_script_sees_the_message_first() {
    let (repo, claim) = holding();
    repo.ok(&["hooks", "uninstall"]);
    super::with_git_that_knows(&repo, false);
    repo.hook(
        "prepare-commit-msg",
        "#!/bin/sh\nprintf '%s\\n\\nReviewed-by: %s\\n' \"$(cat \"$1\")\" \"$2\" > \"$1\"\n",
    );
    repo.hook("commit-msg", "#!/bin/sh\ngrep -q Parse \"$1\" || exit 1\n");
    repo.ok(&["hooks", "install"]);
    let trailers = format!("Reviewed-by: message\nCoord-Task: T-1\nCoord-Claim: {claim}");
    assert_eq!(commit(&repo, &["-m", "Parse"]), format!("Parse\n\n{trailers}"));
    assert!(!repo.try_git(&["commit", "--quiet", "--allow-empty", "-m", "Other"]).status.success());
}

#[test]
fn a_partial_commit_of_some_files_commits_those_and_no_more() {
    let team = Team::set_up(1);
    let laptop = &team.laptops[0];
    laptop.ok(&["claim", "T-1"]);
    for name in ["one", "two"] {
        std::fs::write(laptop.path.join(name), "x\n").expect("a file");
    }
    laptop.git(&["add", "one", "two"]);
    let text = commit(laptop, &["-m", "One", "--", "one"]);
    assert!(text.starts_with("One\n\nCoord-Task: T-1\n"), "{text}");
    assert_eq!(laptop.git(&["show", "--format=", "--name-only", "HEAD"]), "one");
    assert_eq!(laptop.git(&["diff", "--cached", "--name-only"]), "two");
    synced(laptop);
}
