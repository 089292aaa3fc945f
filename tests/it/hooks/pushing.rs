//! `git push`: the state goes along, within its time, and what would take it away from others is refused.

use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use crate::harness::{Answer, PATIENCE, Repo, within};
use crate::sync::{Team, tasks};

/// Pushes the branch, and returns what came of it.
#[track_caller]
fn push(repo: &Repo) -> Answer {
    repo.call("git", &["push", "--quiet", "origin", "main"]).run()
}

fn commit(repo: &Repo, name: &str) {
    std::fs::write(repo.path.join(name), "code\n").expect("a file");
    repo.git(&["add", name]);
    repo.git(&["commit", "--quiet", "-m", name]);
}

/// A laptop with a commit and a task that are nowhere else.
fn ahead() -> (Team, Repo) {
    let team = Team::set_up(1);
    let laptop = team.laptops[0].clone();
    commit(&laptop, "code");
    laptop.ok(&["task", "new", "New", "--id", "T-new"]);
    (team, laptop)
}

#[test]
fn two_people_who_only_pull_and_push_and_use_everyday_verbs_work_together() {
    let team = Team::new(2);
    let [ada, bob] = team.laptops.as_slice() else { panic!("two laptops") };
    ada.ok(&["init"]);
    ada.ok(&["task", "new", "Wire the parser", "--id", "T-1"]);
    ada.ok(&["task", "new", "Test the parser", "--id", "T-2", "--depends-on", "T-1"]);
    ada.git(&["push", "--quiet"]);
    bob.ok(&["init"]);
    assert_eq!(bob.data(&["ready"])["items"][0]["id"], "T-1");
    bob.coord(&["claim", "T-1"]).agent("bob").expect(0);
    commit(bob, "parser");
    bob.git(&["push", "--quiet"]);
    ada.git(&["pull", "--quiet"]);
    assert_eq!(ada.refused(3, &["claim", "T-1"]), "claim_held");
    ada.ok(&["send", "bob", "How far is it?"]);
    bob.coord(&["done", "T-1", "It parses"]).agent("bob").expect(0);
    // Both publish, and neither has what the other has done.
    ada.git(&["push", "--quiet"]);
    bob.git(&["push", "--quiet"]);
    ada.git(&["pull", "--quiet"]);
    assert_eq!(ada.data(&["ready"])["items"][0]["id"], "T-2");
    assert_eq!(bob.coord(&["inbox"]).agent("bob").json().expect(0).data()["total"], 1);
    bob.git(&["push", "--quiet"]);
    ada.git(&["pull", "--quiet"]);
    team.assert_equal();
    assert_eq!(ada.data(&["conflicts"])["total"], 0);
}

#[test]
fn a_push_publishes_the_state_also_where_there_is_nothing_else_to_push() {
    let (team, laptop) = ahead();
    let answer = push(&laptop);
    assert_eq!((answer.exit(), answer.stderr.as_str()), (0, ""));
    assert_eq!(team.remote.tip(), laptop.tip());
    laptop.ok(&["note", "T-new", "More"]);
    assert_eq!(push(&laptop).exit(), 0);
    assert_eq!(team.remote.tip(), laptop.tip());
    // From a linked worktree, and with the repository named from elsewhere.
    let tree = laptop.worktree("tree");
    tree.git(&["checkout", "--quiet", "-b", "topic"]);
    tree.ok(&["note", "T-new", "From the worktree"]);
    tree.git(&["push", "--quiet", "origin", "topic"]);
    assert_eq!(team.remote.tip(), laptop.tip());
    laptop.ok(&["note", "T-new", "From elsewhere"]);
    let (git_dir, work_tree) = (laptop.path.join(".git"), laptop.path.clone());
    let from_elsewhere = ["--git-dir", &git_dir.to_string_lossy(), "--work-tree", &work_tree.to_string_lossy()];
    laptop.at("..").git(&[&from_elsewhere[..], &["push", "--quiet", "origin", "main"]].concat());
    assert_eq!(team.remote.tip(), laptop.tip());
}

#[test]
fn where_all_has_been_published_the_remote_is_not_asked() {
    let (_team, laptop) = ahead();
    push(&laptop);
    laptop.git(&["remote", "set-url", "origin", "/nowhere"]);
    let line = format!("refs/heads/main {0} refs/heads/main {0}\n", laptop.git(&["rev-parse", "HEAD"]));
    let data = laptop.coord(&["hook", "pre-push", "origin", "/nowhere"]).input(&line).json().expect(0).data();
    assert_eq!(data, json!({ "hook": "pre-push", "moved": false, "published": false, "warnings": [] }));
}

#[test]
fn a_state_that_cannot_be_published_is_one_line_and_keeps_no_push_unless_it_is_required() {
    let (team, laptop) = ahead();
    team.remote.git(&["config", "receive.hideRefs", "refs/coord"]);
    let answer = push(&laptop);
    assert_eq!(answer.exit(), 0, "{answer}");
    assert_eq!(answer.stderr.lines().filter(|line| line.starts_with("git coord: ")).count(), 1, "{answer}");
    assert!(answer.stderr.starts_with("git coord: warning: the state was not published: "), "{answer}");
    assert_eq!(team.remote.git(&["rev-parse", "main"]), laptop.git(&["rev-parse", "main"]));

    commit(&laptop, "more");
    laptop.git(&["config", "coord.publishOnPush", "require"]);
    let answer = push(&laptop);
    assert_eq!(answer.exit(), 1, "{answer}");
    assert!(answer.stderr.starts_with("git coord: error: the state was not published: "), "{answer}");
    assert_ne!(team.remote.git(&["rev-parse", "main"]), laptop.git(&["rev-parse", "main"]));

    laptop.git(&["config", "coord.publishOnPush", "off"]);
    let answer = push(&laptop);
    assert_eq!((answer.exit(), answer.stderr.as_str()), (0, ""));
    assert_ne!(team.remote.tip(), laptop.tip());
}

#[test]
fn a_remote_that_hangs_keeps_a_push_no_longer_than_its_time_and_leaves_nothing_running() {
    let (team, laptop) = ahead();
    let (script, hung) = (laptop.machine.root().join("ssh"), laptop.machine.root().join("hung"));
    // Our own connection hangs, that of the user does not.
    let text = format!(
        "#!/bin/sh\nif [ -n \"$GIT_COORD_WITHIN\" ]; then echo $$ > '{}'; exec sleep 1000; fi\nshift; exec sh -c \"$*\"\n",
        hung.display()
    );
    std::fs::write(&script, text).expect("a script");
    std::fs::set_permissions(&script, PermissionsExt::from_mode(0o755)).expect("an executable script");
    laptop.git(&["remote", "set-url", "origin", &format!("host:{}", team.remote.path.display())]);
    laptop.git(&["config", "core.sshCommand", &script.to_string_lossy()]);
    laptop.git(&["config", "ssh.variant", "simple"]);
    laptop.git(&["config", "coord.pushBudget", "700ms"]);
    let answer = push(&laptop);
    assert_eq!(answer.exit(), 0, "{answer}");
    let told = "git coord: warning: the state was not published: origin took longer than 700ms\n";
    assert_eq!(answer.stderr, told);
    assert_eq!(team.remote.git(&["rev-parse", "main"]), laptop.git(&["rev-parse", "main"]));
    let pid: i32 = std::fs::read_to_string(&hung).expect("it hung").trim().parse().expect("a number");
    let process = rustix::process::Pid::from_raw(pid).expect("a process");
    within(PATIENCE, "what hung is gone", || rustix::process::test_kill_process(process).is_err());
}

#[test]
fn a_push_to_another_remote_takes_the_state_along_only_where_it_is_one_of_ours() {
    let (_team, laptop) = ahead();
    let other = laptop.clone_to("other.git", &["--bare"]);
    let url = other.path.to_string_lossy().into_owned();
    laptop.git(&["push", "--quiet", &url, "main"]);
    laptop.git(&["remote", "add", "other", &url]);
    laptop.git(&["push", "--quiet", "other", "main"]);
    assert_eq!(other.tip(), None, "nobody has said that it is one");
    laptop.ok(&["init"]);
    laptop.git(&["push", "--quiet", "other", "main"]);
    assert_eq!(other.tip(), laptop.tip());
}

#[test]
fn the_state_pushed_by_its_name_is_in_nobodys_way() {
    let (team, laptop) = ahead();
    laptop.git(&["push", "--quiet", "origin", "main", "refs/coord/main"]);
    assert_eq!(team.remote.tip(), laptop.tip());
    laptop.git(&["config", "coord.remotePrefix", "refs/heads/coord/"]);
    laptop.git(&["push", "--quiet", "origin", "refs/coord/main:refs/heads/coord/main"]);
    assert_eq!(team.remote.git(&["rev-parse", "refs/heads/coord/main"]), laptop.tip().expect("a tip"));
}

#[test]
fn the_state_of_a_remote_never_goes_back_by_a_push() {
    let (team, laptop) = ahead();
    push(&laptop);
    let tip = team.remote.tip();
    for refspec in ["+refs/coord/main~1:refs/coord/main", ":refs/coord/main", "+HEAD:refs/coord/main"] {
        let answer = laptop.call("git", &["push", "--quiet", "origin", refspec]).run();
        assert_eq!(answer.exit(), 1, "{refspec}: {answer}");
        assert!(answer.stderr.starts_with("git coord: error: cannot push to origin: refs/coord/main "), "{answer}");
        assert!(answer.stderr.contains("git coord: hint: git coord sync origin\n"), "{answer}");
        assert_eq!(team.remote.tip(), tip, "{refspec}");
    }
    // By an address that is no remote's, and under another name.
    let url = team.remote.path.to_string_lossy().into_owned();
    assert!(!laptop.try_git(&["push", "--quiet", &url, "+refs/coord/main~1:refs/coord/main"]).status.success());
    laptop.git(&["config", "coord.remotePrefix", "refs/heads/coord/"]);
    laptop.git(&["push", "--quiet", "origin", "refs/coord/main:refs/heads/coord/main"]);
    assert!(!laptop.try_git(&["push", "--quiet", "origin", ":refs/heads/coord/main"]).status.success());
    assert_eq!(team.remote.tip(), tip);
}

#[test]
fn a_mirror_of_a_clone_that_is_behind_takes_nothing_away() {
    let team = Team::set_up(2);
    let [one, two] = team.laptops.as_slice() else { panic!("two laptops") };
    one.ok(&["task", "new", "Of one", "--id", "T-one"]);
    push(one);
    let tip = team.remote.tip();
    let answer = two.call("git", &["push", "--quiet", "--mirror", "origin"]).run();
    assert_eq!(answer.exit(), 1, "{answer}");
    assert_eq!(team.remote.tip(), tip);
    assert_eq!(team.remote.git(&["for-each-ref", "refs/coord-remotes"]), "");
    // Also where the notes are not in the way.
    two.git(&["update-ref", "-d", "refs/coord-remotes/origin/main"]);
    assert!(!two.try_git(&["push", "--quiet", "--mirror", "origin"]).status.success());
    assert_eq!(team.remote.tip(), tip);
}

#[test]
fn our_own_pushes_run_no_hook_and_no_hook_runs_another() {
    let (team, laptop) = ahead();
    laptop.ok(&["hooks", "uninstall"]);
    super::with_git_that_knows(&laptop, false);
    laptop.hook("pre-push", "#!/bin/sh\ncat >> seen\n");
    laptop.ok(&["hooks", "install"]);
    laptop.ok(&["sync"]);
    assert!(!laptop.path.join("seen").exists());
    laptop.ok(&["note", "T-new", "More"]);
    assert_eq!(push(&laptop).exit(), 0);
    let seen = std::fs::read_to_string(laptop.path.join("seen")).expect("it ran");
    assert_eq!(seen.lines().count(), 1, "once, with all that git has said: {seen}");
    assert!(seen.starts_with("refs/heads/main ") && seen.contains(" refs/heads/main "), "{seen}");
    assert_eq!(team.remote.tip(), laptop.tip());
}

#[test]
fn a_script_of_the_user_that_refuses_a_push_refuses_it_as_before() {
    let (team, laptop) = ahead();
    laptop.ok(&["hooks", "uninstall"]);
    super::with_git_that_knows(&laptop, false);
    let (tip, main) = (team.remote.tip(), team.remote.git(&["rev-parse", "main"]));
    // One that does not read what it is told.
    laptop.hook("pre-push", "#!/bin/sh\necho \"$1: not today\" >&2\nexit 3\n");
    laptop.ok(&["hooks", "install"]);
    let answer = push(&laptop);
    assert_eq!(answer.exit(), 1, "{answer}");
    assert!(answer.stderr.starts_with("origin: not today\n"), "{answer}");
    assert!(!answer.stderr.contains("git coord"), "{answer}");
    assert_eq!((team.remote.tip(), team.remote.git(&["rev-parse", "main"])), (tip, main));
}

#[test]
fn who_publishes_at_the_same_time_is_merged_with() {
    let team = Team::set_up(2);
    let [one, two] = team.laptops.as_slice() else { panic!("two laptops") };
    one.ok(&["task", "new", "Of one", "--id", "T-one"]);
    two.ok(&["task", "new", "Of two", "--id", "T-two"]);
    let answers: Vec<_> = [one, two].map(|it| it.live().call("git", &["push", "--quiet", "origin", "main"])).into();
    for answer in crate::harness::race(answers) {
        assert_eq!((answer.exit(), answer.stderr.as_str()), (0, ""), "{answer}");
    }
    one.git(&["fetch", "--quiet"]);
    assert_eq!(tasks(one), ["T-1", "T-one", "T-two"]);
}

#[test]
fn what_pre_commit_tells_is_understood_too() {
    let (team, laptop) = ahead();
    let tip = team.remote.tip().expect("a tip");
    let told = |name: &str, new: &str| {
        laptop
            .coord(&["hook", "pre-push"])
            .env("PRE_COMMIT_REMOTE_NAME", "origin")
            .env("PRE_COMMIT_LOCAL_BRANCH", name)
            .env("PRE_COMMIT_REMOTE_BRANCH", name)
            .env("PRE_COMMIT_FROM_REF", &tip)
            .env("PRE_COMMIT_TO_REF", new)
            .json()
    };
    let root = laptop.git(&["rev-list", "--max-parents=0", "refs/coord/main"]);
    assert_eq!(told("refs/coord/main", &root).expect(5).error_code(), "not_fast_forward");
    assert_eq!(told("refs/heads/main", &laptop.git(&["rev-parse", "HEAD"])).expect(0).data()["published"], true);
    assert_eq!(team.remote.tip(), laptop.tip());
}
