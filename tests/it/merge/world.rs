//! Replicas without git: commits and blobs in memory, heads that move as `heads::decide` says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use git_coord::base::id::digest_of;
use git_coord::base::{Result, Timestamp};
use git_coord::merge::heads::{Lineage, Step, decide};
use git_coord::merge::history::{Change, History};
use git_coord::merge::{Content, RULES, unite};

/// The name of a commit or a blob.
pub(crate) type Name = u64;

/// Paths and what lies there.
pub(crate) type Files = BTreeMap<String, Name>;

/// Commits and blobs of all replicas, and their heads.
#[derive(Clone, Default)]
pub(crate) struct World {
    commits: BTreeMap<Name, Commit>,
    blobs: BTreeMap<Name, Arc<[u8]>>,
    pub(crate) heads: Vec<Name>,
    /// The commits that were merged, in the order in which it was done.
    pairs: Vec<(Name, Name)>,
    /// The most bases that a merge had.
    pub(crate) most_bases: usize,
}

#[derive(Clone)]
struct Commit {
    parents: Vec<Name>,
    files: Files,
    time: Timestamp,
    is_merge: bool,
    /// The commit itself and all behind it.
    behind: BTreeSet<Name>,
}

fn name(bytes: &[u8]) -> Name {
    u64::from_str_radix(&digest_of(bytes)[..16], 16).expect("hex digits")
}

impl World {
    /// Makes replicas that all have the same first commit.
    pub(crate) fn new(replicas: usize) -> Self {
        let mut world = World::default();
        let settings = world.blob(b"kind: config\nformat: 1\n");
        let files = [("coordination.yaml".to_owned(), settings)].into();
        let root = world.commit(Vec::new(), files, Timestamp::EPOCH, false);
        world.heads = vec![root; replicas];
        world
    }

    fn blob(&mut self, bytes: &[u8]) -> Name {
        let name = name(bytes);
        self.blobs.insert(name, bytes.into());
        name
    }

    fn commit(&mut self, parents: Vec<Name>, files: Files, time: Timestamp, is_merge: bool) -> Name {
        let name = name(format!("{parents:?} {files:?} {time} {is_merge}").as_bytes());
        let mut behind: BTreeSet<Name> = [name].into();
        for parent in &parents {
            behind.extend(&self.commits[parent].behind);
        }
        self.commits.entry(name).or_insert(Commit { parents, files, time, is_merge, behind });
        name
    }

    pub(crate) fn files(&self, commit: Name) -> &Files {
        &self.commits[&commit].files
    }

    pub(crate) fn bytes(&self, commit: Name, path: &str) -> Option<Arc<[u8]>> {
        Some(self.blobs[self.files(commit).get(path)?].clone())
    }

    pub(crate) fn blob_bytes(&self, blob: Name) -> Arc<[u8]> {
        self.blobs[&blob].clone()
    }

    pub(crate) fn is_behind(&self, a: Name, b: Name) -> bool {
        self.commits[&b].behind.contains(&a)
    }

    /// Commits changes on the head of a replica, and returns the new head.
    pub(crate) fn write(&mut self, replica: usize, edits: Vec<(String, Option<Vec<u8>>)>, now: Timestamp) -> Name {
        let head = self.heads[replica];
        let mut files = self.files(head).clone();
        for (path, content) in edits {
            match content {
                Some(bytes) => files.insert(path, self.blob(&bytes)),
                None => files.remove(&path),
            };
        }
        let time = now.max(self.commits[&head].time);
        self.heads[replica] = self.commit(vec![head], files, time, false);
        self.heads[replica]
    }

    /// Brings a replica together with a head of another.
    pub(crate) fn pull(&mut self, replica: usize, theirs: Name) {
        let ours = self.heads[replica];
        self.heads[replica] = match decide(self, ours, theirs, None).expect("all is here") {
            Step::Keep => ours,
            Step::FastForward => theirs,
            Step::Take(one) => one,
            Step::Merge => self.merge(ours, theirs),
            Step::TooNew(_) => panic!("one version made them all"),
        };
    }

    /// Merges two commits, both ways round.
    pub(crate) fn merge(&mut self, a: Name, b: Name) -> Name {
        self.pairs.push((a, b));
        self.most_bases = self.most_bases.max(self.bases(a, b).expect("all is here").len());
        let merged = self.merge_once(a, b);
        assert_eq!(merged, self.merge_once(b, a), "the merge is not commutative");
        merged
    }

    /// Returns what was merged: a base, where there was one and no more, and the two commits.
    pub(crate) fn merged(&self) -> impl Iterator<Item = (Option<Name>, Name, Name)> {
        self.pairs.iter().filter_map(|(a, b)| match self.bases(*a, *b).expect("all is here").as_slice() {
            [] => Some((None, *a, *b)),
            [base] => Some((Some(*base), *a, *b)),
            _ => None,
        })
    }

    fn merge_once(&mut self, a: Name, b: Name) -> Name {
        let merged = unite(self, a, b).expect("what is here can be merged");
        let mut files = self.files(merged.base).clone();
        for (path, content) in merged.edits {
            match content {
                Some(Content::Existing(blob)) => files.insert(path, blob),
                Some(Content::Bytes(bytes)) => files.insert(path, self.blob(&bytes)),
                None => files.remove(&path),
            };
        }
        for path in files.keys() {
            let below = format!("{path}/");
            assert!(!files.keys().any(|other| other.starts_with(&below)), "{path} is a file and a folder");
        }
        self.commit(merged.parents.to_vec(), files, merged.time, true)
    }
}

impl Lineage for World {
    type Commit = Name;

    fn is_ancestor(&self, a: Name, b: Name) -> Result<bool> {
        Ok(self.is_behind(a, b))
    }

    fn parents(&self, commit: Name) -> Result<Vec<Name>> {
        Ok(self.commits[&commit].parents.clone())
    }

    fn rules(&self, commit: Name) -> Result<Option<u32>> {
        Ok(self.commits[&commit].is_merge.then_some(RULES))
    }
}

impl History for World {
    type Blob = Name;

    fn bases(&self, a: Name, b: Name) -> Result<Vec<Name>> {
        let common: BTreeSet<Name> = self.commits[&a].behind.intersection(&self.commits[&b].behind).copied().collect();
        let is_best = |commit: &Name| !common.iter().any(|other| other != commit && self.is_behind(*commit, *other));
        Ok(common.iter().filter(|commit| is_best(commit)).copied().collect())
    }

    fn time(&self, commit: Name) -> Result<Timestamp> {
        Ok(self.commits[&commit].time)
    }

    fn diff(&self, old: Option<Name>, new: Name) -> Result<Vec<Change<Name>>> {
        let none = Files::new();
        let (old, new) = (old.map_or(&none, |old| self.files(old)), self.files(new));
        let paths: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        let changes = paths.into_iter().map(|path| Change {
            path: path.clone(),
            old: old.get(path).copied(),
            new: new.get(path).copied(),
        });
        Ok(changes.filter(|change| change.old != change.new).collect())
    }

    fn find(&self, commit: Name, path: &str) -> Result<Option<Name>> {
        Ok(self.files(commit).get(path).copied())
    }

    fn read(&self, blob: Name) -> Result<Vec<u8>> {
        Ok(self.blobs[&blob].to_vec())
    }
}
