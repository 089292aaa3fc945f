//! The settings of the team: policies by key. They carry no stamps, so of two values for one key none is the later: the
//! greater bytes win, and the other is kept.

use serde_json::{Map, Value};

use super::NOBODY;
use super::deep;
use super::dispute::{Dispute, Held};
use super::part::bytes;
use crate::base::{Result, Timestamp};
use crate::records::{Config, Stamp};

/// The name of the settings where a record is named.
pub(super) const NAME: &str = "config";

/// Merges two changes of the settings.
///
/// # Errors
/// Where what came out could not be read again.
pub(super) fn merge(base: Option<&Config>, ours: &Config, theirs: &Config) -> Result<(Config, Vec<Dispute>)> {
    let mut disputes = Vec::new();
    let known = |config: &Config| config.policy.clone().into_iter().collect::<Map<_, _>>();
    let unknown = |config: &Config| config.rest.clone().into_iter().collect::<Map<_, _>>();
    let policy = keys("policy/", base.map(known), &known(ours), &known(theirs), &mut disputes);
    let rest = keys("", base.map(unknown), &unknown(ours), &unknown(theirs), &mut disputes);
    let merged = Config { policy: policy.into_iter().collect(), rest: rest.into_iter().collect(), ..Config::default() };
    merged.encode()?;
    Ok((merged, disputes))
}

fn keys(
    prefix: &str,
    base: Option<Map<String, Value>>,
    ours: &Map<String, Value>,
    theirs: &Map<String, Value>,
    disputes: &mut Vec<Dispute>,
) -> Map<String, Value> {
    let mut merged = Map::new();
    let mut names: Vec<&String> = ours.keys().chain(theirs.keys()).collect();
    names.sort();
    names.dedup();
    for name in names {
        let (base, ours, theirs) = (base.as_ref().and_then(|base| base.get(name)), ours.get(name), theirs.get(name));
        let (value, is_disputed) = match () {
            () if ours == theirs || theirs == base => (ours.cloned(), false),
            () if ours == base => (theirs.cloned(), false),
            () => deep::merge(base, ours, theirs, bytes(ours) >= bytes(theirs)),
        };
        if is_disputed {
            let held = |value: Option<&Value>| Held::Value(value.cloned().unwrap_or(Value::Null));
            let nobody = || Stamp(Timestamp::EPOCH, NOBODY.to_owned());
            disputes.push(Dispute {
                record: NAME.to_owned(),
                field: format!("{prefix}{name}"),
                base: base.cloned().map(Held::Value),
                values: [ours, theirs].into_iter().map(|value| (held(value), nobody())).collect(),
            });
        }
        merged.extend(value.map(|value| (name.clone(), value)));
    }
    merged
}
