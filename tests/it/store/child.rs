//! A process of its own that publishes one commit, for tests that kill it, break it or watch it.
//!
//! The test binary starts itself with the name of the one test below, which does nothing unless it is asked to.

use std::process::{Command, Output};
use std::time::Duration;

use git_coord::store::{Content, Edit, Published, Store};

use super::fixture::{PATIENCE, Repo, on, set};

const ASKED: &str = "COORD_TEST_CHILD";
const BLOB: &str = "COORD_TEST_BLOB";
const ROUNDS: &str = "COORD_TEST_ROUNDS";
const MANY: &str = "COORD_TEST_MANY";

/// What a child is asked to do, and how it is hindered.
#[derive(Default)]
pub(crate) struct Child<'a> {
    /// The file that it sets; the name is its own.
    pub(crate) path: &'a str,
    /// A blob that it names by its id, at `<path>.named`.
    pub(crate) blob: Option<String>,
    pub(crate) failpoint: Option<String>,
    pub(crate) file_log: Option<String>,
    /// How many further files it sets, so that all go into one pack.
    pub(crate) many: u32,
    /// How many commits it makes, each of which also counts `counter` up.
    pub(crate) rounds: u32,
}

impl Child<'_> {
    pub(crate) fn command(&self, repo: &Repo) -> Command {
        let mut command = repo.command(std::env::current_exe().expect("this test has a file"));
        command.args(["--exact", "store::child::publishes_when_asked", "--nocapture", "--test-threads=1"]);
        command.env(ASKED, self.path).env(ROUNDS, self.rounds.max(1).to_string()).env(MANY, self.many.to_string());
        let settings =
            [(BLOB, &self.blob), ("GIT_COORD_FAILPOINT", &self.failpoint), ("GIT_COORD_TEST_FILE_LOG", &self.file_log)];
        for (name, value) in settings {
            if let Some(value) = value {
                command.env(name, value);
            }
        }
        command
    }

    pub(crate) fn run(&self, repo: &Repo) -> Done {
        Done::new(self.command(repo).output().expect("the child runs"))
    }
}

/// What became of a child.
#[derive(Debug)]
pub(crate) struct Done {
    /// The commits that it was told had landed.
    pub(crate) landed: Vec<String>,
    /// The code of the error that it got.
    pub(crate) refused: Option<String>,
    /// Whether it came to its end.
    pub(crate) is_alive: bool,
}

impl Done {
    pub(crate) fn new(output: Output) -> Done {
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let words = |name: &str| -> Vec<String> {
            text.lines().filter_map(|line| line.split_once(name)).map(|(_, word)| word.trim().to_owned()).collect()
        };
        Done { landed: words("landed "), refused: words("refused ").pop(), is_alive: output.status.success() }
    }
}

#[test]
fn publishes_when_asked() {
    let Ok(path) = std::env::var(ASKED) else { return };
    let blob = std::env::var(BLOB).ok();
    let rounds: u32 = std::env::var(ROUNDS).expect("given").parse().expect("a number");
    let many: u32 = std::env::var(MANY).expect("given").parse().expect("a number");
    let here = std::env::current_dir().expect("a folder");
    let store = Store::discover(&here).expect("the repository opens");
    let mut made = 0;
    while made < rounds {
        match publish(&store, &path, blob.as_deref(), rounds > 1, many) {
            Ok(Published::Landed(id)) => {
                // One write, so that a killed child has said it whole or not at all.
                say(&format!("landed {id}\n"));
                made += 1;
            }
            Ok(Published::Moved) => {}
            Err(err) => {
                say(&format!("refused {}\n", err.code()));
                return;
            }
        }
    }
}

fn say(line: &str) {
    use std::io::Write;
    std::io::stdout().write_all(line.as_bytes()).expect("the parent listens");
}

fn publish(
    store: &Store,
    path: &str,
    blob: Option<&str>,
    counts: bool,
    many: u32,
) -> git_coord::base::Result<Published> {
    let mut writer = store.lock(PATIENCE.max(Duration::from_secs(1)))?;
    let tip = store.tip()?;
    let mut edits = vec![set(path, path)];
    edits.extend((0..many).map(|n| set(&format!("{path}.many/{n}"), format!("{path} {n}"))));
    if let Some(blob) = blob {
        let content = Some(Content::Existing(blob.parse().expect("an id")));
        edits.push(Edit { path: format!("{path}.named"), content });
    }
    if counts {
        let count = match tip.map(|tip| store.tree(tip)?.read("counter")).transpose()?.flatten() {
            Some(blob) => String::from_utf8_lossy(&blob.bytes).parse::<u64>().expect("a number"),
            None => 0,
        };
        edits.push(set("counter", (count + 1).to_string()));
    }
    writer.publish(on(tip, edits))
}
