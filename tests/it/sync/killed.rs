//! A sync that is killed at any step: nothing is lost, and the next one ends it.

use std::collections::BTreeSet;

use git_coord::base::failpoint;

use super::{Team, tasks};

/// Every step that a sync of two lines takes, on this side: the merge is written, the ref moves, the result is pushed.
#[test]
fn a_sync_that_is_killed_at_any_step_is_ended_by_the_next_one() {
    let team = Team::set_up(2);
    let [one, two] = team.laptops.as_slice() else { panic!("two laptops") };
    let (mut expected, mut reached) = (vec!["T-1".to_owned()], BTreeSet::new());
    for (n, point) in failpoint::ALL.iter().enumerate() {
        for (laptop, name) in [(one, "one"), (two, "two")] {
            let id = format!("T-{name}-{n:03}");
            laptop.ok(&["task", "new", "New", "--id", &id]);
            expected.push(id);
        }
        two.assert_no_lock();
        one.ok(&["sync"]);
        let answer = two.coord(&["sync"]).env("GIT_COORD_FAILPOINT", format!("{point}=kill")).run();
        if answer.was_killed() {
            reached.insert(*point);
        } else {
            assert!(answer.is_ok(), "{point}: {answer}");
        }
        two.ok(&["sync"]);
        one.ok(&["sync"]);
        assert_eq!(one.tip(), two.tip(), "{point}");
        assert_eq!(one.tip(), team.remote.tip(), "{point}");
    }
    expected.sort();
    assert_eq!(tasks(one), expected);
    assert_eq!(tasks(two), expected);
    team.assert_equal();
    for step in [
        "sync-open",
        "sync-fetch",
        "sync-push",
        "sync-note",
        "object-write",
        "ref-lock",
        "ref-rename",
        "queue-acknowledge",
    ] {
        for side in ["before", "after"] {
            assert!(reached.contains(format!("{step}.{side}").as_str()), "{step}.{side} was not reached: {reached:?}");
        }
    }
}
