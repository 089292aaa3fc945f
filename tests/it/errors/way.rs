//! A way to bring a code about: a repository, what is done in it before, and the call. And what is then seen.

use std::fs::File;

use serde_json::Value;

use super::hints;
use crate::commands::words;
use crate::harness::{Answer, Call, Machine, Repo, Surroundings, normalised};

/// What sort of thing a code stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    Error,
    Warning,
    Finding,
}

/// In what the call is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Start {
    /// A repository that is set up: T-1 is important, T-2 waits for T-1, T-3 is a part of T-4.
    Tasks,
    /// A repository that is not set up.
    Plain,
    /// A folder without a repository.
    Nowhere,
}

/// How to bring a code about.
pub(super) struct Way {
    line: &'static str,
    start: Start,
    before: Vec<&'static str>,
    arranged: Vec<fn(&Repo)>,
    held: Option<fn(&Repo) -> File>,
    env: Vec<(&'static str, &'static str)>,
    input: Vec<u8>,
    through_a_shell: bool,
    others_write: bool,
}

/// Begins a way that ends in this command line, without its `git coord`.
pub(super) fn way(line: &'static str) -> Way {
    Way {
        line,
        start: Start::Tasks,
        before: Vec::new(),
        arranged: Vec::new(),
        held: None,
        env: Vec::new(),
        input: Vec::new(),
        through_a_shell: false,
        others_write: false,
    }
}

impl Way {
    /// In a repository that is not set up.
    pub(super) fn not_set_up(self) -> Self {
        Way { start: Start::Plain, ..self }
    }

    /// In a folder without a repository.
    pub(super) fn nowhere(self) -> Self {
        Way { start: Start::Nowhere, ..self }
    }

    /// Runs a command line first: git's where it begins with `git`, else one of the program's.
    pub(super) fn after(mut self, line: &'static str) -> Self {
        self.before.push(line);
        self
    }

    /// Arranges something after those command lines.
    pub(super) fn given(mut self, arrange: fn(&Repo)) -> Self {
        self.arranged.push(arrange);
        self
    }

    /// Holds a lock while the call runs.
    pub(super) fn holding(self, hold: fn(&Repo) -> File) -> Self {
        Way { held: Some(hold), ..self }
    }

    pub(super) fn env(mut self, name: &'static str, value: &'static str) -> Self {
        self.env.push((name, value));
        self
    }

    pub(super) fn input(self, bytes: &[u8]) -> Self {
        Way { input: bytes.to_vec(), ..self }
    }

    /// Has a shell run the line, for what stands behind the call.
    pub(super) fn through_a_shell(self) -> Self {
        Way { through_a_shell: true, ..self }
    }

    /// Others move the ref meanwhile.
    pub(super) fn while_others_write(self) -> Self {
        Way { others_write: true, ..self }
    }

    /// Runs it, and every hint that comes of it.
    pub(super) fn examine(&self, sort: Sort, exit: i32, code: &str) -> Seen {
        let repo = self.prepare();
        let held = self.held.map(|hold| hold(&repo));
        let mut seen = Seen { line: self.line, ..Seen::default() };
        let before = State::of(&repo);
        let answer = self.call(&repo, "--json").run();
        match sort {
            Sort::Error => self.examine_error(&repo, &answer, (exit, code), &mut seen),
            Sort::Warning => {
                let data = if answer.is_ok() { answer.data() } else { Value::Null };
                seen.expect(of_code(&data["warnings"], code).is_some(), "no such warning", &answer);
            }
            Sort::Finding => {
                let findings = answer.stdout.starts_with('{').then(|| answer.data()["findings"].clone());
                let findings = findings.unwrap_or_default();
                let found = of_code(&findings, code);
                seen.expect(answer.exit() == exit && found.is_some(), "no such finding", &answer);
                seen.hints.extend(found.and_then(|found| found["hint"].as_str()).map(str::to_owned));
            }
        }
        if sort != Sort::Warning && !self.others_write {
            seen.problems.extend(before.differences(&State::of(&repo)).map(|what| format!("{}: {what}", self.line)));
        }
        for hint in seen.hints.clone() {
            for command in hints::commands(&hint, &mut seen.bad_hints) {
                seen.hints_run += 1;
                self.try_hint(&repo, &command, &mut seen.bad_hints);
            }
        }
        seen.hints = seen.hints.iter().map(|hint| normalised(&repo, hint)).collect();
        drop(held);
        seen
    }

    fn prepare(&self) -> Repo {
        let repo = Repo::on(Machine::in_memory());
        if self.start == Start::Nowhere {
            self.arranged.iter().for_each(|arrange| arrange(&repo));
            return repo;
        }
        repo.git(&["init", "--quiet", "."]);
        repo.commit_a_file();
        repo.git(&["config", "coord.fsync", "false"]);
        let tasks = [
            "init",
            "task new 'Wire the parser' --id T-1 --priority P1",
            "task new 'Test the parser' --id T-2 --depends-on T-1",
            "task new 'Release' --id T-4 --type feature",
            "task new 'Write the notes' --id T-3 --parent T-4",
        ];
        let tasks = if self.start == Start::Tasks { &tasks[..] } else { &[] };
        for line in tasks.iter().chain(&self.before) {
            let words = words(line);
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            match words[..] {
                ["git", ref rest @ ..] => drop(repo.git(rest)),
                _ => drop(repo.ok(&words)),
            }
        }
        self.arranged.iter().for_each(|arrange| arrange(&repo));
        repo
    }

    fn call(&self, repo: &Repo, flag: &str) -> Call {
        let call = if self.through_a_shell {
            let line = format!("{} {flag} {}", env!("CARGO_BIN_EXE_git-coord"), self.line);
            repo.call("/bin/sh", &["-c", &line])
        } else {
            let words = words(self.line);
            repo.coord(&[&[flag], &words.iter().map(String::as_str).collect::<Vec<_>>()[..]].concat())
        };
        self.env.iter().fold(call, |call, (name, value)| call.env(name, value)).input(&self.input)
    }

    fn examine_error(&self, repo: &Repo, answer: &Answer, (exit, code): (i32, &str), seen: &mut Seen) {
        let line = answer.stderr.lines().find(|line| line.starts_with('{')).unwrap_or("{}");
        let error = serde_json::from_str::<Value>(line).expect("JSON")["error"].clone();
        seen.expect(answer.exit() == exit && error["code"] == code, "another error", answer);
        seen.expect(answer.stdout.is_empty(), "something on standard output", answer);
        seen.expect(error["retryable"] == matches!(exit, 6 | 7), "retryable goes by the exit code", answer);
        let message = error["message"].as_str().unwrap_or_default();
        seen.expect(!message.is_empty() && !message.ends_with('.'), "a message without a full stop", answer);
        let hints = error["hints"].as_array().cloned().unwrap_or_default();
        seen.expect(error["hint"] == hints.first().cloned().unwrap_or_default(), "the first of the hints", answer);
        seen.hints = hints.iter().filter_map(Value::as_str).map(str::to_owned).collect();

        let plain = self.call(repo, "--no-pager").run();
        seen.expect(plain.exit() == exit && plain.stdout.is_empty(), "as text it ends otherwise", &plain);
        // Who only names a group of verbs is shown its help.
        if !plain.stderr.contains("Usage:") {
            // A hook says whose words these are.
            let lines = plain.stderr.lines().map(|line| line.strip_prefix("git coord: ").unwrap_or(line));
            let lines: Vec<&str> = lines.collect();
            let hinted = lines.iter().filter(|line| line.starts_with("hint: ")).count();
            let is_error = lines.first().is_some_and(|line| line.starts_with("error: "));
            seen.expect(is_error && hinted == hints.len(), "other text", &plain);
        }
    }

    /// Runs a hint where the error came, and looks at what it left.
    fn try_hint(&self, repo: &Repo, command: &str, bad: &mut Vec<String>) {
        // What cannot be read as a whole may be replaced by what can: `docs/recovery.md`.
        let is_damaged = !repo.try_git(&["rev-list", "--objects", "--quiet", "refs/coord/main"]).status.success();
        let is_mending = command == "git coord doctor --fix";
        let before = State::of(repo);
        let call = repo.call("/bin/sh", &["-c", command]);
        let answer = self.env.iter().fold(call, |call, (name, value)| call.env(name, value)).run();
        // One is a negative answer, and 129 what git says to a command line that it does not know.
        if !matches!(answer.exit(), 0 | 1) && !hints::may_fail(command) {
            bad.push(format!("{}: the hint does not work: {answer}", self.line));
        }
        if matches!(answer.exit(), 2 | 129) && !command.starts_with("git fsck") {
            bad.push(format!("{}: the hint is no command: {answer}", self.line));
        }
        let after = State::of(repo);
        let is_kept = |path: &str| !repo.git(&["rev-list", "-1", "refs/coord/main", "--", path]).is_empty();
        let is_meant = |what: &str| match what.strip_suffix(" is gone") {
            Some(path) => is_damaged || is_kept(path),
            None => is_damaged && what.contains("does not follow"),
        };
        // What the remote has is noted anew.
        let is_noting = |what: &str| command.starts_with("git coord sync") && what.contains("refs/coord-remotes/");
        let is_excused = |what: &str| (is_mending && is_meant(what)) || is_noting(what);
        let lost = before.losses(repo, &after).filter(|what| !is_excused(what));
        bad.extend(lost.map(|what| format!("{}: the hint `{command}`: {what}", self.line)));
    }
}

/// What was seen of a way.
#[derive(Default)]
pub(super) struct Seen {
    line: &'static str,
    pub(super) hints: Vec<String>,
    pub(super) hints_run: usize,
    /// Where the answer is not as the row says.
    pub(super) problems: Vec<String>,
    /// Where a hint is no help.
    pub(super) bad_hints: Vec<String>,
}

impl Seen {
    fn expect(&mut self, is_so: bool, what: &str, answer: &Answer) {
        if !is_so {
            self.problems.push(format!("{}: {what}: {answer}", self.line));
        }
    }
}

fn of_code<'a>(list: &'a Value, code: &str) -> Option<&'a Value> {
    list.as_array()?.iter().find(|item| item["code"] == code)
}

/// Everything that an error, or a hint, could change.
struct State {
    tip: Option<String>,
    paths: Vec<String>,
    surroundings: Option<Surroundings>,
}

impl State {
    fn of(repo: &Repo) -> State {
        let is_repository = repo.try_git(&["rev-parse", "--git-dir"]).status.success();
        let tip = repo.tip();
        let tree = repo.try_git(&["ls-tree", "-r", "--name-only", "--full-tree", "refs/coord/main"]);
        let paths = String::from_utf8_lossy(&tree.stdout).lines().map(str::to_owned).collect();
        State { tip, paths, surroundings: is_repository.then(|| Surroundings::of(repo)) }
    }

    fn differences(&self, after: &State) -> impl Iterator<Item = String> {
        let moved = (self.tip != after.tip).then(|| format!("the tip moved: {:?} → {:?}", self.tip, after.tip));
        moved.into_iter().chain(self.touched(after))
    }

    /// What is worse than before: a tip that does not follow, a record that is gone, anything else that was touched.
    fn losses(&self, repo: &Repo, after: &State) -> impl Iterator<Item = String> {
        let follows = match (&self.tip, &after.tip) {
            (Some(before), Some(after)) => {
                before == after || repo.try_git(&["merge-base", "--is-ancestor", before, after]).status.success()
            }
            (None, _) => true,
            (Some(_), None) => false,
        };
        let jumped = (!follows).then(|| "the tip does not follow the one before".to_owned());
        let gone = self.paths.iter().filter(|path| !after.paths.contains(path)).map(|path| format!("{path} is gone"));
        // Settings, and hooks, are what a hint may ask for; and a fetch notes what it got, and where history ends now.
        let meant = [".git/config", ".git/FETCH_HEAD", ".git/shallow", ".git/hooks/"];
        let touched = self.touched(after).filter(move |what| !meant.iter().any(|start| what.starts_with(start)));
        jumped.into_iter().chain(gone.collect::<Vec<_>>()).chain(touched)
    }

    fn touched(&self, after: &State) -> impl Iterator<Item = String> {
        let both = self.surroundings.as_ref().zip(after.surroundings.as_ref());
        both.map(|(before, after)| before.differences(after)).unwrap_or_default().into_iter()
    }
}
