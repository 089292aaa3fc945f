//! `claim`: takes a task.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::Deserialize;

use super::held::Held;
use crate::base::{Kind, Result};
use crate::commands::verb::Group;
use crate::commands::write::{Desk, Write};
use crate::ops::Operation;
use crate::ops::claim;
use crate::records::task::TASK;
use crate::session::{Outcome, Session, resolve, settings};
use crate::sync;

/// Take a task: exactly one of all who try gets it
///
/// Exit code 0 means that you hold it, 3 that somebody else does or that it cannot be taken. You are known as its
/// holder by --session or --claim-id, or else by this worktree and your name; never by the name alone. With a remote,
/// the remote decides: 6 means that it could not be asked, and --offline claims on this machine alone, provisionally.
///
/// Paths reserve: a folder or file, or a pattern with `*`, `?`, `**`, `[ab]` or `{a,b}`, in quotes. Where they overlap
/// with those of a living claim on another task, the claim is refused with exit code 3, or by the git setting
/// coord.overlap (refuse, warn, off) made with a warning. Two globs overlap where both cover a file that git tracks;
/// where one of them, read as a path, is covered by the other; or where both are patterns that cover no tracked file
/// yet, and the folder before the first `*` of one lies in that of the other. --force does not pass over it.
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The task
    #[arg(value_name = "ID")]
    pub id: String,

    /// How long the claim lives without a sign of life: minutes, or a duration like 90m
    #[arg(long, value_name = "DUR")]
    pub ttl: Option<String>,
    /// The id of the claim: of one you hold, or of the new one
    #[arg(long, value_name = "ID")]
    pub claim_id: Option<String>,
    /// A glob of paths that the work will touch, from the top of the repository; may be given several times
    #[arg(long, value_name = "GLOB")]
    pub paths: Vec<String>,
    /// Replace a claim that has given no sign of life for longer than it lives
    #[arg(long, conflicts_with = "force")]
    pub takeover: bool,
    /// Replace a claim that is alive
    #[arg(long)]
    pub force: bool,
}

/// The verb.
pub struct Claim;

impl Write for Claim {
    const NAME: &'static str = "claim";
    const GROUP: Group = Group::Task;
    const OPERATION: fn(claim::Claim) -> Operation = Operation::Claim;
    type Args = Args;
    type Input = claim::Claim;
    type Report = Held;

    fn prepare(args: &Args, session: &Session) -> Result<()> {
        match resolve::one(&session.snapshot()?, &TASK, &args.id) {
            // It may be new, and only there.
            Err(error) if error.code() == "not_found" => match sync::catch_up(session) {
                Err(error) if error.kind() != Kind::Remote => Err(error),
                _ => Ok(()),
            },
            _ => Ok(()),
        }
    }

    fn plan(args: Args, desk: &Desk<'_>) -> Result<claim::Claim> {
        let over = match (args.force, args.takeover) {
            (true, _) => claim::Over::Anybody,
            (_, true) => claim::Over::Stale,
            _ => claim::Over::Nobody,
        };
        let ttl_minutes = args.ttl.map(|ttl| settings::parse_minutes("--ttl", &ttl)).transpose()?;
        Ok(claim::Claim { task: desk.task(&args.id)?, ttl_minutes, claim_id: args.claim_id, paths: args.paths, over })
    }

    fn tell(_: &Self::Input, outcome: &Outcome) -> Held {
        Held::new(outcome)
    }
}
