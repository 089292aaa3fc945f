//! Which remote, of what sort, and what is said where it does not work.

use serde_json::json;

use super::{Team, synced, tasks};
use crate::harness::{PATIENCE, Repo, race};

#[test]
fn without_a_remote_there_is_nothing_to_do() {
    let repo = Repo::set_up();
    let answer = repo.ok(&["sync"]);
    assert_eq!(answer.stdout, "There is no remote to sync with\n");
    assert_eq!(repo.data(&["sync"])["remotes"], json!([]));
    assert_eq!(repo.refused(4, &["sync", "nowhere"]), "no_such_remote");
    assert_eq!(repo.commit_count(), 1);
}

#[test]
fn init_names_the_remote_of_the_team_and_sync_goes_by_it() {
    let team = Team::set_up(2);
    assert_eq!(team.laptops[1].git(&["config", "coord.remote"]), "origin");
    let laptop = &team.laptops[0];
    let other = team.remote.clone_to("other.git", &["--bare"]);
    laptop.git(&["remote", "add", "other", &other.path.to_string_lossy()]);
    laptop.ok(&["task", "new", "New", "--id", "T-2"]);
    assert_eq!(synced(laptop)["remote"], "origin");
    assert_eq!(other.tip(), None);
    let data = laptop.data(&["sync", "other"]);
    assert_eq!((&data["remotes"][0]["remote"], &data["remotes"][0]["went"]), (&json!("other"), &json!(3)));
    assert_eq!(other.tip(), laptop.tip());
    laptop.git(&["config", "coord.remote", "gone"]);
    assert_eq!(laptop.refused(4, &["sync"]), "no_such_remote");
}

#[test]
fn several_remotes_of_which_none_is_the_one_of_the_team_have_to_be_named() {
    let repo = Repo::set_up();
    for name in ["left", "right"] {
        let bare = repo.clone_to(&format!("{name}.git"), &["--bare"]);
        repo.git(&["remote", "add", name, &bare.path.to_string_lossy()]);
    }
    assert_eq!(repo.refused(2, &["sync"]), "usage");
    let data = repo.data(&["sync", "--all"]);
    assert_eq!(data["remotes"].as_array().map(Vec::len), Some(2));
    for name in ["left", "right"] {
        assert_eq!(repo.at(repo.machine.root().join(format!("{name}.git"))).tip(), repo.tip());
    }
}

#[test]
fn one_of_several_remotes_that_cannot_be_reached_keeps_the_others_from_nothing() {
    let team = Team::set_up(1);
    let laptop = &team.laptops[0];
    laptop.git(&["remote", "add", "gone", "/nowhere/at/all"]);
    laptop.ok(&["task", "new", "New", "--id", "T-2"]);
    let answer = laptop.coord(&["sync", "--all"]).json().run();
    assert_eq!(answer.exit(), 6, "{answer}");
    let remotes = answer.data()["remotes"].clone();
    let of =
        |name: &str| remotes.as_array().expect("a list").iter().find(|it| it["remote"] == name).expect(name).clone();
    assert_eq!((&of("origin")["error"], &of("origin")["went"]), (&json!(null), &json!(1)));
    assert_eq!(of("gone")["error"]["code"], "fetch_failed");
    assert_eq!(team.remote.tip(), laptop.tip());
}

#[test]
fn a_remote_that_cannot_be_reached_is_exit_code_6_with_its_words() {
    let team = Team::set_up(1);
    let laptop = &team.laptops[0];
    laptop.git(&["remote", "set-url", "origin", "/nowhere/at/all"]);
    let answer = laptop.coord(&["sync"]).expect(6);
    assert!(answer.stderr.contains("/nowhere/at/all"), "{answer}");
    assert_eq!(laptop.refused(6, &["sync"]), "fetch_failed");
}

#[test]
fn from_a_remote_that_refuses_everything_is_taken_and_nothing_is_given() {
    let team = Team::set_up(2);
    let [one, two] = team.laptops.as_slice() else { panic!("two laptops") };
    one.ok(&["task", "new", "Of one", "--id", "T-one"]);
    synced(one);
    two.ok(&["task", "new", "Of two", "--id", "T-two"]);
    team.remote.hook("pre-receive", "#!/bin/sh\necho 'nobody pushes here' >&2\nexit 1\n");
    let at = team.remote.tip();
    let answer = two.coord(&["sync"]).expect(6);
    assert!(answer.stderr.contains("nobody pushes here"), "{answer}");
    assert_eq!(team.remote.tip(), at);
    assert_eq!(tasks(two), ["T-1", "T-one", "T-two"], "what came stays");
    assert_eq!(two.refused(6, &["sync"]), "push_refused");
    // Who has nothing to give is not refused.
    assert_eq!(synced(one)["published"], false);
}

#[test]
fn a_remote_that_wants_no_such_refs_gets_them_under_another_prefix() {
    let team = Team::new(2);
    let [one, two] = team.laptops.as_slice() else { panic!("two laptops") };
    team.remote.git(&["config", "receive.hideRefs", "refs/coord"]);
    one.ok(&["init"]);
    one.ok(&["task", "new", "Shared", "--id", "T-1"]);
    let answer = one.coord(&["sync"]).json().expect(6);
    assert_eq!(answer.error_code(), "push_refused");
    assert_eq!(answer.error()["hint"], "git coord config coord.remotePrefix refs/heads/coord/");
    for laptop in [one, two] {
        laptop.git(&["config", "coord.remotePrefix", "refs/heads/coord/"]);
    }
    assert_eq!(synced(one)["went"], 2);
    let there = team.remote.git(&["for-each-ref", "--format=%(refname)", "refs/heads/coord", "refs/coord"]);
    let all: Vec<&str> = there.lines().map(|name| name.trim_end_matches(|c: char| c.is_ascii_alphanumeric())).collect();
    assert_eq!(all, ["refs/heads/coord/", "refs/heads/coord/presence/"], "{there}");
    assert_eq!(two.data(&["init"])["state"], "adopted");
    two.ok(&["task", "new", "Of two", "--id", "T-two"]);
    synced(two);
    one.git(&["fetch", "--quiet"]);
    assert_eq!(tasks(one), ["T-1", "T-two"], "a plain fetch brings it too");
}

#[test]
fn a_remote_that_is_added_later_is_known_to_git_after_the_next_sync() {
    let repo = Repo::set_up();
    let bare = repo.clone_to("remote.git", &["--bare"]);
    repo.git(&["remote", "add", "origin", &bare.path.to_string_lossy()]);
    let configured = repo.data(&["sync"])["configured"].clone();
    assert_eq!(
        configured,
        json!([
            "remote.origin.fetch = +refs/coord/*:refs/coord-remotes/origin/*",
            "remote.origin.fetch = ^refs/coord/archive/*",
            "coord.remote = origin"
        ])
    );
    assert_eq!(bare.tip(), repo.tip());
    assert_eq!(repo.data(&["sync"])["configured"], json!([]));
    assert_eq!(repo.data(&["doctor"])["findings"], json!([]));
}

#[test]
fn a_remote_that_has_lost_its_state_or_gone_back_gets_it_again() {
    let team = Team::set_up(1);
    let laptop = &team.laptops[0];
    let (tip, before) = (laptop.tip(), laptop.git(&["rev-parse", "refs/coord/main~1"]));
    team.remote.git(&["update-ref", "-d", "refs/coord/main"]);
    let data = laptop.data(&["sync"]);
    assert_eq!(data["warnings"][0]["code"], "remote_lost_state");
    assert_eq!((laptop.tip(), team.remote.tip()), (tip.clone(), tip.clone()));
    team.remote.git(&["update-ref", "refs/coord/main", &before]);
    let data = laptop.data(&["sync"]);
    assert_eq!(data["warnings"][0]["code"], "remote_went_back");
    assert_eq!((laptop.tip(), team.remote.tip()), (tip.clone(), tip));
    assert_eq!(laptop.data(&["sync"])["warnings"], json!([]));
}

#[test]
fn the_push_of_a_state_runs_no_hook_of_the_user_and_moves_no_branch() {
    let team = Team::set_up(1);
    let laptop = &team.laptops[0];
    laptop.hook("pre-push", "#!/bin/sh\nexit 1\n");
    laptop.git(&["commit", "--quiet", "--allow-empty", "-m", "Not yet"]);
    laptop.git(&["config", "push.followTags", "true"]);
    laptop.git(&["tag", "-a", "-m", "x", "v1"]);
    let branches = team.remote.git(&["for-each-ref", "refs/heads", "refs/tags"]);
    laptop.ok(&["task", "new", "New", "--id", "T-2"]);
    synced(laptop);
    assert_eq!(team.remote.tip(), laptop.tip());
    assert_eq!(team.remote.git(&["for-each-ref", "refs/heads", "refs/tags"]), branches);
}

/// The remote takes the connection and never says a word, as where a firewall drops what is sent.
#[test]
fn a_remote_that_never_answers_is_waited_for_once_and_not_for_ever() {
    let team = Team::set_up(1);
    let laptop = team.laptops[0].live();
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let asked = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let kept = asked.clone();
    std::thread::spawn(move || listener.incoming().for_each(|stream| kept.lock().expect("whole").push(stream)));
    laptop.git(&["config", "remote.origin.url", &format!("http://127.0.0.1:{port}/state.git")]);
    laptop.git(&["config", "coord.syncTimeout", "4s"]);
    let answers = race((0..3).map(|_| laptop.coord(&["sync"]).json()).collect());
    for answer in &answers {
        assert_eq!((answer.exit(), answer.error_code().as_str()), (6, "remote_timeout"), "{answer}");
    }
    let mut asking = asked.lock().expect("whole").remove(0).expect("a connection");
    assert_eq!(asked.lock().expect("whole").len(), 0, "one asks for all who wait for it");
    // What git had started has ended too, and does not wait on.
    asking.set_read_timeout(Some(PATIENCE)).expect("a pause");
    std::io::copy(&mut asking, &mut std::io::sink()).expect("the end of what was asked");
    let answer = laptop.coord(&["claim", "T-1"]).json().expect(6);
    assert_eq!(answer.error_code(), "remote_timeout", "{answer}");
    assert_eq!(asked.lock().expect("whole").len(), 1, "who comes later asks again");
    assert_eq!(laptop.data(&["show", "T-1"])["record"]["claim"], serde_json::Value::Null);
}
