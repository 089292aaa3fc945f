//! `coord.sign`: what somebody has made carries a signature that git finds good, and what all make alike carries none.

use super::{Key, know, words};
use crate::harness::{PATIENCE, Repo, race_from_the_gate, within};
use crate::sync::{Team, synced};

/// A repository that signs, and its key.
fn signing(options: &[&str]) -> Option<(Repo, Key)> {
    let repo = Repo::init(options);
    repo.commit_a_file();
    let key = Key::new(&repo, "ada")?;
    key.used_by(&repo);
    know(&repo, &[&key]);
    Some((repo, key))
}

#[test]
fn what_somebody_does_is_signed_and_the_first_commit_is_not() {
    for options in [&[][..], &["--object-format=sha256"]] {
        let Some((repo, _)) = signing(options) else { return };
        repo.ok(&["init"]);
        repo.ok(&["task", "new", "A task", "--id", "T-1"]);
        repo.ok(&["claim", "T-1"]);
        let lines = "{\"op\":\"note\",\"id\":\"T-1\",\"text\":\"x\"}\n{\"op\":\"done\",\"id\":\"T-1\"}\n";
        repo.coord(&["apply", "-"]).input(lines).expect(0);
        repo.coord(&["import", "beads", "-"]).input("{\"id\":\"bd-1\",\"title\":\"Old\"}\n").expect(0);
        repo.ok(&["undo"]);
        assert_eq!(words(&repo), "GGGGGN");
        assert_eq!(repo.git(&["log", "-1", "--format=%GS", "refs/coord/main"]), "ada@example.org");
        let verified = repo.data(&["verify"]);
        assert_eq!((&verified["signed"], &verified["recomputed"]), (&5.into(), &1.into()));
        repo.fsck_strict();
        repo.ok(&["config", "coord.sign", "off"]);
        repo.ok(&["reopen", "T-1"]);
        assert_eq!(words(&repo), "NGGGGGN");
    }
}

#[test]
fn a_long_batch_is_signed_too() {
    let Some((repo, _)) = signing(&[]) else { return };
    repo.ok(&["init"]);
    let lines: String = (0..3000).map(|n| format!("{{\"op\":\"task new\",\"title\":\"Task {n}\"}}\n")).collect();
    repo.coord(&["apply", "-"]).input(lines).expect(0);
    assert_eq!(words(&repo), "GN");
    assert_eq!(repo.git(&["rev-list", "--count", "refs/coord/main"]), "2");
}

#[test]
fn the_key_is_found_where_git_finds_it() {
    let Some((repo, key)) = signing(&[]) else { return };
    repo.ok(&["init"]);
    // From the home of the user, as the text of a public key whose other half an agent or a file has, and by a command.
    std::fs::copy(&key.file, repo.machine.home().join("mine")).expect("a copy");
    repo.git(&["config", "user.signingKey", "~/mine"]);
    repo.ok(&["task", "new", "By a file", "--id", "T-1"]);
    let script = repo.machine.root().join("bin/signer");
    let told = repo.machine.root().join("told");
    // It signs with the one key that it knows, and notes what it was asked.
    let text = format!(
        "#!/bin/sh\nfor last; do :; done\necho \"$@\" | sed 's,/[^ ]*/,,g' >>{}\n\
         exec ssh-keygen -Y sign -n git -f {} \"$last\"\n",
        told.display(),
        key.file.display()
    );
    super::script(&script, &text);
    repo.git(&["config", "gpg.ssh.program", "signer"]);
    repo.git(&["config", "user.signingKey", &format!("key::{}", key.public)]);
    repo.ok(&["task", "new", "By its text", "--id", "T-2"]);
    repo.git(&["config", "--unset", "user.signingKey"]);
    repo.git(&["config", "gpg.ssh.defaultKeyCommand", &format!("echo '{}'", key.public)]);
    repo.ok(&["task", "new", "By a command", "--id", "T-3"]);
    repo.git(&["config", "--unset", "gpg.ssh.program"]);
    assert_eq!(words(&repo), "GGGN");
    let told = std::fs::read_to_string(told).expect("what it was asked");
    assert_eq!(told, "-Y sign -n git -f key -U commit\n".repeat(2));
}

#[test]
fn where_it_cannot_be_signed_nothing_is_written_and_nobody_is_asked() {
    let repo = Repo::plain();
    let Some(key) = Key::locked(&repo, "ada", "a word") else { return };
    key.used_by(&repo);
    repo.ok(&["init"]);
    let refused = |why: &str| {
        let before = (repo.tip(), repo.git(&["count-objects", "-v"]));
        let answer = repo.coord(&["task", "new", "A task"]).json().expect(128);
        assert_eq!(answer.error_code(), "sign_failed", "{answer}");
        let plain = repo.coord(&["task", "new", "A task"]).expect(128);
        assert!(plain.stderr.contains("cannot sign the commit, so nothing was written"), "{plain}");
        assert!(plain.stderr.contains(why), "{why}: {plain}");
        assert_eq!((repo.tip(), repo.git(&["count-objects", "-v"])), before);
    };
    refused("incorrect passphrase");
    repo.git(&["config", "user.signingKey", "/no/such/key"]);
    refused("/no/such/key");
    repo.git(&["config", "--unset", "user.signingKey"]);
    refused("user.signingKey is not set");
    repo.git(&["config", "gpg.ssh.defaultKeyCommand", "false"]);
    refused("gave no key");
    repo.git(&["config", "gpg.format", "wax"]);
    refused("gpg.format is «wax»");
    repo.git(&["config", "gpg.format", "openpgp"]);
    repo.git(&["config", "gpg.program", "no-such-program"]);
    refused("no-such-program cannot be run");
    repo.git(&["config", "coord.sign", "perhaps"]);
    assert_eq!(repo.coord(&["task", "new", "A task"]).json().expect(5).error_code(), "bad_setting");
    repo.ok(&["config", "coord.sign", "off"]);
    repo.ok(&["task", "new", "A task"]);
}

#[test]
fn a_program_that_never_answers_is_ended_with_all_that_it_has_started() {
    let repo = Repo::set_up();
    let (program, told) = (repo.machine.root().join("bin/waits"), repo.machine.root().join("told"));
    super::script(&program, &format!("#!/bin/sh\nsleep 1000 &\necho $! >{}\nwait\n", told.display()));
    repo.git(&["config", "gpg.program", "waits"]);
    repo.git(&["config", "coord.sign", "on"]);
    let before = repo.tip();
    let call = repo.coord(&["task", "new", "A task"]).env("GIT_COORD_TEST_SIGN_WITHIN", "2000");
    let answer = call.expect(128);
    assert!(answer.stderr.contains("waits did not answer within 2s"), "{answer}");
    assert_eq!(repo.tip(), before);
    let sleeper = std::fs::read_to_string(&told).expect("a number").trim().parse().ok();
    let sleeper = sleeper.and_then(rustix::process::Pid::from_raw).expect("a process");
    within(PATIENCE, "it is gone", || rustix::process::test_kill_process(sleeper).is_err());
    // The lock is free again.
    repo.git(&["config", "coord.sign", "off"]);
    repo.ok(&["task", "new", "A task"]);
}

#[test]
fn what_all_machines_make_alike_is_not_signed() {
    let team = Team::new(2);
    let [one, two] = team.laptops.as_slice() else { panic!("two laptops") };
    let (Some(ada), Some(bob)) = (Key::new(one, "ada"), Key::new(two, "bob")) else { return };
    ada.used_by(one);
    bob.used_by(two);
    know(one, &[&ada, &bob]);
    one.ok(&["init"]);
    one.ok(&["task", "new", "Shared", "--id", "T-1"]);
    synced(one);
    two.ok(&["init"]);
    one.ok(&["task", "edit", "T-1", "--title", "Of one"]);
    two.ok(&["task", "edit", "T-1", "--title", "Of two"]);
    synced(one);
    assert_eq!(synced(two)["merged"], true);
    synced(one);
    team.assert_equal();
    let merges = one.git(&["log", "--merges", "--format=%G?", "refs/coord/main"]);
    assert_eq!(merges, "N");
    let signers = one.git(&["log", "--no-merges", "--format=%G? %GS", "refs/coord/main"]);
    assert_eq!(signers.matches("G ada@example.org").count(), 2, "{signers}");
    assert_eq!(signers.matches("G bob@example.org").count(), 1, "{signers}");

    // What settles a claim is the word of the clone that has settled it.
    one.ok(&["claim", "T-1"]);
    two.ok(&["claim", "T-1", "--offline"]);
    two.coord(&["sync"]).expect(3);
    synced(one);
    let log = one.git(&["log", "--no-merges", "--format=%G? %s", "refs/coord/main"]);
    assert_eq!(log.lines().filter(|line| !line.starts_with("G ")).collect::<Vec<_>>(), ["N git coord"], "{log}");
    let settled = one.git(&["log", "--no-merges", "--format=%GS", "--author=^git-coord <", "refs/coord/main"]);
    assert_eq!(settled.trim_end(), "bob@example.org");
}

#[test]
fn nobody_signs_for_another_who_waits() {
    let Some((repo, ada)) = signing(&[]) else { return };
    let Some(bob) = Key::new(&repo, "bob") else { return };
    know(&repo, &[&ada, &bob]);
    repo.ok(&["init"]);
    let calls = (0..8).map(|n| {
        let (agent, key) = if n % 2 == 0 { ("ada", &ada) } else { ("bob", &bob) };
        let title = format!("Of {agent} {n}");
        let call = repo.live().coord(&["task", "new", &title]).agent(agent);
        let call = call.env("GIT_CONFIG_COUNT", "1").env("GIT_CONFIG_KEY_0", "user.signingKey");
        call.env("GIT_CONFIG_VALUE_0", &key.file)
    });
    let answers = race_from_the_gate(&repo, calls.collect());
    assert!(answers.iter().all(crate::harness::Answer::is_ok));
    let log = repo.git(&["log", "-8", "--format=%an %G? %GS", "refs/coord/main"]);
    for name in ["ada", "bob"] {
        assert_eq!(log.matches(&format!("{name} G {name}@example.org")).count(), 4, "{log}");
    }
}

#[test]
fn gpg_signs_with_the_key_of_the_committer() {
    let repo = Repo::plain();
    let Some(gpg) = super::Gpg::new(&repo) else { return };
    repo.git(&["config", "coord.sign", "on"]);
    let ok = |words: &[&str]| gpg.with(repo.coord(words)).expect(0);
    ok(&["init"]);
    ok(&["task", "new", "A task", "--id", "T-1"]);
    assert_eq!(gpg.words(&repo), "GN");
    repo.git(&["config", "user.signingKey", "nobody@example.org"]);
    let answer = gpg.with(repo.coord(&["done", "T-1"])).expect(128);
    assert!(answer.stderr.contains("cannot sign the commit") && answer.stderr.contains("No secret key"), "{answer}");
    assert!(!answer.stderr.contains("GNUPG:"), "{answer}");
}
