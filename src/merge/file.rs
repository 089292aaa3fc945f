//! One path that both sides changed: what lies there decides how the two become one.
//!
//! A record is merged by its fields. What is no record, or none that this version can read, is taken whole from one side
//! and kept whole from the other. A change beats a removal; a removal of what was not over is kept as a conflict.

use std::sync::Arc;

use super::dispute::{Dispute, Held, united};
use super::{NOBODY, record, settings};
use crate::base::{Error, Id, Result, Timestamp};
use crate::records::conflict::{CONFLICT, WHOLE, locate_value};
use crate::records::record::{AnyRecord, downcast};
use crate::records::{Config, Conflict, Kind, Rule, Stamp, closed, codec, config, kind, recipient};

/// What lies at a path on three sides; nothing where nothing does.
pub(super) struct Three<'a> {
    pub(super) path: &'a str,
    pub(super) base: Option<&'a [u8]>,
    pub(super) ours: Option<&'a [u8]>,
    pub(super) theirs: Option<&'a [u8]>,
    /// Where the path is that of an artifact: when each side noted it with its owner.
    pub(super) noted: Option<[Stamp; 2]>,
}

/// What lies there in the end.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Chosen {
    Base,
    Ours,
    Theirs,
    Nothing,
    Bytes(Arc<[u8]>),
}

/// What came of two changes of one path.
#[derive(Debug)]
pub(super) struct Merged {
    pub(super) chosen: Chosen,
    pub(super) disputes: Vec<Dispute>,
    /// The files of values for which there is no room in a conflict any more.
    pub(super) beside: Vec<(String, Arc<[u8]>)>,
}

impl From<Chosen> for Merged {
    fn from(chosen: Chosen) -> Self {
        Merged { chosen, disputes: Vec::new(), beside: Vec::new() }
    }
}

/// Merges two changes of one path. Each side differs from the base, but for the settings of the team.
///
/// # Errors
/// `unsupported_format` where one side has settings of a format that this version does not know.
pub(super) fn merge(three: &Three<'_>) -> Result<Merged> {
    if three.path == config::PATH {
        return three.settings();
    }
    if recipient::locate(three.path).is_some() {
        return Ok(three.link());
    }
    Ok(match (three.record(), three.ours, three.theirs) {
        (_, None, None) => Chosen::Nothing.into(),
        (Some((kind, id)), Some(ours), Some(theirs)) if ours == theirs => three.counted(kind, &id, ours).into(),
        (record, None, Some(_)) => three.removed(record, Chosen::Theirs),
        (record, Some(_), None) => three.removed(record, Chosen::Ours),
        (Some((kind, id)), Some(ours), Some(theirs)) => three.records(kind, &id, ours, theirs),
        (None, Some(ours), Some(theirs)) => three.whole((false, ours), (false, theirs)),
    })
}

impl Three<'_> {
    fn record(&self) -> Option<(&'static Kind, Id)> {
        kind::locate(self.path)
    }

    /// A message is in an inbox until it is read, and what was read on one side has been read.
    fn link(&self) -> Merged {
        match (self.ours, self.theirs) {
            (Some(ours), Some(theirs)) if ours >= theirs => Chosen::Ours.into(),
            (Some(_), Some(_)) => Chosen::Theirs.into(),
            _ => Chosen::Nothing.into(),
        }
    }

    /// One side removed what the other changed: the change stays. Where it was over, it was archived, and that is no
    /// matter; else somebody wanted it gone, and somebody has to be asked.
    fn removed(&self, record: Option<(&'static Kind, Id)>, kept: Chosen) -> Merged {
        let before = record.as_ref().and_then(|(kind, id)| read(kind, id, self.base?));
        let is_quiet = before.as_ref().is_some_and(closed::is_closed) || is_of_conflicts(self.path);
        let bytes = if kept == Chosen::Ours { self.ours } else { self.theirs }.unwrap_or_default();
        let mut merged = Merged::from(kept);
        if !is_quiet {
            let stamp = |record: Option<&AnyRecord>| record.map_or_else(nobody, updated);
            let after = record.and_then(|(kind, id)| read(kind, &id, bytes));
            // Who removed it, nobody has written down; it was after the last change that both knew.
            let removal = Stamp(stamp(before.as_ref()).0, NOBODY.to_owned());
            let values =
                vec![(Held::Value(serde_json::Value::Null), removal), (Held::of_file(bytes), stamp(after.as_ref()))];
            merged.disputes.push(self.dispute(values));
        }
        merged
    }

    fn records(&self, kind: &'static Kind, id: &Id, ours: &[u8], theirs: &[u8]) -> Merged {
        let (Some(a), Some(b)) = (read(kind, id, ours), read(kind, id, theirs)) else {
            let is_readable = |bytes| read(kind, id, bytes).is_some();
            return self.whole((is_readable(ours), ours), (is_readable(theirs), theirs));
        };
        if let (Some(a), Some(b)) = (downcast::<Conflict>(&a), downcast::<Conflict>(&b)) {
            return self.conflicts(a, b);
        }
        if record::are_strangers(a.as_ref(), b.as_ref()) {
            return self.taken(record::ours_is_first(a.as_ref(), b.as_ref()), updated(&a), updated(&b));
        }
        let base = self.base.and_then(|bytes| read(kind, id, bytes));
        let merged = record::records(base.as_deref(), a.as_ref(), b.as_ref())
            .and_then(|merged| Ok((codec::encode(merged.record.as_ref())?, merged.disputes)));
        match merged {
            Ok((file, disputes)) => Merged { chosen: self.chosen(file), disputes, beside: Vec::new() },
            // Both have room for themselves and not for the other: the later one, whole.
            Err(_) => self.taken((updated(&a), ours) >= (updated(&b), theirs), updated(&a), updated(&b)),
        }
    }

    /// Two sides that are the same may have counted apart; else they stay as they are, byte for byte.
    fn counted(&self, kind: &'static Kind, id: &Id, both: &[u8]) -> Chosen {
        let (Some(base), Some(record)) = (self.base.and_then(|bytes| read(kind, id, bytes)), read(kind, id, both))
        else {
            return Chosen::Ours;
        };
        match record::records(Some(base.as_ref()), record.as_ref(), record.as_ref()) {
            Ok(merged) if merged.record.to_map() != record.to_map() => {
                codec::encode(merged.record.as_ref()).map_or(Chosen::Ours, |file| self.chosen(file))
            }
            _ => Chosen::Ours,
        }
    }

    fn conflicts(&self, ours: &Conflict, theirs: &Conflict) -> Merged {
        let mut files = united(ours, theirs).files();
        match files.remove(&CONFLICT.path(&ours.id)) {
            Some(file) => {
                let beside = files.into_iter().collect();
                Merged { chosen: self.chosen(file.to_vec()), disputes: Vec::new(), beside }
            }
            None => self.greater(),
        }
    }

    /// The side that can be read, else that which was noted later, else that of the greater bytes; the other is kept.
    fn whole(&self, ours: (bool, &[u8]), theirs: (bool, &[u8])) -> Merged {
        let [a, b] = self.noted.clone().unwrap_or_else(|| [nobody(), nobody()]);
        let is_ours = (ours.0, &a, ours.1) >= (theirs.0, &b, theirs.1);
        self.taken(is_ours, a, b)
    }

    fn greater(&self) -> Merged {
        if self.ours >= self.theirs { Chosen::Ours } else { Chosen::Theirs }.into()
    }

    /// One side whole, the other in a conflict.
    fn taken(&self, is_ours: bool, ours_at: Stamp, theirs_at: Stamp) -> Merged {
        let mut merged = Merged::from(if is_ours { Chosen::Ours } else { Chosen::Theirs });
        if !is_of_conflicts(self.path) {
            let sides = [(self.ours, ours_at), (self.theirs, theirs_at)];
            let values = sides.map(|(bytes, stamp)| (Held::of_file(bytes.unwrap_or_default()), stamp));
            merged.disputes.push(self.dispute(values.into()));
        }
        merged
    }

    /// Settings that can be read never give way to any that cannot, nor to none.
    fn settings(&self) -> Result<Merged> {
        let (ours, theirs) = (settings_of(self.ours)?, settings_of(self.theirs)?);
        let base = settings_of(self.base)?;
        let (ours, theirs) = match (ours, theirs) {
            (Some(_), Some(_)) if self.theirs == self.base => return Ok(Chosen::Ours.into()),
            (Some(_), Some(_)) if self.ours == self.base => return Ok(Chosen::Theirs.into()),
            (Some(ours), Some(theirs)) => (ours, theirs),
            (Some(_), None) => return Ok(self.without(Chosen::Ours, &[self.theirs])),
            (None, Some(_)) => return Ok(self.without(Chosen::Theirs, &[self.ours])),
            (None, None) if base.is_some() => return Ok(self.without(Chosen::Base, &[self.ours, self.theirs])),
            (None, None) => return Ok(self.whole_or_nothing()),
        };
        let merged = settings::merge(base.as_ref(), &ours, &theirs)
            .and_then(|(config, disputes)| Ok((config.encode()?, disputes)));
        Ok(match merged {
            Ok((file, disputes)) => Merged { chosen: self.chosen(file), disputes, beside: Vec::new() },
            Err(_) => self.whole((true, self.ours.unwrap_or_default()), (true, self.theirs.unwrap_or_default())),
        })
    }

    /// What is chosen, with what was passed over in a conflict.
    fn without(&self, chosen: Chosen, others: &[Option<&[u8]>]) -> Merged {
        let mut merged = Merged::from(chosen);
        let others = others.iter().flatten().filter(|other| Some(**other) != self.base);
        let values: Vec<_> = others.map(|other| (Held::of_file(other), nobody())).collect();
        if !values.is_empty() {
            merged.disputes.push(self.dispute(values));
        }
        merged
    }

    fn whole_or_nothing(&self) -> Merged {
        match (self.ours, self.theirs) {
            (Some(ours), Some(theirs)) => self.whole((false, ours), (false, theirs)),
            _ => self.greater(),
        }
    }

    /// The side that already has these bytes, so that nothing is written anew.
    fn chosen(&self, file: Vec<u8>) -> Chosen {
        match file.as_slice() {
            file if self.ours == Some(file) => Chosen::Ours,
            file if self.theirs == Some(file) => Chosen::Theirs,
            _ => Chosen::Bytes(file.into()),
        }
    }

    fn dispute(&self, values: Vec<(Held, Stamp)>) -> Dispute {
        Dispute { record: name(self.path), field: WHOLE.to_owned(), base: self.base.map(Held::of_file), values }
    }
}

/// Returns how a conflict names what lies at a path: as `kind/id`, else by the path.
pub(super) fn name(path: &str) -> String {
    match kind::locate(path) {
        Some((kind, id)) => format!("{}/{id}", kind.name),
        None if path == config::PATH => settings::NAME.to_owned(),
        None => path.to_owned(),
    }
}

/// What belongs to a conflict makes none.
pub(super) fn is_of_conflicts(path: &str) -> bool {
    locate_value(path).is_some() || kind::locate(path).is_some_and(|(kind, _)| kind == &CONFLICT)
}

/// Returns whether two files at this path may be the same and yet hold two different increments of one count.
pub(super) fn counts(path: &str) -> bool {
    kind::locate(path).is_some_and(|(kind, _)| kind.fields.iter().any(|field| field.rule == Rule::Counter))
}

pub(super) fn nobody() -> Stamp {
    Stamp(Timestamp::EPOCH, NOBODY.to_owned())
}

fn read(kind: &'static Kind, id: &Id, bytes: &[u8]) -> Option<AnyRecord> {
    (kind.decode)(bytes).ok().filter(|record| record.id() == id)
}

fn updated(record: &AnyRecord) -> Stamp {
    let by = record.to_map().get("updated_by").and_then(|by| by.as_str().map(str::to_owned));
    Stamp(record.updated_at(), by.unwrap_or_default())
}

/// Reads settings; nothing where they are damaged or not there.
fn settings_of(bytes: Option<&[u8]>) -> Result<Option<Config>> {
    let is_newer = |error: &Error| error.code() == "unsupported_format";
    match bytes.map(Config::decode) {
        Some(Err(error)) if is_newer(&error) => Err(error),
        Some(Err(_)) | None => Ok(None),
        Some(Ok(config)) => Ok(Some(config)),
    }
}
