//! Programs that look after a repository's hooks themselves: what has to be added to their files, which are the user's.
//!
//! We write into none of them: they lie in the work tree, or are written anew by that program, or are those of other
//! repositories too.

use std::fs;
use std::path::{Path, PathBuf};

use super::Hook;

/// Who looks after the hooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manager {
    /// husky: scripts in a folder of the work tree.
    Husky,
    /// lefthook: `lefthook.yml`.
    Lefthook,
    /// pre-commit: `.pre-commit-config.yaml`.
    PreCommit,
    /// Nobody that is known here.
    Unknown,
}

/// What has to be added, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addition {
    /// The file.
    pub file: PathBuf,
    /// The lines.
    pub text: String,
}

impl Manager {
    /// Tells who looks after the hooks, by the folder that git takes them from and by why we leave the file there alone.
    pub(super) fn of(folder: &Path, why: &str) -> Manager {
        let is_husky = folder.components().any(|part| part.as_os_str() == ".husky");
        match () {
            () if is_husky || why.ends_with("husky") => Manager::Husky,
            () if why.ends_with("lefthook") => Manager::Lefthook,
            () if why.ends_with("pre-commit") => Manager::PreCommit,
            () => Manager::Unknown,
        }
    }

    /// Returns what has to be added for a hook.
    pub(super) fn addition(self, hook: Hook, folder: &Path, top: &Path) -> Addition {
        let name = hook.name();
        let line = format!("if command -v git-coord >/dev/null 2>&1; then git-coord hook {name} -- \"$@\"; fi\n");
        match self {
            Manager::Husky => {
                // The folder that git knows is made anew by husky; the scripts stand above it.
                let above = folder.file_name().filter(|name| *name == "_").and_then(|_| folder.parent());
                Addition { file: above.unwrap_or(folder).join(name), text: line }
            }
            Manager::Lefthook => {
                let input = if hook.reads_input() { "      use_stdin: true\n" } else { "" };
                let run = format!("      run: git coord hook {name} {{0}}\n");
                let text = format!("{name}:\n  commands:\n    git-coord:\n{run}{input}");
                let names = ["lefthook.yml", ".lefthook.yml", "lefthook.yaml", ".lefthook.yaml"];
                let known = names.iter().map(|name| top.join(name)).find(|path| path.is_file());
                Addition { file: known.unwrap_or_else(|| top.join(names[0])), text }
            }
            Manager::PreCommit => {
                let files = if hook.is_about_a_message() { "" } else { "        pass_filenames: false\n" };
                let text = format!(
                    "  - repo: local\n    hooks:\n      - id: git-coord-{name}\n        name: git coord\n        \
                     entry: git coord hook {name}\n        language: system\n        stages: [{name}]\n        \
                     always_run: true\n{files}"
                );
                Addition { file: top.join(".pre-commit-config.yaml"), text }
            }
            Manager::Unknown => Addition { file: folder.join(name), text: line },
        }
    }
}

impl Addition {
    /// Returns whether it is there, in whichever words.
    pub(super) fn is_made(&self, hook: Hook) -> bool {
        let text = fs::read_to_string(&self.file).unwrap_or_default();
        [format!("git coord hook {}", hook.name()), format!("git-coord hook {}", hook.name())]
            .iter()
            .any(|call| text.lines().any(|line| line.contains(call) && !line.trim_start().starts_with('#')))
    }
}
