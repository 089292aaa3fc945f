//! The settings of the team, in `coordination.yaml` at the root of the tip tree.
//!
//! What belongs to one machine stands in git's own configuration under `coord.*`, never here.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Where the settings lie in the tip tree.
pub const PATH: &str = "coordination.yaml";

/// The version of the format that this program reads and writes.
pub const FORMAT: u64 = 1;

/// The settings of the team.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Config {
    /// Always `config`.
    pub kind: String,
    /// The version of the format of all records.
    pub format: u64,
    /// What the team has agreed on; what is absent has its default.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub policy: BTreeMap<String, Value>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub rest: BTreeMap<String, Value>,
}

impl Default for Config {
    fn default() -> Self {
        Config { kind: "config".to_owned(), format: FORMAT, policy: BTreeMap::new(), rest: BTreeMap::new() }
    }
}
