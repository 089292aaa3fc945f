//! The settings of the team, in `coordination.yaml` at the root of the tip tree.
//!
//! What belongs to one machine stands in git's own configuration under `coord.*`, never here.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::codec;
use crate::base::{Error, Result};

/// Where the settings lie in the tip tree.
pub const PATH: &str = "coordination.yaml";

/// The version of the format that this program reads and writes.
pub const FORMAT: u64 = 1;

/// The word under `kind:`.
const KIND: &str = "config";

/// The settings of the team.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Config {
    /// Always `config`.
    #[serde(default = "kind")]
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

impl Config {
    /// Reads `coordination.yaml`.
    ///
    /// # Errors
    /// `bad_record` and `too_large` as of any record; `unsupported_format` where a newer program has written it.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let config: Config = codec::decode_yaml(KIND, bytes)?;
        if config.format != FORMAT {
            let message = format!("the state has format {}, this program reads format {FORMAT}", config.format);
            return Err(Error::invalid("unsupported_format", message)
                .detail("format", config.format)
                .hint("install a newer git-coord"));
        }
        Ok(config)
    }

    /// Writes `coordination.yaml`, in the one canonical form.
    ///
    /// # Errors
    /// `too_large`, or `bad_record` where it could not be read again.
    pub fn encode(&self) -> Result<Vec<u8>> {
        let mut map: Map<String, Value> =
            [("kind".to_owned(), KIND.into()), ("format".to_owned(), self.format.into())].into_iter().collect();
        if !self.policy.is_empty() {
            map.insert("policy".into(), self.policy.clone().into_iter().collect());
        }
        map.extend(self.rest.clone());
        codec::encode_yaml(KIND, &map)
    }
}

fn kind() -> String {
    KIND.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settings_of_a_new_repository_have_these_bytes() {
        let bytes = Config::default().encode().expect("small");
        assert_eq!(bytes, b"kind: config\nformat: 1\n");
        assert_eq!(Config::decode(&bytes).expect("canonical"), Config::default());
    }

    #[test]
    fn a_newer_format_is_not_read() {
        let err = Config::decode(b"kind: config\nformat: 2\n").expect_err("newer");
        assert_eq!(err.code(), "unsupported_format");
        for bad in ["", "format: 1\n", "kind: task\nformat: 1\n", "kind: config\n", "kind: config\nformat: one\n"] {
            assert_eq!(Config::decode(bad.as_bytes()).expect_err(bad).code(), "bad_record", "{bad}");
        }
    }

    #[test]
    fn unknown_settings_are_kept() {
        let text = "kind: config\nformat: 1\npolicy:\n  gates: [pytest, ruff]\nlater:\n  a: \"1\"\n";
        let config = Config::decode(text.as_bytes()).expect("readable");
        assert_eq!(String::from_utf8(config.encode().expect("small")).expect("text"), text);
    }
}
