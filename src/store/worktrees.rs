//! The worktrees of the repository, by where their git dirs lie.

use super::Store;
use super::git::Call;

impl Store {
    /// Returns where the git dirs of all worktrees lie below the common dir: of the main one, nowhere below it.
    pub fn worktrees(&self) -> Vec<String> {
        let linked = std::fs::read_dir(self.places.common_dir.join("worktrees")).into_iter().flatten().flatten();
        let linked = linked.filter_map(|entry| entry.file_name().into_string().ok());
        let mut all: Vec<String> = linked.map(|name| format!("worktrees/{name}")).collect();
        all.sort();
        all.insert(0, String::new());
        all
    }

    /// Returns the branch that is checked out in one of them; nothing where none is, or git cannot tell.
    pub fn branch_in(&self, worktree: &str) -> Option<String> {
        let dir = self.places.common_dir.join(worktree);
        let words = ["--git-dir", dir.to_str()?, "symbolic-ref", "--short", "--quiet", "HEAD"];
        let answer = Call::new(&words).plain().run(self).ok()?;
        let branch = answer.output.trim();
        (answer.is_success() && !branch.is_empty()).then(|| branch.to_owned())
    }
}
