//! One part of a record on three sides: who changed it, and which change is the later.
//!
//! A part counts as changed when its stamp changed, even if the value came back: whoever set it back meant it. And it
//! counts as changed when its value did, for not everybody who writes by hand writes a stamp.

use std::cmp::Ordering;

use serde_json::Value;

use crate::records::Stamp;
use crate::records::conflict::text_of;

/// A part as one side has it.
#[derive(Debug, Clone)]
pub(super) struct Part {
    /// Its value; nothing where it is empty.
    pub(super) value: Option<Value>,
    /// When it was last set, and by whom.
    pub(super) stamp: Stamp,
    /// Whether it has a stamp of its own, and not that of the creation.
    pub(super) is_stamped: bool,
}

/// A part on three sides.
#[derive(Debug)]
pub(super) struct Three {
    /// What both sides began from, where that is known.
    pub(super) base: Option<Part>,
    pub(super) ours: Part,
    pub(super) theirs: Part,
}

/// Who changed a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Changed {
    Neither,
    Ours,
    Theirs,
    Both,
}

/// What a rule makes of two changes: the value, and whether another value found no place in it.
pub(super) type Combined = (Option<Value>, bool);

impl Part {
    fn is(&self, other: &Part) -> bool {
        self.value == other.value && self.stamp == other.stamp
    }
}

impl Three {
    pub(super) fn changed(&self) -> Changed {
        if self.ours.is(&self.theirs) {
            return Changed::Neither;
        }
        let is_changed = |side: &Part| match &self.base {
            Some(base) => !side.is(base),
            None => side.value.is_some() || side.is_stamped,
        };
        match (is_changed(&self.ours), is_changed(&self.theirs)) {
            (true, true) => Changed::Both,
            (true, false) => Changed::Ours,
            (false, true) => Changed::Theirs,
            (false, false) => Changed::Neither,
        }
    }

    /// Returns whether two counts are the same and yet were counted apart. Whoever counts sets a stamp; only a merge counts
    /// on and keeps the stamp of the base, because what it took in is older. So each side took in something else.
    pub(super) fn is_counted_apart(&self) -> bool {
        let is_merged = |base: &Part| base.stamp == self.ours.stamp && base.value != self.ours.value;
        self.ours.is(&self.theirs) && self.base.as_ref().is_some_and(is_merged)
    }

    /// Returns whether ours is the later one: the greater of stamp and bytes of the value.
    pub(super) fn ours_is_later(&self) -> bool {
        later(&self.ours, &self.theirs) != Ordering::Less
    }

    pub(super) fn later(&self) -> &Part {
        if self.ours_is_later() { &self.ours } else { &self.theirs }
    }

    pub(super) fn latest_stamp(&self) -> &Stamp {
        (&self.ours.stamp).max(&self.theirs.stamp)
    }

    pub(super) fn base_value(&self) -> Option<&Value> {
        self.base.as_ref()?.value.as_ref()
    }
}

fn later(a: &Part, b: &Part) -> Ordering {
    a.stamp.cmp(&b.stamp).then_with(|| bytes(a.value.as_ref()).cmp(&bytes(b.value.as_ref())))
}

/// Returns the bytes by which two values are put in order.
pub(super) fn bytes(value: Option<&Value>) -> String {
    text_of(value.unwrap_or(&Value::Null))
}

/// One value: the later wins.
pub(super) fn scalar(three: &Three) -> Combined {
    (three.later().value.clone(), three.ours.value != three.theirs.value)
}

/// The greater wins, whoever wrote it.
pub(super) fn greatest(three: &Three) -> Combined {
    let [ours, theirs] = [&three.ours.value, &three.theirs.value];
    (if rank(ours.as_ref(), theirs.as_ref()) == Ordering::Less { theirs } else { ours }.clone(), false)
}

/// The least wins; nothing is no value.
pub(super) fn least(three: &Three) -> Combined {
    let [ours, theirs] = [&three.ours.value, &three.theirs.value];
    let is_theirs = ours.is_none() || (theirs.is_some() && rank(ours.as_ref(), theirs.as_ref()) == Ordering::Greater);
    (if is_theirs { theirs } else { ours }.clone(), false)
}

/// The base and what both sides added to it. Where nobody knows what they began from, the greater.
pub(super) fn counter(three: &Three) -> Combined {
    let count = |value: Option<&Value>| value.map_or(Some(0), Value::as_u64).map(i128::from);
    let [base, ours, theirs] = [three.base_value(), three.ours.value.as_ref(), three.theirs.value.as_ref()].map(count);
    match (base, ours, theirs) {
        (Some(base), Some(ours), Some(theirs)) if three.base.is_some() => {
            let sum = (ours + theirs - base).clamp(0, i128::from(u64::MAX));
            (u64::try_from(sum).ok().filter(|sum| *sum > 0).map(Value::from), false)
        }
        _ => greatest(three),
    }
}

/// Numbers by their size, texts (moments too) by their bytes, nothing below everything.
fn rank(a: Option<&Value>, b: Option<&Value>) -> Ordering {
    match (a, b) {
        (Some(Value::Number(a)), Some(Value::Number(b))) => {
            let whole = |n: &serde_json::Number| n.as_i64().map(i128::from).or(n.as_u64().map(i128::from));
            match (whole(a), whole(b)) {
                (Some(a), Some(b)) => a.cmp(&b),
                _ => a.as_f64().unwrap_or_default().total_cmp(&b.as_f64().unwrap_or_default()),
            }
        }
        (Some(Value::String(a)), Some(Value::String(b))) => a.cmp(b),
        (Some(a), Some(b)) => text_of(a).cmp(&text_of(b)),
        (a, b) => a.is_some().cmp(&b.is_some()),
    }
}
