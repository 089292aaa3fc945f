//! What is done while the power is cut: a row for each way to write.

use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use super::disk::Disk;
use super::judge::Promised;
use super::{Record, cut_everywhere, log, survives, survives_from};
use crate::crash::live_git::Prepared;
use crate::harness::{Machine, PATIENCE, Repo, within};

/// Something that is done, in a repository that is made for it.
pub(super) struct Scenario {
    pub(super) name: &'static str,
    pub(super) prepare: fn() -> Repo,
    pub(super) steps: Vec<Step>,
    /// Whether git collects garbage when the power is back, before anybody writes.
    pub(super) is_collected: bool,
}

/// One step of a scenario.
pub(super) struct Step {
    /// The calls, all at the same time.
    lines: Vec<&'static str>,
    input: String,
    /// What each call is given in its environment.
    env: Vec<(&'static str, &'static str)>,
    /// The failpoint at which the call is killed, where it is.
    killed_at: Option<&'static str>,
    /// A call that shows what was written.
    shown_by: Option<&'static str>,
}

/// What became of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// It was killed.
    Dead,
    /// It was done, and time passed until all it did was on the disk.
    Done,
}

impl Step {
    /// Runs the calls to their end and notes what they were promised.
    pub(super) fn take(&self, repo: &Repo, log: &Path, promised: &mut Promised) {
        let landed = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for line in &self.lines {
                let words = crate::commands::words(line);
                let words: Vec<&str> = words.iter().map(String::as_str).collect();
                let call = repo.coord(&words).json().env("GIT_COORD_TEST_DISK_LOG", log).input(&self.input);
                let call = self.env.iter().fold(call, |call, (name, value)| call.env(name, value));
                let landed = &landed;
                scope.spawn(move || match self.killed_at {
                    Some(point) => {
                        let answer = call.env("GIT_COORD_FAILPOINT", format!("{point}=kill")).run();
                        assert!(answer.was_killed(), "{point} was not reached: {answer}");
                    }
                    None => {
                        let commit = call.expect(0).data()["commit"].as_str().map(str::to_owned);
                        // Where it was so already, that is what was promised.
                        landed.lock().expect("no panic").extend(commit.or_else(|| repo.tip()));
                    }
                });
            }
        });
        let landed = landed.into_inner().expect("no panic");
        promised.is_set_up |= !landed.is_empty();
        promised.commits.extend(landed);
        promised.shows.extend(self.shown_by);
    }

    pub(super) fn end(&self) -> End {
        if self.killed_at.is_some() { End::Dead } else { End::Done }
    }

    fn shown_by(self, line: &'static str) -> Step {
        Step { shown_by: Some(line), ..self }
    }

    fn input(self, input: String) -> Step {
        Step { input, ..self }
    }

    fn killed_at(self, point: &'static str) -> Step {
        Step { killed_at: Some(point), ..self }
    }

    fn beside(mut self, line: &'static str) -> Step {
        self.lines.push(line);
        self
    }
}

fn step(line: &'static str) -> Step {
    Step { lines: vec![line], input: String::new(), env: Vec::new(), killed_at: None, shown_by: None }
}

fn scenario<const N: usize>(name: &'static str, prepare: fn() -> Repo, steps: [Step; N]) -> Scenario {
    Scenario { name, prepare, steps: steps.into(), is_collected: false }
}

fn empty_with(options: &[&str]) -> Repo {
    Repo::on(Machine::in_memory()).initialised(&[&["--template="], options].concat()).expect("a repository")
}

fn empty() -> Repo {
    empty_with(&[])
}

fn furnished(repo: Repo) -> Repo {
    repo.ok(&["init"]);
    repo.ok(&["task", "new", "Old", "--id", "T-old"]);
    repo.ok(&["task", "new", "First", "--id", "T-1"]);
    repo
}

fn with_tasks() -> Repo {
    furnished(empty())
}

fn packed() -> Repo {
    let repo = with_tasks();
    repo.git(&["gc", "--quiet"]);
    repo
}

fn sha256() -> Repo {
    furnished(empty_with(&["--object-format=sha256"]))
}

fn hooked() -> Repo {
    let repo = with_tasks();
    repo.hook("reference-transaction", "#!/bin/sh\nexit 0\n");
    repo
}

#[test]
fn setting_up() {
    survives(&scenario("init", empty, [step("init")]));
}

#[test]
fn setting_up_after_one_that_was_killed() {
    for point in ["coord-mkdir.after", "ref-mkdir.after", "ref-rename.after"] {
        survives(&scenario("init after a death", empty, [step("init").killed_at(point), step("init")]));
    }
}

#[test]
fn a_ref_that_is_a_file() {
    survives(&scenario("loose", with_tasks, [step("task new Next --id T-2").shown_by("show T-2")]));
}

#[test]
fn a_ref_that_is_packed() {
    survives(&scenario("packed", packed, [step("task new Next --id T-2").shown_by("show T-2")]));
}

#[test]
fn a_repository_of_the_longer_hash() {
    survives(&scenario("sha256", sha256, [step("task new Next --id T-2").shown_by("show T-2")]));
}

#[test]
fn a_ref_that_git_moves() {
    survives(&scenario("hooked", hooked, [step("task new Next --id T-2").shown_by("show T-2")]));
}

#[test]
fn a_claim_and_its_end() {
    let steps = [step("claim T-1").shown_by("show T-1"), step("done T-1 'All done'").shown_by("thread T-1")];
    survives(&scenario("claim", with_tasks, steps));
}

/// The next one finds what it wants, and says so without a commit of its own.
#[test]
fn a_claim_that_a_dead_writer_has_made_is_acknowledged_to_another() {
    const CLAIM: &str = "claim T-1 --claim-id c0ffee --session s-1";
    let steps = [step(CLAIM).killed_at("ref-rename.after"), step(CLAIM).shown_by("show T-1")];
    survives(&scenario("claim of the dead", with_tasks, steps));
}

#[test]
fn a_batch() {
    let lines = "{\"op\":\"task new\",\"title\":\"A\",\"id\":\"A-1\"}\n{\"op\":\"task new\",\"title\":\"B\",\"id\":\"B-1\"}\n\
                 {\"op\":\"note\",\"id\":\"T-1\",\"text\":\"Both\"}\n";
    survives(&scenario("batch", with_tasks, [step("apply -").input(lines.to_owned()).shown_by("show B-1")]));
}

/// So many that they go into a pack.
#[test]
fn an_import() {
    let row = |n: usize| {
        format!(
            "{{\"id\":\"bd-{n}\",\"title\":\"Row {n}\",\"status\":\"open\",\"priority\":2,\"issue_type\":\"task\",\
             \"created_at\":\"2026-01-01T00:00:00Z\",\"updated_at\":\"2026-01-01T00:00:00Z\"}}\n"
        )
    };
    let rows: String = (1..=30).map(row).collect();
    survives(&scenario("import", with_tasks, [step("import beads -").input(rows).shown_by("show bd-30")]));
}

#[test]
fn several_writers_at_once() {
    let together = step("task new A --id A-1").beside("note T-1 B").beside("claim T-old");
    survives(&scenario("together", with_tasks, [together.shown_by("show T-1")]));
}

/// The moment and the randomness of a call that is made twice.
const TWICE: [(&str, &str); 2] = [("GIT_COORD_TEST_NOW", "2026-01-02T04:00:00Z"), ("GIT_COORD_TEST_SEED", "777")];

fn twice() -> Step {
    Step { env: TWICE.into(), ..step("task new Next --id T-2") }
}

/// A repository that has had the very objects that will be written, and has them still: old, and of nobody.
fn remembering() -> Repo {
    let repo = with_tasks();
    let before = repo.tip().expect("a tip");
    twice().take(&repo, &repo.machine.root().join("other.log"), &mut Promised::default());
    let after = repo.tip().expect("a tip");
    repo.git(&["update-ref", "refs/coord/main", &before]);
    for left in ["coord/lock", "logs/refs/coord/main"] {
        std::fs::remove_file(repo.common_dir().join(left)).expect("a file");
    }
    let old = SystemTime::now() - Duration::from_secs(90 * 86_400);
    let fresh = repo.git(&["rev-list", "--objects", "--no-object-names", &after, &format!("^{before}")]);
    for id in fresh.lines() {
        let object = repo.common_dir().join("objects").join(&id[..2]).join(&id[2..]);
        std::fs::File::open(object).and_then(|file| file.set_modified(old)).expect("made old");
    }
    repo
}

#[test]
fn objects_that_were_there_old_and_of_nobody_and_a_gc_afterwards() {
    let known = scenario("remembered", remembering, [twice().shown_by("show T-2")]);
    survives(&Scenario { is_collected: true, ..known });
}

/// Garbage is collected, and what that did comes to the disk, while the writer stands before the ref.
#[test]
fn objects_that_were_there_old_and_of_nobody_and_a_gc_in_between() {
    let repo = remembering();
    repo.git(&["config", "core.filesRefLockTimeout", "60000"]);
    let log = repo.machine.root().join("disk.log");
    let same = repo.git(&["rev-parse", "refs/coord/main"]);
    let git = Prepared::new(&repo, &same);
    let (disk, from, promised) = std::thread::scope(|scope| {
        let (writer, log) = (repo.clone(), &log);
        let writer = scope.spawn(move || {
            let mut promised = Promised { is_set_up: true, ..Promised::default() };
            twice().shown_by("show T-2").take(&writer, log, &mut promised);
            promised
        });
        let noted = || std::fs::read_to_string(log).is_ok_and(|text| text.contains("\"what\":\"note\""));
        within(PATIENCE, "the writer stands before the ref", noted);
        super::collect_garbage(&repo);
        let disk = Disk::but(&repo.common_dir(), "refs/coord/main.lock");
        let from = log::length(log);
        git.abort();
        (disk, from, writer.join().expect("the writer's story"))
    });
    let ops = log::read(&log, &repo.common_dir(), from);
    let promises = vec![(0, Promised { is_set_up: true, ..Promised::default() }), (ops.len(), promised)];
    let record = Record { disk, ops, promises, ends: Vec::new() };
    survives_from(&repo, record, &scenario("gc in between", remembering, []));
}

/// What shows that a disk forgets here: those who choose to wait for none of it lose what they were told.
#[test]
fn who_waits_for_no_disk_loses_what_was_acknowledged() {
    fn careless() -> Repo {
        let repo = with_tasks();
        repo.git(&["config", "coord.fsync", "off"]);
        repo
    }
    let (repo, record) =
        Record::of(&scenario("careless", careless, [step("task new Next --id T-2").shown_by("show T-2")]));
    let (_, faults) = cut_everywhere(&repo, record, false);
    for wanted in ["there is no record T-2", "the repository is damaged"] {
        assert!(faults.iter().any(|fault| fault.contains(wanted)), "{wanted}: {faults:#?}");
    }
}
