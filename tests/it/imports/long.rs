//! `apply` of a file that is not held in memory: what comes of it is what comes of a short one, to the last byte.

use std::fs::File;
use std::io::Write;

use rustix::process::Signal;
use serde_json::{Value, json};

use super::{has_begun, names_in, packs, pipe};
use crate::harness::{Answer, Repo};

/// How many bytes a file may have that is held, under test: none.
const LITTLE: (&str, &str) = ("GIT_COORD_TEST_LITTLE", "0");

/// A sequence of numbers that is the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

/// Returns what a line may be about: a task that is there, one that an earlier line has made, or one that nobody knows.
fn task(dice: &mut Dice, made: usize) -> String {
    match dice.below(8) {
        0 => "T-1".to_owned(),
        1 => "t-2".to_owned(),
        2 => "T-3".to_owned(),
        _ if made > 0 => format!("$t{}", dice.below(made)),
        _ => "T-4".to_owned(),
    }
}

fn line(dice: &mut Dice, made: &mut usize, n: usize) -> Value {
    let (id, other) = (task(dice, *made), task(dice, *made));
    match dice.below(26) {
        0..=6 => {
            let mut new = json!({"op": "task new", "as": format!("t{made}"), "title": format!("Task {n}")});
            *made += 1;
            match dice.below(6) {
                0 => new["parent"] = id.into(),
                1 => new["depends_on"] = json!([id, other]),
                2 => new["sprint"] = "S-1".into(),
                3 => new["label"] = json!(["red", "blue"]),
                4 => new["id"] = format!("X-{}", dice.below(6)).into(),
                _ => new["body"] = "A text\nwith two lines".into(),
            }
            new
        }
        7..=9 => json!({"op": "claim", "id": id}),
        10 => json!({"op": "step", "id": id, "name": dice.one(&["design", "build"]), "done": dice.below(2) == 0}),
        11 => json!({"op": "release", "id": id, "handoff": "Half of it works"}),
        12 | 13 => json!({"op": "done", "id": id, "force": dice.below(2) == 0}),
        14 => json!({"op": "cancel", "id": id, "reason": "Not needed"}),
        15 => json!({"op": "reopen", "id": id}),
        16 => json!({"op": "block", "id": id, "reason": "It waits", "on": other}),
        17 => json!({"op": "note", "id": id, "text": format!("Said {n}")}),
        18 => json!({"op": "send", "to": dice.one(&["bob", "all", "role:dev", "ada"]), "text": "Hello", "thread": id}),
        19 => json!({"op": "read", "all": true}),
        20 => json!({"op": "dep add", "id": id, "on": other}),
        21 => json!({"op": "task edit", "id": id, "title": format!("Changed {n}"), "label": ["green"]}),
        22 => json!({"op": "task rm", "id": id, "force": true}),
        23 => match dice.below(3) {
            0 => json!({"op": "sprint new", "id": "S-1", "title": "A sprint"}),
            1 => json!({"op": "sprint start", "id": "S-1", "force": true}),
            _ => json!({"op": "sprint close", "id": "S-1", "force": true}),
        },
        24 => json!({"op": "status post", "text": "On it", "status": "on_track", "sprint": "S-1"}),
        _ => json!({"op": "decision new", "title": format!("Decided {n}"), "reference": [id]}),
    }
}

fn text_of(lines: &[Value], is_array: bool) -> String {
    if is_array {
        return Value::from(lines.to_vec()).to_string();
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn furnished() -> Repo {
    let repo = Repo::set_up();
    for id in ["T-1", "T-2", "T-3", "T-4"] {
        repo.ok(&["task", "new", "A task", "--id", id]);
    }
    repo.ok(&["agent", "new", "bob", "--role", "dev"]);
    repo.ok(&["claim", "T-3", "--agent", "bob"]);
    repo
}

fn apply(repo: &Repo, text: &str, is_long: bool, more: &[&str]) -> Answer {
    let call = repo.coord(&[&["apply", "-", "--agent", "ada"], more].concat()).input(text);
    if is_long { call.env(LITTLE.0, LITTLE.1).run() } else { call.run() }
}

/// Both must have said the same; if not, where they part is shown, and not all of it.
#[track_caller]
fn assert_same(short: &Answer, long: &Answer, what: &str) {
    assert_eq!(short.exit(), long.exit(), "{what}\n{}\n{}", short.stderr, long.stderr);
    for (one, other) in [(&short.stdout, &long.stdout), (&short.stderr, &long.stderr)] {
        let same = one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
        let from = |text: &str| String::from_utf8_lossy(&text.as_bytes()[same.saturating_sub(60)..]).into_owned();
        let shown = |text: &str| from(text).chars().take(200).collect::<String>();
        assert!(one == other, "{what}\n{}\n{}", shown(one), shown(other));
    }
}

/// Does the same lines in both ways, each in a repository of its own; a line that is refused is taken out, and all of it
/// tried again, so that refusals are compared as well.
#[test]
fn long_and_short_come_to_the_same_commit_and_the_same_answer() {
    let (mut refusals, mut landed) = (0, 0);
    for seed in 0..6 {
        let (short, long) = (furnished(), furnished());
        assert_eq!(short.tip(), long.tip(), "the harness makes the same twice");
        let (mut dice, mut made) = (Dice(seed), 0);
        let mut lines: Vec<Value> = (0..40).map(|n| line(&mut dice, &mut made, n)).collect();
        let is_array = seed % 3 == 0;
        loop {
            let text = text_of(&lines, is_array);
            let (one, other) = (apply(&short, &text, false, &["--json"]), apply(&long, &text, true, &["--json"]));
            assert_same(&one, &other, &format!("seed {seed}"));
            assert_eq!(short.tip(), long.tip(), "seed {seed}");
            if one.is_ok() {
                landed += lines.len();
                break;
            }
            refusals += 1;
            let place = one.error()["details"]["place"].as_str().unwrap_or_else(|| panic!("{one}")).to_owned();
            let number: usize = place.rsplit(' ').next().and_then(|n| n.parse().ok()).expect("a number");
            lines.remove(number - 1);
        }
        long.fsck_strict();
        let remembered = |repo: &Repo| names_in(repo.common_dir().join("coord/heartbeats")).len();
        assert_eq!(remembered(&short), remembered(&long), "signs of life, seed {seed}");
        // What people are told, and what a rehearsal says.
        for flags in [&["--dry-run", "--json"][..], &["--dry-run"], &[]] {
            let text =
                "{\"op\":\"task new\",\"title\":\"x\",\"as\":\"x\"}\n{\"op\":\"note\",\"id\":\"$x\",\"text\":\"y\"}\n";
            let answers = (apply(&short, text, false, flags), apply(&long, text, true, flags));
            assert_same(&answers.0, &answers.1, &format!("{flags:?}"));
        }
        assert_eq!(short.tip(), long.tip(), "seed {seed}");
    }
    assert!(refusals > 20 && landed > 100, "{refusals} refusals, {landed} lines");
}

#[test]
fn what_is_wrong_with_a_long_file_is_told_as_of_a_short_one() {
    let (short, long) = (furnished(), furnished());
    let new = "{\"op\":\"task new\",\"title\":\"x\",\"as\":\"a\"}\n";
    let late = format!("{}{{\"op\":\"claim\",\"id\":\"T-3\"}}\n", new.replace(",\"as\":\"a\"", "").repeat(300));
    let files = [
        "",
        "\n\n",
        "[]",
        "[1,{\"op\":\"claim\"}]",
        "[{\"op\":\"claim\",\"id\":\"$x\"}]",
        "[{\"op\":\"ready\"}",
        "nope\n{}",
        "{\"op\":\"claim\"}\n{\"op\":\"dance\"}\n[1]\n",
        &new.repeat(2),
        "{\"op\":\"claim\",\"id\":\"$x\"}\n",
        &late,
        "{\"op\":\"task new\",\"title\":7}\n",
        "\u{feff}{\"op\":\"note\",\"id\":\"T-1\",\"text\":\"-\"}",
    ];
    let before = (long.commit_count(), names_in(long.common_dir().join("objects/pack")));
    for file in files {
        let answers = (apply(&short, file, false, &["--json"]), apply(&long, file, true, &["--json"]));
        assert_same(&answers.0, &answers.1, file);
    }
    // Only the last one has done anything.
    assert_eq!(long.commit_count(), before.0 + 1);
    assert_eq!(packs(&long), before.1.iter().filter(|name| name.ends_with(".pack")).count() + 1);
    assert!(names_in(long.common_dir().join("coord/packing")).is_empty());
}

/// Returns lines that are more than is held in memory, and that make so many tasks.
fn many(tasks: usize) -> String {
    let body = "What is to be done. ".repeat(60);
    let line = |n| format!("{}\n", json!({"op": "task new", "title": format!("Task {n}"), "body": body}));
    (0..tasks).map(line).collect()
}

#[test]
fn a_long_file_is_read_from_a_file_a_stream_and_a_pipe() {
    const TASKS: usize = 400;
    let repo = Repo::set_up();
    let (text, commits) = (many(TASKS), repo.commit_count());
    assert!(text.len() > 256 << 10);
    std::fs::write(repo.path.join("plan.jsonl"), &text).expect("a file");
    repo.ok(&["apply", "plan.jsonl"]);
    let answer = repo.coord(&["apply", "-"]).json().input(&text).expect(0).data();
    assert_eq!((answer["records"].as_array().map(Vec::len), &answer["more_records"]), (Some(200), &json!(200)));
    assert_eq!((answer["events"].as_array().map(Vec::len), &answer["more_events"]), (Some(200), &json!(200)));
    let path = pipe(&repo, "plan");
    let call = repo.coord(&["apply", "plan"]).start();
    let mut lines = File::options().write(true).open(path).expect("somebody reads");
    lines.write_all(text.as_bytes()).expect("somebody reads");
    drop(lines);
    assert!(call.wait().is_ok());
    assert_eq!((repo.commit_count(), packs(&repo)), (commits + 3, 3));
    assert_eq!(repo.data(&["task", "list", "--limit", "1"])["total"], 3 * TASKS);
    repo.fsck_strict();
}

#[test]
fn a_long_file_of_which_the_last_line_does_not_fit_changes_nothing() {
    let repo = Repo::set_up();
    let (tip, before) = (repo.tip(), names_in(repo.common_dir().join("objects/pack")));
    for last in ["{\"op\":\"claim\",\"id\":\"nowhere\"}\n", "{\"op\":\"claim\"}\n", "{\"op\":"] {
        let answer = repo.coord(&["apply", "-"]).json().input(many(400) + last).expect(5);
        let place = if answer.error_code() == "bad_line" { "lines" } else { "place" };
        assert!(answer.error()["details"][place].to_string().contains("401"), "{answer}");
        assert_eq!((repo.tip(), names_in(repo.common_dir().join("objects/pack"))), (tip.clone(), before.clone()));
        assert!(names_in(repo.common_dir().join("coord/packing")).is_empty());
    }
}

#[test]
fn a_long_file_is_decided_again_on_what_others_have_done_meanwhile() {
    let repo = Repo::set_up();
    repo.ok(&["task", "new", "Theirs", "--id", "T-1"]);
    // The lock is held by somebody else, so that all is decided before its turn comes.
    let gate = repo.path.join("gate");
    let lock = File::options().create(true).append(true).open(repo.common_dir().join("coord/lock")).expect("a lock");
    lock.lock().expect("nobody has it");
    let call = repo.coord(&["apply", "-"]).json().env(LITTLE.0, LITTLE.1);
    let lines =
        "{\"op\":\"task new\",\"title\":\"x\",\"id\":\"X-1\"}\n{\"op\":\"note\",\"id\":\"T-1\",\"text\":\"y\"}\n";
    let waiting = std::thread::spawn(move || call.input(lines).run());
    crate::harness::within(crate::harness::PATIENCE, "a pack stands ready", || packs(&repo) == 1);
    // Git moves the ref without our queue.
    let other = repo.git(&["commit-tree", "refs/coord/main^{tree}", "-p", "refs/coord/main", "-m", "Meanwhile"]);
    repo.git(&["update-ref", "refs/coord/main", &other]);
    drop((gate, lock));
    let answer = waiting.join().expect("no panic");
    assert!(answer.is_ok(), "{answer}");
    assert_eq!(repo.git(&["rev-parse", "refs/coord/main^"]), other);
    assert!(repo.task_file("X-1").contains("title: x"));
    repo.fsck_strict();
}

#[test]
fn a_long_file_that_is_interrupted_has_done_nothing_and_can_be_done_again() {
    for signal in [Signal::INT, Signal::TERM, Signal::KILL] {
        let repo = Repo::set_up();
        let tip = repo.tip();
        let lock =
            File::options().create(true).append(true).open(repo.common_dir().join("coord/lock")).expect("a lock");
        lock.lock().expect("nobody has it");
        std::fs::write(repo.path.join("plan.jsonl"), many(400)).expect("a file");
        let call = repo.coord(&["apply", "plan.jsonl"]).start();
        has_begun(&repo);
        crate::harness::within(crate::harness::PATIENCE, "a pack stands ready", || packs(&repo) == 1);
        call.signal(signal);
        let answer = call.wait();
        assert_eq!((answer.exit(), repo.tip()), (128 + signal.as_raw(), tip), "{signal:?} {answer}");
        drop(lock);
        repo.assert_no_lock();
        assert_eq!(repo.data(&["task", "list"])["total"], 0);
        repo.ok(&["apply", "plan.jsonl"]);
        assert_eq!(repo.data(&["task", "list", "--limit", "1"])["total"], 400);
        assert!(names_in(repo.common_dir().join("coord/packing")).is_empty());
        repo.fsck_strict();
    }
}
