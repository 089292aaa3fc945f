//! `export`: records in a format of other tools.

use std::io::{BufWriter, Write as _};
use std::path::Path;

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::{Error, Progress, Result, text};
use crate::commands::page::Page;
use crate::commands::verb::{Group, Report, Scene, Verb};
use crate::session::Session;
use crate::transfer::{FORMATS, Format, Write};

/// How many bytes are collected before they are written.
const CHUNK: usize = 64 << 10;

/// Write the records in a format of other tools
///
/// What is printed is the bare format, with or without --json.
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The format: beads, or json
    #[arg(value_name = "LAYOUT")]
    pub layout: String,
    /// The file to write; without it, standard output
    #[arg(value_name = "FILE")]
    pub file: Option<String>,
}

/// What was written.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Answer {
    /// The format.
    pub layout: String,
    /// The file.
    pub file: Option<String>,
    /// How many lines.
    pub lines: usize,
    #[serde(skip)]
    text: Option<String>,
}

/// Returns the format of a name.
///
/// # Errors
/// `usage` where there is none.
pub fn layout(name: &str) -> Result<&'static Format> {
    Format::find(name).ok_or_else(|| {
        let known: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
        Error::usage(format!("there is no format called «{}»", text::excerpt(name, 40)))
            .hint(format!("formats: {}", known.join(", ")))
    })
}

/// Writes a file whole: beside its place, then renamed, so that a full disk leaves what was there. A link is followed,
/// and what is no file, such as a pipe or a device, is written to and never replaced.
fn write_whole(path: &Path, fill: impl FnOnce(&mut Out<'_>) -> Result<usize>) -> Result<usize> {
    let shown = path.display();
    let failed = |err: std::io::Error| Error::fatal("io", format!("cannot write {shown}")).because(err);
    let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let path = real.as_path();
    let fill = |file: &mut std::fs::File| {
        let mut buffer = BufWriter::with_capacity(CHUNK, file);
        let lines = fill(&mut |bytes| buffer.write_all(bytes).map_err(failed))?;
        buffer.flush().map_err(failed)?;
        Ok(lines)
    };
    if path.metadata().is_ok_and(|meta| !meta.is_file()) {
        return fill(&mut std::fs::OpenOptions::new().write(true).open(path).map_err(failed)?);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // A folder that is not there is to be named by its own name, not by that of the file beside its place.
    std::fs::metadata(folder).map_err(failed)?;
    let open_to_all = std::os::unix::fs::PermissionsExt::from_mode(0o666);
    let mut file = tempfile::Builder::new().permissions(open_to_all).tempfile_in(folder).map_err(failed)?;
    let lines = fill(file.as_file_mut())?;
    file.persist(path).map_err(|err| failed(err.error))?;
    Ok(lines)
}

/// Where the bytes of an export go.
type Out<'a> = dyn FnMut(&[u8]) -> Result<()> + 'a;

/// Writes all lines, and returns how many there were.
fn write_lines(write: Write, session: &Session, progress: &dyn Progress, out: &mut Out<'_>) -> Result<usize> {
    let mut lines = 0;
    progress.begin("writing", None);
    let written = write(&session.snapshot()?, &mut |line| {
        lines += 1;
        progress.advance(1);
        out(line.as_bytes())?;
        out(b"\n")
    });
    progress.end();
    written.map(|()| lines)
}

/// The verb.
pub struct Export;

impl Verb for Export {
    const NAME: &'static str = "export";
    const GROUP: Group = Group::Exchange;
    type Args = Args;
    type Report = Answer;

    fn run(args: Args, scene: &Scene) -> Result<Answer> {
        let session = scene.session()?;
        let format = layout(&args.layout)?;
        let write = format.write.ok_or_else(|| Error::usage(format!("{} is only read", format.name)))?;
        let progress = scene.progress();
        let mut answer = Answer { layout: format.name.to_owned(), file: None, lines: 0, text: None };
        match (args.file.filter(|file| file != "-"), scene.stage()) {
            (Some(file), _) => {
                answer.lines = write_whole(Path::new(&file), |out| write_lines(write, session, progress, out))?;
                answer.file = Some(file);
            }
            (None, Some(stage)) => {
                let mut chunk = Vec::with_capacity(CHUNK);
                answer.lines = write_lines(write, session, stage.progress_beside(), &mut |bytes| {
                    chunk.extend_from_slice(bytes);
                    if chunk.len() >= CHUNK { stage.write(&std::mem::take(&mut chunk)) } else { Ok(()) }
                })?;
                stage.write(&chunk)?;
                answer.text = Some(String::new());
            }
            (None, None) => {
                let mut text = Vec::new();
                answer.lines = write_lines(write, session, progress, &mut |bytes| {
                    text.extend_from_slice(bytes);
                    Ok(())
                })?;
                answer.text = Some(String::from_utf8_lossy(&text).into_owned());
            }
        }
        Ok(answer)
    }
}

impl Report for Answer {
    fn text(&self, page: &mut Page) {
        if let Some(file) = &self.file {
            page.say(format!("{} lines written to {file}", self.lines));
        }
    }

    fn bare(&self) -> Option<&str> {
        self.text.as_deref()
    }

    fn is_receipt(&self) -> bool {
        true
    }
}
