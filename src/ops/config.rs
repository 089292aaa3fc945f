//! What the team agrees on: the policies in `coordination.yaml`.

use serde::{Deserialize, Serialize};

use super::Context;
use crate::base::{Error, Result, text};
use crate::records::policy::{POLICIES, Policy};
use crate::state::{Changeset, Snapshot};

/// Which policy is to be different.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Agree {
    /// Its name.
    pub name: String,
    /// What it is to be, as typed; without it, what it is by default.
    pub value: Option<String>,
}

/// Sets a policy, or takes it out. One that this version does not know may only be taken out.
///
/// # Errors
/// `unknown_setting`, `bad_policy` or `bad_record` (5).
pub fn agree(snapshot: &dyn Snapshot, input: &Agree, _: &Context) -> Result<Changeset> {
    let mut config = snapshot.config()?;
    let before = config.clone();
    let shown = text::excerpt(&input.name, 40);
    let subject = match (&input.value, Policy::find(&input.name)) {
        (Some(value), Some(policy)) => {
            config.policy.insert(input.name.clone(), (policy.parse)(value)?);
            format!("Agree on {shown}: {}", text::excerpt(value, 60))
        }
        (None, known) => {
            if config.policy.remove(&input.name).is_none() && known.is_none() {
                return Err(unknown(&shown));
            }
            format!("Agree on nothing more about {shown}")
        }
        (Some(_), None) => return Err(unknown(&shown)),
    };
    let mut changes = Changeset::new(subject);
    if config != before {
        changes.put_settings(config);
    }
    Ok(changes)
}

fn unknown(name: &str) -> Error {
    let known = POLICIES.iter().map(|policy| policy.name).collect::<Vec<_>>().join(", ");
    Error::invalid("unknown_setting", format!("there is no policy «{name}»; this version knows {known}"))
        .hint("git coord config")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::batch::Batch;
    use crate::ops::fixture::{World, code};
    use crate::ops::{Operation, close};

    fn agreed(name: &str, value: Option<&str>) -> Operation {
        Operation::Agree(Agree { name: name.into(), value: value.map(str::to_owned) })
    }

    #[test]
    fn a_policy_holds_from_the_next_operation_on_until_it_is_taken_out() {
        let mut world = World::with_task("a");
        let done = || Operation::Done(close::Done { task: "a".into(), ..close::Done::default() });
        let both = Batch { subject: "x".into(), steps: vec![agreed("required_gates", Some("pytest")), done()] };
        assert_eq!(code(world.run(Operation::Batch(both))), "gates_not_passed");
        world.run(agreed("required_gates", Some("pytest"))).expect("agreed");
        assert_eq!(code(world.run(done())), "gates_not_passed");
        assert!(world.run(agreed("required_gates", Some("pytest"))).expect("as it was").is_empty());
        world.run(agreed("required_gates", None)).expect("taken out");
        assert!(world.run(agreed("required_gates", None)).expect("as it was").is_empty());
        world.run(done()).expect("done");
    }

    #[test]
    fn what_is_not_known_is_kept_and_can_only_be_taken_out() {
        let mut world = World::new();
        assert_eq!(code(world.run(agreed("colour", Some("red")))), "unknown_setting");
        assert_eq!(code(world.run(agreed("colour", None))), "unknown_setting");
        world.records.settings.policy.insert("colour".into(), "red".into());
        world.run(agreed("required_gates", Some("pytest"))).expect("agreed");
        assert_eq!(world.records.settings.policy["colour"], "red");
        assert_eq!(code(world.run(agreed("colour", Some("blue")))), "unknown_setting");
        world.run(agreed("colour", None)).expect("taken out");
        assert_eq!(world.records.settings.policy.len(), 1);
    }
}
