//! From what the operations leave behind to a commit: every file once, as it is in the end, into one pack.
//!
//! Files are read again and packed by several threads, and what happened to each is told in the order of the paths.

use std::vec::IntoIter;

use super::shelf::FileShelf;
use super::told::MOST;
use crate::base::{Progress, Result, crew};
use crate::records::record::AnyRecord;
use crate::records::sprint::SPRINT;
use crate::records::{Config, Kind, kind};
use crate::session::{DraftFile, TreeSnapshot};
use crate::state::event::{Difference, Origin};
use crate::state::overlay::Place;
use crate::state::telling::Telling;
use crate::state::{Event, Overlay, Snapshot};
use crate::store::{Bulk, Packed, Packer, Packing, Wanted, Wish};

/// How many files a thread makes ready at a time.
const AT_ONCE: usize = 64;

/// What came of it.
pub(super) struct Poured {
    pub(super) files: Vec<File>,
    /// The first events, without the name of the commit.
    pub(super) events: Vec<Event>,
    pub(super) more_events: usize,
    /// The first files that differ, and how many do; only where nothing is written.
    pub(super) drafts: (Vec<DraftFile>, usize),
    pub(super) settings: Option<std::sync::Arc<Config>>,
}

/// What is to stand at a path.
pub(super) struct File {
    path: Box<str>,
    wanted: Wanted,
}

impl Wish for File {
    fn path(&self) -> &str {
        &self.path
    }

    fn wanted(&self) -> Wanted {
        self.wanted
    }
}

/// A path, and what is known of it in the thread that reads.
struct Job {
    path: Box<str>,
    place: Place,
    /// The file of a record, and its kind.
    file: Option<(&'static Kind, Vec<u8>)>,
}

/// The same when it is ready.
struct Ready {
    path: Box<str>,
    place: Place,
    after: Option<AnyRecord>,
    packed: Option<Packed>,
    bytes: Vec<u8>,
}

/// Writes all files, or only looks at them where there is no pack for them.
///
/// # Errors
/// What cannot be read or written.
pub(super) fn pour(
    before: &TreeSnapshot<'_>,
    records: Overlay<'_, FileShelf>,
    mut bulk: Option<&mut Bulk<'_>>,
    packing: Packing,
    origin: &Origin,
    progress: &dyn Progress,
) -> Result<Poured> {
    let mut telling = Telling::new(origin, MOST);
    for id in records.touched(&SPRINT) {
        telling.look_at(&Difference {
            path: SPRINT.path(&id),
            before: before.find(&SPRINT, &id).ok().flatten(),
            after: records.find(&SPRINT, &id)?,
            blob: None,
            settings: None,
        });
    }
    let (places, shelf) = records.into_places();
    progress.begin("storing", Some(places.len() as u64));
    let is_written = bulk.is_some();
    let mut poured = Poured {
        files: Vec::with_capacity(if is_written { places.len() } else { 0 }),
        events: Vec::new(),
        more_events: 0,
        drafts: (Vec::new(), 0),
        settings: None,
    };
    let mut places = places.into_iter();
    let next = || jobs(&mut places, &shelf);
    let worker = || {
        let mut packer = packing.packer();
        move |jobs: Vec<Job>| jobs.into_iter().map(|job| ready(job, &mut packer)).collect::<Result<Vec<_>>>()
    };
    let take = |readies: Result<Vec<Ready>>| {
        let readies = readies?;
        progress.advance(readies.len() as u64);
        readies.into_iter().try_for_each(|ready| {
            if !is_written {
                poured.compare(before, &ready)?;
            }
            if let (Some(bulk), Some(packed)) = (&mut bulk, &ready.packed) {
                bulk.add(packed)?;
            }
            telling.tell(&ready.difference(before, is_written));
            poured.take(ready, is_written);
            Ok(())
        })
    };
    crew::in_order(crew::hands(), next, worker, take)?;
    (poured.events, poured.more_events) = telling.events();
    Ok(poured)
}

fn jobs(places: &mut IntoIter<(Box<str>, Place)>, shelf: &FileShelf) -> Result<Option<Vec<Job>>> {
    let job = |(path, place): (Box<str>, Place)| {
        let file = if let Place::Record(number) = place { Some(shelf.file(number)?) } else { None };
        Ok(Job { path, place, file })
    };
    let jobs = places.by_ref().take(AT_ONCE).map(job).collect::<Result<Vec<_>>>()?;
    Ok(Some(jobs).filter(|jobs| !jobs.is_empty()))
}

fn ready(job: Job, packer: &mut Packer) -> Result<Ready> {
    let Job { path, place, file } = job;
    let after = file.as_ref().map(|(kind, bytes)| (kind.decode)(bytes)).transpose()?;
    let bytes = match (&place, file) {
        (Place::Settings(settings), _) => settings.encode()?,
        (_, file) => file.map(|(_, bytes)| bytes).unwrap_or_default(),
    };
    let packed = if matches!(place, Place::Gone) { None } else { Some(packer.blob(&bytes)?) };
    Ok(Ready { path, place, after, packed, bytes })
}

impl Ready {
    fn difference(&self, before: &TreeSnapshot<'_>, is_named: bool) -> Difference {
        Difference {
            path: self.path.to_string(),
            before: kind::locate(&self.path).and_then(|(kind, id)| before.find(kind, &id).ok().flatten()),
            after: self.after.clone(),
            blob: self.packed.as_ref().filter(|_| is_named).map(|packed| packed.id().to_string()),
            settings: match &self.place {
                Place::Settings(after) => Some(Box::new((before.settings().clone(), after.as_ref().clone()))),
                _ => None,
            },
        }
    }
}

impl Poured {
    /// Compares a file with the one that is there.
    fn compare(&mut self, before: &TreeSnapshot<'_>, ready: &Ready) -> Result<()> {
        let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let there = before.file(&ready.path)?;
        let after = ready.packed.is_some().then_some(ready.bytes.as_slice());
        if there.as_deref() != after {
            self.drafts.1 += 1;
            if self.drafts.0.len() < MOST {
                let (path, before, after) = (ready.path.to_string(), there.as_deref().map(lossy), after.map(lossy));
                self.drafts.0.push(DraftFile { path, before, after });
            }
        }
        Ok(())
    }

    fn take(&mut self, ready: Ready, is_written: bool) {
        if let Place::Settings(settings) = ready.place {
            self.settings = Some(settings);
        }
        if is_written {
            let wanted = ready.packed.map_or(Wanted::Remove, |packed| Wanted::Set(packed.id()));
            self.files.push(File { path: ready.path, wanted });
        }
    }
}
