//! No verb touches anything but the state's ref, its reflog, objects and the folder for what is not in git.

use git_coord::commands::VERBS;

use crate::harness::{Repo, Surroundings};
use crate::verbs::{self, Effect};

#[test]
fn no_verb_touches_work_tree_index_head_config_or_other_refs() {
    let repo = furnished(Repo::plain());
    look_at_every_verb(&repo, &repo);
}

#[test]
fn no_verb_touches_anything_in_a_bare_repository() {
    let repo = furnished(Repo::init(&["--bare"]));
    look_at_every_verb(&repo, &repo);
}

#[test]
fn no_verb_in_a_linked_worktree_touches_that_or_the_main_one() {
    let main = Repo::plain();
    let tree = main.worktree("tree");
    std::fs::write(tree.path.join("draft"), "not added\n").expect("a file");
    let tree = furnished(tree);
    look_at_every_verb(&tree, &main);
}

#[test]
fn no_verb_touches_anything_in_a_reftable_repository() {
    let Ok(repo) = Repo::try_init(&["--ref-format=reftable"]) else { return };
    repo.commit_a_file();
    let repo = furnished(repo);
    look_at_every_verb(&repo, &repo);
}

/// What an error leaves is nothing either.
#[test]
fn refused_verbs_change_nothing_at_all() {
    let repo = furnished(Repo::plain());
    verbs::furnish(&repo);
    let before = (repo.tip(), objects(&repo));
    let refused: &[(i32, &[&str])] = &[
        (2, &["task", "new"]),
        (2, &["no-such-verb"]),
        (3, &["task", "new", "Twin", "--id", "T-1"]),
        (3, &["claim", "T-held", "--agent", "mallory"]),
        (3, &["done", "T-held", "--agent", "mallory"]),
        (3, &["release", "T-held", "--agent", "mallory"]),
        (4, &["show", "nowhere"]),
        (4, &["claim", "nowhere"]),
        (4, &["dep", "add", "T-1", "nowhere"]),
        (5, &["dep", "add", "T-1", "T-1"]),
        (5, &["task", "edit", "T-1", "--set", "status=completed"]),
        (5, &["task", "edit", "T-1", "--priority", "urgent"]),
        (5, &["agent", "new", "all"]),
    ];
    let surroundings = Surroundings::of(&repo);
    for (exit, words) in refused {
        repo.coord(words).json().expect(*exit).error_code();
    }
    assert_eq!((repo.tip(), objects(&repo)), before, "a refused verb wrote something");
    assert_eq!(surroundings.differences(&Surroundings::of(&repo)), Vec::<String>::new());
}

/// Sets a repository up that has something to lose: staged, changed and untracked files, refs of all sorts.
fn furnished(repo: Repo) -> Repo {
    repo.ok(&["init"]);
    if repo.git(&["rev-parse", "--is-bare-repository"]) == "false" {
        std::fs::write(repo.path.join("staged"), "staged\n").expect("a file");
        repo.git(&["add", "staged"]);
        std::fs::write(repo.path.join("README"), "Changed, not staged.\n").expect("a file");
        std::fs::write(repo.path.join("untracked"), "untracked\n").expect("a file");
        repo.git(&["tag", "v1"]);
        repo.git(&["branch", "topic"]);
        repo.git(&["update-ref", "refs/coord/presence/r1", "HEAD"]);
        repo.git(&["update-ref", "refs/coord-remotes/origin/main", "HEAD"]);
    }
    repo
}

/// Runs every verb in `repo` and looks at it and at `other`, which may be the same.
#[track_caller]
fn look_at_every_verb(repo: &Repo, other: &Repo) {
    let message = verbs::furnish(repo);
    let mut before = (Surroundings::of(repo), Surroundings::of(other));
    let mut run = 0;
    for row in verbs::rows() {
        let tip = repo.tip();
        let answer = row.call(repo, &message).json().run();
        let is_answer = answer.is_ok() || (row.verb == "doctor" && answer.exit() == 1);
        assert!(is_answer, "{answer}");
        let after = (Surroundings::of(repo), Surroundings::of(other));
        let differences = [before.0.differences(&after.0), before.1.differences(&after.1)].concat();
        // These are about what git calls of us, and nothing else.
        let is_meant = |what: &String| row.verb.starts_with("hooks ") && what.contains("hooks/");
        let differences: Vec<String> = differences.into_iter().filter(|what| !is_meant(what)).collect();
        assert!(differences.is_empty(), "{} touched: {differences:#?}", row.verb);
        match row.effect {
            Effect::Reads => assert_eq!(repo.tip(), tip, "{} is a read and moved the ref", row.verb),
            Effect::Writes if row.verb == "init" => assert_eq!(repo.tip(), tip, "init is done already"),
            Effect::Writes => assert_ne!(repo.tip(), tip, "{} wrote nothing: {answer}", row.verb),
        }
        before = after;
        run += 1;
    }
    assert!(run >= VERBS.len(), "only {run} of {} verbs were looked at", VERBS.len());
    repo.fsck_strict();
}

#[track_caller]
fn objects(repo: &Repo) -> String {
    repo.git(&["count-objects", "-v"])
}
