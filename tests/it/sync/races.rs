//! Many clones whose processes write and sync at once: what was acknowledged is there, everywhere, exactly once.

use std::collections::BTreeSet;

use serde_json::json;

use super::{Team, synced, tasks};
use crate::harness::{Answer, Repo, race};

const CLONES: usize = 4;
const PROCESSES: usize = 3;
const ROUNDS: usize = 3;

#[test]
fn clones_that_write_and_sync_at_once_lose_nothing() {
    let team = Team::set_up(CLONES);
    let live: Vec<Repo> = team.laptops.iter().map(Repo::live).collect();
    let mut made = BTreeSet::from(["T-1".to_owned()]);
    for round in 0..ROUNDS {
        let mut calls = Vec::new();
        for (n, laptop) in live.iter().enumerate() {
            for process in 0..PROCESSES {
                let id = format!("T-{round}-{n}-{process}");
                calls.push(laptop.coord(&["task", "new", "One of many", "--id", &id]));
                calls.push(laptop.coord(&["sync"]).json());
                made.insert(id);
            }
            calls.push(laptop.coord(&["note", "T-1", &format!("{round} {n}")]));
        }
        let answers: Vec<Answer> = race(calls);
        answers.iter().for_each(|answer| assert!(answer.is_ok(), "{answer}"));
    }
    // What was written while the last one synced.
    live.iter().chain(&live).for_each(|laptop| drop(laptop.ok(&["sync"])));
    team.assert_equal();
    let made: Vec<String> = made.into_iter().collect();
    for laptop in &team.laptops {
        assert_eq!(tasks(laptop), made);
        assert_eq!(laptop.data(&["thread", "T-1"])["total"], CLONES * ROUNDS);
    }
    let writes = team.remote.git(&["rev-list", "--count", "--no-merges", "refs/coord/main"]);
    assert_eq!(
        writes,
        (1 + 1 + CLONES * ROUNDS * (PROCESSES + 1)).to_string(),
        "a commit for each write, and no other"
    );
}

/// One clone: the first process publishes for all that wait.
#[test]
fn processes_of_one_clone_sync_one_after_the_other() {
    let team = Team::set_up(1);
    let laptop = team.laptops[0].live();
    laptop.ok(&["task", "new", "New", "--id", "T-2"]);
    let answers = race((0..8).map(|_| laptop.coord(&["sync"]).json()).collect());
    let went: u64 = answers.iter().map(|answer| answer.data()["remotes"][0]["went"].as_u64().expect("a number")).sum();
    let races: u64 =
        answers.iter().map(|answer| answer.data()["remotes"][0]["races"].as_u64().expect("a number")).sum();
    assert_eq!((went, races), (1, 0));
    team.assert_equal();
}

#[test]
fn who_never_wins_gives_up_and_keeps_what_it_has() {
    let team = Team::set_up(2);
    let [one, two] = team.laptops.as_slice() else { panic!("two laptops") };
    one.ok(&["task", "new", "Of one", "--id", "T-one"]);
    one.ok(&["sync"]);
    two.ok(&["task", "new", "Of two", "--id", "T-two"]);
    two.git(&["config", "coord.syncTimeout", "0s"]);
    let script = "#!/bin/sh\ntree=$(git rev-parse 'refs/coord/main^{tree}')\n\
                  git update-ref refs/coord/main $(git commit-tree -m Other -p refs/coord/main $tree)\n";
    team.remote.hook("update", script);
    let answer = two.coord(&["sync"]).json().expect(7);
    assert_eq!(answer.error_code(), "remote_busy", "{answer}");
    assert_eq!(tasks(two), ["T-1", "T-one", "T-two"]);
}

/// Three times somebody is faster, and each time a command runs in the clone before the answer comes.
#[test]
fn a_lost_race_leaves_no_merge_behind() {
    let team = Team::set_up(2);
    let [one, two] = team.laptops.as_slice() else { panic!("two laptops") };
    one.ok(&["task", "new", "Of one", "--id", "T-one"]);
    one.ok(&["sync"]);
    two.ok(&["task", "new", "Of two", "--id", "T-two"]);
    let asked = team.remote.machine.root().join("asked");
    let script = format!(
        "#!/bin/sh\ntest $1 = refs/coord/main || exit 0\n\
         tree=$(git rev-parse 'refs/coord/main^{{tree}}')\n\
         for n in 1 2 3; do\n  test -e lost-$n && continue\n  touch lost-$n\n\
         git update-ref refs/coord/main $(git commit-tree -m Other -p refs/coord/main $tree)\n  break\ndone\n\
         unset $(git rev-parse --local-env-vars) GIT_QUARANTINE_PATH\n\
         cd '{}' && '{}' task list --json | grep -o '\"T-[a-z0-9]*\"' >>'{}'\n",
        two.path.display(),
        env!("CARGO_BIN_EXE_git-coord"),
        asked.display()
    );
    team.remote.hook("update", &script);
    let done = synced(two);
    assert_eq!((&done["races"], &done["merged"], &done["conflicts"]), (&json!(3), &json!(true), &json!(0)));
    assert_eq!(tasks(two), ["T-1", "T-one", "T-two"]);
    let merges = |repo: &Repo| repo.git(&["rev-list", "--count", "--merges", "refs/coord/main"]);
    assert_eq!((merges(two), merges(&team.remote)), ("1".to_owned(), "1".to_owned()));
    let asked = std::fs::read_to_string(asked).expect("what was answered meanwhile");
    assert_eq!(asked, "\"T-1\"\n\"T-two\"\n".repeat(4), "what is about to come in is not merged by others");
    synced(one);
    team.assert_equal();
}
