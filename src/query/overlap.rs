//! Whether two claims reserve the same paths.
//!
//! Two globs overlap where one of these holds, whichever of the two is asked about the other:
//! 1. both cover a file that git tracks;
//! 2. one of them, read as a path, is covered by the other: so a path that is not there yet meets the patterns for it;
//! 3. both are patterns, neither covers a tracked file, so both are for files to be made, and the folder of one lies in
//!    that of the other;
//! 4. one is a path, the other a pattern that covers no tracked file, and the pattern could cover one below that path.
//!
//! Two patterns that could both cover a path, but cover different files of those that there are, do not overlap.

use std::sync::Arc;

use crate::base::glob::{is_in, readable_folder};
use crate::base::{Glob, Timestamp};
use crate::query::Signs;
use crate::records::Task;
use crate::records::task::Claim;

/// What is done about a claim whose paths overlap with those of another one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Policy {
    /// It is refused.
    #[default]
    Refuse,
    /// It is made, with a warning.
    Warn,
    /// Nothing: nobody looks.
    Off,
}

/// The files that git tracks, from the top of the repository.
#[derive(Debug, Clone, Default)]
pub struct Tracked(Arc<[String]>);

/// Two globs of two claims that overlap.
#[derive(Debug, Clone, PartialEq)]
pub struct Overlap<'a> {
    /// The task that is claimed.
    pub task: &'a Task,
    /// The claim on it.
    pub claim: &'a Claim,
    /// The glob that was asked for.
    pub wanted: String,
    /// The glob of the claim.
    pub reserved: String,
    /// What both are about.
    pub shared: Shared,
}

/// What two globs are both about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shared {
    /// This path, which is there or is to be.
    Path(String),
    /// Files that are to be made in this folder; the top where it is empty.
    Folder(String),
}

impl Tracked {
    /// Takes the paths of the files.
    pub fn new(mut paths: Vec<String>) -> Self {
        paths.sort();
        Tracked(paths.into())
    }

    /// Returns the files that a glob covers, in order.
    fn covered<'a>(&'a self, glob: &'a Glob) -> impl Iterator<Item = &'a str> {
        // The files whose path begins like its folder stand together.
        let from = self.0.partition_point(|path| path.as_str() < glob.folder());
        let near = self.0[from..].iter().take_while(|path| path.starts_with(glob.folder()));
        near.map(String::as_str).filter(|path| glob.covers(path))
    }
}

/// Returns the living claims on other tasks that have reserved some of these paths, in the order of the tasks: for
/// each the first two globs that overlap.
pub fn overlaps<'a>(
    wanted: &[Glob],
    others: impl Iterator<Item = (&'a Task, &'a Claim)>,
    tracked: &Tracked,
) -> Vec<Overlap<'a>> {
    let first = |(task, claim): (&'a Task, &'a Claim)| {
        let reserved: Vec<Reserved> = claim.paths.iter().map(|text| Reserved::read(text)).collect();
        let pairs = wanted.iter().flat_map(|wanted| reserved.iter().map(move |reserved| (wanted, reserved)));
        pairs.into_iter().find_map(|(wanted, reserved)| {
            let shared = reserved.shared_with(wanted, tracked)?;
            let (wanted, reserved) = (wanted.as_str().to_owned(), reserved.text().to_owned());
            Some(Overlap { task, claim, wanted, reserved, shared })
        })
    };
    others.filter_map(first).collect()
}

/// Returns the claims that have reserved paths and have given a sign of life in time.
pub fn reserving<'a>(
    tasks: impl Iterator<Item = &'a Task>,
    signs: &Signs,
    now: Timestamp,
) -> impl Iterator<Item = (&'a Task, &'a Claim)> {
    let claims = tasks.filter_map(|task| task.claim.as_ref().map(|claim| (task, claim)));
    claims.filter(move |(_, claim)| !claim.paths.is_empty() && signs.overdue(claim, now).is_none())
}

/// Returns the first of some paths that a claim has reserved, and by which of its globs.
pub fn reserved<'p, 'c>(claim: &'c Claim, mut paths: impl Iterator<Item = &'p str>) -> Option<(&'p str, &'c str)> {
    let globs: Vec<(&str, Reserved)> = claim.paths.iter().map(|text| (text.as_str(), Reserved::read(text))).collect();
    paths.find_map(|path| globs.iter().find(|(_, glob)| glob.covers(path)).map(|(text, _)| (path, *text)))
}

/// Returns what two globs are both about; nothing where they do not overlap.
pub fn shared(one: &Glob, other: &Glob, tracked: &Tracked) -> Option<Shared> {
    // In an order that does not depend on who asks, so that both are told the same.
    let (one, other) = if one.as_str() <= other.as_str() { (one, other) } else { (other, one) };
    if let Some(path) = tracked.covered(one).find(|path| other.covers(path)) {
        return Some(Shared::Path(path.to_owned()));
    }
    let as_path = |glob: &Glob| glob.as_path().unwrap_or(glob.as_str()).to_owned();
    let about = |glob: &Glob| match glob.as_path() {
        Some(path) => Shared::Path(path.to_owned()),
        None => Shared::Folder(glob.folder().to_owned()),
    };
    if one.as_str() == other.as_str() || other.covers(&as_path(one)) {
        return Some(about(one));
    }
    if one.covers(&as_path(other)) {
        return Some(about(other));
    }
    let is_new = |glob: &Glob| glob.as_path().is_none() && tracked.covered(glob).next().is_none();
    for (path, pattern) in [(one, other), (other, one)] {
        if let Some(path) = path.as_path().filter(|path| is_new(pattern) && reaches(pattern, path)) {
            return Some(Shared::Path(path.to_owned()));
        }
    }
    let inner = inner(one.folder(), other.folder())?;
    (is_new(one) && is_new(other)).then(|| Shared::Folder(inner.to_owned()))
}

/// Returns whether a pattern could cover a file below a path, should that be a folder.
fn reaches(pattern: &Glob, path: &str) -> bool {
    if pattern.as_str().contains('{') {
        // Its alternatives may hold slashes: what it begins with is all that is known of its folders.
        return inner(pattern.folder(), path).is_some();
    }
    let parts = |text: &str| text.trim_matches('/').split('/').map(str::to_owned).collect::<Vec<_>>();
    steps_into(&parts(pattern.as_str()), &parts(path))
}

/// Returns whether the parts of a pattern lead through those of a path, with some of them left.
fn steps_into(pattern: &[String], path: &[String]) -> bool {
    let Some((step, rest)) = path.split_first() else { return !pattern.is_empty() };
    match pattern.split_first() {
        None => false,
        Some((part, after)) if part == "**" => steps_into(after, path) || steps_into(pattern, rest),
        Some((part, after)) => {
            let is_it = part == step || Glob::parse(part).is_ok_and(|part| part.covers(step));
            is_it && steps_into(after, rest)
        }
    }
}

/// Returns the folder of two that lies in the other.
fn inner<'a>(one: &'a str, other: &'a str) -> Option<&'a str> {
    match (is_in(one, other), is_in(other, one)) {
        (true, _) => Some(one),
        (_, true) => Some(other),
        _ => None,
    }
}

/// A glob of a stored claim.
enum Reserved<'a> {
    Glob(Box<Glob>),
    /// A text that this version cannot read: it may mean anything below the folder that it begins with.
    Unreadable(&'a str),
}

impl<'a> Reserved<'a> {
    fn read(text: &'a str) -> Self {
        Glob::parse(text).map_or(Reserved::Unreadable(text), |glob| Reserved::Glob(Box::new(glob)))
    }

    fn text(&self) -> &str {
        match self {
            Reserved::Glob(glob) => glob.as_str(),
            Reserved::Unreadable(text) => text,
        }
    }

    fn covers(&self, path: &str) -> bool {
        match self {
            Reserved::Glob(glob) => glob.covers(path),
            Reserved::Unreadable(text) => is_in(path, readable_folder(text)),
        }
    }

    fn shared_with(&self, wanted: &Glob, tracked: &Tracked) -> Option<Shared> {
        match self {
            Reserved::Glob(glob) => shared(wanted, glob, tracked),
            Reserved::Unreadable(text) => {
                inner(wanted.folder(), readable_folder(text)).map(|folder| Shared::Folder(folder.to_owned()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn glob(text: &str) -> Glob {
        Glob::parse(text).expect(text)
    }

    fn tracked(paths: &[&str]) -> Tracked {
        Tracked::new(paths.iter().map(|path| (*path).to_owned()).collect())
    }

    fn between(one: &str, other: &str, files: &[&str]) -> Option<Shared> {
        shared(&glob(one), &glob(other), &tracked(files))
    }

    fn path(path: &str) -> Option<Shared> {
        Some(Shared::Path(path.into()))
    }

    fn folder(folder: &str) -> Option<Shared> {
        Some(Shared::Folder(folder.into()))
    }

    #[test]
    fn globs_overlap_in_a_tracked_file_that_both_cover() {
        let files = ["docs/a.md", "src/lexer.rs", "src/parser.rs", "src/parser.rs.orig", "src/parser/tree.rs"];
        assert_eq!(between("src/p*", "src/*.rs", &files), path("src/parser.rs"));
        assert_eq!(between("src/parser", "**/*.rs", &files), path("src/parser/tree.rs"));
        assert_eq!(between("src/l*", "src/p*", &files), None);
        assert_eq!(between("src/a*", "src/*.rs", &["src/a.md", "src/b.rs"]), None, "no file is covered by both");
        assert_eq!(between("src/parser", "src/parser.rs", &files), None);
    }

    #[test]
    fn a_path_that_is_to_be_overlaps_with_the_patterns_that_cover_it() {
        let files = ["src/a.rs", "docs/a.md"];
        assert_eq!(between("src/new.rs", "src/*.rs", &files), path("src/new.rs"));
        assert_eq!(between("src/new.rs", "**/*.md", &files), None);
        assert_eq!(between("src", "src/new/b.rs", &files), path("src/new/b.rs"));
        assert_eq!(between("src/**", "src/new/*.rs", &files), folder("src/new"));
        assert_eq!(between("src/*.rs", "src/new/*.rs", &files), None);
        assert_eq!(between("src/new", "src/new/**/*.rs", &files), folder("src/new"));
    }

    #[test]
    fn patterns_for_files_to_be_made_overlap_by_their_folders() {
        let files = ["README.md"];
        assert_eq!(between("src/a*", "src/*b", &files), folder("src"));
        assert_eq!(between("src/*b", "src/deep/*.c", &files), folder("src/deep"));
        assert_eq!(between("src/*.rs", "srcs/*.rs", &files), None);
        assert_eq!(between("*.rs", "docs/a*", &files), folder("docs"), "the folder of the first is the top");
        assert_eq!(between("src/one", "src/two", &files), None);
        assert_eq!(between("src/one.md", "src/*.rs", &files), None, "the path itself decides");
    }

    #[test]
    fn a_folder_overlaps_with_the_patterns_for_files_to_be_made_in_it() {
        let files = ["src/a.rs", "src/gen/other.rs"];
        assert_eq!(between("src", "s*/b.rs", &files), path("src"));
        assert_eq!(between("src/gen", "**/x.rs", &files), path("src/gen"));
        assert_eq!(between("newdir", "*/b.rs", &files), path("newdir"));
        assert_eq!(between("src/new.rs", "src/*.md", &files), None);
        assert_eq!(between("docs", "s*/b.rs", &files), None);
        assert_eq!(between("docs", "**/*.rs", &files), None, "files that are there decide");
    }

    #[test]
    fn a_glob_of_a_later_version_is_taken_for_all_in_its_folder() {
        let unreadable = Reserved::read("src/x/{a");
        assert_eq!(unreadable.shared_with(&glob("src"), &tracked(&[])), folder("src/x"));
        assert_eq!(unreadable.shared_with(&glob("docs"), &tracked(&[])), None);
    }

    fn globs() -> impl Strategy<Value = Glob> {
        let part = prop_oneof![
            "[ab]{1,2}",
            Just("*".to_owned()),
            Just("**".to_owned()),
            Just("a*".to_owned()),
            Just("?".to_owned()),
            Just("[ab]".to_owned()),
            Just("{a,bb}".to_owned()),
        ];
        (prop::collection::vec(part, 1..4), any::<bool>()).prop_map(|(parts, is_closed)| {
            let text = parts.join("/");
            glob(&if is_closed { format!("{text}/") } else { text })
        })
    }

    fn paths() -> impl Strategy<Value = String> {
        prop::collection::vec("[ab]{1,2}", 1..4).prop_map(|parts| parts.join("/"))
    }

    fn files() -> impl Strategy<Value = Vec<String>> {
        prop::collection::vec(paths(), 0..12)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn overlap_is_symmetric((one, other, files) in (globs(), globs(), files())) {
            let files = Tracked::new(files);
            prop_assert_eq!(shared(&one, &other, &files), shared(&other, &one, &files));
        }

        #[test]
        fn a_glob_overlaps_with_itself((one, files) in (globs(), files())) {
            prop_assert!(shared(&one, &one, &Tracked::new(files)).is_some());
        }

        #[test]
        fn globs_that_cover_the_same_file_overlap((one, other, files) in (globs(), globs(), files())) {
            let both = files.iter().any(|path| one.covers(path) && other.covers(path));
            let shared = shared(&one, &other, &Tracked::new(files));
            prop_assert!(!both || matches!(shared, Some(Shared::Path(path)) if one.covers(&path) && other.covers(&path)));
        }

        #[test]
        fn globs_for_the_same_file_to_be_made_overlap((one, other, path) in (globs(), globs(), paths())) {
            let both = one.covers(&path) && other.covers(&path);
            prop_assert!(!both || shared(&one, &other, &Tracked::default()).is_some());
        }

        #[test]
        fn a_covered_path_lies_in_the_folder_of_its_glob((one, path) in (globs(), paths())) {
            prop_assert!(!one.covers(&path) || is_in(&path, one.folder()));
        }

        #[test]
        fn a_stored_glob_reads_back_as_itself(one in globs()) {
            let again = glob(one.as_str());
            prop_assert_eq!(again.as_str(), one.as_str());
        }
    }
}
