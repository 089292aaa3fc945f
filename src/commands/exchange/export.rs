//! `export`: records in a format of other tools.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::{Error, Result, text};
use crate::commands::page::Page;
use crate::commands::verb::{Group, Report, Scene, Verb};
use crate::transfer::{FORMATS, Format};
use std::path::Path;

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
fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let shown = path.display();
    let failed = |err: std::io::Error| Error::fatal("io", format!("cannot write {shown}")).because(err);
    let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let path = real.as_path();
    if path.metadata().is_ok_and(|meta| !meta.is_file()) {
        let mut there = std::fs::OpenOptions::new().write(true).open(path).map_err(failed)?;
        return std::io::Write::write_all(&mut there, bytes).map_err(failed);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // A folder that is not there is to be named by its own name, not by that of the file beside its place.
    std::fs::metadata(folder).map_err(failed)?;
    let open_to_all = std::os::unix::fs::PermissionsExt::from_mode(0o666);
    let mut file = tempfile::Builder::new().permissions(open_to_all).tempfile_in(folder).map_err(failed)?;
    std::io::Write::write_all(&mut file, bytes).map_err(failed)?;
    file.persist(path).map(drop).map_err(|err| failed(err.error))
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
        let mut text = String::new();
        let lines = write(&session.snapshot()?)?;
        for line in &lines {
            text.push_str(line);
            text.push('\n');
        }
        let Some(file) = args.file.filter(|file| file != "-") else {
            return Ok(Answer { layout: format.name.to_owned(), file: None, lines: lines.len(), text: Some(text) });
        };
        write_whole(Path::new(&file), text.as_bytes())?;
        Ok(Answer { layout: format.name.to_owned(), file: Some(file), lines: lines.len(), text: None })
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
