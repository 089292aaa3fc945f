//! After a pull, a checkout, a rebase: what a fetch has brought is taken in.

use serde_json::json;

use crate::harness::Repo;
use crate::sync::{Team, synced};

/// Two laptops, of which the first has published a task and a commit of code, and the second has not fetched yet.
fn team() -> Team {
    let team = Team::set_up(2);
    let one = &team.laptops[0];
    one.ok(&["task", "new", "Of one", "--id", "T-one"]);
    synced(one);
    commit(one, "code");
    one.git(&["push", "--quiet", "origin", "main"]);
    team
}

fn commit(repo: &Repo, name: &str) {
    std::fs::write(repo.path.join(name), "code\n").expect("a file");
    repo.git(&["add", name]);
    repo.git(&["commit", "--quiet", "-m", name]);
}

#[test]
fn a_pull_takes_in_what_it_has_brought() {
    let team = team();
    let two = &team.laptops[1];
    two.git(&["pull", "--quiet"]);
    assert_eq!(two.tip(), team.remote.tip(), "no command has been run");
}

#[test]
fn a_pull_that_rebases_takes_in_what_it_has_brought() {
    let team = team();
    let two = &team.laptops[1];
    commit(two, "own");
    two.git(&["pull", "--quiet", "--rebase"]);
    assert_eq!(two.tip(), team.remote.tip());
}

#[test]
fn a_checkout_takes_in_what_a_fetch_has_brought_and_one_of_files_does_not() {
    let team = team();
    let two = &team.laptops[1];
    let tip = two.tip();
    two.git(&["fetch", "--quiet"]);
    two.git(&["checkout", "--quiet", "HEAD", "--", "README"]);
    assert_eq!(two.tip(), tip);
    two.git(&["checkout", "--quiet", "-b", "topic"]);
    assert_eq!(two.tip(), team.remote.tip());
}

#[test]
fn a_checkout_in_a_linked_worktree_and_the_making_of_one_take_it_in_too() {
    let team = team();
    let two = &team.laptops[1];
    let tree = two.worktree("tree");
    two.git(&["fetch", "--quiet"]);
    tree.git(&["checkout", "--quiet", "-b", "topic"]);
    assert_eq!(two.tip(), team.remote.tip());
    team.laptops[0].ok(&["task", "new", "Another", "--id", "T-other"]);
    synced(&team.laptops[0]);
    two.git(&["fetch", "--quiet"]);
    two.worktree("another");
    assert_eq!(two.tip(), team.remote.tip());
}

#[test]
fn where_nothing_is_set_up_and_where_we_have_started_the_git_nothing_is_done() {
    let nothing = |moved: bool| json!({ "hook": "post-merge", "moved": moved, "published": false, "warnings": [] });
    let plain = Repo::plain();
    assert_eq!(plain.data(&["hook", "post-merge", "0"]), nothing(false));
    assert!(!plain.common_dir().join("coord").exists());

    let team = team();
    let two = &team.laptops[1];
    two.git(&["fetch", "--quiet"]);
    let common = two.common_dir().canonicalize().expect("a path");
    let within = |place: &std::path::Path| {
        two.coord(&["hook", "post-merge", "0"]).env("GIT_COORD_WITHIN", place).json().expect(0).data()
    };
    assert_eq!(within(&common), nothing(false));
    assert_eq!(
        within(&team.laptops[0].path.join(".git")),
        nothing(true),
        "another repository's git has nothing to say"
    );
    assert_eq!(two.tip(), team.remote.tip());
}

#[test]
fn without_the_program_git_goes_on_as_if_there_were_no_hooks() {
    let team = team();
    let two = &team.laptops[1];
    std::fs::remove_file(two.machine.root().join("bin/git-coord")).expect("a link");
    let tip = two.tip();
    let pulled = two.try_git(&["pull", "--quiet"]);
    assert_eq!((pulled.status.success(), String::from_utf8_lossy(&pulled.stderr).as_ref()), (true, ""));
    assert!(two.path.join("code").exists());
    assert_eq!(two.tip(), tip);
}

#[test]
fn what_goes_wrong_is_told_and_keeps_nobody_from_anything() {
    let team = team();
    let two = &team.laptops[1];
    std::fs::write(two.common_dir().join("refs/coord/main"), "nonsense\n").expect("a ref");
    let answer = two.call("git", &["checkout", "--quiet", "-b", "topic"]).expect(0);
    let told = "git coord: warning: nothing was done in post-checkout: the repository is damaged";
    assert!(answer.stderr.starts_with(told), "{answer}");
}
