//! One file in the folder of hooks: what stands there, and our part of it put in and taken out.
//!
//! A file is always written whole beside its place and renamed, with the mode that it had: a git that runs it meanwhile
//! reads the one or the other.

use std::fs::{self, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use super::{Hook, block};
use crate::base::{Error, Result};

/// The largest file that is looked into: no script is that long.
const LARGEST: u64 = 1 << 20;

/// The mode of a shim, before what the user's umask takes away.
const MODE: u32 = 0o777;

/// What stands in the place of a hook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// Nothing.
    Nothing,
    /// Our shim, of this version or another. Whether git can run it, and it is of this version.
    Shim {
        /// Whether it is as this version writes it.
        is_current: bool,
    },
    /// A script with our lines.
    Block {
        /// Whether they are as this version writes them.
        is_current: bool,
    },
    /// Something that calls us, as somebody has written it.
    Calling,
    /// A script of a shell, which our lines can be put into.
    Script,
    /// Something of which we keep our hands off, and why.
    Other(&'static str),
}

/// Looks what stands in the place of a hook.
///
/// # Errors
/// `io`, `read_only` where it cannot be read.
pub(super) fn look(path: &Path, hook: Hook) -> Result<Found> {
    let meta = match path.symlink_metadata() {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(Found::Nothing);
        }
        meta => meta.map_err(|error| failed("look at", path, error))?,
    };
    if meta.is_symlink() {
        return Ok(Found::Other("it is a symbolic link"));
    }
    if !meta.is_file() {
        return Ok(Found::Other("it is no file"));
    }
    if meta.len() > LARGEST {
        return Ok(Found::Other("it is no script of a shell"));
    }
    let bytes = fs::read(path).map_err(|error| failed("read", path, error))?;
    let can_run = meta.permissions().mode() & 0o111 != 0;
    Ok(judge(&bytes, hook, can_run, meta.nlink() > 1))
}

fn judge(bytes: &[u8], hook: Hook, can_run: bool, is_shared: bool) -> Found {
    if is_shim(bytes, hook) {
        return Found::Shim { is_current: can_run && bytes == hook.shim().as_bytes() };
    }
    if block::removed(bytes).is_some() {
        return Found::Block { is_current: can_run && block::is_current(bytes, hook) };
    }
    let has = |words: &str| bytes.windows(words.len()).any(|window| window == words.as_bytes());
    if [format!("git coord hook {}", hook.name()), format!("git-coord hook {}", hook.name())].iter().any(|it| has(it)) {
        return if can_run { Found::Calling } else { Found::Other("git does not run it: it is not executable") };
    }
    match () {
        () if has("lefthook") => Found::Other("it belongs to lefthook"),
        () if has("pre-commit.com") => Found::Other("it belongs to pre-commit"),
        () if has("husky") => Found::Other("it belongs to husky"),
        () if !block::is_for(bytes) => Found::Other("it is no script of a shell"),
        // To make it run would be to turn on what somebody has turned off.
        () if !can_run => Found::Other("git does not run it: it is not executable"),
        () if is_shared => Found::Other("it is a file of other places too, by hard links"),
        () => Found::Script,
    }
}

/// Returns whether these are three lines of ours, of whichever version.
fn is_shim(bytes: &[u8], hook: Hook) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let lines: Vec<&str> = text.lines().collect();
    matches!(lines[..], ["#!/bin/sh", told, call] if told.starts_with("# git coord: ")
        && call.contains(&format!("git-coord hook {} ", hook.name())))
}

/// Puts our part in: the shim where there is nothing, our lines where there is a script. Whatever is not ours stays.
///
/// # Errors
/// `io`, `read_only` or `disk_full` where it cannot be written.
pub(super) fn put(path: &Path, hook: Hook, found: &Found) -> Result<()> {
    let made = match found {
        Found::Nothing | Found::Shim { .. } => write(path, hook.shim().as_bytes(), None),
        Found::Script | Found::Block { .. } => fs::read(path).and_then(|script| {
            let script = block::removed(&script).unwrap_or(script);
            write(path, &block::inserted(&script, hook), Some(path.metadata()?.permissions()))
        }),
        Found::Calling | Found::Other(_) => Ok(()),
    };
    made.map_err(|error| failed("write", path, error))
}

/// Takes our part out.
///
/// # Errors
/// As [`put`].
pub(super) fn take_out(path: &Path, found: &Found) -> Result<()> {
    let gone = match found {
        Found::Shim { .. } => fs::remove_file(path),
        Found::Block { .. } => fs::read(path).and_then(|script| match block::removed(&script) {
            Some(script) => write(path, &script, Some(path.metadata()?.permissions())),
            None => Ok(()),
        }),
        _ => Ok(()),
    };
    gone.map_err(|error| failed("write", path, error))
}

/// Crash before the rename: a file that git takes for no hook.
fn write(path: &Path, bytes: &[u8], mode: Option<Permissions>) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    let mut file = builder.prefix(".coord-hook-").permissions(Permissions::from_mode(MODE)).tempfile_in(folder)?;
    file.write_all(bytes)?;
    if let Some(mode) = mode {
        file.as_file().set_permissions(mode)?;
    }
    file.persist(path).map(drop).map_err(|error| error.error)
}

pub(super) fn failed(what: &str, path: &Path, error: io::Error) -> Error {
    let code = match error.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => "read_only",
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "disk_full",
        _ => "io",
    };
    Error::fatal(code, format!("cannot {what} {}", path.display())).because(error)
}
