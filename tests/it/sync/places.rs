//! Clones and remotes of other sorts: shallow, partial, mirrored, of another hash, with another ref backend.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::{Server, Team, synced, tasks};
use crate::harness::Repo;

fn file_url(repo: &Repo) -> String {
    format!("file://{}", repo.path.display())
}

#[test]
fn a_shallow_clone_of_the_code_has_the_whole_state() {
    let team = Team::set_up(1);
    let root = team.remote.machine.root().to_owned();
    team.remote.git(&[
        "clone",
        "--quiet",
        "--depth",
        "1",
        &file_url(&team.remote),
        &root.join("shallow").to_string_lossy(),
    ]);
    let clone = team.remote.at(root.join("shallow"));
    assert_eq!(clone.data(&["init"])["state"], "adopted");
    clone.ok(&["task", "new", "New", "--id", "T-2"]);
    synced(&clone);
    assert_eq!(clone.tip(), team.remote.tip());
    assert_eq!(clone.git(&["rev-list", "--count", "refs/coord/main"]), "3");
}

#[test]
fn a_state_whose_history_was_cut_is_not_merged_until_it_is_whole() {
    let team = Team::set_up(2);
    let [one, two] = team.laptops.as_slice() else { panic!("two laptops") };
    for n in 0..3 {
        one.ok(&["task", "new", "New", "--id", &format!("T-one-{n}")]);
    }
    synced(one);
    two.ok(&["task", "new", "Of two", "--id", "T-two"]);
    two.git(&["remote", "set-url", "origin", &file_url(&team.remote)]);
    two.git(&["fetch", "--quiet", "--depth", "1", "origin", "+refs/coord/*:refs/coord-remotes/origin/*"]);
    let tip = two.tip();
    let answer = two.coord(&["sync"]).json().expect(128);
    assert_eq!(answer.error_code(), "shallow");
    assert_eq!(two.tip(), tip);
    assert_eq!(tasks(two), ["T-1", "T-two"]);
    let hint = answer.error()["hint"].as_str().expect("a hint").to_owned();
    let words: Vec<&str> = hint.split(' ').skip(1).collect();
    two.git(&words);
    synced(two);
    assert_eq!(tasks(two), ["T-1", "T-one-0", "T-one-1", "T-one-2", "T-two"]);
    assert_eq!(two.tip(), team.remote.tip());
}

#[test]
fn a_partial_clone_has_every_file_of_the_state() {
    let team = Team::set_up(1);
    team.remote.git(&["config", "uploadpack.allowFilter", "true"]);
    let root = team.remote.machine.root().to_owned();
    let to = root.join("partial");
    team.remote.git(&["clone", "--quiet", "--filter=blob:none", &file_url(&team.remote), &to.to_string_lossy()]);
    let clone = team.remote.at(to);
    clone.ok(&["init"]);
    team.laptops[0].ok(&["task", "new", "New", "--id", "T-2"]);
    synced(&team.laptops[0]);
    clone.ok(&["task", "new", "Of the clone", "--id", "T-3"]);
    synced(&clone);
    clone.git(&["remote", "set-url", "origin", "/nowhere"]);
    assert_eq!(tasks(&clone), ["T-1", "T-2", "T-3"], "without the remote");
}

#[test]
fn a_mirror_syncs_and_forces_nothing() {
    let team = Team::set_up(1);
    let laptop = &team.laptops[0];
    let mirror = laptop.clone_to("mirror.git", &["--bare"]);
    laptop.git(&["remote", "add", "--mirror=push", "mirror", &mirror.path.to_string_lossy()]);
    laptop.git(&["branch", "topic"]);
    laptop.ok(&["sync", "mirror"]);
    assert_eq!(mirror.tip(), laptop.tip());
    assert!(!mirror.try_git(&["rev-parse", "--verify", "--quiet", "topic"]).status.success());
}

#[test]
fn sha256_and_reftable_repositories_sync_as_others() {
    for options in [&["--object-format=sha256"][..], &["--ref-format=reftable"]] {
        let Ok(one) = Repo::try_init(options) else { continue };
        one.commit_a_file();
        let bare = one.at(one.machine.root().join("remote.git"));
        one.git(&[&["init", "--quiet", "--bare"], options, &[&*bare.path.to_string_lossy()]].concat());
        one.git(&["remote", "add", "origin", &bare.path.to_string_lossy()]);
        one.ok(&["init"]);
        one.ok(&["task", "new", "First", "--id", "T-1"]);
        synced(&one);
        let two = one.at(one.machine.root().join("two"));
        one.git(&[&["init", "--quiet"], options, &[&*two.path.to_string_lossy()]].concat());
        two.git(&["remote", "add", "origin", &bare.path.to_string_lossy()]);
        assert_eq!(two.data(&["init"])["state"], "adopted");
        one.ok(&["task", "edit", "T-1", "--title", "Of one"]);
        two.ok(&["task", "edit", "T-1", "--priority", "P0"]);
        synced(&one);
        synced(&two);
        one.git(&["fetch", "--quiet"]);
        assert_eq!(one.data(&["task", "show", "T-1"])["record"]["priority"], "P0", "{options:?}");
        assert_eq!((one.tip(), two.tip()), (bare.tip(), bare.tip()));
        two.fsck_strict();
    }
}

#[test]
fn a_remote_behind_http_is_one_like_the_others() {
    let team = Team::set_up(2);
    let Some(server) = Server::of(&team) else { return };
    for (n, laptop) in team.laptops.iter().enumerate() {
        laptop.git(&["remote", "set-url", "origin", &server.url]);
        laptop.ok(&["task", "new", "New", "--id", &format!("T-new-{n}")]);
    }
    team.laptops.iter().chain(&team.laptops[..1]).for_each(|laptop| drop(synced(laptop)));
    team.assert_equal();
    assert_eq!(tasks(&team.laptops[0]), ["T-1", "T-new-0", "T-new-1"]);
    team.remote.git(&["config", "http.receivepack", "false"]);
    team.laptops[0].ok(&["note", "T-1", "Nobody will see it there"]);
    let refused = team.laptops[0].coord(&["sync"]).json().expect(6);
    assert_eq!(refused.error_code(), "push_failed", "{refused}");
}

/// By the user's own command, which here stands in for a machine far away and does there what it is told.
#[test]
fn a_remote_behind_ssh_is_one_like_the_others() {
    let team = Team::set_up(2);
    let root = team.remote.machine.root();
    let ssh = root.join("bin/far-away");
    let script = "#!/bin/sh\nwhile test \"$1\" != far.example; do shift; done\nshift\n\
                  echo \"$*\" >>\"$HOME/asked\"\nexec sh -c \"$*\"\n";
    fs::write(&ssh, script).expect("a script");
    fs::set_permissions(&ssh, fs::Permissions::from_mode(0o755)).expect("an executable script");
    for (n, laptop) in team.laptops.iter().enumerate() {
        laptop.git(&["remote", "set-url", "origin", &format!("ssh://far.example{}", team.remote.path.display())]);
        laptop.git(&["config", "core.sshCommand", &ssh.display().to_string()]);
        laptop.ok(&["task", "new", "New", "--id", &format!("T-new-{n}")]);
    }
    team.laptops.iter().chain(&team.laptops[..1]).for_each(|laptop| drop(synced(laptop)));
    team.assert_equal();
    assert_eq!(tasks(&team.laptops[0]), ["T-1", "T-new-0", "T-new-1"]);
    let claimed = team.laptops[0].data(&["claim", "T-1"]);
    assert_eq!(claimed["claim"]["state"], "confirmed");
    let asked = fs::read_to_string(root.join("home/asked")).expect("what was asked for");
    assert!(asked.contains("git-upload-pack") && asked.contains("git-receive-pack"), "{asked}");
    // Nobody is there to be asked, and nobody is waited for.
    fs::write(&ssh, "#!/bin/sh\necho 'Permission denied (publickey).' >&2\nexit 255\n").expect("a script");
    let refused = team.laptops[1].coord(&["sync"]).json().expect(6);
    assert_eq!(refused.error_code(), "fetch_failed", "{refused}");
    assert!(refused.error().to_string().contains("Permission denied (publickey)"), "{refused}");
}
