//! What every verb says: standard output, standard error, exit code and JSON, as snapshots.
//!
//! A test is a transcript: the commands as one would type them, and all that they answered. Lines of standard error
//! begin with `! `, an exit code other than 0 stands in brackets. The machine is hermetic, its clock ticks a second
//! per command and its ids are seeded, so only object ids and paths are replaced.

mod agent;
mod archive;
mod claim;
mod complete;
mod config;
mod conflicts;
mod decision;
mod every;
mod exchange;
mod front;
mod history;
mod message;
mod moments;
mod progress;
mod remote;
mod search;
mod setup;
mod sprint;
mod status;
mod task;
mod together;
mod undo;

use serde_json::Value;

use crate::harness::{Answer, Call, Repo, normalised};

/// Compares a transcript with the one that is kept.
macro_rules! assert_transcript {
    ($transcript:expr) => {
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => true }, {
            insta::assert_snapshot!($transcript.text())
        })
    };
}
pub(crate) use assert_transcript;

/// Commands in a repository, and what they answered.
pub(crate) struct Transcript {
    pub(crate) repo: Repo,
    text: String,
}

impl Transcript {
    /// Begins in a repository that is set up.
    pub(crate) fn new() -> Self {
        Transcript::of(Repo::set_up())
    }

    /// Begins in any folder.
    pub(crate) fn of(repo: Repo) -> Self {
        Transcript { repo, text: String::new() }
    }

    /// Begins with some tasks: T-1 is important, T-2 waits for T-1, T-3 is a part of T-4.
    pub(crate) fn with_tasks() -> Self {
        let script = Transcript::new();
        for line in [
            "task new 'Wire the parser' --id T-1 --priority P1 --label parser",
            "task new 'Test the parser' --id T-2 --depends-on T-1",
            "task new 'Release' --id T-4 --type feature --priority P3",
            "task new 'Write the notes' --id T-3 --parent T-4 --body 'What is new.'",
        ] {
            script.before(line);
        }
        script
    }

    /// Runs a command that must succeed, and keeps nothing of it.
    #[track_caller]
    pub(crate) fn before(&self, line: &str) -> Answer {
        self.call(line).expect(0)
    }

    /// Lets so many seconds pass.
    pub(crate) fn pass(&self, seconds: u32) {
        (0..seconds).for_each(|_| self.repo.machine.tick(&mut std::process::Command::new("true")));
    }

    /// Returns the call of a command line, without its `git coord`.
    pub(crate) fn call(&self, line: &str) -> Call {
        let words = words(line);
        self.repo.coord(&words.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Runs a command and keeps what it answered.
    #[track_caller]
    pub(crate) fn run(&mut self, line: &str) -> &mut Self {
        let answer = self.call(line).run();
        self.keep(&format!("$ git coord {}", line.replace('\n', "\\n")), &answer)
    }

    /// Runs a command with a text on its standard input.
    #[track_caller]
    pub(crate) fn run_with(&mut self, input: &str, line: &str) -> &mut Self {
        let answer = self.call(line).input(input).run();
        self.keep(&format!("$ printf '{}' | git coord {line}", input.escape_default()), &answer)
    }

    /// Keeps what a call answered, under the words that tell of it.
    pub(crate) fn keep(&mut self, told: &str, answer: &Answer) -> &mut Self {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(&format!("{told}\n"));
        self.text.push_str(&readable(&answer.stdout));
        for line in readable(&answer.stderr).lines() {
            self.text.push_str(&format!("! {line}\n"));
        }
        if answer.exit() != 0 {
            self.text.push_str(&format!("[{}]\n", answer.exit()));
        }
        self
    }

    /// Adds a remark.
    pub(crate) fn say(&mut self, remark: &str) -> &mut Self {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(&format!("# {remark}"));
        self
    }

    /// Returns all that was kept.
    pub(crate) fn text(&self) -> String {
        normalised(&self.repo, &self.text)
    }
}

/// Spreads JSON over lines. Everything else stays as it is, with control characters made visible.
fn readable(text: &str) -> String {
    if text.starts_with("{\"schema\"") && text.lines().count() == 1 {
        let value = serde_json::from_str(text).expect("JSON");
        return format!("{}\n", spread(&value, 0));
    }
    text.chars().map(|c| if c == '\n' { "\n".to_owned() } else { visible(c) }).collect()
}

/// Spreads what does not fit on a line over several.
fn spread(value: &Value, indent: usize) -> String {
    let line = value.to_string();
    if indent + line.len() <= 110 {
        return line;
    }
    let inner = " ".repeat(indent + 2);
    let (open, parts, close): (_, Vec<String>, _) = match value {
        Value::Object(map) => {
            let part = |(key, value)| format!("{inner}{}: {}", Value::from(key), spread(value, indent + 2));
            ('{', map.iter().map(|(key, value)| part((key.as_str(), value))).collect(), '}')
        }
        Value::Array(items) => {
            ('[', items.iter().map(|item| format!("{inner}{}", spread(item, indent + 2))).collect(), ']')
        }
        _ => return line,
    };
    format!("{open}\n{}\n{}{close}", parts.join(",\n"), &inner[2..])
}

fn visible(c: char) -> String {
    if git_coord::base::text::is_unsafe(c) { c.escape_default().to_string() } else { c.to_string() }
}

/// Splits a line as a shell does, with single quotes and nothing else.
pub(crate) fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (n, part) in line.split('\'').enumerate() {
        if n % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

/// Makes a commit that says that it merges the tip and the one before it, and whose tree is of neither.
fn forged_merge(repo: &crate::harness::Repo) -> String {
    let (tip, before) = (repo.git(&["rev-parse", "refs/coord/main"]), repo.git(&["rev-parse", "refs/coord/main~1"]));
    let root = repo.git(&["rev-list", "--max-parents=0", "refs/coord/main"]);
    let mut forge = repo.command("git");
    repo.machine.date(&mut forge);
    forge.args(["commit-tree", "-m", "Merge two lines of changes", "-m", "Coord-Merge: 1", "-p", &tip, "-p", &before]);
    forge.arg(format!("{root}^{{tree}}")).env("GIT_AUTHOR_NAME", "git-coord merge");
    let output = forge.output().expect("git runs");
    String::from_utf8(output.stdout).expect("UTF-8").trim().to_owned()
}
