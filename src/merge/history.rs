//! Two commits into one: which base they have, what each side changed since, and the merge of the trees.
//!
//! ```text
//! b0 ── b1 ──┬── ours        Lines that met before have several best common ancestors (b1 and b2). They are merged
//!   ╲     ╳                  themselves, by the same rules and over their own base, into a base that no commit is.
//!    ── b2 ──┴── theirs      Without any common ancestor the base is the empty tree.
//! ```
//!
//! A base that was only made for a merge keeps no conflicts: those that were found before stand on both sides, and what
//! would be found here is found again.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Debug;
use std::hash::Hash;
use std::sync::Arc;

use super::commit::{MergeCommit, message};
use super::heads::Lineage;
use super::tree::{self, Content, Delta, Deltas, Edits, Trees};
use crate::base::{Result, Timestamp};

/// How many bases are made for one merge. Beyond that, as only a history made for it goes, the first one has to do.
const MOST_BASES: usize = 1_000;

/// Commits and trees, as a merge asks for them.
pub trait History: Lineage {
    /// The name of a blob.
    type Blob: Copy + Ord + Debug;

    /// Returns the best common ancestors of two commits.
    ///
    /// # Errors
    /// As those of [`Lineage`].
    fn bases(&self, a: Self::Commit, b: Self::Commit) -> Result<Vec<Self::Commit>>;

    /// Returns the time of a commit.
    ///
    /// # Errors
    /// Where it cannot be read.
    fn time(&self, commit: Self::Commit) -> Result<Timestamp>;

    /// Lists the files that differ between two commits; all of `new` where there is no `old`.
    ///
    /// # Errors
    /// Where a tree cannot be read.
    fn diff(&self, old: Option<Self::Commit>, new: Self::Commit) -> Result<Vec<Change<Self::Blob>>>;

    /// Returns the file at a path.
    ///
    /// # Errors
    /// Where a tree cannot be read.
    fn find(&self, commit: Self::Commit, path: &str) -> Result<Option<Self::Blob>>;

    /// Returns the bytes of a blob.
    ///
    /// # Errors
    /// Where it cannot be read; `too_large` where nobody ever reads so much.
    fn read(&self, blob: Self::Blob) -> Result<Vec<u8>>;
}

/// One file that differs between two commits; nothing on the side where it is not there.
#[derive(Debug, Clone)]
pub struct Change<B> {
    /// Where.
    pub path: String,
    /// The file before.
    pub old: Option<B>,
    /// The file afterwards.
    pub new: Option<B>,
}

/// Merges two commits, neither of which is an ancestor of the other. It does not matter which of them is which.
///
/// # Errors
/// Whatever cannot be read, and what [`tree::merge`] refuses.
pub fn unite<H: History>(history: &H, a: H::Commit, b: H::Commit) -> Result<MergeCommit<H::Commit, H::Blob>> {
    let (first, second) = (a.min(b), a.max(b));
    let lines = Lines::of(history, first, second)?;
    // The side that changed more is the one to write on: fewer paths are touched, and the tree is the same.
    let lines = if lines.ours.1.len() >= lines.theirs.1.len() { lines } else { lines.turned() };
    let Union { edits, conflicts } = lines.union(history)?;
    Ok(MergeCommit {
        parents: [first, second],
        base: lines.ours.0,
        edits,
        conflicts,
        time: history.time(first)?.max(history.time(second)?),
        message: message(conflicts),
    })
}

/// What one side becomes by a merge.
#[derive(Debug)]
pub struct Union<B> {
    /// What is set and removed there.
    pub edits: Edits<B>,
    /// How many conflicts came or changed.
    pub conflicts: usize,
}

/// Returns what `ours` becomes by a merge with `theirs`, for a commit that is more than the merge.
///
/// # Errors
/// As [`unite`].
pub fn brought<H: History>(history: &H, ours: H::Commit, theirs: H::Commit) -> Result<Union<H::Blob>> {
    Lines::of(history, ours, theirs)?.union(history)
}

/// Two commits, and what each changed since their base.
struct Lines<C, B> {
    ours: (C, Deltas<B>),
    theirs: (C, Deltas<B>),
}

impl<C: Copy + Ord + Hash + Debug, B: Copy + Ord + Debug> Lines<C, B> {
    fn of(history: &impl History<Commit = C, Blob = B>, ours: C, theirs: C) -> Result<Self> {
        let work = Work { history, made: RefCell::new(HashMap::new()) };
        let base = work.base(&[ours], &[theirs])?;
        let since = |commit| work.deltas(&base, &Tree::of(commit)).map(|deltas| (commit, deltas));
        Ok(Lines { ours: since(ours)?, theirs: since(theirs)? })
    }

    fn turned(self) -> Self {
        Lines { ours: self.theirs, theirs: self.ours }
    }

    fn union(&self, history: &impl History<Commit = C, Blob = B>) -> Result<Union<B>> {
        let tree = Tree::of(self.ours.0);
        let side = Side { history, tree: &tree };
        let tree::Merged { mut edits, disputes } = tree::merge(&self.ours.1, &self.theirs.1, &side)?;
        let conflicts = tree::keep(disputes, &mut edits, &self.ours.1, &side)?;
        Ok(Union { edits, conflicts })
    }
}

/// A commit's tree with some paths set and removed.
#[derive(Debug, Clone)]
struct Tree<C, B> {
    commit: Option<C>,
    edits: Edits<B>,
}

impl<C, B> Tree<C, B> {
    fn of(commit: C) -> Self {
        Tree { commit: Some(commit), edits: Edits::new() }
    }
}

struct Work<'h, H: History> {
    history: &'h H,
    /// The bases that were made, by the commits they were made of.
    made: RefCell<HashMap<Vec<H::Commit>, Made<H>>>,
}

type Made<H> = Arc<Tree<<H as Lineage>::Commit, <H as History>::Blob>>;

impl<H: History> Work<'_, H> {
    /// Returns the base of two lines, each of which is the merge of some commits, or one.
    fn base(&self, a: &[H::Commit], b: &[H::Commit]) -> Result<Made<H>> {
        let commits = self.meeting_points(a, b)?;
        match commits.as_slice() {
            [] => Ok(Arc::new(Tree { commit: None, edits: Edits::new() })),
            [one] => Ok(Arc::new(Tree::of(*one))),
            [first, ..] if self.made.borrow().len() >= MOST_BASES => Ok(Arc::new(Tree::of(*first))),
            _ => self.make(commits),
        }
    }

    /// Merges commits one after another, in the order of their names.
    fn make(&self, commits: Vec<H::Commit>) -> Result<Made<H>> {
        if let Some(known) = self.made.borrow().get(&commits) {
            return Ok(known.clone());
        }
        // A place is taken before the work begins: what it makes on the way counts too.
        self.made.borrow_mut().insert(commits.clone(), Arc::new(Tree::of(commits[0])));
        let mut made = Tree::of(commits[0]);
        for (n, next) in commits.iter().enumerate().skip(1) {
            let base = self.base(&commits[..n], &[*next])?;
            let (ours, theirs) = (self.deltas(&base, &made)?, self.deltas(&base, &Tree::of(*next))?);
            let merged = tree::merge(&ours, &theirs, &Side { history: self.history, tree: &made })?;
            made.edits.extend(merged.edits);
        }
        let made = Arc::new(made);
        self.made.borrow_mut().insert(commits, made.clone());
        Ok(made)
    }

    /// Returns the best common ancestors of two lines, in the order of their names.
    fn meeting_points(&self, a: &[H::Commit], b: &[H::Commit]) -> Result<Vec<H::Commit>> {
        let mut found = BTreeSet::new();
        for one in a {
            for other in b {
                found.extend(self.history.bases(*one, *other)?);
            }
        }
        let all: Vec<H::Commit> = found.into_iter().collect();
        if a.len() == 1 && b.len() == 1 {
            return Ok(all);
        }
        let mut best = Vec::new();
        for commit in &all {
            let mut is_behind = false;
            for other in all.iter().filter(|other| *other != commit) {
                is_behind |= self.history.is_ancestor(*commit, *other)?;
            }
            if !is_behind {
                best.push(*commit);
            }
        }
        Ok(best)
    }

    /// Returns what one side changed since the base.
    fn deltas(&self, base: &Tree<H::Commit, H::Blob>, side: &Tree<H::Commit, H::Blob>) -> Result<Deltas<H::Blob>> {
        let mut deltas: Deltas<H::Blob> = BTreeMap::new();
        let changes = match side.commit {
            Some(commit) if side.commit != base.commit => self.history.diff(base.commit, commit)?,
            _ => Vec::new(),
        };
        for change in changes {
            let delta = Delta { base: change.old.map(Content::Existing), side: change.new.map(Content::Existing) };
            deltas.insert(change.path, delta);
        }
        for path in base.edits.keys().chain(side.edits.keys()) {
            let (base, side) = (self.content(base, path)?, self.content(side, path)?);
            if self.is_same(base.as_ref(), side.as_ref())? {
                deltas.remove(path);
            } else {
                deltas.insert(path.clone(), Delta { base, side });
            }
        }
        Ok(deltas)
    }

    fn content(&self, tree: &Tree<H::Commit, H::Blob>, path: &str) -> Result<Option<Content<H::Blob>>> {
        Side { history: self.history, tree }.find(path)
    }

    fn is_same(&self, a: Option<&Content<H::Blob>>, b: Option<&Content<H::Blob>>) -> Result<bool> {
        match (a, b) {
            (Some(Content::Existing(blob)), Some(Content::Bytes(bytes)))
            | (Some(Content::Bytes(bytes)), Some(Content::Existing(blob))) => {
                match self.history.read(*blob) {
                    // No merge has made so much.
                    Err(error) if error.code() == "too_large" => Ok(false),
                    read => Ok(read?.as_slice() == &**bytes),
                }
            }
            (a, b) => Ok(a == b),
        }
    }
}

/// One side, for the merge of the trees to read.
struct Side<'a, H: History> {
    history: &'a H,
    tree: &'a Tree<H::Commit, H::Blob>,
}

impl<H: History> Trees<H::Blob> for Side<'_, H> {
    fn read(&self, blob: &H::Blob) -> Result<Vec<u8>> {
        self.history.read(*blob)
    }

    fn find(&self, path: &str) -> Result<Option<Content<H::Blob>>> {
        if let Some(content) = self.tree.edits.get(path) {
            return Ok(content.clone());
        }
        let Some(commit) = self.tree.commit else { return Ok(None) };
        Ok(self.history.find(commit, path)?.map(Content::Existing))
    }
}
