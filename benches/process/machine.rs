//! Where the figures come from: date, machine, file system, versions, and what is wrong with the measured program.

use std::path::Path;
use std::process::Command;

use serde::{Deserialize, Serialize};

use crate::place::Bench;

/// Everything that a reader must know to compare figures.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Machine {
    pub(crate) date: String,
    pub(crate) git_coord: String,
    pub(crate) git: String,
    pub(crate) system: String,
    pub(crate) processor: String,
    pub(crate) cores: usize,
    pub(crate) file_system: String,
    /// How much of the processor time other work took meanwhile; nothing where it cannot be told.
    pub(crate) others_percent: Option<f64>,
    /// Why the figures are not those of the program that people use.
    pub(crate) warnings: Vec<String>,
}

impl Machine {
    /// Returns whether figures of the other can stand in one table with those of this one.
    pub(crate) fn is_of(&self, other: &Machine) -> bool {
        let told = |machine: &Machine| {
            [&machine.git_coord, &machine.git, &machine.system, &machine.processor, &machine.file_system]
                .map(String::clone)
        };
        told(self) == told(other) && self.warnings == other.warnings
    }
}

pub(crate) fn describe(bench: &Bench) -> Machine {
    Machine {
        date: chrono::Utc::now().format("%Y-%m-%d").to_string(),
        git_coord: output(&bench.git_coord, "--version"),
        git: output(&bench.git, "--version"),
        system: output(Path::new("uname"), "-sr"),
        processor: processor(),
        cores: std::thread::available_parallelism().map_or(0, usize::from),
        file_system: file_system(&bench.folder),
        others_percent: None,
        warnings: warnings(&bench.git_coord),
    }
}

/// Says how a program can be told from one that was built for use: by a text of its tests, and by the table of symbols that a
/// release leaves out.
fn warnings(program: &Path) -> Vec<String> {
    let bytes = std::fs::read(program).expect("the program can be read");
    let has = |text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
    let mut warnings = Vec::new();
    if has(b"GIT_COORD_FAILPOINT") {
        warnings.push("the measured program was built with the feature `testing`".to_owned());
    }
    if has(b"\0.symtab\0") {
        warnings.push("the measured program was not built with --release".to_owned());
    }
    warnings
}

fn output(program: &Path, argument: &str) -> String {
    let output = Command::new(program).arg(argument).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}

fn processor() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    line.map_or_else(|| std::env::consts::ARCH.to_owned(), |(_, name)| name.to_owned())
}

/// Returns the type of the file system that a folder lies on, as Linux names it.
fn file_system(folder: &Path) -> String {
    let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let mount = |line: &str| {
        let mut words = line.split(' ').skip(1);
        let (point, kind) = (words.next()?.to_owned(), words.next()?.to_owned());
        folder.starts_with(&point).then_some((point.len(), kind))
    };
    let deepest = mounts.lines().filter_map(mount).max_by_key(|(length, _)| *length);
    deepest.map_or_else(|| "unknown file system".to_owned(), |(_, kind)| kind)
}
