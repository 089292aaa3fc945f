//! Reading objects: loose, packed and borrowed from alternates.
//!
//! A missing or broken object is an error of code `damaged`, never an empty answer. An object larger than
//! [`LARGEST`] is refused before memory is taken for it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use gix::objs::{Find, Kind};
use gix::odb::store::init::{Options, Slots};
use gix::odb::{HandleArc, Header};

use super::fault;
use super::{ObjectFormat, Oid};
use crate::base::{Error, Result};

/// The most bytes that an object may have.
pub(super) const LARGEST: u64 = 64 << 20;

/// The object databases of the repository: its own first, then those of GIT_ALTERNATE_OBJECT_DIRECTORIES.
pub(super) struct Objects {
    handles: Vec<HandleArc>,
}

impl Objects {
    pub(super) fn open(own: &Path, borrowed: &[PathBuf], format: ObjectFormat) -> Result<Objects> {
        let borrowed = borrowed.iter().filter(|path| path.is_dir());
        let handles = std::iter::once(own).chain(borrowed.map(PathBuf::as_path)).map(|path| {
            let options = Options {
                slots: Slots::default(),
                alloc_limit_bytes: usize::try_from(LARGEST * 2).ok(),
                ..Options::default()
            };
            let store = gix::odb::Store::at_opts(path.to_owned(), format.kind(), &mut std::iter::empty(), options);
            let store =
                Arc::new(store.map_err(|err| fault::io(format!("open the objects in {}", path.display()), err))?);
            Ok(HandleArc::from(store.to_handle_arc()))
        });
        Ok(Objects { handles: handles.collect::<Result<_>>()? })
    }

    /// Returns the bytes of an object that must be there and of this kind.
    pub(super) fn read(&self, id: Oid, kind: Kind) -> Result<Vec<u8>> {
        match self.find(id)? {
            Some((found, bytes)) if found == kind => Ok(bytes),
            Some((found, _)) => Err(fault::damaged(format!("object {id} is a {found}, not a {kind}"))),
            None => Err(fault::damaged(format!("object {id} is missing"))),
        }
    }

    /// Returns kind and bytes of an object; nothing where there is none of that name.
    pub(super) fn find(&self, id: Oid) -> Result<Option<(Kind, Vec<u8>)>> {
        for handle in &self.handles {
            let Some(size) = size(handle, id)? else { continue };
            if size > LARGEST {
                return Err(too_large(id, size));
            }
            let mut bytes = Vec::new();
            let found = handle.try_find(&id.0, &mut bytes).map_err(|err| fault::unreadable(id, err))?;
            if let Some(kind) = found.map(|data| data.kind) {
                return Ok(Some((kind, bytes)));
            }
        }
        Ok(None)
    }

    pub(super) fn kind(&self, id: Oid) -> Result<Option<Kind>> {
        for handle in &self.handles {
            if let Some(header) = handle.try_header(&id.0).map_err(|err| fault::unreadable(id, err))? {
                return Ok(Some(header.kind()));
            }
        }
        Ok(None)
    }
}

fn size(handle: &HandleArc, id: Oid) -> Result<Option<u64>> {
    let header = handle.try_header(&id.0).map_err(|err| fault::unreadable(id, err))?;
    Ok(header.map(|header| header.size()))
}

fn too_large(id: Oid, size: u64) -> Error {
    Error::invalid("too_large", format!("Object {id} has {size} bytes; no more than {LARGEST} are read"))
}
