//! `pre-receive` on a server of one's own: what is broken, forged or moved back is not taken, and all else is.

use crate::harness::{Answer, Repo};
use crate::sync::{Team, synced, tasks};

/// A server with the hook, and laptops that are set up.
fn team(laptops: usize) -> Team {
    let team = Team::set_up(laptops);
    team.remote.ok(&["hooks", "install", "--server"]);
    team
}

/// Pushes the state as it is, past the hook of the clone.
fn push(repo: &Repo, refspec: &str) -> Answer {
    repo.call("git", &["push", "--quiet", "--no-verify", "origin", refspec]).run()
}

/// Pushes what is not taken, and returns what the server says.
#[track_caller]
fn refused(team: &Team, repo: &Repo, refspec: &str) -> String {
    let refs = team.remote.git(&["for-each-ref"]);
    let answer = push(repo, refspec);
    assert_eq!(answer.exit(), 1, "{answer}");
    assert_eq!(team.remote.git(&["for-each-ref"]), refs);
    // Git fills its lines up with blanks.
    let ours = |line: &'_ str| line.strip_prefix("remote: git coord: ").map(|said| said.trim_end().to_owned());
    let said: Vec<String> = answer.stderr.lines().filter_map(ours).collect();
    assert!(said.first().is_some_and(|line| line.starts_with("error: ")), "{answer}");
    said.join("\n")
}

#[test]
fn what_everybody_does_all_day_is_taken() {
    let team = Team::new(2);
    team.remote.ok(&["hooks", "install", "--server"]);
    let [one, two] = team.laptops.as_slice() else { panic!("two laptops") };
    one.ok(&["init"]);
    one.ok(&["task", "new", "Shared", "--id", "T-1"]);
    synced(one);
    two.ok(&["init"]);
    one.ok(&["task", "edit", "T-1", "--title", "Of one"]);
    two.ok(&["task", "edit", "T-1", "--title", "Of two"]);
    one.git(&["push", "--quiet", "origin", "main"]);
    assert_eq!(synced(two)["merged"], true);
    synced(one);
    team.assert_equal();
    std::fs::write(one.path.join("code"), "x\n").expect("a file");
    one.git(&["add", "code"]);
    one.git(&["commit", "--quiet", "-m", "Code"]);
    one.ok(&["done", "T-1"]);
    let pushed = one.call("git", &["push", "--quiet", "origin", "main", "HEAD:refs/heads/topic"]).expect(0);
    assert_eq!(pushed.stderr, "");
    assert_eq!(team.remote.tip(), one.tip());
    assert!(!team.remote.common_dir().join("coord/index.sqlite").exists(), "a server keeps no index");
}

#[test]
fn the_state_never_goes_back_and_never_goes_away() {
    let team = team(1);
    let laptop = &team.laptops[0];
    let told = refused(&team, laptop, "+refs/coord/main~1:refs/coord/main");
    assert!(told.starts_with("error: refs/coord/main is not taken: it does not follow what is here"), "{told}");
    let told = refused(&team, laptop, ":refs/coord/main");
    assert_eq!(told, "error: refs/coord/main is not taken: the state is never removed");
    let told = refused(&team, laptop, "+HEAD:refs/coord/main");
    assert!(told.contains("does not follow"), "{told}");
    let told = refused(&team, laptop, "refs/coord-remotes/origin/main");
    assert!(told.contains("refs/coord-remotes/origin/main is a note of a clone"), "{told}");
    // One ref that is not taken keeps the others of its push out too: git asks once for all.
    laptop.git(&["branch", "topic"]);
    let both = laptop.call("git", &["push", "--quiet", "--no-verify", "origin", "topic", ":refs/coord/main"]).run();
    assert_eq!(both.exit(), 1, "{both}");
    assert!(!team.remote.try_git(&["rev-parse", "--verify", "--quiet", "topic"]).status.success());
}

#[test]
fn what_is_broken_is_not_taken_and_is_named() {
    let team = team(1);
    let laptop = &team.laptops[0];
    let tip = laptop.tip().expect("a tip");
    let mut all: Vec<(&str, String)> = Vec::new();
    let plant = |break_it: &dyn Fn()| {
        laptop.git(&["update-ref", "refs/coord/main", &tip]);
        break_it();
        refused(&team, laptop, "refs/coord/main")
    };
    all.push((
        "agents/link.md: it is a symbolic link",
        plant(&|| drop(laptop.plant_as("120000", "agents/link.md".as_ref(), b"x"))),
    ));
    all.push((
        "agents/module: it is a submodule",
        plant(&|| drop(laptop.plant_as("160000", "agents/module".as_ref(), b""))),
    ));
    all.push(("agents/bob.md: ", plant(&|| drop(laptop.plant("agents/bob.md", b"garbage")))));
    let large = vec![b'x'; (1 << 20) + 1];
    all.push(("agents/bob.md: ", plant(&|| drop(laptop.plant("agents/bob.md", &large)))));
    all.push(("coordination.yaml: it makes no sense", plant(&|| drop(laptop.plant("coordination.yaml", b"garbage")))));
    for (wanted, told) in &all {
        assert!(
            told.starts_with("error: ") && told.contains(" is not taken: ") && told.contains(wanted),
            "{wanted}: {told}"
        );
    }
    let newer = plant(&|| drop(laptop.plant("coordination.yaml", b"kind: config\nformat: 2\n")));
    assert!(newer.contains("install a newer git-coord"), "{newer}");
    // Broken on the way, and whole at the end: it would stay in history.
    laptop.git(&["update-ref", "refs/coord/main", &tip]);
    laptop.plant_as("120000", "agents/link.md".as_ref(), b"x");
    let tree = laptop.git(&["rev-parse", &format!("{tip}^{{tree}}")]);
    let whole = laptop.git(&["commit-tree", "-m", "whole", "-p", "refs/coord/main", &tree]);
    let told = refused(&team, laptop, &format!("{whole}:refs/coord/main"));
    assert!(told.contains("agents/link.md: it is a symbolic link"), "{told}");
    // What a later version keeps in a place of its own is none of this one's business.
    laptop.git(&["update-ref", "refs/coord/main", &tip]);
    laptop.plant("novelties/x.md", b"of tomorrow");
    assert_eq!(push(laptop, "refs/coord/main").exit(), 0);
}

#[test]
fn code_is_no_state_the_first_time_either() {
    let team = Team::new(1);
    team.remote.ok(&["hooks", "install", "--server"]);
    let told = refused(&team, &team.laptops[0], "HEAD:refs/coord/main");
    assert!(told.contains("it holds no coordination state"), "{told}");
    assert_eq!(push(&team.laptops[0], "HEAD:refs/heads/topic").exit(), 0);
}

#[test]
fn where_the_state_has_another_name_it_is_looked_at_there() {
    let team = team(1);
    team.remote.git(&["config", "coord.remotePrefix", "refs/heads/coord/"]);
    let laptop = &team.laptops[0];
    assert_eq!(push(laptop, "refs/coord/main:refs/heads/coord/main").exit(), 0);
    refused(&team, laptop, "+refs/coord/main~1:refs/heads/coord/main");
    refused(&team, laptop, ":refs/coord/main");
}

#[test]
fn what_cannot_be_judged_is_not_taken() {
    let team = team(1);
    let laptop = &team.laptops[0];
    laptop.ok(&["task", "new", "New", "--id", "T-2"]);
    team.remote.git(&["config", "coord.requireSigned", "perhaps"]);
    let told = refused(&team, laptop, "refs/coord/main");
    assert!(told.contains("coord.requireSigned is «perhaps»"), "{told}");
    let sync = laptop.coord(&["sync"]).json().expect(6);
    assert_eq!((sync.error_code().as_str(), &sync.error()["hint"]), ("push_refused", &serde_json::Value::Null));
    team.remote.git(&["config", "--unset", "coord.requireSigned"]);
    std::fs::remove_file(laptop.machine.root().join("bin/git-coord")).expect("a link");
    let answer = push(laptop, "refs/coord/main");
    assert_eq!(answer.exit(), 1, "{answer}");
    assert!(
        answer.stderr.contains("git-coord: not found") || answer.stderr.contains("git coord: not installed"),
        "{answer}"
    );
}

#[test]
fn a_script_of_the_server_says_no_first() {
    let team = Team::set_up(1);
    super::with_git_that_knows(&team.remote, false);
    team.remote.hook(
        "pre-receive",
        "#!/bin/sh\nwhile read old new name; do echo \"saw $name\"; [ $name != refs/heads/no ] || exit 1; done\n",
    );
    team.remote.ok(&["hooks", "install", "--server"]);
    let laptop = &team.laptops[0];
    laptop.ok(&["task", "new", "New", "--id", "T-2"]);
    let answer = push(laptop, "refs/coord/main");
    assert_eq!(answer.exit(), 0, "{answer}");
    assert!(answer.stderr.contains("remote: saw refs/coord/main"), "{answer}");
    refused(&team, laptop, ":refs/coord/main");
    let answer = push(laptop, "HEAD:refs/heads/no");
    assert!(answer.exit() == 1 && !answer.stderr.contains("git coord"), "{answer}");
    let before = team.remote.common_dir().join("hooks/pre-receive");
    team.remote.ok(&["hooks", "uninstall", "--server"]);
    assert!(std::fs::read_to_string(before).expect("a script").starts_with("#!/bin/sh\nwhile read"));
}

/// Has the machine sign commits with a key that the server trusts, where it can.
fn with_a_key(repo: &Repo) -> bool {
    let key = repo.machine.root().join("key");
    let made = repo.command("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-C", "ada", "-f"]).arg(&key).status();
    if !made.is_ok_and(|status| status.success()) {
        return false;
    }
    let public = std::fs::read_to_string(key.with_extension("pub")).expect("a key");
    let allowed = repo.machine.root().join("allowed");
    std::fs::write(&allowed, format!("* {public}")).expect("a list");
    for (name, value) in [
        ("gpg.format", "ssh".to_owned()),
        ("user.signingKey", key.to_string_lossy().into_owned()),
        ("gpg.ssh.allowedSignersFile", allowed.to_string_lossy().into_owned()),
    ] {
        repo.git(&["config", "--global", name, &value]);
    }
    true
}

/// Makes the last commit of the state again, signed.
fn sign(repo: &Repo) {
    let (tree, parent) =
        (repo.git(&["rev-parse", "refs/coord/main^{tree}"]), repo.git(&["rev-parse", "refs/coord/main~1"]));
    let signed = repo.git(&["commit-tree", "-S", "-m", "signed", "-p", &parent, &tree]);
    repo.git(&["update-ref", "refs/coord/main", &signed]);
}

#[test]
fn where_signatures_are_required_only_merges_go_without_one() {
    let team = Team::new(3);
    let [one, two, other] = team.laptops.as_slice() else { panic!("three laptops") };
    if !with_a_key(one) {
        return;
    }
    team.remote.ok(&["hooks", "install", "--server"]);
    team.remote.git(&["config", "coord.requireSigned", "on"]);
    one.ok(&["init"]);
    assert_eq!(push(one, "refs/coord/main").exit(), 0, "the first commit is the same everywhere");
    [two, other].into_iter().for_each(|laptop| drop(laptop.ok(&["init"])));
    one.ok(&["task", "new", "Of one", "--id", "T-one"]);
    let told = refused(&team, one, "refs/coord/main");
    assert!(told.contains(" by Ada is not signed, and coord.requireSigned is on"), "{told}");
    sign(one);
    assert_eq!(push(one, "refs/coord/main").exit(), 0);
    // Signed by hand, as nobody who has written it would let go of what is not signed.
    other.ok(&["task", "new", "Of two", "--id", "T-two"]);
    sign(other);
    two.git(&["fetch", "--quiet", &other.path.to_string_lossy(), "refs/coord/main"]);
    two.git(&["update-ref", "refs/coord/main", "FETCH_HEAD"]);
    two.git(&["fetch", "--quiet"]);
    assert_eq!(tasks(two), ["T-one", "T-two"]);
    assert_eq!(two.git(&["rev-list", "--count", "--merges", "refs/coord/main"]), "1");
    assert_eq!(push(two, "refs/coord/main").exit(), 0, "{:?}", push(two, "refs/coord/main").stderr);
    // A merge that holds something else than its parents do is none.
    two.ok(&["task", "new", "More", "--id", "T-more"]);
    let tree = two.git(&["rev-parse", "refs/coord/main^{tree}"]);
    let mut forge = two.command("git");
    forge.args(["commit-tree", "-m", "Merge", "-p", "refs/coord/main~1", "-p", "refs/coord/main~2", &tree]);
    let forged = forge.env("GIT_AUTHOR_NAME", "git-coord merge").output().expect("git runs").stdout;
    let forged = String::from_utf8(forged).expect("UTF-8");
    refused(&team, two, &format!("{}:refs/coord/main", forged.trim()));
}
