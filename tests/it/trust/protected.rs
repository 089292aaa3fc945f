//! Who may change what: a server judges each commit by the rules of the state before the push, and by who answers for it.

use super::{Key, know};
use crate::harness::{Answer, Repo};
use crate::sync::{Server, Team, synced, tasks};

/// A server with the hook and a rule that Ada has made: only she may change decisions and the settings. All laptops sign.
fn team() -> Option<(Team, [Key; 3])> {
    let team = Team::new(3);
    team.remote.ok(&["hooks", "install", "--server"]);
    let keys = ["ada", "bob", "eve"];
    let keys = [0, 1, 2].map(|n| Key::new(&team.laptops[n], keys[n]));
    let [Some(ada), Some(bob), Some(eve)] = keys else { return None };
    know(&team.remote, &[&ada, &bob]);
    let all = [ada, bob, eve];
    all.iter().zip(&team.laptops).for_each(|(key, laptop)| key.used_by(laptop));
    let one = &team.laptops[0];
    one.ok(&["init"]);
    one.ok(&["decision", "new", "Use git", "--id", "d1"]);
    one.ok(&["task", "new", "Shared", "--id", "T-1"]);
    let rules = "coordination.yaml, decisions".split(", ").map(|path| format!("{path} = signer:{}", all[0].name));
    one.ok(&["config", "policy.protect", &rules.collect::<Vec<_>>().join("; ")]);
    synced(one);
    team.laptops[1..].iter().for_each(|laptop| drop(laptop.ok(&["init"])));
    Some((team, all))
}

/// Syncs, which the server refuses, and returns what it says.
#[track_caller]
fn refused(team: &Team, repo: &Repo) -> String {
    let before = team.remote.tip();
    let answer = repo.coord(&["sync"]).expect(6);
    assert_eq!(team.remote.tip(), before);
    assert!(answer.stderr.contains("cannot publish"), "{answer}");
    let line = answer.stderr.lines().find(|line| line.contains("git coord: error: "));
    line.unwrap_or_else(|| panic!("{answer}")).trim().to_owned()
}

/// Goes back to what the server has, as whoever gives up.
fn give_up(repo: &Repo) {
    repo.git(&["fetch", "--quiet", "origin"]);
    repo.git(&["update-ref", "refs/coord/main", "refs/coord-remotes/origin/main"]);
    std::fs::remove_file(repo.common_dir().join("coord/lock")).expect("what was acknowledged");
}

#[test]
fn only_those_who_may_change_what_is_protected() {
    let Some((team, [ada, bob, _])) = team() else { return };
    let [one, two, three] = team.laptops.as_slice() else { panic!("three laptops") };
    two.ok(&["task", "edit", "T-1", "--title", "Of Bob"]);
    synced(two);
    two.ok(&["decision", "edit", "d1", "--title", "Use nothing"]);
    let told = refused(&team, two);
    let wanted =
        format!("changes decisions/d1.md, which is for signer:{}; it is signed by {}, and", ada.name, bob.name);
    assert!(told.contains(&wanted) && told.contains("the server does not say who pushes"), "{told}");
    give_up(two);
    // What it says of its author is nobody's word, and neither is a key that nobody knows.
    two.git(&["config", "coord.sign", "off"]);
    let answer = two.coord(&["decision", "edit", "d1", "--title", "Use less", "--agent", "ada", "--json"]).expect(0);
    assert_eq!(answer.data()["warnings"][0]["code"], "protected", "{answer}");
    assert!(refused(&team, two).contains(&format!("which is for signer:{}; it is not signed", ada.name)));
    give_up(two);
    three.ok(&["decision", "edit", "d1", "--title", "Use more"]);
    assert!(refused(&team, three).contains("it is signed with a key that is not known here, SHA256:"));
    give_up(three);
    // Nobody allows himself anything on the way.
    two.git(&["config", "coord.sign", "on"]);
    two.ok(&["config", "policy.protect", &format!("decisions = signer:{}", bob.name)]);
    two.ok(&["decision", "edit", "d1", "--title", "Use nothing"]);
    assert!(refused(&team, two).contains("changes coordination.yaml, which is for"));
    give_up(two);
    one.ok(&["decision", "edit", "d1", "--title", "Use git well"]);
    one.ok(&[
        "config",
        "policy.protect",
        &format!("decisions = signer:{0}, key:none; tasks/** = signer:{0}", bob.name),
    ]);
    synced(one);
    two.ok(&["sync"]);
    two.ok(&["decision", "edit", "d1", "--title", "Use git better"]);
    synced(two);
    one.ok(&["task", "edit", "T-1", "--title", "Of Ada"]);
    assert!(refused(&team, one).contains("changes tasks/"));
}

#[test]
fn merges_are_judged_by_what_was_merged() {
    let Some((team, _)) = team() else { return };
    let [one, two, _] = team.laptops.as_slice() else { panic!("three laptops") };
    one.ok(&["decision", "edit", "d1", "--title", "Use git well"]);
    two.ok(&["task", "new", "Of Bob", "--id", "T-2"]);
    synced(one);
    // The merge brings Ada's decision into Bob's line, and is signed by nobody.
    assert_eq!(synced(two)["merged"], true);
    synced(one);
    assert_eq!(tasks(one), ["T-1", "T-2"]);
    // One that is made by hand has chosen: between the two, or something else.
    let tip = two.tip().expect("a tip");
    let before = two.git(&["rev-list", "-1", "--grep=decision", "refs/coord/main"]);
    let old = two.git(&["rev-parse", &format!("{before}~1")]);
    let old_tree = two.git(&["rev-parse", &format!("{old}^{{tree}}")]);
    let forged = two.git(&["commit-tree", "-S", "-m", "Merge", "-p", &tip, "-p", &old, &old_tree]);
    two.git(&["update-ref", "refs/coord/main", &forged]);
    let pushed = two.call("git", &["push", "--quiet", "--no-verify", "origin", "refs/coord/main"]).run();
    assert_eq!(pushed.exit(), 1, "{pushed}");
    assert!(pushed.stderr.contains("which is for signer:ada@example.org"), "{pushed}");
}

#[test]
fn rules_that_make_no_sense_let_nothing_pass() {
    let Some((team, _)) = team() else { return };
    let [one, two, _] = team.laptops.as_slice() else { panic!("three laptops") };
    assert_eq!(one.refused(5, &["config", "policy.protect", "decisions = ada"]), "bad_policy");
    let push = |repo: &Repo| -> Answer {
        repo.call("git", &["push", "--quiet", "--no-verify", "origin", "refs/coord/main"]).run()
    };
    let settings = b"kind: config\nformat: 1\npolicy:\n  protect: everything\n";
    one.plant("coordination.yaml", settings);
    let tree = one.git(&["rev-parse", "refs/coord/main^{tree}"]);
    let signed = one.git(&["commit-tree", "-S", "-m", "Protect everything", "-p", "refs/coord/main~1", &tree]);
    one.git(&["update-ref", "refs/coord/main", &signed]);
    let answer = push(one);
    assert!(answer.exit() == 1 && answer.stderr.contains("cannot tell who may change what"), "{answer}");
    // Where they came there all the same, nobody is let in.
    one.git(&["push", "--quiet", &team.remote.path.to_string_lossy(), "refs/coord/main:refs/heads/planted"]);
    team.remote.git(&["update-ref", "refs/coord/main", "refs/heads/planted"]);
    two.git(&["fetch", "--quiet", "origin"]);
    two.git(&["update-ref", "refs/coord/main", "refs/coord-remotes/origin/main"]);
    two.ok(&["task", "new", "Something else", "--id", "T-2"]);
    let answer = push(two);
    assert!(answer.exit() == 1 && answer.stderr.contains("cannot tell who may change what"), "{answer}");
}

#[test]
fn the_server_says_who_pushes_where_it_knows() {
    let Some((team, _)) = team() else { return };
    let [one, two, _] = team.laptops.as_slice() else { panic!("three laptops") };
    one.ok(&["config", "policy.protect", "decisions = user:bob"]);
    synced(one);
    let Some(server) = Server::of(&team) else { return };
    let url = |user: &str| server.url.replace("/remote.git", &format!("/~{user}/remote.git"));
    two.ok(&["sync"]);
    two.ok(&["decision", "edit", "d1", "--title", "Use http"]);
    two.git(&["remote", "set-url", "origin", &url("bob")]);
    assert!(refused(&team, two).contains("the server does not say who pushes"));
    team.remote.git(&["config", "coord.pusher", "REMOTE_USER"]);
    two.git(&["remote", "set-url", "origin", &url("eve")]);
    assert!(refused(&team, two).contains("and is pushed by eve"));
    // A variable of whoever pushes is not the server's.
    let forged = two.coord(&["sync"]).env("REMOTE_USER", "bob").expect(6);
    assert!(forged.stderr.contains("and is pushed by eve"), "{forged}");
    two.git(&["remote", "set-url", "origin", &url("bob")]);
    synced(two);
    team.remote.git(&["config", "coord.pusher", "REMOTE USER"]);
    two.ok(&["task", "new", "Something", "--id", "T-2"]);
    assert!(refused(&team, two).contains("coord.pusher is «REMOTE USER»"));
}
