//! The flags that a verb takes for what it does to the state, besides its own: `--at` where it reads, `--dry-run` and
//! `--if-match` where it writes.

use clap::{ArgMatches, Args, Command, FromArgMatches as _};

use crate::commands::verb::Effect;
use crate::session::Options;

// Not documentation: clap would take it for the help of the verb.
#[derive(Debug, Clone, Default, Args)]
struct Reading {
    /// Answer as of a moment: a time, how long ago, a commit of the state, or ~3 for three commits ago
    #[arg(long, value_name = "REV", help_heading = "When reading")]
    at: Option<String>,
}

// Not documentation: clap would take it for the help of the verb.
#[derive(Debug, Clone, Default, Args)]
struct Writing {
    /// Write nothing; show what would be different
    #[arg(long, help_heading = "When writing")]
    dry_run: bool,
    /// Write only where this is still the last commit, or the blob of the record
    #[arg(long, value_name = "COMMIT-OR-BLOB", help_heading = "When writing")]
    if_match: Option<String>,
}

/// The flags above that take a value, for finding the verb among the words of a command line.
pub(super) const WITH_VALUE: &[&str] = &["--at", "--if-match"];

/// Those that take none.
pub(super) const SWITCHES: &[&str] = &["--dry-run"];

/// Adds the flags of what a verb does to its parser.
pub(super) fn augment(command: Command, effect: Effect) -> Command {
    match effect {
        Effect::Reads => Reading::augment_args(command),
        Effect::Writes => Writing::augment_args(command),
        Effect::Neither => command,
    }
}

/// Puts what such a parser found into the options of a session.
///
/// # Errors
/// Never for a parser that [`augment`] has made.
pub(super) fn settle(options: Options, matches: &ArgMatches, effect: Effect) -> Result<Options, clap::Error> {
    Ok(match effect {
        Effect::Reads => Options { at: Reading::from_arg_matches(matches)?.at, ..options },
        Effect::Writes => {
            let Writing { dry_run, if_match } = Writing::from_arg_matches(matches)?;
            Options { dry_run, if_match, ..options }
        }
        Effect::Neither => options,
    })
}
