//! Laptops that write each for itself, and come together.

use serde_json::json;

use super::{Team, conflicts, synced, tasks};
use crate::harness::Repo;

#[test]
fn two_laptops_end_with_one_commit_and_lose_nothing() {
    let team = Team::set_up(2);
    let [one, two] = team.laptops.as_slice() else { panic!("two laptops") };
    one.ok(&["task", "new", "Of one", "--id", "T-one"]);
    one.ok(&["task", "edit", "T-1", "--title", "Of one"]);
    two.ok(&["task", "new", "Of two", "--id", "T-two"]);
    two.ok(&["task", "edit", "T-1", "--priority", "P0"]);
    let done = synced(one);
    assert_eq!(
        (&done["came"], &done["went"], &done["merged"], &done["published"]),
        (&json!(0), &json!(2), &json!(false), &json!(true))
    );
    let done = synced(two);
    assert_eq!(
        (&done["came"], &done["went"], &done["merged"], &done["conflicts"]),
        (&json!(2), &json!(3), &json!(true), &json!(0))
    );
    let done = synced(one);
    assert_eq!(
        (&done["came"], &done["went"], &done["merged"], &done["published"]),
        (&json!(3), &json!(0), &json!(false), &json!(false))
    );
    team.assert_equal();
    for laptop in &team.laptops {
        assert_eq!(tasks(laptop), ["T-1", "T-one", "T-two"]);
        let task = laptop.data(&["task", "show", "T-1"])["record"].clone();
        assert_eq!((&task["title"], &task["priority"]), (&json!("Of one"), &json!("P0")));
    }
    assert_eq!(one.commit_count(), 1 + 1 + 2 + 2 + 1, "the first, the shared, the writes of both, the merge");
    let again = synced(two);
    assert_eq!(
        (&again["came"], &again["went"], &again["merged"], &again["published"]),
        (&json!(0), &json!(0), &json!(false), &json!(false))
    );
}

#[test]
fn a_true_conflict_keeps_both_values() {
    let team = Team::set_up(2);
    let [one, two] = team.laptops.as_slice() else { panic!("two laptops") };
    one.ok(&["task", "edit", "T-1", "--title", "Of one"]);
    two.ok(&["task", "edit", "T-1", "--title", "Of two"]);
    synced(one);
    assert_eq!(synced(two)["conflicts"], 1);
    synced(one);
    team.assert_equal();
    let told = one.data(&["events", "--type", "sync.merged"])["items"].clone();
    assert_eq!(told.as_array().map(Vec::len), Some(1), "{told}");
    assert_eq!(told[0]["changes"], json!([{"field": "conflict", "from": null, "to": 1}]), "the task is as of two");
    let edits = one.data(&["events", "--type", "task.updated"])["items"].clone();
    assert_eq!(edits.as_array().map(Vec::len), Some(2), "each edit is told once: {edits}");
    assert_eq!(one.data(&["task", "show", "T-1"])["record"]["title"], "Of two");
    assert_eq!(conflicts(one), 1);
    assert!(one.git(&["grep", "-h", "Of one", "refs/coord/main", "--", "conflicts"]).contains("Of one"));
}

#[test]
fn laptops_that_were_set_up_before_they_met_share_their_first_commit() {
    let team = Team::new(3);
    for (n, laptop) in team.laptops.iter().enumerate() {
        assert_eq!(laptop.data(&["init"])["state"], "created");
        laptop.ok(&["task", "new", "New", "--id", &format!("T-{n}")]);
    }
    team.laptops.iter().chain(&team.laptops).for_each(|laptop| drop(synced(laptop)));
    team.assert_equal();
    assert_eq!(tasks(&team.laptops[1]), ["T-0", "T-1", "T-2"]);
    assert_eq!(team.remote.git(&["rev-list", "--count", "--max-parents=0", "refs/coord/main"]), "1");
}

#[test]
fn a_remote_without_state_gets_it_and_a_fresh_clone_takes_it_over() {
    let team = Team::new(1);
    team.laptops[0].ok(&["init"]);
    team.laptops[0].ok(&["task", "new", "First", "--id", "T-1"]);
    assert_eq!(team.remote.tip(), None);
    assert_eq!(synced(&team.laptops[0])["went"], 2);
    let clone = team.remote.clone_to("fresh", &[]);
    assert_eq!(clone.refused(128, &["sync"]), "not_set_up");
    assert_eq!(clone.data(&["init"])["state"], "adopted");
    assert_eq!(clone.tip(), team.remote.tip());
    assert_eq!(synced(&clone)["published"], false);
}

/// Laptops that fetch from each other, with plain git, and no place in the middle.
fn ring(count: usize) {
    let first = Repo::set_up();
    let mut laptops = vec![first];
    for n in 1..count {
        let laptop = laptops[0].clone_to(&format!("laptop-{n}"), &["--origin", "one"]);
        laptop.ok(&["init"]);
        laptops.push(laptop);
    }
    for (n, laptop) in laptops.iter().enumerate() {
        laptop.ok(&["task", "new", "New", "--id", &format!("T-{n}")]);
        laptop.ok(&["send", "all", &format!("From {n}")]);
    }
    // Everybody fetches from the next one, at the same time, until nothing moves any more.
    let mut rounds = 0;
    loop {
        let before: Vec<_> = laptops.iter().map(|laptop| laptop.tip().expect("a tip")).collect();
        if before.iter().all(|tip| *tip == before[0]) {
            break;
        }
        rounds += 1;
        assert!(rounds <= 2 * count, "they never come together: {before:#?}");
        for (n, tip) in before.iter().enumerate() {
            let next = (n + count - 1) % count;
            let path = laptops[n].path.to_string_lossy().into_owned();
            laptops[next].git(&["fetch", "--quiet", &path, &format!("+{tip}:refs/coord-remotes/next/main")]);
        }
        for laptop in &laptops {
            if laptop.try_git(&["remote", "get-url", "next"]).status.code() != Some(0) {
                laptop.git(&["remote", "add", "next", "/nowhere"]);
            }
            laptop.ok(&["task", "list"]);
        }
    }
    let expected: Vec<String> = (0..count).map(|n| format!("T-{n}")).collect();
    for laptop in &laptops {
        assert_eq!(tasks(laptop), expected);
        assert_eq!(laptop.data(&["message", "list"])["total"], count);
        laptop.fsck_strict();
    }
}

#[test]
fn two_laptops_without_a_middle_come_together() {
    ring(2);
}

#[test]
fn five_laptops_in_a_ring_come_together() {
    ring(5);
}

#[test]
fn plain_git_is_enough() {
    let team = Team::set_up(2);
    let [one, two] = team.laptops.as_slice() else { panic!("two laptops") };
    one.ok(&["task", "new", "Of one", "--id", "T-one"]);
    two.ok(&["task", "new", "Of two", "--id", "T-two"]);
    one.git(&["push", "--quiet", "origin", "refs/coord/main"]);
    assert!(!two.try_git(&["push", "--quiet", "origin", "refs/coord/main"]).status.success(), "not forced");
    two.git(&["pull", "--quiet"]);
    assert_eq!(tasks(two), ["T-1", "T-one", "T-two"]);
    two.git(&["push", "--quiet", "origin", "refs/coord/main"]);
    one.git(&["fetch", "--quiet"]);
    assert_eq!(tasks(one), ["T-1", "T-one", "T-two"]);
    team.assert_equal();
}
