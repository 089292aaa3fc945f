//! Calls of a program: built, run alone or many at once, and their answers.

use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Gate, Repo, conforms};

/// A call that has not been started.
pub(crate) struct Call {
    command: Command,
    words: Vec<String>,
    input: Vec<u8>,
}

impl Call {
    pub(super) fn new(command: Command, words: &[&str]) -> Self {
        let words = words.iter().map(|&word| word.to_owned()).collect();
        Call { command, words, input: Vec::new() }
    }

    /// Returns the first word.
    pub(crate) fn verb(&self) -> String {
        self.words.first().cloned().unwrap_or_default()
    }

    /// Adds `--json`.
    pub(crate) fn json(self) -> Self {
        self.option("--json")
    }

    /// Acts as this agent.
    pub(crate) fn agent(self, name: &str) -> Self {
        self.option("--agent").option(name)
    }

    /// Acts in this session of the agent.
    pub(crate) fn session(self, id: &str) -> Self {
        self.option("--session").option(id)
    }

    pub(crate) fn option(mut self, word: &str) -> Self {
        self.words.push(word.to_owned());
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn input(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.input = bytes.as_ref().to_vec();
        self
    }

    /// Starts it. What it prints is read when it is waited for, so it must not print more than a pipe holds.
    #[track_caller]
    pub(crate) fn start(mut self) -> Running {
        self.command.args(&self.words);
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().expect("the program starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        // A program that does not read its input has nothing against closing it either.
        let _ = stdin.write_all(&self.input);
        Running { words: self.words, child }
    }

    /// Runs it to its end.
    #[track_caller]
    pub(crate) fn run(self) -> Answer {
        self.start().wait()
    }

    /// Runs it to its end, which must be this exit code.
    #[track_caller]
    pub(crate) fn expect(self, exit: i32) -> Answer {
        let answer = self.run();
        assert_eq!(answer.exit(), exit, "{answer}");
        answer
    }
}

/// A call that has been started.
pub(crate) struct Running {
    words: Vec<String>,
    child: Child,
}

impl Running {
    /// Ends it with SIGKILL, if it still runs.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("a process of ours can be killed");
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let pid = i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw).expect("a process");
        rustix::process::kill_process(pid, signal).expect("a process of ours can be sent a signal");
    }

    /// Waits for its end. What it says in JSON must be what the schemas promise.
    #[track_caller]
    pub(crate) fn wait(self) -> Answer {
        let output = self.child.wait_with_output().expect("the program ends");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        let (stdout, stderr) = (text(output.stdout), text(output.stderr));
        let answer = Answer { words: self.words, status: output.status, stdout, stderr };
        conforms::check(&answer);
        answer
    }
}

/// What a call did.
pub(crate) struct Answer {
    pub(crate) words: Vec<String>,
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Answer {
    /// Returns the exit code, or 128 and the number of the signal that ended it.
    pub(crate) fn exit(&self) -> i32 {
        self.status.code().unwrap_or_else(|| 128 + self.status.signal().unwrap_or_default())
    }

    pub(crate) fn is_ok(&self) -> bool {
        self.status.success()
    }

    pub(crate) fn was_killed(&self) -> bool {
        self.status.signal() == Some(9)
    }

    /// Returns the `data` of the JSON on standard output.
    #[track_caller]
    pub(crate) fn data(&self) -> Value {
        let value: Value = serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self}"));
        assert_eq!(value["schema"], "coord/1", "{self}");
        value["data"].clone()
    }

    /// Returns the `error` of the JSON on standard error.
    #[track_caller]
    pub(crate) fn error(&self) -> Value {
        let line = self.stderr.lines().find(|line| line.starts_with('{'));
        let value: Value = line.and_then(|line| serde_json::from_str(line).ok()).unwrap_or_else(|| panic!("{self}"));
        value["error"].clone()
    }

    #[track_caller]
    pub(crate) fn error_code(&self) -> String {
        self.error()["code"].as_str().unwrap_or_else(|| panic!("no code: {self}")).to_owned()
    }

    /// Returns the commit that the JSON names.
    #[track_caller]
    pub(crate) fn commit(&self) -> String {
        self.data()["commit"].as_str().unwrap_or_else(|| panic!("no commit: {self}")).to_owned()
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{} → {}", self.words.join(" "), self.status)?;
        write!(f, "--- stdout\n{}--- stderr\n{}", self.stdout, self.stderr)
    }
}

/// Starts all calls, one after the other as fast as can be, and waits for all.
#[track_caller]
pub(crate) fn race(calls: Vec<Call>) -> Vec<Answer> {
    let running: Vec<Running> = calls.into_iter().map(Call::start).collect();
    running.into_iter().map(Running::wait).collect()
}

/// Starts all calls while the queue of writers is closed, and opens it when all of them stand in it: each has then
/// looked at the state before any of them has changed it.
#[track_caller]
pub(crate) fn race_from_the_gate(repo: &Repo, calls: Vec<Call>) -> Vec<Answer> {
    let gate = Gate::close(repo);
    let count = calls.len();
    let running: Vec<Running> = calls.into_iter().map(Call::start).collect();
    gate.wait_for(count);
    gate.open();
    running.into_iter().map(Running::wait).collect()
}

/// Asks again and again until something is so, and fails the test where it takes too long.
#[track_caller]
pub(crate) fn within(limit: Duration, what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + limit;
    while !is_so() {
        assert!(Instant::now() < deadline, "waited {limit:?} in vain: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}
