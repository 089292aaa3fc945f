//! What the demo plays: a coordinator and three agents as real processes, a backlog, a blocker and its answer.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::base::{Error, Kind, Result, text};
use crate::commands::page::{Page, Style, plain, styled};
use crate::commands::verb::Report;
use crate::store::STATE_REF;
use crate::store::scratch::{Scratch, quiet};

/// Who works in the demo.
const AGENTS: [&str; 3] = ["dev-1", "dev-2", "dev-3"];

/// Who steers in the demo.
const COORDINATOR: &str = "ada";

/// The backlog: id, title, priority, what it waits for.
const BACKLOG: &[(&str, &str, &str, &[&str])] = &[
    ("plan", "Write the plan", "P0", &[]),
    ("parser", "Parse the input", "P1", &["plan"]),
    ("store", "Keep the records", "P1", &["plan"]),
    ("report", "Print the report", "P2", &["parser", "store"]),
    ("docs", "Describe the format", "P2", &["parser"]),
    ("tests", "Test it end to end", "P1", &["report"]),
    ("release", "Release it", "P0", &["tests", "docs"]),
];

/// The task that cannot go on without an answer.
const STUCK: &str = "parser";

/// After how long the demo gives up.
const LONGEST: Duration = Duration::from_secs(60);

/// What was played.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Played {
    /// What was typed and answered, in the order of the answers.
    pub transcript: Vec<Line>,
    /// The page of `status` while one of them waited for an answer.
    pub status: String,
    /// What `git log --oneline` of the ref says.
    pub log: Vec<String>,
    /// How many tasks there were; each was done exactly once.
    pub tasks: usize,
    /// How many commits were made.
    pub commits: usize,
}

/// One command of somebody, and the first lines of the answer.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Line {
    /// Who typed it.
    pub agent: String,
    /// What was typed.
    pub command: String,
    /// What was answered.
    pub answer: Vec<String>,
}

/// The stage: a repository, and what was said so far.
struct Stage {
    program: PathBuf,
    transcript: Mutex<Vec<Line>>,
    status: Mutex<String>,
    deadline: Instant,
}

/// Plays the demo.
///
/// # Errors
/// Where git cannot be run or nothing can be written; `demo_failed` where the play did not come to its end.
pub fn play() -> Result<Played> {
    let program = std::env::current_exe().map_err(|err| Error::fatal("io", "cannot find this program").because(err))?;
    let stage =
        Stage { program, transcript: Mutex::default(), status: Mutex::default(), deadline: Instant::now() + LONGEST };
    let scratch = Scratch::new()?;
    let home = scratch.main();
    stage.prepare(&home)?;
    let desks = AGENTS.iter().map(|agent| scratch.worktree(agent)).collect::<Result<Vec<_>>>()?;
    stage.act(&home, &desks)?;
    finish(stage, &scratch, &home)
}

impl Stage {
    /// Sets the repository up, with its people and its backlog.
    fn prepare(&self, home: &Path) -> Result<()> {
        self.say(COORDINATOR, home, &["init"])?;
        self.say(COORDINATOR, home, &["agent", "new", COORDINATOR, "--role", "coordinator"])?;
        for agent in AGENTS {
            self.say(COORDINATOR, home, &["agent", "new", agent, "--role", "developer", "--reports-to", COORDINATOR])?;
        }
        for (id, title, priority, on) in BACKLOG {
            let mut words = vec!["task", "new", title, "--id", id, "--priority", priority];
            on.iter().for_each(|on| words.extend(["--depends-on", on]));
            self.say(COORDINATOR, home, &words)?;
        }
        Ok(())
    }

    /// Lets everybody act at once, each in a worktree of its own.
    fn act(&self, home: &Path, desks: &[PathBuf]) -> Result<()> {
        std::thread::scope(|scope| {
            let coordinator = scope.spawn(|| self.coordinate(home));
            let workers: Vec<_> =
                AGENTS.iter().zip(desks).map(|(agent, desk)| scope.spawn(move || self.work(agent, desk))).collect();
            let mut all = workers.into_iter().chain([coordinator]);
            all.try_for_each(|actor| actor.join().unwrap_or_else(|_| Err(failed("an actor fell over"))))
        })
    }

    /// Takes what is ready, until nothing is left.
    fn work(&self, agent: &str, desk: &Path) -> Result<()> {
        loop {
            let taken = self.ask(agent, desk, &["next", "--claim"])?;
            let Some(task) = taken["record"]["id"].as_str() else {
                if self.is_over(agent, desk)? {
                    return Ok(());
                }
                self.pause()?;
                continue;
            };
            if task == STUCK {
                self.get_unstuck(agent, desk)?;
            }
            self.say(agent, desk, &["note", task, "--progress", "half way"])?;
            self.say(agent, desk, &["done", task, "works, with tests"])?;
        }
    }

    /// Says that a task cannot go on, and waits for the answer.
    fn get_unstuck(&self, agent: &str, desk: &Path) -> Result<()> {
        self.say(agent, desk, &["block", STUCK, "Which format comes first: JSON or YAML?"])?;
        loop {
            let inbox = self.ask(agent, desk, &["inbox"])?;
            if let Some(id) = inbox["items"][0]["id"].as_str() {
                return self.say(agent, desk, &["read", id]);
            }
            self.pause()?;
        }
    }

    /// Answers what comes, until nothing is left.
    fn coordinate(&self, home: &Path) -> Result<()> {
        loop {
            let inbox = self.ask(COORDINATOR, home, &["inbox"])?;
            for message in inbox["items"].as_array().into_iter().flatten() {
                let field = |name: &str| message[name].as_str().unwrap_or_default();
                if field("type") == "blocker" {
                    self.look(home)?;
                }
                self.say(COORDINATOR, home, &["read", field("id")])?;
                if field("type") == "blocker" {
                    let answer = ["send", field("from"), "JSON first.", "--type", "response", "--thread", field("id")];
                    // The task goes on before the answer arrives, so that whoever waits for the answer can go on.
                    self.say(COORDINATOR, home, &["unblock", field("thread")])?;
                    self.say(COORDINATOR, home, &answer)?;
                }
            }
            if self.is_over(COORDINATOR, home)? {
                return Ok(());
            }
            self.pause()?;
        }
    }

    /// Keeps the page that the coordinator sees now.
    fn look(&self, home: &Path) -> Result<()> {
        let page = self.run(COORDINATOR, home, &["status"], &["--color=never"])?;
        *self.status.lock().map_err(|_| failed("an actor fell over"))? =
            String::from_utf8_lossy(&page.stdout).into_owned();
        Ok(())
    }

    fn is_over(&self, agent: &str, folder: &Path) -> Result<bool> {
        Ok(self.ask(agent, folder, &["task", "list", "--status", "open"])?["total"] == 0)
    }

    fn pause(&self) -> Result<()> {
        if Instant::now() > self.deadline {
            return Err(Error::new(Kind::Busy, "demo_failed", "the demo did not come to its end in a minute"));
        }
        std::thread::sleep(Duration::from_millis(20));
        Ok(())
    }

    /// Types a command for somebody, and keeps it with the first lines of its answer.
    fn say(&self, agent: &str, folder: &Path, words: &[&str]) -> Result<()> {
        let output = self.run(agent, folder, words, &["--color=never"])?;
        let answer = String::from_utf8_lossy(&output.stdout).lines().take(2).map(str::to_owned).collect();
        if !output.status.success() {
            let words = words.join(" ");
            return Err(failed(&format!("git coord {words}: {}", String::from_utf8_lossy(&output.stderr).trim())));
        }
        let line = Line { agent: agent.to_owned(), command: typed(words), answer };
        self.transcript.lock().map_err(|_| failed("an actor fell over"))?.push(line);
        Ok(())
    }

    /// Asks something for somebody: the data of the answer, also of a negative one. What was taken is kept.
    fn ask(&self, agent: &str, folder: &Path, words: &[&str]) -> Result<Value> {
        let output = self.run(agent, folder, words, &["--json"])?;
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        if !output.status.success() && output.status.code() != Some(1) {
            return Err(failed(String::from_utf8_lossy(&output.stderr).trim()));
        }
        let data = answer["data"].clone();
        if let (Some(title), Some(claim)) = (data["record"]["title"].as_str(), data["claim"]["id"].as_str()) {
            let answer = vec![
                format!("Claimed {}: {title}", data["record"]["id"].as_str().unwrap_or_default()),
                format!("  claim {claim}"),
            ];
            let line = Line { agent: agent.to_owned(), command: typed(words), answer };
            self.transcript.lock().map_err(|_| failed("an actor fell over"))?.push(line);
        }
        Ok(data)
    }

    fn run(&self, agent: &str, folder: &Path, words: &[&str], flags: &[&str]) -> Result<std::process::Output> {
        let mut command = Command::new(&self.program);
        quiet(&mut command, folder);
        command.env("GIT_COORD_AGENT", agent).args(words).args(flags);
        command.output().map_err(|err| Error::fatal("io", "cannot start this program again").because(err))
    }
}

fn finish(stage: Stage, scratch: &Scratch, home: &Path) -> Result<Played> {
    let events = stage.ask(COORDINATOR, home, &["events", "--type", "task.completed", "--limit", "1000"])?;
    let completed = events["items"].as_array().map_or(0, Vec::len);
    if completed != BACKLOG.len() {
        return Err(failed(&format!("{} tasks, and {completed} were finished", BACKLOG.len())));
    }
    scratch.git(&["fsck", "--strict", "--no-progress"])?;
    let log: Vec<String> =
        scratch.git(&["log", "--format=%h %an: %s", STATE_REF])?.lines().map(str::to_owned).collect();
    Ok(Played {
        transcript: stage.transcript.into_inner().map_err(|_| failed("an actor fell over"))?,
        status: stage.status.into_inner().map_err(|_| failed("an actor fell over"))?,
        commits: log.len(),
        log,
        tasks: BACKLOG.len(),
    })
}

/// What a person would have typed.
fn typed(words: &[&str]) -> String {
    let word = |word: &&str| if word.contains(' ') { format!("\"{word}\"") } else { (*word).to_owned() };
    format!("git coord {}", words.iter().map(word).collect::<Vec<_>>().join(" "))
}

fn failed(why: &str) -> Error {
    Error::fatal("demo_failed", format!("the demo failed: {}", text::excerpt(why, 300)))
}

impl Report for Played {
    fn text(&self, page: &mut Page) {
        page.heading("A coordinator and three agents, each a process of its own in a linked worktree");
        for line in &self.transcript {
            page.line([
                styled(Style::Id, format!("{:>5}", line.agent)),
                styled(Style::Dim, " $ "),
                plain(&line.command),
            ]);
            for answer in &line.answer {
                page.line([styled(Style::Dim, format!("        {answer}"))]);
            }
        }
        page.heading(format!("git coord status, while {STUCK} waits for an answer"));
        page.text(0, &self.status);
        page.heading(format!("git log {STATE_REF}"));
        self.log.iter().for_each(|line| page.say(line));
        page.blank();
        let done = format!(
            "{} tasks, each done exactly once; {} commits on {STATE_REF}, none anywhere else.",
            self.tasks, self.commits
        );
        page.line([styled(Style::Good, done)]);
        page.line([styled(Style::Dim, "The repository is gone again. In yours: git coord init")]);
    }
}
