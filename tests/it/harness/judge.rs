//! What git says about the state: its history, its reflog, its soundness. The program is not asked.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::Repo;

/// The ref that holds the state.
const STATE: &str = "refs/coord/main";

impl Repo {
    /// Returns the folder that all worktrees share.
    #[track_caller]
    pub(crate) fn common_dir(&self) -> PathBuf {
        self.path.join(self.git(&["rev-parse", "--git-common-dir"]))
    }

    /// Returns the tip of the state; nothing where there is no such ref.
    pub(crate) fn tip(&self) -> Option<String> {
        let output = self.try_git(&["rev-parse", "--verify", "--quiet", STATE]);
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// Returns how many commits the state's history has, the first one included.
    #[track_caller]
    pub(crate) fn commit_count(&self) -> usize {
        self.git(&["rev-list", "--count", STATE]).parse().expect("a number")
    }

    /// Returns all commits of the state's history.
    #[track_caller]
    pub(crate) fn history(&self) -> BTreeSet<String> {
        self.git(&["rev-list", STATE]).lines().map(str::to_owned).collect()
    }

    /// Returns how many lines git shows of the state's reflog.
    #[track_caller]
    pub(crate) fn reflog_length(&self) -> usize {
        self.git(&["reflog", "show", "--format=%H", STATE]).lines().count()
    }

    /// Returns how many commits the reflog speaks of: a line for a group names its first and says how many more there are.
    #[track_caller]
    pub(crate) fn reflog_commits(&self) -> usize {
        let text = self.git(&["reflog", "show", "--format=%gs", STATE]);
        let more = |line: &str| line.strip_suffix(" more")?.rsplit_once(", and ")?.1.parse::<usize>().ok();
        text.lines().map(|line| 1 + more(line).unwrap_or(0)).sum()
    }

    /// Returns the subjects of the state's history, latest first.
    #[track_caller]
    pub(crate) fn subjects(&self) -> Vec<String> {
        self.git(&["log", "--format=%s", STATE]).lines().map(str::to_owned).collect()
    }

    /// Returns the names of what stands in the queue of writers.
    #[track_caller]
    pub(crate) fn queue(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.common_dir().join("coord/queue")).into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    }

    /// Returns the paths of the tip's tree, with the blob of each.
    #[track_caller]
    pub(crate) fn files(&self) -> BTreeMap<String, String> {
        let list = self.git(&["ls-tree", "-r", "--full-tree", STATE]);
        let parse = |line: &str| {
            let (facts, path) = line.split_once('\t')?;
            Some((path.to_owned(), facts.rsplit(' ').next()?.to_owned()))
        };
        list.lines().filter_map(parse).collect()
    }

    /// Returns what the tip holds at a path.
    #[track_caller]
    pub(crate) fn file(&self, path: &str) -> String {
        self.git(&["cat-file", "blob", &format!("{STATE}:{path}")])
    }

    /// Returns the file of a task in the tip.
    #[track_caller]
    pub(crate) fn task_file(&self, id: &str) -> String {
        let end = format!("/{id}.md");
        let path = self.files().into_keys().find(|path| path.starts_with("tasks/") && path.ends_with(&end));
        self.file(&path.unwrap_or_else(|| panic!("the tip has no task {id}")))
    }

    /// Checks that git finds nothing wrong with any object or ref.
    #[track_caller]
    pub(crate) fn fsck_strict(&self) {
        let output = self.try_git(&["fsck", "--strict", "--no-dangling", "--no-progress"]);
        let words = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
        // An unborn branch is worth a notice to git; it says nothing about the state.
        let odd: Vec<_> = words.lines().filter(|line| !line.starts_with("notice:")).collect();
        assert!(output.status.success() && odd.is_empty(), "git fsck --strict: {words}");
    }

    /// Checks that nobody left a lock of the ref behind, and no half-written file of ours.
    #[track_caller]
    pub(crate) fn assert_no_lock(&self) {
        let common = self.common_dir();
        for left in ["refs/coord/main.lock", "coord/next"] {
            assert!(!common.join(left).exists(), "{left} was left behind");
        }
    }
}
