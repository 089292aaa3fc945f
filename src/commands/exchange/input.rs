//! Files that are given by name, or standard input: read at once where they are short, and else more than once from their
//! beginning, even where what comes by is gone.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Read, Seek, Write};

use crate::base::{Error, Result, text};

/// A file that can be read from its beginning more than once.
pub(super) struct Input {
    name: String,
    from: From,
}

enum From {
    /// A file that stays where it is.
    File(File),
    /// What comes by and is gone: it is written down for the second time.
    Stream { stream: RefCell<Option<Box<dyn Read>>>, copy: File },
}

/// A file that was opened.
pub(super) enum Opened {
    /// All that it holds, which is little.
    Little(Vec<u8>),
    /// The file itself.
    Much(Input),
}

impl Input {
    /// Opens a file, or standard input where it is `-`.
    ///
    /// # Errors
    /// `not_found` (4), `io` (128).
    pub(super) fn open(name: &str) -> Result<Input> {
        let fail = |err| unreadable(name, err);
        let from = if name == "-" {
            From::stream(Box::new(io::stdin()))
        } else {
            let file = File::open(name).map_err(fail)?;
            // What is read only once, such as a pipe, can have a name too.
            if file.metadata().map_err(fail)?.is_file() { Ok(From::File(file)) } else { From::stream(Box::new(file)) }
        };
        Ok(Input { name: name.to_owned(), from: from.map_err(fail)? })
    }

    /// Opens a file, or standard input where it is `-`, and reads it where it has no more than so many bytes.
    ///
    /// # Errors
    /// `not_found` (4), `io` (128).
    pub(super) fn open_or_read(name: &str, most: usize) -> Result<Opened> {
        let fail = |err| unreadable(name, err);
        let mut stream: Box<dyn Read> =
            if name == "-" { Box::new(io::stdin()) } else { Box::new(File::open(name).map_err(fail)?) };
        let mut bytes = Vec::new();
        (&mut stream).take(most as u64 + 1).read_to_end(&mut bytes).map_err(fail)?;
        if bytes.len() <= most {
            return Ok(Opened::Little(bytes));
        }
        if name != "-" && std::fs::metadata(name).is_ok_and(|meta| meta.is_file()) {
            return Input::open(name).map(Opened::Much);
        }
        // What comes by is written down first: whoever reads it may stop in its middle, and begin again.
        let mut written_down = || -> io::Result<File> {
            let mut copy = tempfile::tempfile()?;
            copy.write_all(&bytes)?;
            io::copy(&mut stream, &mut copy)?;
            Ok(copy)
        };
        Ok(Opened::Much(Input { name: name.to_owned(), from: From::File(written_down().map_err(fail)?) }))
    }

    /// Makes the error of a file that cannot be read.
    pub(super) fn unreadable(&self, err: io::Error) -> Error {
        unreadable(&self.name, err)
    }

    /// Returns the bytes from the first on.
    ///
    /// # Errors
    /// `io` (128).
    pub(super) fn read(&self) -> Result<Box<dyn Read + '_>> {
        self.rewound().map_err(|err| self.unreadable(err))
    }

    fn rewound(&self) -> io::Result<Box<dyn Read + '_>> {
        match &self.from {
            From::File(file) => {
                (&*file).rewind()?;
                Ok(Box::new(file))
            }
            From::Stream { stream, copy } => match stream.borrow_mut().take() {
                Some(stream) => Ok(Box::new(Copied { stream, copy })),
                None => {
                    (&*copy).rewind()?;
                    Ok(Box::new(copy))
                }
            },
        }
    }

    /// Returns how many bytes there are, where that is known.
    pub(super) fn size(&self) -> Option<u64> {
        match &self.from {
            From::File(file) => file.metadata().ok().map(|meta| meta.len()),
            From::Stream { .. } => None,
        }
    }
}

impl From {
    fn stream(stream: Box<dyn Read>) -> io::Result<From> {
        Ok(From::Stream { stream: RefCell::new(Some(stream)), copy: tempfile::tempfile()? })
    }
}

/// A stream that is written down while it is read.
struct Copied<'a> {
    stream: Box<dyn Read>,
    copy: &'a File,
}

impl Read for Copied<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.stream.read(bytes)?;
        self.copy.write_all(&bytes[..read])?;
        Ok(read)
    }
}

/// Returns what a file holds, or standard input where it is `-`.
///
/// # Errors
/// `not_found` (4), `io` (128).
pub(super) fn read_file(file: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = match file {
        "-" => io::stdin().lock().read_to_end(&mut bytes),
        path => File::open(path).and_then(|mut file| file.read_to_end(&mut bytes)),
    };
    read.map(|_| bytes).map_err(|err| unreadable(file, err))
}

fn unreadable(file: &str, err: io::Error) -> Error {
    let shown = text::excerpt(file, 200);
    match err.kind() {
        io::ErrorKind::NotFound => Error::not_found(format!("there is no file {shown}")).because(err),
        _ => Error::fatal("io", format!("cannot read {shown}")).because(err),
    }
}
