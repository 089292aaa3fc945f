//! The write path stopped before and after each of its steps, in three ways: killed, failed, disk full.
//!
//! After each the change is there as a whole or not at all, what was acknowledged earlier is there, and the next
//! command works at once.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use git_coord::base::failpoint;

use crate::harness::{Answer, Call, Machine, Repo};

/// «At once»: far below the time for which a writer waits for its turn.
const AT_ONCE: Duration = Duration::from_secs(10);

/// Steps that are only taken on special ways, which have tests of their own below.
const SPECIAL: [&str; 6] = ["coord-mkdir", "ref-mkdir", "log-mkdir", "ref-unlock", "ref-git", "freshen"];

/// Steps that are only taken where others wait, which `group.rs` stops at.
pub(super) const GROUP: [&str; 12] = [
    "line-open",
    "queue-mkdir",
    "ask-create",
    "ask-write",
    "ask-withdraw",
    "ask-drop",
    "ask-clear",
    "ask-take",
    "landing-create",
    "landing-write",
    "ask-answer",
    "landing-drop",
];

/// Steps that are only taken where many objects are written at once.
const PACKING: [&str; 15] = [
    "pack-mkdir",
    "packing-note",
    "pack-create",
    "pack-write",
    "index-create",
    "index-write",
    "pack-sync",
    "index-sync",
    "pack-keep",
    "pack-rename",
    "index-rename",
    "pack-syncdir",
    "pack-clear",
    "pack-unkeep",
    "packing-drop",
];

/// Steps that are only taken where a remote is asked, which `sync/killed.rs` and `sync/claims.rs` stop at.
pub(crate) const SYNC: [&str; 6] =
    ["sync-open", "sync-fetch", "sync-inflight", "sync-push", "sync-take-in", "sync-note"];

/// Those of them that come when the ref has moved.
const CLEARING: [&str; 3] = ["pack-clear", "pack-unkeep", "packing-drop"];

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Action {
    Kill,
    Error,
    Full,
}

impl Action {
    pub(super) fn word(self) -> &'static str {
        match self {
            Action::Kill => "kill",
            Action::Error => "error",
            Action::Full => "full",
        }
    }
}

#[test]
fn a_writer_killed_at_any_step_leaves_all_or_nothing() {
    ordinary_steps(Action::Kill);
}

#[test]
fn a_writer_that_fails_at_any_step_leaves_all_or_nothing() {
    ordinary_steps(Action::Error);
}

#[test]
fn a_full_disk_at_any_step_leaves_all_or_nothing() {
    ordinary_steps(Action::Full);
}

/// All steps of a change of several files, in one repository, so that what one crash leaves meets the next.
fn ordinary_steps(action: Action) {
    let repo = set_up();
    repo.ok(&["agent", "new", "bob"]);
    repo.ok(&["task", "new", "Old", "--id", "T-old"]);
    repo.ok(&["task", "new", "Handed on", "--id", "T-1"]);
    for point in failpoint::ALL.iter().filter(|point| {
        !is_of(point, &SPECIAL) && !is_of(point, &PACKING) && !is_of(point, &GROUP) && !is_of(point, &SYNC)
    }) {
        // A change writes many objects: dying at the first and dying in their midst are two things.
        let hits: &[&str] = if point.starts_with("object-") { &["", ":2", ":5"] } else { &[""] };
        for hit in hits {
            if point.starts_with("object-mkdir") {
                // How many folders a change makes depends on ids of objects, unless no folder is left from before.
                repo.git(&["repack", "-adq"]);
            }
            hand_on(&repo, &format!("{point}{hit}"), action);
        }
    }
}

/// Stops a release with a handoff, which is three files in one commit, and looks at what is left.
#[track_caller]
fn hand_on(repo: &Repo, point: &str, action: Action) {
    repo.ok(&["claim", "T-1"]);
    let before = repo.commit_count();
    let words = format!("handed on at {point}");
    let call = repo.coord(&["release", "T-1", "--handoff", &words, "--to", "bob"]).json();
    let answer = stopped(call, point, action);
    assert!(!answer.is_ok(), "{point}: a stopped change was acknowledged: {answer}");

    let landed = repo.commit_count() - before;
    let is_released = repo.task_file("T-1").contains("status: pending");
    let inbox = repo.coord(&["inbox", "--limit", "500"]).json().agent("bob").run().data();
    let messages = inbox["items"].to_string().matches(&words).count();
    let parts = (landed, usize::from(is_released), messages);
    assert!(parts == (0, 0, 0) || parts == (1, 1, 1), "{point}: commits, releases, messages are {parts:?}: {answer}");

    let started = Instant::now();
    repo.ok(&["note", "T-1", "Going on"]);
    assert!(started.elapsed() < AT_ONCE, "{point}: the next command took {:?}", started.elapsed());
    assert_eq!(repo.commit_count(), before + landed + 1, "{point}");
    if landed == 0 {
        repo.ok(&["release", "T-1"]);
    }
    assert!(repo.task_file("T-old").contains("title: Old"), "{point}: an earlier record is gone");
    repo.assert_no_lock();
    repo.fsck_strict();
}

#[test]
fn setting_up_can_be_stopped_at_any_step_and_done_again() {
    for action in [Action::Kill, Action::Error, Action::Full] {
        // `ref-unlock`, `freshen` and `ref-git` are not on this way.
        let elsewhere = [&["ref-unlock", "freshen", "ref-git"][..], &PACKING, &GROUP, &SYNC].concat();
        for point in failpoint::ALL.iter().filter(|point| !is_of(point, &elsewhere)) {
            let repo = empty();
            let answer = stopped(repo.coord(&["init"]).json(), point, action);
            assert!(!answer.is_ok(), "{point} {action:?}: {answer}");
            let started = Instant::now();
            let again = repo.coord(&["init"]).run();
            assert!(again.is_ok(), "{point} {action:?}: {again}");
            repo.ok(&["task", "new", "First"]);
            assert!(started.elapsed() < AT_ONCE, "{point} {action:?}: took {:?}", started.elapsed());
            assert_eq!(repo.commit_count(), 2, "{point} {action:?}");
            repo.assert_no_lock();
            repo.fsck_strict();
        }
    }
}

#[test]
fn the_way_through_git_can_be_stopped_before_and_after_git() {
    for action in [Action::Kill, Action::Error, Action::Full] {
        let repo = set_up();
        repo.hook("reference-transaction", "#!/bin/sh\nexit 0\n");
        repo.ok(&["agent", "new", "bob"]);
        repo.ok(&["task", "new", "Old", "--id", "T-old"]);
        repo.ok(&["task", "new", "Handed on", "--id", "T-1"]);
        for point in ["ref-git.before", "ref-git.after", "ref-syncdir.before", "ref-syncdir.after"] {
            hand_on(&repo, point, action);
        }
    }
}

#[test]
fn clearing_a_dead_lock_away_can_be_stopped_and_done_again() {
    for action in [Action::Kill, Action::Error, Action::Full] {
        for point in ["ref-unlock.before", "ref-unlock.after"] {
            let repo = set_up();
            let dead = stopped(repo.coord(&["task", "new", "Dead", "--id", "T-1"]), "ref-lock.after", Action::Kill);
            assert!(repo.common_dir().join("refs/coord/main.lock").exists(), "no dead lock: {dead}");
            let answer = stopped(repo.coord(&["task", "new", "Stopped", "--id", "T-2"]).json(), point, action);
            assert!(!answer.is_ok(), "{point} {action:?}: {answer}");
            repo.ok(&["task", "new", "Next", "--id", "T-3"]);
            assert_eq!(repo.commit_count(), 2, "{point} {action:?}");
            repo.assert_no_lock();
            repo.fsck_strict();
        }
    }
}

#[test]
fn an_import_can_be_stopped_at_any_step() {
    const RECORDS: usize = 100;
    const MADE: &str = "\"created_at\":\"2026-01-01T00:00:00.000Z\",\"created_by\":\"ada\",\
                        \"updated_at\":\"2026-01-01T00:00:00.000Z\",\"updated_by\":\"ada\"";
    for action in [Action::Kill, Action::Error, Action::Full] {
        let repo = set_up();
        let (mut lines, mut wanted) = (String::new(), 0);
        let is_on_the_way = |point: &&&str| {
            // It waits for the lock itself, in no line.
            let special = is_of(point, &SPECIAL) || is_of(point, &GROUP) || is_of(point, &SYNC);
            !special && !point.starts_with("object-") && !point.starts_with("pack-mkdir")
        };
        let steps = failpoint::ALL.iter().filter(is_on_the_way);
        for (round, point) in steps.enumerate() {
            let line = |n| format!("{{\"kind\":\"task\",\"id\":\"T-{round}-{n}\",\"title\":\"Task {n}\",{MADE}}}\n");
            lines = (0..RECORDS).map(line).collect();
            let before = repo.commit_count();
            let answer = stopped(repo.coord(&["import", "json", "-"]).json().input(&lines), point, action);
            // What is cleared away after the ref has moved may be left without a word.
            let has_landed = repo.commit_count() - before == 1;
            assert!(!answer.is_ok() || (has_landed && is_of(point, &CLEARING)), "{point} {action:?}: {answer}");
            wanted += if has_landed { RECORDS } else { 0 };
            assert_eq!(repo.data(&["task", "list", "--limit", "1"])["total"], wanted, "{point} {action:?}");
            repo.fsck_strict();
        }
        assert!(repo.coord(&["import", "json", "-"]).input(lines.replace("T-", "U-")).run().is_ok(), "{action:?}");
        repo.assert_no_lock();
        let left: Vec<_> = repo.common_dir().join("objects/pack").read_dir().expect("packs").collect();
        let names = left.into_iter().map(|entry| entry.expect("one").file_name().to_string_lossy().into_owned());
        let odd: Vec<_> = names.filter(|name| !name.ends_with(".pack") && !name.ends_with(".idx")).collect();
        assert!(odd.is_empty(), "{action:?}: {odd:?}");
    }
}

#[test]
fn an_object_that_cannot_be_freshened_is_written_again() {
    for action in [Action::Error, Action::Full] {
        for point in ["freshen.before", "freshen.after"] {
            let repo = set_up();
            let old = repo.tip().expect("a tip");
            repo.ok(&["task", "new", "Lost", "--id", "T-1"]);
            repo.git(&["update-ref", "refs/coord/main", &old]);
            let answer = stopped(repo.coord(&["task", "new", "Next", "--id", "T-2"]), point, action);
            assert!(answer.is_ok(), "{point} {action:?}: {answer}");
            assert!(repo.task_file("T-1").contains("title: Lost"));
            repo.fsck_strict();
        }
    }
}

#[test]
fn bringing_back_a_lost_tip_can_be_killed_at_any_step() {
    let elsewhere =
        [&["ref-unlock", "ref-git", "ref-mkdir", "log-mkdir", "coord-mkdir"][..], &PACKING, &GROUP, &SYNC].concat();
    for point in failpoint::ALL.iter().filter(|point| !is_of(point, &elsewhere)) {
        let repo = set_up();
        let old = repo.tip().expect("a tip");
        repo.ok(&["task", "new", "Lost", "--id", "T-1"]);
        repo.git(&["update-ref", "refs/coord/main", &old]);
        repo.plant("notes/kept", b"a line of its own");
        stopped(repo.coord(&["task", "new", "Stopped", "--id", "T-2"]), point, Action::Kill);
        repo.ok(&["task", "new", "Next", "--id", "T-3"]);
        assert!(repo.task_file("T-1").contains("title: Lost"), "{point}");
        assert!(repo.files().contains_key("notes/kept"), "{point}");
        repo.assert_no_lock();
        repo.fsck_strict();
    }
}

#[test]
fn a_full_disk_is_called_so_and_a_read_only_one_too() {
    let repo = set_up();
    for (action, code) in [("full", "disk_full"), ("readonly", "read_only")] {
        let call = repo
            .coord(&["task", "new", "x"])
            .json()
            .env("GIT_COORD_FAILPOINT", format!("object-write.before={action}"));
        assert_eq!(call.expect(128).error_code(), code);
    }
    assert_eq!(repo.commit_count(), 1);
}

/// Every failpoint is stopped at somewhere above: a step that is added to the write path must find its place here.
#[test]
fn every_step_is_either_ordinary_or_has_a_test_of_its_own() {
    let mut sides: BTreeMap<&str, usize> = BTreeMap::new();
    for point in failpoint::ALL {
        *sides.entry(point.split('.').next().unwrap_or_default()).or_default() += 1;
    }
    assert!(
        SPECIAL.iter().chain(&PACKING).chain(&GROUP).chain(&SYNC).all(|step| sides.contains_key(step)),
        "{sides:?}"
    );
    assert!(sides.values().all(|count| *count == 2), "{sides:?}");
}

/// A repository in memory: what a power cut leaves is not looked at here, and every step waits for the disk.
fn empty() -> Repo {
    Repo::on(Machine::in_memory()).initialised(&[]).expect("a repository")
}

pub(super) fn set_up() -> Repo {
    let repo = empty();
    repo.ok(&["init"]);
    repo
}

/// Runs a call that is stopped at a point, and checks that it has come that far.
#[track_caller]
pub(super) fn stopped(call: Call, point: &str, action: Action) -> Answer {
    let answer = call.env("GIT_COORD_FAILPOINT", format!("{point}={}", action.word())).run();
    if action == Action::Kill {
        assert!(answer.was_killed(), "{point} was not reached: {answer}");
    }
    answer
}

pub(super) fn is_of(point: &str, steps: &[&str]) -> bool {
    steps.contains(&point.split('.').next().unwrap_or_default())
}
