//! The way of the state to a remote, and what the remote has: asked, pushed by commit id, and noted.
//!
//! A push is a compare-and-swap: the remote moves its ref from the very commit that was looked at to one that follows it,
//! or refuses. Who was refused looks again and decides anew, which is `sync`'s business.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use super::git::{Answer, Call};
use super::remote::{failed, tracking};
use super::{Oid, RefBackend, Store, remote_prefix};
use crate::base::text::{for_terminal, one_line};
use crate::base::{Error, Kind, Result};

/// How long a remote may take to answer.
const LIMIT: Duration = Duration::from_secs(300);

/// What became of a push.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Pushed {
    /// The remote has it.
    Landed,
    /// Somebody else was first, in the remote's words: what the remote has now must be looked at.
    LostRace(String),
    /// No answer came, and git's words about it: it may have landed, or land yet.
    Unanswered(String),
}

/// The right to be the one process of a clone that publishes again and again. The kernel takes it back from who dies.
pub struct Publisher(#[expect(dead_code, reason = "the lock is let go with it")] Option<std::fs::File>);

/// What a remote says when its ref is no longer where we have seen it, or when somebody is moving it just now.
const RACES: &[&str] = &[
    "non-fast-forward",
    "fetch first",
    "failed to update ref",
    "cannot lock ref",
    "stale info",
    "incorrect old value",
    "reference already exists",
    "failed to lock",
];

/// What git says when it has come to nothing before anything was pushed.
const BEFORE: &[&str] = &[
    "Authentication failed",
    "Connection refused",
    "Could not read from remote repository",
    "Could not resolve host",
    "Failed to connect",
    "Permission denied",
    "Repository not found",
    "could not read Username",
    "could not read Password",
    "does not appear to be a git repository",
    "' not found",
    "requested URL returned error: 4",
    "service not enabled",
    "unable to access",
    "unable to connect",
    "upon initial contact",
];

/// What a remote says when it wants no ref of such a name.
const NAMES: &[&str] = &["hidden ref", "funny ref", "invalid ref", "ref name", "refs/coord", "outside"];

impl Store {
    /// Asks a remote for the refs that fit some patterns, as git prints them. It is a short answer, for which nobody waits
    /// longer than `limit`.
    pub(super) fn ls_remote(&self, remote: &str, patterns: &[&str], limit: Duration) -> Result<String> {
        self.check_remote(remote)?;
        let words = [&["ls-remote", "--refs", "--", remote], patterns].concat();
        let answer = self.ask_remote(remote, &words, limit.min(LIMIT))?;
        if !answer.is_success() {
            return Err(failed("fetch_failed", remote).because(for_terminal(answer.errors.trim())));
        }
        Ok(answer.output)
    }

    /// Pushes a commit as the state of a remote, as long as that is what was `seen`, and notes that the remote has it.
    ///
    /// # Errors
    /// `not_forward` where the commit does not follow what was seen; `no_such_remote`; `push_failed` where the remote could not be reached, `push_refused` where it wants none of it:
    /// with the remote's words as cause. In both cases it has nothing of it.
    pub fn push_state(&self, remote: &str, id: Oid, seen: Option<Oid>) -> Result<Pushed> {
        self.check_remote(remote)?;
        if let Some(seen) = seen
            && !self.is_ancestor(seen, id)?
        {
            let message = format!("cannot publish {id} to «{remote}»: it does not follow {seen}, which is there");
            return Err(Error::fatal("not_forward", message));
        }
        let name = format!("{}main", remote_prefix(&self.config)?);
        let refspec = format!("{id}:{name}");
        // git would also move the ref from any other commit that this one follows. Then what was found out beside the one
        // that was seen may not hold. Nothing is forced: see above.
        let lease = format!("--force-with-lease={name}:{}", seen.map(|id| id.to_string()).unwrap_or_default());
        let answer = match self.push(remote, &[&lease], &refspec) {
            Err(error) if error.code() == "remote_timeout" => return Ok(Pushed::Unanswered(error.to_string())),
            answer => answer?,
        };
        let pushed = judge(&answer, remote)?;
        if pushed == Pushed::Landed {
            self.note_remote_tip(remote, id)?;
        }
        Ok(pushed)
    }

    /// Pushes one ref.
    pub(super) fn push(&self, remote: &str, lease: &[&str], refspec: &str) -> Result<Answer> {
        self.check_remote(remote)?;
        let mirror = format!("remote.{remote}.mirror=false");
        let mut words = vec![];
        if self.config.boolean(&format!("remote.{remote}.mirror"))?.unwrap_or(false) {
            words.extend(["-c", mirror.as_str()]);
        }
        // The user's own hook is about the user's own branches.
        words.extend(["push", "--porcelain", "--no-verify", "--no-follow-tags"]);
        words.extend(lease);
        words.extend(["--recurse-submodules=no", "--", remote, refspec]);
        self.ask_remote(remote, &words, LIMIT)
    }

    /// Notes what a remote has, where git has not done so itself: it goes by refspecs, which may not be there.
    fn note_remote_tip(&self, remote: &str, id: Oid) -> Result<()> {
        if self.tracking_tip(remote)? == Some(id) {
            return Ok(());
        }
        let name = format!("{}main", tracking(remote));
        let (name, id) = (name.as_str(), id.to_string());
        let answer = Call::new(&["update-ref", "-m", "coord: push", name, &id]).plain().run(self)?;
        if answer.is_success() {
            return Ok(());
        }
        // Another process has just noted what it has found there. The next look at the remote tells.
        match answer.errors.contains("lock") {
            true => Ok(()),
            false => Err(Error::fatal("io", format!("cannot move {name}")).because(one_line(&answer.errors))),
        }
    }

    /// Returns the tips that remotes had at the last fetch, for those that had one.
    ///
    /// # Errors
    /// `damaged` where a ref is there and cannot be understood.
    pub fn tracking_tips(&self, remotes: &[String]) -> Result<Vec<(String, Oid)>> {
        let mut tips = Vec::new();
        if self.backend == RefBackend::Reftable && !remotes.is_empty() {
            return self.tracking_tips_by_git(remotes);
        }
        for remote in remotes {
            tips.extend(self.tracking_tip(remote)?.map(|tip| (remote.clone(), tip)));
        }
        Ok(tips)
    }

    /// Asks git once for all of them.
    fn tracking_tips_by_git(&self, remotes: &[String]) -> Result<Vec<(String, Oid)>> {
        let words = ["for-each-ref", "--format=%(refname) %(objectname)", "refs/coord-remotes/"];
        let answer = Call::new(&words).plain().run(self)?;
        if !answer.is_success() {
            return Err(super::fault::damaged("cannot read the refs below refs/coord-remotes/").because(answer.errors));
        }
        let mut tips = Vec::new();
        for remote in remotes {
            let start = format!("{}main ", tracking(remote));
            let id = answer.output.lines().find_map(|line| line.strip_prefix(&start));
            tips.extend(id.map(str::parse).transpose()?.map(|id| (remote.clone(), id)));
        }
        Ok(tips)
    }

    /// Returns how many commits are behind one and not behind another.
    ///
    /// # Errors
    /// `damaged` where one of them cannot be read.
    pub fn count_commits(&self, of: Oid, without: Option<Oid>) -> Result<usize> {
        self.log_since(of, without)?.try_fold(0, |count, commit| commit.map(|_| count + 1))
    }

    pub(super) fn check_remote(&self, remote: &str) -> Result<()> {
        if self.remotes().iter().any(|name| name == remote) {
            return Ok(());
        }
        let message = format!("there is no remote «{}»", crate::base::text::excerpt(remote, 60));
        Err(Error::new(Kind::NotFound, "no_such_remote", message).hint("git remote -v"))
    }

    /// Waits until no other process of this clone is at a sync, so that one does the work of those that wait; no longer than
    /// `wait`. Only speed depends on it: nothing where the time is up, or where no lock can be had.
    pub fn sync_turn(&self, wait: Duration) -> Option<std::fs::File> {
        let file = self.open_lock("sync-open", &self.coord_dir.join("sync")).ok()?;
        let deadline = Instant::now() + wait;
        loop {
            match file.try_lock() {
                Ok(()) => return Some(file),
                Err(std::fs::TryLockError::WouldBlock) if Instant::now() < deadline => {
                    std::thread::sleep(Duration::from_millis(5));
                }
                Err(_) => return None,
            }
        }
    }

    /// Makes this process the one of this clone that publishes to a remote again and again, as long as what is returned is kept;
    /// nothing where another one is. Where no lock can be had each is one.
    pub fn publisher(&self, remote: &str) -> Option<Publisher> {
        let Ok(name) = self.name_of(remote.as_bytes()) else { return Some(Publisher(None)) };
        match self.open_lock("sync-open", &self.coord_dir.join(format!("watch-{name}"))) {
            Ok(file) => match file.try_lock() {
                Ok(()) => Some(Publisher(Some(file))),
                Err(std::fs::TryLockError::WouldBlock) => None,
                Err(_) => Some(Publisher(None)),
            },
            Err(_) => Some(Publisher(None)),
        }
    }

    /// Has remotes answer until then, from now on: what takes longer is ended, and nobody is asked for a password.
    pub fn answer_by(&self, deadline: Instant) {
        self.answer_by.set(Some(deadline));
    }

    /// Returns a call of git that asks a remote.
    pub(super) fn remote_call(&self, words: &[&str], limit: Duration) -> Call {
        match self.answer_by.get() {
            // Who sits before it may be asked for a password, and may interrupt it.
            None if std::io::stdin().is_terminal() => Call::new(words).within(limit),
            None => Call::new(words).within(limit).apart(),
            Some(deadline) => {
                let left = deadline.saturating_duration_since(Instant::now());
                Call::new(words).within(limit.min(left)).mute()
            }
        }
    }

    fn ask_remote(&self, remote: &str, words: &[&str], limit: Duration) -> Result<Answer> {
        self.check_online(remote)?;
        self.remote_call(words, limit).plain().run(self).map_err(|err| match err.code() {
            "timeout" => failed("remote_timeout", remote).because(err),
            _ => err,
        })
    }
}

/// Finds out what became of a push. Of the line of a ref only the flag in front is for machines.
pub(super) fn judge(answer: &Answer, remote: &str) -> Result<Pushed> {
    if answer.is_success() {
        return Ok(Pushed::Landed);
    }
    let rejected = answer.output.lines().find_map(|line| line.strip_prefix("!\t"));
    let Some(rejected) = rejected else {
        let words = for_terminal(answer.errors.trim());
        // Who has said nothing of the ref may have taken it all the same, unless the connection did not come about.
        return match BEFORE.iter().any(|before| answer.errors.contains(before)) {
            true => Err(unreachable(remote).because(words)),
            false => Ok(Pushed::Unanswered(words)),
        };
    };
    if rejected.contains("remote failed to report status") {
        return Ok(Pushed::Unanswered(one_line(rejected)));
    }
    let said = format!("{rejected}\n{}", answer.errors);
    let is_race = RACES.iter().any(|words| rejected.contains(words)) && !said.contains("ermission denied");
    if is_race {
        return Ok(Pushed::LostRace(one_line(rejected)));
    }
    let error = refusal("push_refused", remote, "refused");
    // The hook of ours on a server says what it refuses in its own words, and names the ref.
    let is_judged = answer.errors.contains("git coord: error: ");
    let is_name = |words: &&str| answer.errors.contains(*words) || reason(rejected).contains(*words);
    let error = match !is_judged && NAMES.iter().any(is_name) {
        true => error.hint("git coord config coord.remotePrefix refs/heads/coord/"),
        false => error,
    };
    Err(error.because(for_terminal(said.trim())))
}

/// Returns what a remote gives as its reason: what stands behind the names of the refs.
fn reason(rejected: &str) -> &str {
    rejected.split_once('\t').map_or(rejected, |(_, reason)| reason)
}

/// Makes the error for a remote that could not be reached when something was to be published.
pub fn unreachable(remote: &str) -> Error {
    refusal("push_failed", remote, "could not be reached")
}

/// Makes the error for a remote that another process of this clone has waited for in vain, while this one waited for its turn.
pub fn silent(remote: &str) -> Error {
    failed("remote_timeout", remote).because("another process of this clone has just waited for it in vain")
}

/// Makes the error for a remote that shows those who push another state than those who fetch, as one that hides the ref.
pub fn two_faced(remote: &str) -> Error {
    refusal("push_refused", remote, "shows those who push another state than those who fetch")
        .hint("git coord config coord.remotePrefix refs/heads/coord/")
}

fn refusal(code: &'static str, remote: &str, what: &str) -> Error {
    let message =
        format!("cannot publish to «{remote}», which {what}: what it had is here, and what is here is not there");
    Error::new(Kind::Remote, code, message)
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::ExitStatus;

    use super::*;

    fn judged(status: i32, output: &str, errors: &str) -> Result<Pushed> {
        let status = ExitStatus::from_raw(status << 8);
        judge(&Answer { status, output: output.to_owned(), errors: errors.to_owned() }, "origin")
    }

    fn rejected(summary: &str) -> String {
        format!("To x\n!\t0123:refs/coord/main\t{summary}\nDone\n")
    }

    #[test]
    fn a_push_that_somebody_was_faster_than_is_told_from_one_that_is_not_wanted() {
        assert_eq!(judged(0, "To x\n \t0123:refs/coord/main\t1..2\nDone\n", "").expect("pushed"), Pushed::Landed);
        for summary in [
            "[rejected] (non-fast-forward)",
            "[rejected] (fetch first)",
            "[remote rejected] (failed to update ref)",
            "[remote rejected] (cannot lock ref 'refs/coord/main': is at 1 but expected 2)",
            "[rejected] (stale info)",
        ] {
            assert!(matches!(judged(1, &rejected(summary), ""), Ok(Pushed::LostRace(_))), "{summary}");
        }
        let refused = |summary: &str, errors: &str| judged(1, &rejected(summary), errors).expect_err(summary);
        let hook = refused("[remote rejected] (pre-receive hook declined)", "remote: no\n");
        assert_eq!((hook.code(), hook.hints().len()), ("push_refused", 0));
        let ours = "remote: git coord: error: refs/coord/main is not taken\n";
        assert_eq!(refused("[remote rejected] (pre-receive hook declined)", ours).hints().len(), 0);
        let name = refused("[remote rejected] (deny updating a hidden ref)", "");
        assert_eq!((name.code(), name.hints().len()), ("push_refused", 1));
        let locked = refused("[remote rejected] (failed to update ref)", "error: x.lock: Permission denied");
        assert_eq!(locked.code(), "push_refused");
        assert_eq!(judged(128, "", "fatal: Could not resolve host: x").expect_err("nobody").code(), "push_failed");
    }

    #[test]
    fn a_push_without_an_answer_may_have_landed() {
        for (output, errors) in [
            ("", "fatal: the remote end hung up unexpectedly"),
            ("", "error: RPC failed; curl 56 Recv failure: Connection reset by peer"),
            ("To x\n!\t0123:refs/coord/main\t[remote failure] (remote failed to report status)\nDone\n", ""),
        ] {
            assert!(matches!(judged(1, output, errors), Ok(Pushed::Unanswered(_))), "{output}{errors}");
        }
    }
}
