//! Files in the tip that no `git coord` would write: made by plain git, as another program or a hostile push would.

use std::io::Write;
use std::process::Stdio;

use super::Repo;

impl Repo {
    /// Commits a file into the tip with plain git, and returns its object id.
    #[track_caller]
    pub(crate) fn plant(&self, path: &str, content: &[u8]) -> String {
        let index = self.machine.root().join("planting");
        let git = |words: &[&str], input: &[u8]| {
            let mut command = self.command("git");
            command.args(words).env("GIT_INDEX_FILE", &index).stdin(Stdio::piped()).stdout(Stdio::piped());
            let mut child = command.spawn().expect("git starts");
            child.stdin.take().expect("a pipe").write_all(input).expect("git listens");
            let output = child.wait_with_output().expect("git ends");
            assert!(output.status.success(), "git {words:?}");
            String::from_utf8(output.stdout).expect("UTF-8").trim().to_owned()
        };
        let blob = git(&["hash-object", "-w", "--stdin"], content);
        git(&["read-tree", "refs/coord/main"], b"");
        git(&["update-index", "--add", "--cacheinfo", &format!("100644,{blob},{path}")], b"");
        let tree = git(&["write-tree"], b"");
        let commit = git(&["commit-tree", "-m", "Plant", "-p", "refs/coord/main", &tree], b"");
        self.git(&["update-ref", "refs/coord/main", &commit]);
        blob
    }

    /// Returns where the file of a task lies in the tip.
    #[track_caller]
    pub(crate) fn task_path(&self, id: &str) -> String {
        let end = format!("/{id}.md");
        let path = self.files().into_keys().find(|path| path.starts_with("tasks/") && path.ends_with(&end));
        path.unwrap_or_else(|| panic!("the tip has no task {id}"))
    }
}
