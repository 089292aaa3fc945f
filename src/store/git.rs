//! Running git, for what this program leaves to it: bounded in time, without a prompt nobody can answer.

use std::fs::File;
use std::io::{IsTerminal, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::commit::Person;
use super::fault;
use super::{Found, Store};
use crate::base::{Error, Result, Timestamp};

/// The variable that tells a hook which git runs for us that it is we who have started that git: the common dir.
pub const WITHIN: &str = "GIT_COORD_WITHIN";

/// One call of git in the repository of a store.
pub(super) struct Call {
    arguments: Vec<String>,
    variables: Vec<(&'static str, String)>,
    input: Vec<u8>,
    file: Option<File>,
    limit: Duration,
    is_apart: bool,
    is_mute: bool,
}

/// What git said.
pub(super) struct Answer {
    pub(super) status: ExitStatus,
    pub(super) output: String,
    pub(super) errors: String,
}

impl Answer {
    pub(super) fn is_success(&self) -> bool {
        self.status.success()
    }
}

impl Call {
    pub(super) fn new(arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(|&word| word.to_owned()).collect();
        Call {
            arguments,
            variables: Vec::new(),
            input: Vec::new(),
            file: None,
            limit: Duration::from_secs(30),
            is_apart: false,
            is_mute: false,
        }
    }

    pub(super) fn input(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = input.into();
        self
    }

    /// Has git read a file.
    pub(super) fn read_from(mut self, file: File) -> Self {
        self.file = Some(file);
        self
    }

    pub(super) fn within(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Has git end with all that it has started where it takes too long: in a process group of its own, which no terminal
    /// answers.
    pub(super) fn apart(mut self) -> Self {
        self.is_apart = true;
        self
    }

    /// The same, and git asks nobody anything.
    pub(super) fn mute(mut self) -> Self {
        self.is_mute = true;
        self.apart()
    }

    /// Has git speak English, for words that are looked at.
    pub(super) fn plain(mut self) -> Self {
        self.variables.push(("LC_ALL", "C".to_owned()));
        self
    }

    /// Sets who git writes into a reflog, and when.
    pub(super) fn committer(mut self, person: &Person, time: Timestamp) -> Self {
        self.variables.push(("GIT_COMMITTER_NAME", person.name.clone()));
        self.variables.push(("GIT_COMMITTER_EMAIL", person.email.clone()));
        // Without the `@` git takes a small number for something else than seconds.
        self.variables.push(("GIT_COMMITTER_DATE", format!("@{} +0000", time.seconds().max(0))));
        self
    }

    /// Runs git to its end.
    ///
    /// # Errors
    /// `no_git` where there is none to run, `timeout` where it took too long and was ended.
    pub(super) fn run(self, store: &Store) -> Result<Answer> {
        self.start(store)?.answer()
    }

    /// Starts git, so that several can run at the same time.
    ///
    /// # Errors
    /// `no_git` where there is none to run.
    pub(super) fn start(mut self, store: &Store) -> Result<Started> {
        let child = self.command(store).spawn().map_err(|err| Error::fatal("no_git", "cannot run git").because(err))?;
        Ok(Started { child, input: self.input, limit: self.limit, is_apart: self.is_apart })
    }

    /// Runs git to its end, and returns whether it succeeded, and its output as it is.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub(super) fn bytes(self, store: &Store) -> Result<(bool, Vec<u8>)> {
        let (status, output, _) = self.start(store)?.finish()?;
        Ok((status.success(), output))
    }

    fn command(&mut self, store: &Store) -> Command {
        let mut command = store.environment.command("git");
        let places = &store.places;
        command.args(&self.arguments).current_dir(store.work_dir().unwrap_or(&places.git_dir));
        command.env("GIT_DIR", &places.git_dir).env("GIT_COMMON_DIR", &places.common_dir);
        command.env(WITHIN, &places.common_dir);
        if store.work_dir().is_none() && places.found != Found::Named {
            command.env_remove("GIT_WORK_TREE");
        }
        if !std::io::stdin().is_terminal() && store.environment.var("GIT_TERMINAL_PROMPT").is_none() {
            command.env("GIT_TERMINAL_PROMPT", "0");
        }
        if self.is_apart {
            command.process_group(0);
        }
        if self.is_mute {
            command.env("GIT_TERMINAL_PROMPT", "0").env("GIT_ASKPASS", "false");
            command.env("SSH_ASKPASS", "false").env("SSH_ASKPASS_REQUIRE", "force");
        }
        command.envs(std::mem::take(&mut self.variables));
        let input = self.file.take().map_or_else(Stdio::piped, Stdio::from);
        command.stdin(input).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
}

/// A git that runs.
pub(super) struct Started {
    child: Child,
    input: Vec<u8>,
    limit: Duration,
    is_apart: bool,
}

impl Started {
    /// Waits for its end. The time that it may take begins now.
    ///
    /// # Errors
    /// `timeout` where it took too long and was ended.
    pub(super) fn answer(self) -> Result<Answer> {
        let (status, output, errors) = self.finish()?;
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Ok(Answer { status, output: text(output), errors: text(errors) })
    }

    fn finish(self) -> Result<(ExitStatus, Vec<u8>, Vec<u8>)> {
        finish(self.child, self.input, self.limit, self.is_apart)
    }
}

/// Waits for a program that was started, no longer than it may take.
///
/// # Errors
/// `timeout`: then it was ended, with all that it had started where it is in a process group of its own.
pub(super) fn finish(
    mut child: Child,
    input: Vec<u8>,
    limit: Duration,
    is_apart: bool,
) -> Result<(ExitStatus, Vec<u8>, Vec<u8>)> {
    let deadline = Instant::now() + limit;
    if let Some(mut stdin) = child.stdin.take() {
        // A thread, as git may write much before it reads; one that does not read at all is no failure of ours.
        std::thread::spawn(move || {
            let _ = stdin.write_all(&input);
        });
    }
    let output = child.stdout.take().map(collect);
    let errors = child.stderr.take().map(collect);
    let gathered = gather(output, deadline).zip(gather(errors, deadline));
    let Some((output, errors)) = gathered else {
        let group = is_apart.then(|| i32::try_from(child.id()).ok().and_then(Pid::from_raw)).flatten();
        if let Some(group) = group {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = child.kill();
        let _ = child.wait();
        return Err(fault::busy("timeout", format!("git did not answer within {limit:?}")));
    };
    let status = child.wait().map_err(|err| fault::io("wait for git", err))?;
    Ok((status, output, errors))
}

fn collect(mut pipe: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes);
        let _ = send.send(bytes);
    });
    receive
}

fn gather(pipe: Option<Receiver<Vec<u8>>>, deadline: Instant) -> Option<Vec<u8>> {
    pipe?.recv_timeout(deadline.saturating_duration_since(Instant::now())).ok()
}
