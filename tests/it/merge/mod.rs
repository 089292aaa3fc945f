//! The merge, tried on histories of replicas that live in memory: thousands of them in seconds. `commits.rs` tries it on git.

mod claims;
mod commits;
mod converge;
mod fields;
mod hostile;
pub(crate) mod mangle;
mod mangled;
mod paths;
mod world;
mod writes;

use proptest::prelude::ProptestConfig;

/// How often a property is tried: enough to see that nothing has come loose. `PROPTEST_CASES=20000` is for a change of the
/// rules, with an optimised build.
fn tried(cases: u32) -> ProptestConfig {
    let wanted = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok());
    ProptestConfig { cases: wanted.unwrap_or(cases), failure_persistence: None, ..ProptestConfig::default() }
}
