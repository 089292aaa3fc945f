//! `doctor --fix` after real damage: what survives, what is said to be lost, and that git and the next write are content.

mod entries;
mod history;
mod interrupted;
mod locks;
mod objects;
mod packs;
mod refs;
mod refspecs;
mod upkeep;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::harness::{Machine, Repo};

/// What the objects of the state lie in when they are damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Age {
    /// Loose, as they were written.
    Fresh,
    /// They and the ref were packed once, and ten commits were made since.
    Grown,
    /// Everything is in a pack, the ref too, when it happens; the pack is gone with the damaged object.
    Packed,
}

const AGES: [Age; 3] = [Age::Fresh, Age::Grown, Age::Packed];

/// How many commits the history of [`furnished`] has.
const COMMITS: usize = 6;

/// A repository in memory, with three tasks; the title of the second was changed, and there is a note.
fn furnished() -> Repo {
    furnished_with(&[])
}

fn furnished_with(options: &[&str]) -> Repo {
    let repo = Repo::on(Machine::in_memory()).initialised(options).expect("a repository");
    repo.commit_a_file();
    // By the clock of the tests all of it is old.
    repo.git(&["config", "gc.reflogExpire", "never"]);
    repo.git(&["config", "gc.reflogExpireUnreachable", "never"]);
    repo.ok(&["init"]);
    for id in ["T-1", "T-2", "T-3"] {
        repo.ok(&["task", "new", &format!("Title of {id}"), "--id", id]);
    }
    repo.ok(&["task", "edit", "T-2", "--title", "Second title"]);
    repo.ok(&["note", "T-1", "A remark"]);
    repo
}

impl Age {
    /// Lets what was done before grow old, before the last change of all, which `change` makes.
    fn before(self, repo: &Repo) {
        if self == Age::Grown {
            repo.git(&["gc", "--quiet"]);
            for n in 0..10 {
                repo.ok(&["note", "T-3", &format!("Remark {n}")]);
            }
        }
    }

    fn after(self, repo: &Repo) {
        if self == Age::Packed {
            repo.git(&["gc", "--quiet"]);
        }
    }

    fn commits(self) -> usize {
        if self == Age::Grown { 10 } else { 0 }
    }
}

/// Returns the id of what a revision names.
fn id(repo: &Repo, rev: &str) -> String {
    repo.git(&["rev-parse", "--verify", rev])
}

fn loose(repo: &Repo, id: &str) -> PathBuf {
    repo.common_dir().join("objects").join(&id[..2]).join(&id[2..])
}

/// Takes one object away, out of a pack too.
fn destroy(repo: &Repo, id: &str) {
    unpack(repo);
    std::fs::remove_file(loose(repo, id)).expect("the object");
}

/// Makes a file of its own of every object.
fn unpack(repo: &Repo) {
    let folder = repo.common_dir().join("objects/pack");
    let aside = repo.machine.root().join("packs");
    let _ = std::fs::create_dir(&aside);
    for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
        std::fs::rename(entry.path(), aside.join(entry.file_name())).expect("the pack moves");
    }
    for entry in std::fs::read_dir(&aside).expect("a folder").flatten() {
        let pack = entry.path();
        if pack.extension().is_some_and(|end| end == "pack") {
            let line = format!("git unpack-objects -q < '{}'", pack.display());
            assert!(repo.command("sh").args(["-c", &line]).status().expect("git runs").success());
        }
        std::fs::remove_file(pack).expect("a file of a pack");
    }
}

/// Puts other bytes into the file of an object.
fn spoil(repo: &Repo, id: &str, bytes: &[u8]) {
    unpack(repo);
    let path = loose(repo, id);
    std::fs::remove_file(&path).expect("the object");
    std::fs::write(path, bytes).expect("other bytes");
}

/// What mending said.
struct Fixed {
    answer: Value,
}

/// Mends, which must end well, and checks that there is nothing left to mend, that what the ref held is kept where it was
/// replaced, and that git, the doctor and the next write find nothing wrong.
#[track_caller]
fn fix(repo: &Repo) -> Fixed {
    let is_link = repo.common_dir().join("refs/coord/main").is_symlink();
    let before = repo.tip().filter(|_| !is_link);
    let answer = repo.coord(&["doctor", "--fix"]).json().expect(0).data();
    for finding in answer["findings"].as_array().expect("findings") {
        assert_eq!(finding["fixed"], true, "{finding}");
    }
    let has_moved_aside = |old: &String| !repo.tip().is_some_and(|tip| follows(repo, old, &tip));
    if let Some(old) = before.filter(has_moved_aside) {
        let backup = answer["backup"].as_str().expect("a backup");
        assert_eq!(std::fs::read_to_string(format!("{backup}/ref")).expect("kept"), format!("{old}\n"));
    }
    nothing_to_mend(repo);
    well(repo);
    Fixed { answer }
}

fn follows(repo: &Repo, old: &str, new: &str) -> bool {
    repo.try_git(&["merge-base", "--is-ancestor", old, new]).status.success()
}

/// Checks that mending changes not a byte.
#[track_caller]
fn nothing_to_mend(repo: &Repo) {
    let before = everything(&repo.common_dir());
    let answer = repo.coord(&["doctor", "--fix"]).json().expect(0).data();
    assert_eq!(answer["findings"], serde_json::json!([]));
    assert_eq!((&answer["lost"], &answer["backup"]), (&Value::Null, &Value::Null), "{answer}");
    let after = everything(&repo.common_dir());
    let differing = before.iter().filter(|(path, file)| after.get(*path) != Some(file));
    let differing: Vec<_> = differing.map(|(path, _)| path).collect();
    assert_eq!(differing, Vec::<&PathBuf>::new(), "another file than before");
    let new: Vec<_> = after.keys().filter(|path| !before.contains_key(*path)).collect();
    assert_eq!(new, Vec::<&PathBuf>::new(), "a file that was not there");
}

/// Returns every file of a repository but the index, which a reader brings up to date.
fn everything(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() && !path.is_symlink() {
            files.extend(everything(&path));
        } else if !entry.file_name().to_string_lossy().starts_with("index.") {
            files.insert(path.clone(), std::fs::read(path).unwrap_or_default());
        }
    }
    files
}

/// Checks that git, the doctor and the next write find nothing wrong.
#[track_caller]
fn well(repo: &Repo) {
    repo.fsck_strict();
    repo.git(&["gc", "--quiet"]);
    repo.fsck_strict();
    let doctor = repo.coord(&["doctor"]).run();
    assert_eq!(doctor.exit(), 0, "{doctor}");
    repo.ok(&["task", "new", "Afterwards"]);
    repo.fsck_strict();
}

impl Fixed {
    /// Returns what was lost: each record, and whether something older is left of it.
    fn lost(&self) -> Vec<(String, bool)> {
        let of = |lost: &Value| (lost["record"].as_str().unwrap_or_default().to_owned(), lost["since"].is_string());
        self.answer["lost"].as_array().into_iter().flatten().map(of).collect()
    }

    /// Returns what the commits did that are gone.
    fn commits(&self) -> Vec<String> {
        let of = |lost: &Value| lost["subject"].as_str().unwrap_or_default().to_owned();
        self.answer["lost_commits"].as_array().into_iter().flatten().map(of).collect()
    }

    fn codes(&self) -> Vec<String> {
        let findings = self.answer["findings"].as_array().into_iter().flatten();
        let mut codes: Vec<String> = findings.map(|found| found["code"].as_str().expect("a code").to_owned()).collect();
        codes.dedup();
        codes
    }
}

/// Checks the titles of the tasks that are there.
#[track_caller]
fn assert_titles(repo: &Repo, wanted: &[(&str, &str)]) {
    let list = repo.data(&["task", "list", "--limit", "100"]);
    let titles: Vec<(String, String)> = list["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|task| {
            (task["id"].as_str().expect("an id").to_owned(), task["title"].as_str().expect("a title").to_owned())
        })
        .filter(|(id, _)| id.starts_with("T-"))
        .collect();
    let titles: Vec<(&str, &str)> = titles.iter().map(|(id, title)| (id.as_str(), title.as_str())).collect();
    assert_eq!(titles, wanted);
}

const ALL: [(&str, &str); 3] = [("T-1", "Title of T-1"), ("T-2", "Second title"), ("T-3", "Title of T-3")];

fn remarks(repo: &Repo, thread: &str) -> usize {
    usize::try_from(repo.data(&["thread", thread])["total"].as_u64().expect("a number")).expect("a small number")
}
