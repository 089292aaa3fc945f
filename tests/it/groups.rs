//! Changes that one process makes for many: each has its own commit, answer and refusal, as if it had made it itself.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use rustix::process::Signal;

use crate::harness::{Answer, Call, Gate, PATIENCE, Repo, Running, race};

/// How many processes there are.
const CROWD: usize = 64;

fn new(repo: &Repo, id: &str) -> Call {
    repo.coord(&["task", "new", "One of many", "--id", id]).json()
}

/// Starts calls while the queue is closed, the first of them first in it.
#[track_caller]
fn gathered(repo: &Repo, calls: Vec<Call>) -> Vec<Answer> {
    let (gate, count) = (Gate::close(repo), calls.len());
    let mut running: Vec<Running> = Vec::new();
    for call in calls {
        running.push(call.start());
        if running.len() == 1 {
            gate.wait_for_first(1);
        }
    }
    gate.wait_for(count);
    gate.open();
    running.into_iter().map(Running::wait).collect()
}

#[test]
fn who_waits_is_served_by_the_one_before_with_a_commit_of_its_own() {
    let repo = Repo::set_up().live();
    let call = |n| new(&repo, &format!("T-{n}")).agent(&format!("agent-{n}")).session(&format!("s-{n}"));
    let answers = gathered(&repo, (0..CROWD).map(call).collect());
    let (mut commits, files) = (BTreeSet::new(), repo.files());
    for (n, answer) in answers.iter().enumerate() {
        let path = files.keys().find(|path| path.ends_with(&format!("/T-{n}.md"))).expect("the task is there");
        let (data, commit) = (answer.data(), answer.commit());
        assert_eq!(data["record"]["id"], format!("T-{n}"), "{answer}");
        assert_eq!(data["events"][0]["commit"], commit, "{answer}");
        assert_eq!(data["events"][0]["agent"], format!("agent-{n}"), "{answer}");
        assert_eq!(data["events"][0]["session"], format!("s-{n}"), "{answer}");
        assert_eq!(data["events"][0]["blob"], files[path].as_str(), "{answer}");
        let facts =
            repo.git(&["show", "--no-patch", "--format=%an|%cn|%s|%(trailers:key=Coord-Session,valueonly)", &commit]);
        assert!(facts.starts_with(&format!("agent-{n}|Ada|Add task T-{n}: One of many|s-{n}")), "{facts}");
        let changed = repo.git(&["diff-tree", "-r", "--name-only", "--no-commit-id", &commit]);
        assert_eq!(&changed, path, "a commit holds its own change and no other");
        commits.insert(commit);
    }
    assert_eq!(commits.len(), CROWD);
    assert_eq!(repo.commit_count(), 1 + CROWD);
    assert_eq!(repo.git(&["rev-list", "--merges", "refs/coord/main"]), "");
    assert_eq!(repo.reflog_commits(), 1 + CROWD);
    // The first commit, the group of 1 + 63.
    assert_eq!(repo.reflog_length(), 2, "{}", repo.git(&["reflog", "show", "refs/coord/main"]));
    assert_eq!(repo.queue(), Vec::<String>::new());
    repo.assert_no_lock();
    repo.fsck_strict();
}

#[test]
fn one_that_is_refused_is_refused_alone_and_in_its_own_words() {
    let repo = Repo::set_up().live();
    repo.ok(&["task", "new", "Held", "--id", "T-held"]);
    repo.coord(&["claim", "T-held"]).agent("bob").expect(0);
    let claim = || repo.coord(&["claim", "T-held"]).json().agent("carol");
    let alone = claim().expect(3);
    let calls = (0..20).map(|n| if n % 2 == 0 { new(&repo, &format!("T-{n}")) } else { claim() }).collect();
    let before = repo.commit_count();
    for (n, answer) in gathered(&repo, calls).iter().enumerate() {
        match n % 2 {
            0 => assert_eq!(answer.exit(), 0, "{answer}"),
            _ => assert_eq!((answer.exit(), &answer.stdout, &answer.stderr), (3, &alone.stdout, &alone.stderr)),
        }
    }
    assert_eq!(repo.commit_count(), before + 10);
    assert_eq!(repo.reflog_commits(), before + 10);
}

#[test]
fn a_crowd_of_refusals_makes_no_commit() {
    let repo = Repo::set_up().live();
    repo.ok(&["task", "new", "Held", "--id", "T-held"]);
    repo.coord(&["claim", "T-held"]).agent("bob").expect(0);
    let tip = repo.tip();
    let claim = |n| repo.coord(&["claim", "T-held"]).json().agent(&format!("agent-{n}"));
    for answer in gathered(&repo, (0..16).map(claim).collect()) {
        assert_eq!((answer.exit(), answer.error_code().as_str()), (3, "claim_held"), "{answer}");
    }
    assert_eq!(repo.tip(), tip);
    assert_eq!(repo.queue(), Vec::<String>::new());
}

#[test]
fn what_one_of_a_group_has_done_decides_about_the_next() {
    let repo = Repo::set_up().live();
    for n in 0..8 {
        repo.ok(&["task", "new", "Work", "--id", &format!("T-{n}")]);
    }
    let next = |n| repo.coord(&["next", "--claim"]).json().agent(&format!("agent-{n}"));
    let answers = gathered(&repo, (0..24).map(next).collect());
    let won: BTreeSet<String> = answers
        .iter()
        .filter(|answer| answer.is_ok())
        .map(|answer| answer.data()["record"]["id"].to_string())
        .collect();
    assert_eq!(won.len(), 8, "each task once");
    assert_eq!(answers.iter().filter(|answer| answer.exit() == 1).count(), 16);
    assert_eq!(repo.commit_count(), 1 + 8 + 8);
}

#[test]
fn a_claim_made_for_another_is_remembered_in_its_own_worktree() {
    let repo = Repo::set_up().live();
    let trees: Vec<Repo> = (0..3).map(|n| repo.worktree(&format!("tree-{n}"))).collect();
    for n in 0..3 {
        repo.ok(&["task", "new", "Work", "--id", &format!("T-{n}")]);
    }
    let claim = |(n, tree): (usize, &Repo)| tree.coord(&["claim", &format!("T-{n}")]).json().agent("twin");
    let calls = std::iter::once(new(&repo, "T-led")).chain(trees.iter().enumerate().map(claim)).collect();
    assert!(gathered(&repo, calls).iter().all(Answer::is_ok));
    for (n, tree) in trees.iter().enumerate() {
        let twin = &trees[(n + 1) % 3];
        let done = |tree: &Repo| tree.coord(&["done", &format!("T-{n}"), "It is done"]).json().agent("twin").run();
        assert_eq!(done(twin).exit(), 3, "another worktree holds it");
        assert_eq!(done(tree).exit(), 0, "the one that claimed it holds it");
    }
}

#[test]
fn a_precondition_is_that_of_the_one_who_asks() {
    let repo = Repo::set_up().live();
    repo.ok(&["task", "new", "Work", "--id", "T-1"]);
    let tip = repo.tip().expect("a tip");
    let matching = |id: &str| new(&repo, id).option("--if-match").option(&tip);
    let answers = gathered(&repo, vec![matching("T-a"), matching("T-b"), new(&repo, "T-c")]);
    let exits: Vec<i32> = answers.iter().map(Answer::exit).collect();
    assert_eq!(exits, [0, 3, 0], "the tip has moved when it is the second one's turn");
    assert_eq!(answers[1].error_code(), "if_match_failed");
}

#[test]
fn a_dry_run_waits_for_nobody() {
    let repo = Repo::set_up().live();
    let gate = Gate::close(&repo);
    let answer = new(&repo, "T-1").option("--dry-run").expect(0);
    assert!(answer.data()["dry_run"].is_object(), "{answer}");
    gate.open();
    assert_eq!(repo.commit_count(), 1);
}

#[test]
fn an_import_waits_for_its_own_turn() {
    let repo = Repo::set_up().live();
    let made = "\"created_at\":\"2026-01-01T00:00:00.000Z\",\"created_by\":\"ada\",\
                \"updated_at\":\"2026-01-01T00:00:00.000Z\",\"updated_by\":\"ada\"";
    let line = format!("{{\"kind\":\"task\",\"id\":\"T-in\",\"title\":\"Brought\",{made}}}\n");
    let import = repo.coord(&["import", "json", "-"]).json().input(line);
    let answers = gathered(&repo, vec![new(&repo, "T-1"), new(&repo, "T-2"), import]);
    assert!(answers.iter().all(Answer::is_ok), "{}", answers[2]);
    assert_eq!(repo.commit_count(), 4);
    assert!(repo.task_file("T-in").contains("Brought"));
}

/// Another user, another build, another key to sign with: who is of another class is left to do its own work.
#[test]
fn those_of_another_class_do_their_own_work() {
    let repo = Repo::set_up().live();
    let call = |n: usize| {
        let call = new(&repo, &format!("T-{n}"));
        if n.is_multiple_of(3) { call } else { call.env("GIT_COORD_TEST_CLASS", (n % 3).to_string()) }
    };
    let answers = gathered(&repo, (0..12).map(call).collect());
    assert!(answers.iter().all(Answer::is_ok));
    assert_eq!(repo.commit_count(), 13);
    let lines = repo.git(&["reflog", "show", "--format=%H %gs", "refs/coord/main"]);
    let mut newest = repo.tip().expect("a tip");
    // Each move of the ref holds commits of one class only.
    for line in lines.lines().skip(1) {
        let before = line.split(' ').next().expect("a commit");
        let subjects = repo.git(&["log", "--format=%s", &format!("{before}..{newest}")]);
        let class = |subject: &str| {
            let number = subject.split("T-").nth(1)?.split(':').next()?.parse::<usize>().ok()?;
            Some(number % 3)
        };
        let classes: BTreeSet<Option<usize>> = subjects.lines().map(class).collect();
        assert_eq!(classes.len(), 1, "{subjects}");
        newest = before.to_owned();
    }
    assert_eq!(repo.queue(), Vec::<String>::new());
}

#[test]
fn where_git_moves_the_ref_everybody_waits_for_the_lock() {
    let repo = Repo::set_up().live();
    repo.hook("reference-transaction", "#!/bin/sh\nexit 0\n");
    let answers = gathered(&repo, (0..6).map(|n| new(&repo, &format!("T-{n}"))).collect());
    assert!(answers.iter().all(Answer::is_ok));
    assert_eq!((repo.commit_count(), repo.reflog_length()), (7, 7));
    assert_eq!(repo.queue(), Vec::<String>::new());
}

#[test]
fn nobody_waits_longer_than_it_may() {
    let repo = Repo::set_up().live();
    repo.git(&["config", "coord.lockTimeout", "1s"]);
    let (gate, started) = (Gate::close(&repo), Instant::now());
    let answers = race((0..8).map(|n| new(&repo, &format!("T-{n}"))).collect());
    for answer in &answers {
        assert_eq!((answer.exit(), answer.error_code().as_str()), (7, "queue_full"), "{answer}");
    }
    assert!(started.elapsed() < PATIENCE);
    gate.open();
    assert_eq!(repo.commit_count(), 1);
    assert_eq!(repo.queue(), Vec::<String>::new(), "nobody left anything behind");
    repo.ok(&["task", "new", "After", "--id", "T-after"]);
    assert_eq!(repo.commit_count(), 2);
}

#[test]
fn one_that_stops_in_the_midst_of_it_keeps_nobody_for_ever() {
    let repo = Repo::set_up().live();
    repo.git(&["config", "coord.lockTimeout", "1s"]);
    let gate = Gate::close(&repo);
    let stuck = new(&repo, "T-stuck").env("GIT_COORD_FAILPOINT", "landing-write.before=sleep:600000").start();
    gate.wait_for_first(1);
    let waiting = new(&repo, "T-waiting").start();
    gate.wait_for(2);
    gate.open();
    let answer = waiting.wait();
    assert_eq!((answer.exit(), answer.error_code().as_str()), (7, "answer_missing"), "{answer}");
    assert_eq!(answer.error()["details"]["state"], "unknown", "{answer}");
    stuck.signal(Signal::KILL);
    assert!(stuck.wait().was_killed());
    repo.ok(&["task", "new", "After", "--id", "T-after"]);
    assert_eq!(repo.commit_count(), 2, "what nobody asks for any more is not done");
    assert_eq!(repo.queue(), Vec::<String>::new());
}

#[test]
fn several_rounds_of_many_processes_leave_exactly_what_was_acknowledged() {
    const EACH: usize = 3;
    let repo = Repo::set_up().live();
    repo.ok(&["task", "new", "Shared", "--id", "S-1"]);
    let mut wanted = BTreeMap::new();
    for round in 0..EACH {
        let call = |n: usize| {
            let word = format!("word-{round}-{n}");
            let call = match n % 3 {
                0 => repo.coord(&["task", "new", &word, "--id", &format!("T-{round}-{n}")]),
                1 => repo.coord(&["note", "S-1", &word]),
                _ => repo.coord(&["task", "edit", "S-1", "--label", &word]),
            };
            call.json().agent(&format!("agent-{n}"))
        };
        for (n, answer) in race((0..CROWD).map(call).collect()).into_iter().enumerate() {
            assert_eq!(answer.exit(), 0, "{answer}");
            wanted.insert(answer.commit(), (round, n));
        }
    }
    assert_eq!(wanted.len(), EACH * CROWD, "each has a commit of its own");
    let mut history = repo.history();
    for commit in wanted.keys() {
        assert!(history.remove(commit), "{commit} is lost");
    }
    assert_eq!(history.len(), 2, "nothing but the first commit and the task: {history:?}");
    let labels = repo.task_file("S-1");
    let count = (0..EACH).flat_map(|round| (0..CROWD).filter(|n| n % 3 == 2).map(move |n| (round, n)));
    for (round, n) in count {
        assert!(labels.contains(&format!("word-{round}-{n}\n")), "word-{round}-{n} is lost");
    }
    assert_eq!(repo.reflog_commits(), repo.commit_count());
    assert_eq!(repo.queue(), Vec::<String>::new());
    repo.assert_no_lock();
    repo.fsck_strict();
}

/// A call that is killed while it waits takes its request with it.
#[test]
fn one_that_is_killed_while_it_waits_is_not_served() {
    let repo = Repo::set_up().live();
    let gate = Gate::close(&repo);
    let leader = new(&repo, "T-leader").start();
    gate.wait_for_first(1);
    let waiting: Vec<Running> = (0..6).map(|n| new(&repo, &format!("T-{n}")).start()).collect();
    gate.wait_for(7);
    let mut kept = Vec::new();
    for (n, mut running) in waiting.into_iter().enumerate() {
        if n % 2 == 0 {
            running.kill();
            assert!(running.wait().was_killed());
        } else {
            kept.push(running);
        }
    }
    gate.open();
    assert!(leader.wait().is_ok());
    assert!(kept.into_iter().map(Running::wait).all(|answer| answer.is_ok()));
    assert_eq!(repo.commit_count(), 1 + 1 + 3);
    assert_eq!(repo.queue(), Vec::<String>::new());
}
