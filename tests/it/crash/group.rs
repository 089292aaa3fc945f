//! Whoever does the work of others may die at any step, and so may those who have asked: what was acknowledged has
//! happened once, and what was not has happened once or never.

use std::collections::BTreeSet;

use git_coord::base::failpoint;

use super::failpoints::{Action, GROUP, is_of, set_up, stopped};
use crate::harness::{Answer, Gate, Repo, Running};

/// The steps of the one whose turn it is, from the moment at which it is, with few enough changes for loose objects.
const LOOSE: &[&str] = &[
    "ask-take",
    "object-create",
    "object-write",
    "object-sync",
    "object-rename",
    "object-syncdir",
    "next-unlink",
    "next-create",
    "next-write",
    "next-sync",
    "landing-create",
    "landing-write",
    "queue-record",
    "ref-lock",
    "next-drop",
    "log-append",
    "ref-rename",
    "ref-syncdir",
    "queue-acknowledge",
    "ask-answer",
    "landing-drop",
];

/// The same where the objects go into one pack.
const PACKED: &[&str] = &[
    "pack-create",
    "pack-write",
    "index-write",
    "pack-sync",
    "pack-rename",
    "index-rename",
    "pack-syncdir",
    "pack-unkeep",
];

/// One after the other: a leader that is stopped, and some who have asked.
struct Scene {
    repo: Repo,
    round: usize,
}

impl Scene {
    fn new() -> Self {
        let repo = set_up().live();
        repo.ok(&["task", "new", "Shared", "--id", "S-1"]);
        Scene { repo, round: 0 }
    }

    fn name(&self, who: &str) -> String {
        format!("R{}-{who}", self.round)
    }

    /// Begins a call that makes a task whose id is in the subject of its commit.
    fn begin(&self, who: &str, failpoint: Option<String>) -> Running {
        let call = self.repo.coord(&["task", "new", "One of many", "--id", &self.name(who)]).json();
        match failpoint {
            Some(failpoint) => call.env("GIT_COORD_FAILPOINT", failpoint).start(),
            None => call.start(),
        }
    }

    /// Stops the leader of so many others at a point, and looks at what became of all of them.
    #[track_caller]
    fn stop_leader(&mut self, point: &str, action: Action, others: usize) {
        self.round += 1;
        let gate = Gate::close(&self.repo);
        let leader = self.begin("leader", Some(format!("{point}={}", action.word())));
        gate.wait_for_first(1);
        let waiting: Vec<(String, Running)> =
            (0..others).map(|n| (self.name(&format!("w{n}")), self.begin(&format!("w{n}"), None))).collect();
        gate.wait_for(1 + others);
        gate.open();
        let leader = leader.wait();
        if action == Action::Kill {
            assert!(leader.was_killed(), "{point} was not reached: {leader}");
        }
        let answers: Vec<(String, Answer)> = waiting.into_iter().map(|(id, running)| (id, running.wait())).collect();
        for (id, answer) in &answers {
            assert_eq!(answer.exit(), 0, "{point} {id}: {answer}");
            assert_eq!(self.times(id), 1, "{point} {id}: {answer}");
            assert!(self.repo.history().contains(&answer.commit()), "{point} {id}: {answer}");
        }
        let commits: BTreeSet<String> = answers.iter().map(|(_, answer)| answer.commit()).collect();
        assert_eq!(commits.len(), others, "{point}: each has a commit of its own");
        let led = self.times(&self.name("leader"));
        assert!(led == 1 || (led == 0 && !leader.is_ok()), "{point}: {led} times: {leader}");
        self.assert_clean(point);
    }

    /// Returns how many commits made the task.
    fn times(&self, id: &str) -> usize {
        self.repo.subjects().iter().filter(|subject| subject.contains(&format!(" {id}: "))).count()
    }

    /// The next command works at once and leaves nothing behind.
    #[track_caller]
    fn assert_clean(&self, what: &str) {
        self.repo.ok(&["note", "S-1", "Going on"]);
        assert_eq!(self.repo.queue(), Vec::<String>::new(), "{what}");
        self.repo.assert_no_lock();
        self.repo.fsck_strict();
    }
}

fn points<'p>(steps: &'p [&str]) -> impl Iterator<Item = &'static &'static str> + 'p {
    failpoint::ALL.iter().filter(move |point| is_of(point, steps))
}

#[test]
fn a_leader_killed_at_any_step_loses_and_doubles_nothing() {
    let mut scene = Scene::new();
    for point in points(LOOSE) {
        scene.stop_leader(point, Action::Kill, 2);
    }
    // Some of several have their answer, and some have not.
    scene.stop_leader("ask-answer.before:2", Action::Kill, 2);
    scene.stop_leader("ask-take.after:2", Action::Kill, 2);
}

#[test]
fn a_leader_killed_while_it_makes_a_pack_loses_and_doubles_nothing() {
    let mut scene = Scene::new();
    for point in points(PACKED) {
        scene.stop_leader(point, Action::Kill, 6);
    }
}

#[test]
fn a_leader_that_fails_fails_alone() {
    let mut scene = Scene::new();
    for action in [Action::Error, Action::Full] {
        for point in points(LOOSE).filter(|point| point.ends_with(".before")) {
            scene.stop_leader(point, action, 2);
        }
    }
}

/// Begins a leader and others, of which one is stopped.
#[track_caller]
fn stop_waiter(scene: &mut Scene, point: &str, action: Action) -> (Answer, usize) {
    scene.round += 1;
    let gate = Gate::close(&scene.repo);
    let leader = scene.begin("leader", None);
    gate.wait_for_first(1);
    let stopped = scene.begin("stopped", Some(format!("{point}={}", action.word())));
    let is_early = !point.starts_with("ask-drop");
    // One that dies before it has its answer dies while the gate is closed.
    let (early, late) = if is_early { (Some(stopped.wait()), None) } else { (None, Some(stopped)) };
    let other = scene.begin("other", None);
    // What a dead one has left looks like a request that stands.
    gate.wait_for(if is_early { 2 } else { 3 });
    gate.open();
    for (who, running) in [("leader", leader), ("other", other)] {
        let answer = running.wait();
        assert_eq!((answer.exit(), scene.times(&scene.name(who))), (0, 1), "{point}: {answer}");
    }
    let answer = early.or_else(|| late.map(Running::wait)).expect("an answer");
    if action == Action::Kill {
        assert!(answer.was_killed(), "{point} was not reached: {answer}");
    }
    let times = scene.times(&scene.name("stopped"));
    scene.assert_clean(point);
    (answer, times)
}

#[test]
fn what_a_dead_process_has_asked_for_is_not_done() {
    let mut scene = Scene::new();
    for point in points(&["line-open", "ask-create", "ask-write"]) {
        let (_, times) = stop_waiter(&mut scene, point, Action::Kill);
        assert_eq!(times, 0, "{point}");
    }
}

#[test]
fn one_that_dies_with_its_answer_has_been_served_once() {
    let mut scene = Scene::new();
    for point in points(&["ask-drop"]) {
        let (_, times) = stop_waiter(&mut scene, point, Action::Kill);
        assert_eq!(times, 1, "{point}");
    }
}

#[test]
fn one_that_cannot_ask_fails_alone() {
    let mut scene = Scene::new();
    for action in [Action::Error, Action::Full] {
        for point in ["line-open.before", "ask-create.before", "ask-write.before"] {
            let (answer, times) = stop_waiter(&mut scene, point, action);
            assert_eq!((answer.exit(), times), (128, 0), "{point}: {answer}");
        }
    }
}

#[test]
fn the_folder_of_those_who_ask_can_be_made_again() {
    for point in points(&["queue-mkdir"]) {
        let mut scene = Scene::new();
        stop_waiter(&mut scene, point, Action::Kill);
    }
}

#[test]
fn clearing_away_what_dead_ones_have_asked_for_can_be_stopped() {
    let mut scene = Scene::new();
    for point in points(&["ask-clear"]) {
        scene.round += 1;
        let gate = Gate::close(&scene.repo);
        let leader = scene.begin("leader", Some(format!("{point}=kill")));
        gate.wait_for_first(1);
        let dead = scene.begin("dead", Some("ask-write.after=kill".to_owned())).wait();
        assert!(dead.was_killed(), "{dead}");
        gate.open();
        assert!(leader.wait().was_killed(), "{point} was not reached");
        assert_eq!(scene.times(&scene.name("dead")), 0, "{point}");
        scene.assert_clean(point);
    }
}

#[test]
fn taking_a_request_back_can_be_stopped() {
    let mut scene = Scene::new();
    scene.repo.git(&["config", "coord.lockTimeout", "300ms"]);
    for point in points(&["ask-withdraw"]) {
        scene.round += 1;
        let gate = Gate::close(&scene.repo);
        let first = scene.begin("first", None);
        let call = scene.repo.coord(&["task", "new", "One of many", "--id", &scene.name("dead")]).json();
        stopped_second(&gate, first, call, point);
        gate.open();
        assert_eq!(scene.times(&scene.name("dead")), 0, "{point}");
        scene.assert_clean(point);
    }
}

/// The first waits for the lock itself, so that the second has to ask. Both come too late.
#[track_caller]
fn stopped_second(gate: &Gate, first: Running, call: crate::harness::Call, point: &str) {
    gate.wait_for_first(1);
    stopped(call, point, Action::Kill);
    let first = first.wait();
    assert_eq!((first.exit(), first.error_code().as_str()), (7, "queue_full"), "{first}");
}

/// Every step of a group is stopped at somewhere above.
#[test]
fn every_step_of_a_group_has_a_test() {
    let tried = ["line-open", "ask-create", "ask-write", "ask-drop", "queue-mkdir", "ask-clear", "ask-withdraw"];
    assert!(GROUP.iter().all(|step| LOOSE.contains(step) || tried.contains(step)), "{GROUP:?}");
}
