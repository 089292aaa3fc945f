//! Who is asking, when, and with which randomness: all that an operation knows besides the records and its input.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::base::{Seed, Timestamp};
use crate::query::overlap::Policy;
use crate::query::{Signs, Tracked};

/// The circumstances of one command, settled before its operation first runs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Context {
    /// The moment of the command.
    pub now: Timestamp,
    /// The name of who is asking.
    pub agent: String,
    /// The session of who is asking.
    pub session: Option<String>,
    /// What this command belongs together with.
    pub correlation: Option<String>,
    /// Where new ids come from.
    pub seed: Seed,
    /// The ids of the claims that this worktree remembers for this agent.
    pub held: BTreeSet<String>,
    /// The signs of life that this machine knows of. They do not travel: whoever decides looks at them.
    #[serde(skip)]
    pub signs: Signs,
    /// How long a claim lives without a sign of life, in minutes, where the command does not say.
    pub ttl_minutes: u64,
    /// What is done about a claim whose paths overlap with those of another one.
    pub overlap: Policy,
    /// The files that git tracks, where the command reserves paths. They do not travel either, being many.
    #[serde(skip)]
    pub tracked: Tracked,
}
