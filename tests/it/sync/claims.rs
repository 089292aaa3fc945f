//! Claims are decided by the remote: exactly one owner, whatever the network and the clocks do.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use super::{Team, conflicts, synced};
use crate::harness::{Answer, Call, Repo, race};

/// Claims as an agent in a session of its own.
fn claim(laptop: &Repo, task: &str, agent: &str) -> Call {
    laptop.coord(&["claim", task]).agent(agent).session(&format!("s-{agent}")).json()
}

/// Returns the claim on a task as a clone has it.
#[track_caller]
fn claim_on(repo: &Repo, task: &str) -> Value {
    repo.data(&["show", task])["record"]["claim"].clone()
}

/// Returns the messages about lost claims in an agent's inbox.
#[track_caller]
fn told(repo: &Repo, agent: &str) -> Vec<Value> {
    let answer = repo.coord(&["inbox", "--all"]).agent(agent).json().run();
    let items = answer.data()["items"].as_array().cloned().expect("items");
    items.into_iter().filter(|message| message["metadata"]["event"] == "claim.lost").collect()
}

fn all(answers: &[Answer]) -> String {
    answers.iter().map(Answer::to_string).collect()
}

/// Returns the claims that nobody has answered for.
fn open(laptop: &Repo) -> Vec<String> {
    let notes = fs::read_dir(laptop.common_dir().join("coord/inflight")).into_iter().flatten().flatten();
    notes.map(|note| note.file_name().to_string_lossy().into_owned()).collect()
}

fn cut_off(laptop: &Repo) -> String {
    let url = laptop.git(&["config", "remote.origin.url"]);
    laptop.git(&["config", "remote.origin.url", "/nowhere/at/all"]);
    url
}

fn reconnect(laptop: &Repo, url: &str) {
    laptop.git(&["config", "remote.origin.url", url]);
}

#[test]
fn a_claim_is_at_the_remote_when_it_is_acknowledged() {
    let team = Team::set_up(2);
    let [one, two] = team.laptops.as_slice() else { panic!("two laptops") };
    let data = claim(one, "T-1", "ada").expect(0).data();
    assert_eq!(data["claim"]["state"], "confirmed");
    assert_eq!(team.remote.tip(), one.tip(), "the commit that was told of is the one that was pushed");
    assert_eq!(data["commit"].as_str(), one.tip().as_deref());
    // The other has not fetched since.
    let answer = claim(two, "T-1", "bob").expect(3);
    assert_eq!(answer.error_code(), "claim_held", "{answer}");
    assert_eq!(answer.error()["details"]["agent"], "ada");
    let again = claim(one, "T-1", "ada").expect(0).data();
    assert_eq!((&again["claim"]["id"], &again["commit"]), (&data["claim"]["id"], &Value::Null));
    team.assert_equal();
}

#[test]
fn of_32_processes_in_8_clones_exactly_one_wins_each_round() {
    const CLONES: usize = 8;
    const EACH: usize = 4;
    let team = Team::set_up(CLONES);
    let live: Vec<Repo> = team.laptops.iter().map(Repo::live).collect();
    for round in 0..3 {
        let task = format!("T-round-{round}");
        live[0].ok(&["task", "new", "Wanted", "--id", &task]);
        live[0].ok(&["sync"]);
        live[1..].iter().for_each(|laptop| drop(laptop.ok(&["sync"])));
        let calls = (0..CLONES * EACH).map(|n| claim(&live[n % CLONES], &task, &format!("agent-{n}"))).collect();
        let answers: Vec<Answer> = race(calls);
        let won: Vec<&Answer> = answers.iter().filter(|answer| answer.is_ok()).collect();
        assert_eq!(won.len(), 1, "round {round}: {}", all(&answers));
        let lost = answers.iter().filter(|answer| answer.exit() == 3 && answer.error_code() == "claim_held").count();
        assert_eq!(lost, CLONES * EACH - 1, "round {round}: {}", all(&answers));
        let held = &won[0].data()["claim"]["id"];
        let there = team.remote.git(&["show", &format!("refs/coord/main:{}", live[0].task_path(&task))]);
        assert!(there.contains(held.as_str().expect("an id")), "{there}");
    }
    live.iter().chain(&live).for_each(|laptop| drop(laptop.ok(&["sync"])));
    team.assert_equal();
    let claims = live[0].data(&["log", "--limit", "1000"])["items"].to_string().matches("Claim T-round").count();
    assert_eq!(claims, 3, "what was refused has left nothing behind");
}

#[test]
fn of_many_who_take_the_next_task_each_gets_another() {
    let team = Team::set_up(4);
    let live: Vec<Repo> = team.laptops.iter().map(Repo::live).collect();
    for n in 2..=12 {
        live[0].ok(&["task", "new", "One of many", "--id", &format!("T-{n}")]);
    }
    live[0].ok(&["sync"]);
    let next = |n: usize| {
        let agent = format!("agent-{n}");
        live[n % 4].coord(&["next", "--claim"]).agent(&agent).session(&agent).json()
    };
    let answers = race((0..12).map(next).collect());
    let taken: BTreeSet<String> =
        answers.iter().map(|answer| answer.data()["record"]["id"].as_str().expect("an id").to_owned()).collect();
    assert_eq!(taken.len(), 12, "{}", all(&answers));
}

#[test]
fn without_the_remote_nothing_is_claimed_unless_it_is_allowed() {
    let team = Team::set_up(1);
    let laptop = &team.laptops[0];
    let url = cut_off(laptop);
    let tip = laptop.tip();
    let answer = claim(laptop, "T-1", "ada").expect(6);
    assert_eq!(answer.error_code(), "fetch_failed", "{answer}");
    assert!(answer.error()["hints"].to_string().contains("--offline"), "{answer}");
    assert_eq!(laptop.tip(), tip);
    let data = claim(laptop, "T-1", "ada").option("--offline").expect(0).data();
    assert_eq!(data["claim"]["state"], "provisional");
    assert_eq!(data["warnings"][0]["code"], "provisional_claim");
    // It has to be asked for again, or a sync, to be confirmed.
    reconnect(laptop, &url);
    let again = claim(laptop, "T-1", "ada").expect(0).data();
    assert_eq!((&again["claim"]["id"], &again["claim"]["state"]), (&data["claim"]["id"], &Value::from("confirmed")));
    assert_eq!(team.remote.tip(), laptop.tip());
    laptop.ok(&["task", "new", "Another", "--id", "T-2"]);
    cut_off(laptop);
    laptop.git(&["config", "coord.offlineClaims", "allow"]);
    let data = claim(laptop, "T-2", "ada").expect(0).data();
    assert_eq!(data["claim"]["state"], "provisional");
}

#[test]
fn offline_asks_nobody_and_takes_in_what_has_come() {
    let team = Team::set_up(2);
    let [one, two] = team.laptops.as_slice() else { panic!("two laptops") };
    one.ok(&["task", "new", "New", "--id", "T-2"]);
    synced(one);
    two.git(&["fetch", "--quiet"]);
    cut_off(two);
    assert_eq!(claim(two, "T-2", "bob").option("--offline").expect(0).data()["claim"]["state"], "provisional");
    let answer = two.coord(&["--offline", "sync"]).json().expect(6);
    assert_eq!(answer.error_code(), "offline", "{answer}");
}

/// Two have claimed one task without the remote; whichever is published first has it, whatever the clocks say.
#[test]
fn the_loser_of_an_offline_race_learns_it_at_its_sync() {
    for first_is_earlier in [true, false] {
        let team = Team::set_up(2);
        let [one, two] = team.laptops.as_slice() else { panic!("two laptops") };
        two.git(&["checkout", "--quiet", "-b", "work/T-1"]);
        let claims = [(one, "ada"), (two, "bob")];
        let mut order: Vec<usize> = vec![0, 1];
        if !first_is_earlier {
            order.reverse();
        }
        for at in order {
            let (laptop, agent) = claims[at];
            claim(laptop, "T-1", agent).option("--offline").expect(0);
            assert_eq!(laptop.data(&["show", "T-1"])["claim_state"], "provisional");
            assert!(laptop.ok(&["show", "T-1"]).stdout.contains("\nprovisional; the remote"));
        }
        synced(one);
        assert_eq!(one.data(&["show", "T-1"])["claim_state"], "confirmed");
        assert!(!one.ok(&["show", "T-1"]).stdout.contains("provisional"));
        let answer = two.coord(&["sync"]).json().expect(3);
        let lost = answer.data()["remotes"][0]["lost"].clone();
        assert_eq!(lost.as_array().map(Vec::len), Some(1), "{answer}");
        assert_eq!((&lost[0]["agent"], &lost[0]["holder"]), (&Value::from("bob"), &Value::from("ada")));
        assert_eq!((&lost[0]["branch"], &lost[0]["ours"]), (&Value::from("work/T-1"), &Value::from(true)));
        let stderr = two.coord(&["sync"]).expect(0);
        assert!(!stderr.to_string().contains("claim_lost"), "told once: {stderr}");
        let events = two.data(&["events", "--type", "claim.lost"])["items"].clone();
        assert_eq!(events.as_array().map(Vec::len), Some(1), "{events}");
        assert_eq!(claim_on(two, "T-1")["agent"], "ada", "first is earlier: {first_is_earlier}");
        synced(one);
        team.assert_equal();
        for laptop in &team.laptops {
            let told = told(laptop, "bob");
            assert_eq!(told.len(), 1, "{told:#?}");
            assert_eq!(
                (&told[0]["type"], &told[0]["metadata"]["branch"]),
                (&Value::from("error"), &Value::from("work/T-1"))
            );
            assert!(super::super::harness::Repo::file(laptop, &laptop.task_path("T-1")).contains("agent: ada"));
        }
        assert_eq!(team.laptops[0].data(&["show", "T-1"])["record"]["status"], "in_progress");
    }
}

/// A claim and the work under it, all of it offline, against a claim that the remote has confirmed.
#[test]
fn an_offline_claim_and_done_do_not_displace_a_confirmed_claim() {
    for offline_is_later in [true, false] {
        let team = Team::set_up(2);
        let [one, two] = team.laptops.as_slice() else { panic!("two laptops") };
        let offline = || {
            claim(two, "T-1", "bob").option("--offline").expect(0);
            two.coord(&["done", "T-1", "Mine"]).agent("bob").session("s-bob").option("--offline").expect(0);
        };
        if !offline_is_later {
            offline();
        }
        let held = claim(one, "T-1", "ada").expect(0).data()["claim"]["id"].clone();
        if offline_is_later {
            offline();
        }
        let answer = two.coord(&["sync"]).json().expect(3);
        assert_eq!(answer.data()["remotes"][0]["lost"][0]["agent"], "bob", "{answer}");
        let task = two.data(&["show", "T-1"])["record"].clone();
        assert_eq!((&task["status"], &task["claim"]["id"]), (&Value::from("in_progress"), &held), "{offline_is_later}");
        assert_eq!(told(two, "bob").len(), 1);
        // She goes on as if nothing had been.
        one.coord(&["done", "T-1"]).agent("ada").session("s-ada").expect(0);
        synced(one);
        synced(two);
        team.assert_equal();
        assert_eq!(two.data(&["show", "T-1"])["record"]["status"], "completed");
    }
}

/// Another claim has come and gone at the remote while one was made offline.
#[test]
fn an_offline_claim_on_what_was_done_meanwhile_gives_way() {
    let team = Team::set_up(2);
    let [one, two] = team.laptops.as_slice() else { panic!("two laptops") };
    claim(one, "T-1", "ada").expect(0);
    one.coord(&["done", "T-1", "Hers"]).agent("ada").session("s-ada").expect(0);
    synced(one);
    claim(two, "T-1", "bob").option("--offline").expect(0);
    two.coord(&["sync"]).expect(3);
    let task = two.data(&["show", "T-1"])["record"].clone();
    assert_eq!(
        (&task["status"], &task["summary"], &task["claim"]),
        (&"completed".into(), &"Hers".into(), &Value::Null)
    );
    assert_eq!(told(two, "bob").len(), 1);
}

/// What is put back is no change beside what the holder does meanwhile, whatever the clock of whoever put it back says.
#[test]
fn what_is_put_back_does_not_undo_what_the_holder_does_meanwhile() {
    let team = Team::set_up(2);
    let [one, two] = team.laptops.as_slice() else { panic!("two laptops") };
    claim(one, "T-1", "ada").expect(0);
    claim(two, "T-1", "bob").option("--offline").expect(0);
    one.coord(&["done", "T-1", "Hers"]).agent("ada").session("s-ada").expect(0);
    two.coord(&["sync"]).env("GIT_COORD_TEST_NOW", "2027-01-02T03:04:05.000Z").expect(3);
    synced(one);
    synced(two);
    team.assert_equal();
    let task = two.data(&["show", "T-1"])["record"].clone();
    assert_eq!((&task["status"], &task["summary"]), (&"completed".into(), &"Hers".into()));
}

/// Claimed and given back offline, by a later clock, what a confirmed claim has done in the meantime.
#[test]
fn what_was_done_under_a_confirmed_claim_is_not_opened_again_by_who_did_not_know() {
    let team = Team::set_up(2);
    let [one, two] = team.laptops.as_slice() else { panic!("two laptops") };
    claim(one, "T-1", "ada").expect(0);
    one.coord(&["done", "T-1", "Hers"]).agent("ada").session("s-ada").expect(0);
    synced(one);
    // Twice, so that even the epoch is greater.
    for agent in ["bob", "eve"] {
        claim(two, "T-1", agent).option("--offline").expect(0);
        two.coord(&["release", "T-1"]).agent(agent).session(&format!("s-{agent}")).expect(0);
    }
    two.coord(&["sync"]).expect(3);
    synced(one);
    team.assert_equal();
    let task = one.data(&["show", "T-1"])["record"].clone();
    assert_eq!((&task["status"], &task["summary"]), (&"completed".into(), &"Hers".into()));
    assert_eq!((told(one, "bob").len(), told(one, "eve").len()), (1, 1));
}

/// What was made in knowledge of the published claim is published.
/// What a merge has preferred is seen by those who come after it: they have what was done behind them, and never saw it.
#[test]
fn a_claim_on_what_a_merge_has_preferred_does_not_open_again_what_was_done() {
    for is_ended in [true, false] {
        let team = Team::set_up(2);
        let [one, two] = team.laptops.as_slice() else { panic!("two laptops") };
        let offline = |words: &[&str], agent: &str| {
            let call = two.coord(words).agent(agent).session(&format!("s-{agent}")).option("--offline");
            call.env("GIT_COORD_CLOCK_SKEW", "86400").expect(0)
        };
        claim(one, "T-1", "ada").expect(0);
        one.coord(&["done", "T-1", "Hers"]).agent("ada").session("s-ada").expect(0);
        synced(one);
        offline(&["claim", "T-1"], "bob");
        offline(&["release", "T-1"], "bob");
        two.git(&["fetch"]);
        let seen = two.data(&["show", "T-1"])["record"].clone();
        assert_eq!((&seen["status"], conflicts(two)), (&"pending".into(), 1), "by the later stamp");
        offline(&["claim", "T-1"], "eve");
        if is_ended {
            offline(&["release", "T-1"], "eve");
        }
        // Who asks the remote is not given it either.
        assert_eq!(claim(two, "T-1", "ida").expect(3).error_code(), "closed");
        two.coord(&["sync"]).expect(3);
        synced(one);
        team.assert_equal();
        let task = one.data(&["show", "T-1"])["record"].clone();
        assert_eq!(
            (&task["status"], &task["summary"], &task["claim"]),
            (&"completed".into(), &"Hers".into(), &Value::Null),
            "{is_ended}"
        );
        assert_eq!((told(two, "bob").len(), told(two, "eve").len()), (1, 1));
    }
}

#[test]
fn release_and_takeover_by_those_who_know_go_through() {
    let team = Team::set_up(2);
    let [one, two] = team.laptops.as_slice() else { panic!("two laptops") };
    claim(one, "T-1", "ada").expect(0);
    synced(two);
    let taken = two.coord(&["claim", "T-1", "--force", "--offline"]).agent("bob").session("s").json().expect(0).data();
    synced(two);
    assert_eq!(claim_on(two, "T-1")["id"], taken["claim"]["id"]);
    synced(one);
    assert_eq!(claim_on(one, "T-1")["agent"], "bob");
    // Given back and taken again, both offline: the second claim stands on the end of the first.
    two.coord(&["release", "T-1"]).agent("bob").session("s").expect(0);
    let again = two.coord(&["claim", "T-1", "--offline"]).agent("eve").session("e").json().expect(0).data();
    synced(two);
    synced(one);
    assert_eq!(claim_on(one, "T-1")["id"], again["claim"]["id"]);
    team.assert_equal();
}

/// A laptop that gets an unconfirmed claim from another laptop and brings it to the hub.
#[test]
fn a_claim_that_came_by_another_laptop_displaces_nothing() {
    let team = Team::set_up(3);
    let [one, two, three] = team.laptops.as_slice() else { panic!("three laptops") };
    two.git(&["remote", "add", "three", &three.path.to_string_lossy()]);
    let held = claim(one, "T-1", "ada").expect(0).data()["claim"]["id"].clone();
    claim(three, "T-1", "eve").option("--offline").expect(0);
    two.ok(&["sync", "three"]);
    assert_eq!(claim_on(two, "T-1")["agent"], "eve");
    let answer = two.coord(&["sync"]).json().run();
    assert_eq!(answer.exit(), 0, "it was not a claim of this machine: {answer}");
    assert_eq!(answer.data()["remotes"][0]["lost"][0]["agent"], "eve");
    assert_eq!(claim_on(two, "T-1")["id"], held);
    three.coord(&["sync"]).run();
    for laptop in [one, two, three, one] {
        synced(laptop);
    }
    team.assert_equal();
    assert_eq!(claim_on(three, "T-1")["id"], held);
    assert_eq!(told(three, "eve").len(), 1, "told once");
}

#[test]
fn clocks_a_day_apart_decide_nothing() {
    for (ahead, behind) in [(0, 1), (1, 0)] {
        let team = Team::set_up(2);
        let skewed = |n: usize, call: Call| {
            let day = if n == ahead { "2027-01-02T03:04:05.000Z" } else { "2025-01-02T03:04:05.000Z" };
            call.env("GIT_COORD_TEST_NOW", day)
        };
        let agents = ["ada", "bob"];
        for n in [ahead, behind] {
            skewed(n, claim(&team.laptops[n], "T-1", agents[n])).option("--offline").expect(0);
        }
        skewed(behind, team.laptops[behind].coord(&["sync"])).expect(0);
        skewed(ahead, team.laptops[ahead].coord(&["sync"])).expect(3);
        assert_eq!(claim_on(&team.laptops[ahead], "T-1")["agent"], agents[behind]);
    }
}

/// The remote takes the push and the network dies before it can say so.
fn dies_after_taking(remote: &Repo, path: &str) {
    // A post-receive hook that ends the whole server side.
    remote.hook("post-receive", &format!("#!/bin/sh\ntouch {path}\nkill -9 $PPID\n"));
}

#[test]
fn a_claim_whose_answer_got_lost_is_found_out() {
    let team = Team::set_up(2);
    let [one, two] = team.laptops.as_slice() else { panic!("two laptops") };
    let sign = team.remote.machine.root().join("taken");
    dies_after_taking(&team.remote, &sign.to_string_lossy());
    // The remote can be asked at once, and has it.
    let data = claim(one, "T-1", "ada").expect(0).data();
    assert!(sign.exists(), "the hook has run");
    assert_eq!(data["claim"]["state"], "confirmed");
    assert_eq!(team.remote.tip(), one.tip());
    fs::remove_file(team.remote.path.join("hooks/post-receive")).expect("removed");
    assert_eq!(claim(two, "T-1", "bob").expect(3).error_code(), "claim_held");
    assert!(open(one).is_empty(), "nothing is open");
}

/// As before, and then the remote cannot be asked either: it is not known, until it can be.
#[test]
fn an_unknown_answer_is_told_and_settled_by_the_next_contact() {
    for has_landed in [true, false] {
        let team = Team::set_up(2);
        let [one, two] = team.laptops.as_slice() else { panic!("two laptops") };
        let config = one.common_dir().join("config");
        let (whole, cut) = (fs::read(&config).expect("a configuration"), one.machine.root().join("cut"));
        let text = String::from_utf8_lossy(&whole).replace(&*team.remote.path.to_string_lossy(), "/nowhere");
        fs::write(&cut, text).expect("written");
        let hook = if has_landed { "post-receive" } else { "pre-receive" };
        team.remote.hook(hook, &format!("#!/bin/sh\ncp {} {}\nkill -9 $PPID\n", cut.display(), config.display()));
        let answer = claim(one, "T-1", "ada").expect(6);
        fs::write(&config, &whole).expect("written");
        fs::remove_file(team.remote.path.join("hooks").join(hook)).expect("removed");
        assert_eq!(answer.error_code(), "claim_unknown", "{answer}");
        let id = answer.error()["details"]["claim"].as_str().expect("a claim").to_owned();
        assert_eq!(answer.error()["details"]["state"], "unknown");
        assert!(one.common_dir().join("coord/inflight").join(&id).exists());
        let other = claim(two, "T-1", "bob").run();
        assert_eq!(other.exit(), if has_landed { 3 } else { 0 }, "{other}");
        // The same claim is asked for again.
        let again = one.coord(&["claim", "T-1", "--claim-id", &id]).agent("ada").session("s-ada").json().run();
        assert_eq!(again.exit(), if has_landed { 0 } else { 3 }, "{again}");
        assert!(open(one).is_empty(), "nothing is open");
        if has_landed {
            assert_eq!(again.data()["claim"]["state"], "confirmed");
            assert_eq!(again.data()["warnings"][0]["code"], "claim_confirmed");
        }
        synced(one);
        synced(two);
        team.assert_equal();
    }
}

/// Killed at every step of a claim: the task has no owner, or the one who asked for it, and never two.
#[test]
fn a_claim_that_is_killed_at_any_step_is_no_claim_or_a_whole_one() {
    let team = Team::set_up(2);
    let [one, two] = team.laptops.as_slice() else { panic!("two laptops") };
    let mut reached = BTreeSet::new();
    // What a claim adds to a sync and to a write; their own steps are tried where they are.
    let is_on_the_way = |point: &&&str| ["sync-", "ref-", "queue-"].iter().any(|start| point.starts_with(start));
    for (n, point) in git_coord::base::failpoint::ALL.iter().filter(is_on_the_way).enumerate() {
        let task = format!("T-kill-{n:03}");
        one.ok(&["task", "new", "Wanted", "--id", &task]);
        synced(one);
        let answer = claim(two, &task, "bob").env("GIT_COORD_FAILPOINT", format!("{point}=kill")).run();
        if answer.was_killed() {
            reached.insert(*point);
        } else {
            assert!(answer.is_ok(), "{point}: {answer}");
        }
        let other = claim(one, &task, "ada").run();
        let again = claim(two, &task, "bob").run();
        assert_ne!(other.is_ok(), again.is_ok(), "{point}: {other}{again}");
        assert_eq!((other.exit() + again.exit()), 3, "{point}: {other}{again}");
        two.assert_no_lock();
    }
    assert!(open(two).is_empty(), "nothing is open");
    for step in ["sync-inflight", "sync-push", "sync-take-in", "ref-rename", "queue-acknowledge"] {
        for side in ["before", "after"] {
            let point = format!("{step}.{side}");
            assert!(reached.contains(point.as_str()), "{point} was not reached: {reached:?}");
        }
    }
    synced(one);
    synced(two);
    team.assert_equal();
}
