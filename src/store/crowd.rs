//! Those who wait for their turn, and what they ask the one to do whose turn it is.
//!
//! Who finds the lock held leaves a file in `coord/queue`, `<class>-<name>.ask`, and keeps it locked for as long as it
//! lives. The holder of the lock takes it by renaming it to `.taken`, does what it says, and appends the answer; who asked reads
//! it there and removes the file. Before the ref moves all answers of a group are written down in `<class>.landing`,
//! which goes when they have been given: where the holder dies in between, the next one sees by the ref whether the group
//! has landed, and gives the answers or does what was asked anew. `docs/architecture.md` has the steps.
//!
//! What is asked and answered is bytes here; `session::group` knows what they mean. Only processes of one class (user,
//! version, settings) do each other's work.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::fault;
use super::files;
use super::frame::{frame, unframe_first};
use super::{Store, class};
use crate::base::{Result, time};

/// The most requests that are taken at once.
const MOST: usize = 64;

/// The most bytes of one request, and of all that are taken at once.
pub(super) const LARGEST: usize = 64 << 10;
const LARGEST_TOGETHER: usize = 1 << 20;

/// A symbolic link is nobody's request.
const NOFOLLOW: i32 = rustix::fs::OFlags::NOFOLLOW.bits() as i32;

const ASKED: &str = ".ask";
const TAKEN: &str = ".taken";

/// What we have asked for, and wait for the answer to. Dropping it removes the file.
pub(super) struct Asked {
    file: File,
    asked: PathBuf,
    taken: PathBuf,
    /// Where the answer begins.
    length: u64,
}

impl Asked {
    /// Leaves a request.
    pub(super) fn leave(store: &Store, bytes: &[u8]) -> Result<Asked> {
        let folder = store.queue_dir();
        let name = format!("{}-{:013}-{}", class::of(store)?, time::now().millis().max(0), random()?);
        let place = |ending: &str| folder.join(format!("{name}{ending}"));
        let (asked, taken) = (place(ASKED), place(TAKEN));
        let framed = frame("request", bytes);
        let leave = || -> io::Result<File> {
            let create = || store.files.create_private("ask-create", &asked);
            let mut file = match create() {
                Err(err) if err.kind() == ErrorKind::NotFound => {
                    store.files.make_dir("queue-mkdir", &folder)?;
                    create()?
                }
                created => created?,
            };
            // Locked before it is written: a file that is not locked is that of a dead process.
            file.lock()?;
            store.files.write("ask-write", &asked, &mut file, &framed)?;
            Ok(file)
        };
        match leave() {
            Ok(file) => Ok(Asked { file, asked, taken, length: framed.len() as u64 }),
            Err(err) => {
                let _ = std::fs::remove_file(&asked);
                Err(fault::io(format!("write {}", asked.display()), err))
            }
        }
    }

    /// Returns the answer, as soon as it is there whole.
    pub(super) fn answer(&self) -> Result<Option<Vec<u8>>> {
        let read = || -> io::Result<Option<Vec<u8>>> {
            let length = self.file.metadata()?.len();
            if length <= self.length {
                return Ok(None);
            }
            let mut bytes = vec![0; usize::try_from(length - self.length).unwrap_or(0)];
            self.file.read_exact_at(&mut bytes, self.length)?;
            Ok(unframe_first("answer", &bytes).map(|(answer, _)| answer.to_vec()))
        };
        read().map_err(|err| fault::io(format!("read {}", self.taken.display()), err))
    }

    /// Returns whether somebody has removed the file, so that nobody will do what it asks for.
    pub(super) fn is_lost(&self) -> bool {
        self.file.metadata().is_ok_and(|meta| meta.nlink() == 0)
    }

    /// Returns where it lies, once it was taken.
    pub(super) fn place(&self) -> &Path {
        &self.taken
    }

    /// Takes the request back; false where it was taken, and is being done or has been.
    pub(super) fn withdraw(&self) -> Result<bool> {
        let removed = files::run("ask-withdraw", "unlink", &self.asked, || std::fs::remove_file(&self.asked));
        match removed {
            Ok(()) => Ok(true),
            Err(err) if err.kind() == ErrorKind::NotFound => Ok(self.is_lost()),
            Err(err) => Err(fault::io(format!("remove {}", self.asked.display()), err)),
        }
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        // What is left is removed by the next one whose turn it is: nobody holds its lock any more.
        for path in [&self.taken, &self.asked] {
            if matches!(files::run("ask-drop", "unlink", path, || std::fs::remove_file(path)), Ok(())) {
                return;
            }
        }
    }
}

/// What another process has asked for, and waits for the answer to.
pub struct Request {
    name: String,
    file: File,
    path: PathBuf,
    /// Where the answer is to begin.
    length: u64,
    /// Whether there is a piece of an answer, which a dead process could not give whole.
    has_rest: bool,
    bytes: Vec<u8>,
}

impl Request {
    /// Returns what it asks for.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Reads a file as a request that has no answer yet; nothing where it is none.
    pub(super) fn read(store: &Store, name: &str, file: File, bytes: &[u8]) -> Option<Request> {
        let (request, rest) = unframe_first("request", bytes)?;
        if unframe_first("answer", rest).is_some() {
            return None;
        }
        let (length, path) = ((bytes.len() - rest.len()) as u64, taken(store, name));
        let has_rest = !rest.is_empty();
        Some(Request { name: name.to_owned(), file, path, length, has_rest, bytes: request.to_vec() })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Gives the answer. One that cannot be given is given by the next holder of the lock.
    pub(super) fn answer(&self, answer: &[u8]) -> Result<()> {
        let framed = frame("answer", answer);
        let given = files::run("ask-answer", "answer", &self.path, || {
            if self.has_rest {
                self.file.set_len(self.length)?;
            }
            self.file.write_all_at(&framed, self.length)
        });
        given.map_err(|err| fault::io(format!("write {}", self.path.display()), err))
    }
}

/// Takes the requests of our class, the oldest first. Only the holder of the lock may do so.
pub(super) fn take(store: &Store, names: &[String]) -> Result<Vec<Request>> {
    let (mut taken, mut size) = (Vec::new(), 0);
    for name in names {
        if taken.len() >= MOST || size >= LARGEST_TOGETHER {
            break;
        }
        if !name.starts_with(&class::of(store)?) {
            continue;
        }
        if let Some(request) = take_one(store, name)? {
            size += request.bytes.len();
            taken.push(request);
        }
    }
    Ok(taken)
}

/// Returns the names in the folder of requests, sorted.
pub(super) fn names(store: &Store) -> Result<Vec<String>> {
    let folder = store.queue_dir();
    let list = || -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&folder)? {
            names.extend(entry?.file_name().into_string().ok());
        }
        names.sort();
        Ok(names)
    };
    match list() {
        Err(err) if err.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        listed => listed.map_err(|err| fault::io(format!("list {}", folder.display()), err)),
    }
}

/// Takes a request; nothing where it is none any more, or not yet.
fn take_one(store: &Store, name: &str) -> Result<Option<Request>> {
    let (stem, is_taken) = match (name.strip_suffix(ASKED), name.strip_suffix(TAKEN)) {
        (Some(stem), _) => (stem, false),
        (None, Some(stem)) => (stem, true),
        (None, None) => return Ok(None),
    };
    let folder = store.queue_dir();
    let (path, taken) = (folder.join(name), taken(store, stem));
    let take = || -> io::Result<Option<Request>> {
        let Some((file, bytes)) = open_own(&path)? else { return Ok(None) };
        // Who has just made its file, and not locked it yet, sees that it has gone and asks anew.
        let is_dead = matches!(file.try_lock_shared(), Ok(()));
        if is_dead {
            store.files.unlink("ask-clear", &path)?;
            return Ok(None);
        }
        let Some(request) = Request::read(store, stem, file, &bytes) else { return Ok(None) };
        if !is_taken {
            // Who asked may take it back until here.
            store.files.rename("ask-take", &path, &taken)?;
        }
        Ok(Some(request))
    };
    match take() {
        Err(err) if err.kind() == ErrorKind::NotFound => Ok(None),
        taken => taken.map_err(|err| fault::io(format!("take {}", path.display()), err)),
    }
}

/// Opens a file of our own and returns what it holds; nothing where it is of somebody else.
pub(super) fn open_own(path: &Path) -> io::Result<Option<(File, Vec<u8>)>> {
    let opened = OpenOptions::new().read(true).write(true).custom_flags(NOFOLLOW).open(path);
    let mut file = match opened {
        Err(err) if err.kind() == ErrorKind::PermissionDenied => return Ok(None),
        opened => opened?,
    };
    let meta = file.metadata()?;
    let is_ours = meta.is_file() && meta.uid() == rustix::process::geteuid().as_raw();
    if !is_ours || meta.len() > 4 * LARGEST_TOGETHER as u64 {
        return Ok(None);
    }
    let mut bytes = Vec::with_capacity(usize::try_from(meta.len()).unwrap_or(0));
    file.read_to_end(&mut bytes)?;
    Ok(Some((file, bytes)))
}

/// Returns the place of a request that was taken.
pub(super) fn taken(store: &Store, name: &str) -> PathBuf {
    store.queue_dir().join(format!("{name}{TAKEN}"))
}

fn random() -> Result<String> {
    let mut bytes = [0; 6];
    getrandom::fill(&mut bytes).map_err(|err| fault::io("draw a random name", io::Error::other(err.to_string())))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
