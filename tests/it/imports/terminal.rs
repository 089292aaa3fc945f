//! How far an import is: shown on a terminal, and only there and where nobody asked for silence.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use nix::pty::openpty;

use super::{THEN, has_begun, pipe, task};
use crate::harness::{PATIENCE, Repo, within};

/// An import whose standard error is a terminal, or a file.
struct Watched {
    repo: Repo,
    child: Child,
    rows: File,
    shown: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

impl Watched {
    fn begin(flags: &[&str], is_terminal: bool) -> Watched {
        let repo = Repo::set_up();
        let path = pipe(&repo, "rows");
        let mut command = repo.command(env!("CARGO_BIN_EXE_git-coord"));
        command
            .args(["import", "json", "rows"])
            .args(flags)
            .env("TERM", "xterm")
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        let (child, reads): (Child, Box<dyn Read + Send>) = if is_terminal {
            let terminal = openpty(None, None).expect("a terminal");
            (command.stderr(terminal.slave).spawn().expect("it starts"), Box::new(File::from(terminal.master)))
        } else {
            let mut child = command.stderr(Stdio::piped()).spawn().expect("it starts");
            let stderr = child.stderr.take().expect("a pipe");
            (child, Box::new(stderr))
        };
        // The terminal ends with the last one that has it open.
        drop(command);
        let shown = Arc::new(Mutex::new(Vec::new()));
        let reader = std::thread::spawn({
            let shown = Arc::clone(&shown);
            move || collect(reads, &shown)
        });
        let rows = File::options().write(true).open(path).expect("somebody reads");
        has_begun(&repo);
        Watched { repo, child, rows, shown, reader }
    }

    /// Gives it a piece of a file that has nothing in it.
    fn feed(&mut self) {
        self.rows.write_all(&[b'\n'; 256 << 10]).expect("somebody reads");
    }

    fn shown(&self) -> String {
        String::from_utf8_lossy(&self.shown.lock().expect("no panic")).into_owned()
    }

    /// Gives it a row and the end of its file, and returns all that it has shown.
    fn end(mut self) -> String {
        self.feed();
        self.rows.write_all(task("T-1", THEN, "The last").to_string().as_bytes()).expect("somebody reads");
        drop(self.rows);
        assert!(self.child.wait().expect("it ends").success());
        self.reader.join().expect("no panic");
        assert!(self.repo.task_file("T-1").contains("title: The last"));
        String::from_utf8_lossy(&self.shown.lock().expect("no panic")).into_owned()
    }
}

fn collect(mut from: impl Read, shown: &Mutex<Vec<u8>>) {
    let mut bytes = [0; 4096];
    // A terminal whose other side is closed gives an error, not an end.
    while let Ok(read @ 1..) = from.read(&mut bytes) {
        shown.lock().expect("no panic").extend_from_slice(&bytes[..read]);
    }
}

#[test]
fn how_far_an_import_is_is_shown_on_a_terminal_and_to_nobody_who_asked_for_silence() {
    // The silent ones begin first, so what the last one shows they would have shown as well.
    let silent = [(&["--quiet"][..], true), (&["--json"], true), (&[], false)];
    let mut silent = silent.map(|(flags, is_terminal)| Watched::begin(flags, is_terminal));
    let mut open = Watched::begin(&[], true);
    within(PATIENCE, "it shows how far it is", || {
        silent.iter_mut().for_each(Watched::feed);
        open.feed();
        open.shown().contains("reading")
    });
    for watched in silent {
        assert!(!watched.end().contains("reading"));
    }
    let shown = open.end();
    assert!(shown.contains("storing"), "{shown:?}");
    // The line is gone when the answer comes.
    assert!(shown.ends_with("\u{1b}[2K") || shown.ends_with('\r') || !shown.ends_with('\n'), "{shown:?}");
}
