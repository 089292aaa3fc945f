//! What git's hooks do here. The files that git runs are the shims in the folder `hooks/` of the project: three lines
//! each, which call `git coord hook NAME`; everything else is here.
//!
//! ```text
//! git ─► shim ─► git coord hook NAME ─► the user's own script, where there is one ─► run
//! ```
//!
//! A hook that git runs along with somebody's work must not spoil it: what goes wrong here is a warning, and only a rule
//! that is written down (`docs/hooks.md`) refuses anything.

mod beside;
mod block;
pub mod call;
pub mod chain;
mod fence;
mod file;
pub mod install;
mod line;
mod message;
mod push;
mod receive;

use std::ffi::OsString;

use crate::base::Result;
use crate::session::{Options, Session};
use crate::state::Warning;
use crate::sync;

pub use beside::Addition;
pub use call::Call;

/// A hook of git's that something is done in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hook {
    /// Before anything is pushed.
    PrePush,
    /// Before a server takes what is pushed to it.
    PreReceive,
    /// Before the message of a commit is edited.
    PrepareCommitMsg,
    /// After the message of a commit was edited.
    CommitMsg,
    /// After a merge, as of a pull.
    PostMerge,
    /// After another commit was checked out.
    PostCheckout,
    /// After commits were made anew, as by a rebase.
    PostRewrite,
}

/// The hooks of who works in a clone, in the order in which they are told of.
pub const HOOKS: &[Hook] =
    &[Hook::PrePush, Hook::PrepareCommitMsg, Hook::CommitMsg, Hook::PostMerge, Hook::PostCheckout, Hook::PostRewrite];

/// The hooks of a server.
pub const SERVER: &[Hook] = &[Hook::PreReceive];

/// Where a clone notes what remotes have.
const NOTES: &str = "refs/coord-remotes/";

impl Hook {
    /// Returns the hook that git calls so.
    pub fn find(name: &str) -> Option<Hook> {
        HOOKS.iter().chain(SERVER).copied().find(|hook| hook.name() == name)
    }

    /// Returns git's name for it.
    pub fn name(self) -> &'static str {
        match self {
            Hook::PrePush => "pre-push",
            Hook::PreReceive => "pre-receive",
            Hook::PrepareCommitMsg => "prepare-commit-msg",
            Hook::CommitMsg => "commit-msg",
            Hook::PostMerge => "post-merge",
            Hook::PostCheckout => "post-checkout",
            Hook::PostRewrite => "post-rewrite",
        }
    }

    /// Returns the file that git runs.
    pub fn shim(self) -> &'static str {
        match self {
            Hook::PreReceive => include_str!("../../hooks/pre-receive"),
            Hook::PrePush => include_str!("../../hooks/pre-push"),
            Hook::PrepareCommitMsg => include_str!("../../hooks/prepare-commit-msg"),
            Hook::CommitMsg => include_str!("../../hooks/commit-msg"),
            Hook::PostMerge => include_str!("../../hooks/post-merge"),
            Hook::PostCheckout => include_str!("../../hooks/post-checkout"),
            Hook::PostRewrite => include_str!("../../hooks/post-rewrite"),
        }
    }

    /// Returns whether git writes something to its standard input, which must be read to its end.
    pub fn reads_input(self) -> bool {
        matches!(self, Hook::PrePush | Hook::PreReceive | Hook::PostRewrite)
    }

    /// Returns whether it is about the message of a commit, whose file git names.
    pub fn is_about_a_message(self) -> bool {
        matches!(self, Hook::PrepareCommitMsg | Hook::CommitMsg)
    }

    /// Returns whether it can keep git from what it is about to do.
    pub fn can_refuse(self) -> bool {
        matches!(self, Hook::PrePush | Hook::PreReceive | Hook::PrepareCommitMsg | Hook::CommitMsg)
    }
}

/// What was done in a hook.
#[derive(Debug, Clone, Default)]
pub struct Done {
    /// Whether the state here has moved.
    pub has_moved: bool,
    /// Whether the state was published.
    pub is_published: bool,
    /// What the user should know.
    pub warnings: Vec<Warning>,
}

impl Done {
    fn warn(&mut self, hook: Hook, done: Result<()>) {
        self.warnings.extend(done.err().map(|error| failed(hook, &error)));
    }
}

/// Does what is to be done in a hook that git has called.
///
/// # Errors
/// A refusal by a rule, and `not_a_repository`; whatever else goes wrong is a warning.
pub fn run(hook: Hook, arguments: &[OsString], input: &[u8], options: &Options) -> Result<Done> {
    let mut done = Done::default();
    let call = match Call::open(hook, arguments, options) {
        Ok(Some(call)) => call,
        Ok(None) => return Ok(done),
        // What cannot be judged is not taken.
        Err(error) if hook == Hook::PreReceive || error.code() == "not_a_repository" => return Err(error),
        Err(error) => {
            done.warnings.push(failed(hook, &error));
            return Ok(done);
        }
    };
    match hook {
        Hook::PrePush => done = push::pre_push(&call, input)?,
        Hook::PreReceive => receive::pre_receive(&call, input)?,
        Hook::PrepareCommitMsg => done.warn(hook, message::prepare(&call)),
        Hook::CommitMsg => done.warn(hook, message::finish(&call)),
        Hook::PostMerge | Hook::PostRewrite => done.has_moved = fold_in(call.session()),
        // Single files come out of what is here.
        Hook::PostCheckout if call.word(2) == "0" => {}
        Hook::PostCheckout => done.has_moved = fold_in(call.session()),
    }
    Ok(done)
}

/// Takes in what a fetch has brought. What cannot be taken in is told by the next command, and by `doctor`.
fn fold_in(session: &Session) -> bool {
    sync::fold_in(session)
}

fn failed(hook: Hook, error: &crate::base::Error) -> Warning {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
    Warning::new("hook_failed", format!("nothing was done in {}: {error}{cause}", hook.name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shim_is_a_script_of_three_lines_that_calls_its_own_hook() {
        for hook in HOOKS.iter().chain(SERVER) {
            let lines: Vec<&str> = hook.shim().lines().collect();
            assert_eq!((lines.len(), lines[0]), (3, "#!/bin/sh"), "{hook:?}");
            assert!(lines[1].starts_with("# git coord: "), "{hook:?}");
            assert!(lines[2].ends_with(&format!("exec git-coord hook {} -- \"$@\"", hook.name())), "{hook:?}");
            assert!(hook.shim().ends_with('\n'));
            assert_eq!(Hook::find(hook.name()), Some(*hook));
        }
    }
}
