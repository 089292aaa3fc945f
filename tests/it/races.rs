//! Many processes at once: one winner, nothing lost, and readers that never notice.
//!
//! Every count is exact. Half of the rounds start from the gate, where all have looked at the state before any has
//! changed it; the other half start as they come.

use std::collections::{BTreeMap, BTreeSet};

use crate::harness::{Answer, Call, Repo, race, race_from_the_gate};

/// How many processes race.
const PROCESSES: usize = 64;

/// How often they race for one task.
const ROUNDS: usize = 8;

/// How often each variant of that race is run.
const VARIANT_ROUNDS: usize = 2;

#[test]
fn one_of_many_agents_wins_a_task() {
    let repo = Repo::set_up().live();
    for round in 0..ROUNDS {
        one_winner(&repo, round, |task, n| repo.coord(&["claim", task]).agent(&format!("agent-{n}")));
    }
    assert_eq!(repo.commit_count(), 1 + 2 * ROUNDS, "the first commit, and for each round a new task and one claim");
    assert_eq!(repo.reflog_commits(), repo.commit_count());
    repo.fsck_strict();
}

#[test]
fn one_of_many_processes_with_the_same_name_wins_a_task() {
    let repo = Repo::set_up().live();
    for round in 0..VARIANT_ROUNDS {
        one_winner(&repo, round, |task, _| repo.coord(&["claim", task]).agent("twin"));
    }
}

#[test]
fn one_of_many_sessions_wins_a_task() {
    let repo = Repo::set_up().live();
    for round in 0..VARIANT_ROUNDS {
        one_winner(&repo, round, |task, n| repo.coord(&["claim", task]).agent("twin").session(&format!("s-{n}")));
    }
}

#[test]
fn one_of_many_linked_worktrees_wins_a_task() {
    let repo = Repo::set_up().live();
    let trees: Vec<Repo> = (0..8).map(|n| repo.worktree(&format!("tree-{n}"))).collect();
    for round in 0..VARIANT_ROUNDS {
        one_winner(&repo, round, |task, n| trees[n % trees.len()].coord(&["claim", task]).agent("twin"));
    }
}

#[test]
fn processes_of_one_session_all_hold_the_one_claim() {
    let repo = Repo::set_up().live();
    repo.ok(&["task", "new", "Shared", "--id", "T-1"]);
    let call = |_| repo.coord(&["claim", "T-1"]).json().agent("twin").session("same");
    let answers = race_from_the_gate(&repo, (0..PROCESSES).map(call).collect());
    assert_eq!(exits(&answers), BTreeMap::from([(0, PROCESSES)]), "{}", told(&answers));
    let claims: BTreeSet<String> = answers.iter().map(|answer| answer.data()["claim"]["id"].to_string()).collect();
    assert_eq!(claims.len(), 1, "{claims:?}");
    assert_eq!(repo.commit_count(), 3, "the first commit, the task, one claim");
}

#[test]
fn next_gives_each_task_to_one_agent_and_the_rest_nothing() {
    const TASKS: usize = 20;
    for from_the_gate in [true, false] {
        let repo = Repo::set_up().live();
        for n in 0..TASKS {
            repo.ok(&["task", "new", "Work", "--id", &format!("T-{n}")]);
        }
        let call = |n| repo.coord(&["next", "--claim"]).json().agent(&format!("agent-{n}"));
        let calls: Vec<Call> = (0..PROCESSES).map(call).collect();
        let answers = if from_the_gate { race_from_the_gate(&repo, calls) } else { race(calls) };
        let wanted = BTreeMap::from([(0, TASKS), (1, PROCESSES - TASKS)]);
        assert_eq!(exits(&answers), wanted, "{}", told(&answers));
        let won = answers.iter().filter(|answer| answer.is_ok());
        let tasks: BTreeSet<String> = won.map(|answer| answer.data()["record"]["id"].to_string()).collect();
        assert_eq!(tasks.len(), TASKS, "each task once: {tasks:?}");
        for answer in answers.iter().filter(|answer| !answer.is_ok()) {
            assert!(answer.data()["record"].is_null(), "{answer}");
        }
        assert_eq!(repo.commit_count(), 1 + TASKS + TASKS);
        repo.fsck_strict();
    }
}

#[test]
fn what_one_of_many_wrote_is_never_lost() {
    const SHARED: usize = 4;
    let repo = Repo::set_up().live();
    repo.ok(&["agent", "new", "bob"]);
    let mut commits = 2;
    for n in 0..SHARED {
        repo.ok(&["task", "new", "Shared", "--id", &format!("S-{n}")]);
    }
    for n in 0..PROCESSES {
        repo.ok(&["task", "new", "Own", "--id", &format!("O-{n}")]);
    }
    commits += SHARED + PROCESSES;

    for round in 0..2 {
        let calls = (0..PROCESSES).map(|n| mixed_call(&repo, round, n)).collect();
        let answers = race(calls);
        let refused: Vec<&Answer> = answers.iter().filter(|answer| !answer.is_ok()).collect();
        assert!(refused.iter().all(|answer| answer.exit() == 3), "{}", told(&answers));
        let history = repo.history();
        let written: BTreeSet<String> = answers.iter().filter(|answer| answer.is_ok()).map(Answer::commit).collect();
        assert_eq!(written.len(), answers.len() - refused.len(), "each acknowledged write has a commit of its own");
        assert!(written.is_subset(&history), "lost from history: {:?}", written.difference(&history));
        commits += written.len();
        assert_eq!(repo.commit_count(), commits, "refused operations leave nothing");
        for (n, answer) in answers.iter().enumerate().filter(|(_, answer)| answer.is_ok()) {
            assert_written(&repo, round, n, answer);
        }
    }
    assert_eq!(repo.reflog_commits(), repo.commit_count());
    assert_eq!(repo.git(&["rev-list", "--merges", "refs/coord/main"]), "", "one line of history");
    repo.assert_no_lock();
    repo.fsck_strict();
}

/// One of eight verbs, by number: four on shared records, four on records of its own.
fn mixed_call(repo: &Repo, round: usize, n: usize) -> Call {
    let (shared, own, new) = (format!("S-{}", (n / 8) % 4), format!("O-{n}"), format!("N-{round}-{n}"));
    let word = format!("word-{round}-{n}");
    let words: Vec<&str> = match n % 8 {
        0 => vec!["note", &shared, &word],
        1 => vec!["task", "new", &word, "--id", &new, "--parent", "S-0"],
        2 => vec!["task", "edit", &shared, "--label", &word],
        3 => vec!["claim", &shared],
        4 => vec!["send", "bob", &word],
        5 if round == 0 => vec!["claim", &own],
        5 => vec!["release", &own, "--handoff", &word],
        6 if round == 0 => vec!["dep", "add", &shared, &own],
        6 => vec!["dep", "rm", &shared, &own],
        _ if round == 0 => vec!["done", &own, &word],
        _ => vec!["reopen", &own],
    };
    repo.coord(&words).json().agent(&format!("agent-{n}"))
}

/// Checks in the tip, with git, that what a call was told has been written is there.
#[track_caller]
fn assert_written(repo: &Repo, round: usize, n: usize, answer: &Answer) {
    let (shared, own) = (format!("S-{}", (n / 8) % 4), format!("O-{n}"));
    let word = format!("word-{round}-{n}");
    let path_in_commit = |folder: &str| {
        let listed = repo.git(&["diff-tree", "-r", "--name-only", "--no-commit-id", &answer.commit()]);
        listed.lines().find(|path| path.starts_with(folder)).map(str::to_owned)
    };
    let is_there = match n % 8 {
        0 | 4 => repo.file(&path_in_commit("messages/").expect("a message")).contains(&word),
        1 => repo.task_file(&format!("N-{round}-{n}")).contains(&word),
        2 => repo.task_file(&shared).contains(&word),
        3 => repo.task_file(&shared).contains(answer.data()["claim"]["id"].as_str().expect("a claim")),
        5 if round == 0 => repo.task_file(&own).contains(answer.data()["claim"]["id"].as_str().expect("a claim")),
        5 => repo.file(&path_in_commit("messages/").expect("a handoff")).contains(&word),
        6 => repo.task_file(&shared).contains(&format!("\n  - {own}\n")) == (round == 0),
        _ => repo.task_file(&own).contains("status: completed") == (round == 0),
    };
    assert!(is_there, "round {round}, number {n} is not in the state: {answer}");
}

#[test]
fn readers_never_fail_while_others_write() {
    const READERS: usize = 24;
    let repo = Repo::set_up().live();
    repo.ok(&["task", "new", "Shared", "--id", "S-1"]);
    let write = |n| repo.coord(&["note", "S-1", &format!("note {n}")]).json().agent("writer");
    let verbs: [&[&str]; 6] =
        [&["ready"], &["show", "S-1"], &["task", "list"], &["thread", "S-1"], &["log"], &["blocked"]];
    let read = |n: usize| repo.coord(verbs[n % verbs.len()]).json().agent("reader");
    let mut calls = Vec::new();
    for n in 0..READERS {
        calls.extend([write(n), read(n)]);
    }
    let answers = race(calls);
    assert_eq!(exits(&answers), BTreeMap::from([(0, 2 * READERS)]), "{}", told(&answers));
    for answer in answers {
        answer.data();
    }
    assert_eq!(repo.commit_count(), 2 + READERS);
}

#[test]
fn all_who_set_up_at_once_get_the_same_state() {
    let repo = Repo::plain().live();
    let answers = race((0..16).map(|_| repo.coord(&["init"]).json()).collect());
    assert_eq!(exits(&answers), BTreeMap::from([(0, 16)]), "{}", told(&answers));
    assert_eq!(repo.commit_count(), 1);
    let commits: BTreeSet<String> = answers.iter().map(Answer::commit).collect();
    assert_eq!(commits.into_iter().collect::<Vec<_>>(), [repo.tip().expect("a tip")]);
    let settings = repo.git(&["config", "--get-all", "log.excludeDecoration"]);
    assert_eq!(settings, "refs/coord/*\nrefs/coord-remotes/*", "each setting once");
}

#[test]
fn one_of_many_takes_a_commit_back_and_the_rest_are_told() {
    let repo = Repo::set_up().live();
    let made = repo.coord(&["task", "new", "Work", "--id", "T-1"]).json().expect(0).commit();
    let answers = race((0..16).map(|_| repo.coord(&["undo", &made]).json()).collect());
    assert_eq!(exits(&answers), BTreeMap::from([(0, 1), (3, 15)]), "{}", told(&answers));
    assert_eq!(repo.data(&["task", "list"])["total"], 0);
    repo.fsck_strict();
}

/// Makes a task, has all processes try to claim it, and checks that one of them has it and knows.
#[track_caller]
fn one_winner(repo: &Repo, round: usize, call: impl Fn(&str, usize) -> Call) {
    let task = format!("T-{round}");
    repo.ok(&["task", "new", "The one", "--id", &task]);
    let calls: Vec<Call> = (0..PROCESSES).map(|n| call(&task, n).json()).collect();
    let answers = if round.is_multiple_of(2) { race_from_the_gate(repo, calls) } else { race(calls) };
    assert_eq!(exits(&answers), BTreeMap::from([(0, 1), (3, PROCESSES - 1)]), "round {round}: {}", told(&answers));
    let winner = answers.iter().find(|answer| answer.is_ok()).expect("one winner");
    let claim = winner.data()["claim"]["id"].as_str().expect("a claim").to_owned();
    assert!(repo.task_file(&task).contains(&claim), "{task} is not held by {claim}: {}", repo.task_file(&task));
    assert_eq!(repo.tip().as_deref(), Some(winner.commit().as_str()), "no commit but the winner's");
    for loser in answers.iter().filter(|answer| !answer.is_ok()) {
        assert_eq!(loser.error_code(), "claim_held", "{loser}");
    }
}

/// Counts the exit codes.
fn exits(answers: &[Answer]) -> BTreeMap<i32, usize> {
    let mut counts = BTreeMap::new();
    for answer in answers {
        *counts.entry(answer.exit()).or_insert(0) += 1;
    }
    counts
}

/// What the processes said, for a test that failed: each different answer of those that did not succeed, once.
fn told(answers: &[Answer]) -> String {
    let odd: BTreeSet<String> = answers
        .iter()
        .filter(|answer| !answer.is_ok())
        .map(|answer| format!("{}: {}", answer.exit(), answer.stderr))
        .collect();
    odd.into_iter().take(8).collect::<Vec<_>>().join("\n")
}
