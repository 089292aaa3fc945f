//! Files in the tip that no `git coord` would write: made by plain git, as another program or a hostile push would.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::process::Stdio;

use super::Repo;

impl Repo {
    /// Commits a file into the tip with plain git, and returns its object id.
    #[track_caller]
    pub(crate) fn plant(&self, path: &str, content: &[u8]) -> String {
        self.plant_as("100644", path.as_ref(), content)
    }

    /// Commits an entry of any mode and any name into the tip with plain git, and returns its object id.
    #[track_caller]
    pub(crate) fn plant_as(&self, mode: &str, path: &OsStr, content: &[u8]) -> String {
        let git = |words: &[&OsStr], input: &[u8]| self.plant_by(words, input);
        let plain = |words: &[&str], input: &[u8]| git(&words.iter().map(OsStr::new).collect::<Vec<_>>(), input);
        let blob = plain(&["hash-object", "-w", "--stdin"], content);
        plain(&["read-tree", "refs/coord/main"], b"");
        let mut entry = OsString::from(format!("{mode},{blob},"));
        entry.push(path);
        git(&["update-index".as_ref(), "--add".as_ref(), "--cacheinfo".as_ref(), &entry], b"");
        let tree = plain(&["write-tree"], b"");
        let commit = plain(&["commit-tree", "-m", "Plant", "-p", "refs/coord/main", &tree], b"");
        self.git(&["update-ref", "refs/coord/main", &commit]);
        blob
    }

    /// Runs git with an index of its own, and returns what it prints.
    #[track_caller]
    fn plant_by(&self, words: &[&OsStr], input: &[u8]) -> String {
        let index = self.machine.root().join("planting");
        let mut command = self.command("git");
        command.args(words).env("GIT_INDEX_FILE", &index).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("git starts");
        child.stdin.take().expect("a pipe").write_all(input).expect("git listens");
        let output = child.wait_with_output().expect("git ends");
        assert!(output.status.success(), "git {words:?}");
        String::from_utf8(output.stdout).expect("UTF-8").trim().to_owned()
    }

    /// Commits many changes of files at once with plain git: their new bytes, or nothing where they go.
    #[track_caller]
    pub(crate) fn plant_all(&self, files: &BTreeMap<String, Option<Vec<u8>>>) {
        let git =
            |words: &[&str], input: &[u8]| self.plant_by(&words.iter().map(OsStr::new).collect::<Vec<_>>(), input);
        git(&["read-tree", "refs/coord/main"], b"");
        let mut lines = String::new();
        // What goes first makes room for what comes.
        for path in files.iter().filter(|(_, bytes)| bytes.is_none()).map(|(path, _)| path) {
            lines += &format!("0 {}\t{path}\0", "0".repeat(40));
        }
        for (path, bytes) in files.iter().filter_map(|(path, bytes)| Some((path, bytes.as_ref()?))) {
            lines += &format!("100644 {}\t{path}\0", git(&["hash-object", "-w", "--stdin"], bytes));
        }
        git(&["update-index", "--replace", "-z", "--index-info"], lines.as_bytes());
        let tree = git(&["write-tree"], b"");
        let commit = git(&["commit-tree", "-m", "Plant", "-p", "refs/coord/main", &tree], b"");
        self.git(&["update-ref", "refs/coord/main", &commit]);
    }

    /// Returns where the file of a task lies in the tip.
    #[track_caller]
    pub(crate) fn task_path(&self, id: &str) -> String {
        let end = format!("/{id}.md");
        let path = self.files().into_keys().find(|path| path.starts_with("tasks/") && path.ends_with(&end));
        path.unwrap_or_else(|| panic!("the tip has no task {id}"))
    }
}
