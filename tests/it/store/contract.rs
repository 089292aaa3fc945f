//! What every way of keeping and moving refs must do: one suite, run on each of them.

use git_coord::base::Timestamp;
use git_coord::store::{Published, STATE_REF};

use super::fixture::{PATIENCE, Repo, on, publish, remove, set};

/// Makes one test per rule and kind of repository.
macro_rules! contract {
    ($($rule:ident),* $(,)?) => {
        mod files { $(#[test] fn $rule() { super::$rule(&super::files_repo()); })* }
        mod hooked { $(#[test] fn $rule() { super::$rule(&super::hooked_repo()); })* }
        mod reftable { $(#[test] fn $rule() { if let Some(repo) = super::reftable_repo() { super::$rule(&repo); } })* }
        mod sha256 { $(#[test] fn $rule() { super::$rule(&super::Repo::init(&["--object-format=sha256"])); })* }
    };
}

contract![
    a_missing_ref_is_nothing,
    the_first_commit_makes_the_ref,
    the_first_commit_may_be_of_1970,
    a_commit_lands_on_the_tip_it_expects,
    a_moved_ref_is_left_alone,
    a_ref_that_exists_is_not_made_again,
    a_deleted_ref_is_not_revived,
    a_packed_ref_is_moved,
    git_reads_the_reflog,
    the_acknowledged_tip_is_remembered,
    a_symbolic_ref_is_an_error,
    a_ref_below_is_a_clash,
    a_ref_above_is_a_clash,
];

pub(crate) fn files_repo() -> Repo {
    Repo::init(&[])
}

pub(crate) fn hooked_repo() -> Repo {
    use std::os::unix::fs::PermissionsExt;
    let repo = Repo::init(&[]);
    let hook = repo.path.join(".git/hooks/reference-transaction");
    std::fs::create_dir_all(hook.parent().expect("a folder")).expect("a folder");
    std::fs::write(&hook, "#!/bin/sh\nexit 0\n").expect("a hook");
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).expect("an executable hook");
    repo
}

/// Returns nothing where the installed git has no reftable.
fn reftable_repo() -> Option<Repo> {
    let repo = Repo::empty();
    repo.try_git(&["init", "--quiet", "--ref-format=reftable", "."]).status.success().then_some(repo)
}

fn a_missing_ref_is_nothing(repo: &Repo) {
    assert_eq!(repo.open().tip().expect("readable"), None);
}

fn the_first_commit_makes_the_ref(repo: &Repo) {
    let id = publish(&repo.open(), vec![set("a/b.md", "text\n")]);
    assert_eq!(repo.git(&["rev-parse", STATE_REF]), id.to_string());
    assert_eq!(repo.git(&["show", "refs/coord/main:a/b.md"]), "text");
    assert_eq!(repo.open().tip().expect("readable"), Some(id));
    repo.assert_sound();
}

fn the_first_commit_may_be_of_1970(repo: &Repo) {
    let mut new = on(None, vec![set("a", "1")]);
    new.commit_time = Timestamp::from_seconds(0);
    let landed = repo.open().lock(PATIENCE).expect("the lock").publish(new).expect("published");
    assert!(matches!(landed, Published::Landed(_)));
    assert_eq!(repo.git(&["reflog", "show", "--format=%gs", STATE_REF]), "coord: change");
    repo.assert_sound();
}

fn a_commit_lands_on_the_tip_it_expects(repo: &Repo) {
    let store = repo.open();
    let first = publish(&store, vec![set("a/b.md", "1"), set("c.md", "x")]);
    let second = publish(&store, vec![set("a/b.md", "2"), remove("c.md"), set("a/d/e.md", "3")]);
    assert_eq!(repo.git(&["rev-list", STATE_REF]), format!("{second}\n{first}"));
    assert_eq!(repo.git(&["ls-tree", "-r", "--name-only", STATE_REF]), "a/b.md\na/d/e.md");
    repo.assert_sound();
}

fn a_moved_ref_is_left_alone(repo: &Repo) {
    let store = repo.open();
    let first = publish(&store, vec![set("a", "1")]);
    let second = publish(&store, vec![set("a", "2")]);
    let mut writer = store.lock(PATIENCE).expect("the lock");
    assert_eq!(writer.publish(on(Some(first), vec![set("a", "3")])).expect("an answer"), Published::Moved);
    assert_eq!(store.tip().expect("readable"), Some(second));
}

fn a_ref_that_exists_is_not_made_again(repo: &Repo) {
    let store = repo.open();
    let first = publish(&store, vec![set("a", "1")]);
    let mut writer = store.lock(PATIENCE).expect("the lock");
    assert_eq!(writer.publish(on(None, vec![set("a", "2")])).expect("an answer"), Published::Moved);
    assert_eq!(store.tip().expect("readable"), Some(first));
}

fn a_deleted_ref_is_not_revived(repo: &Repo) {
    let store = repo.open();
    let first = publish(&store, vec![set("a", "1")]);
    repo.git(&["update-ref", "-d", STATE_REF]);
    let mut writer = store.lock(PATIENCE).expect("the lock");
    assert_eq!(writer.publish(on(Some(first), vec![set("a", "2")])).expect("an answer"), Published::Moved);
    assert_eq!(store.tip().expect("readable"), None);
}

fn a_packed_ref_is_moved(repo: &Repo) {
    let store = repo.open();
    let first = publish(&store, vec![set("a", "1")]);
    repo.git(&["pack-refs", "--all", "--prune"]);
    assert_eq!(store.tip().expect("readable"), Some(first));
    let second = publish(&store, vec![set("a", "2")]);
    assert_eq!(repo.git(&["rev-parse", STATE_REF]), second.to_string());
}

fn git_reads_the_reflog(repo: &Repo) {
    let store = repo.open();
    let first = publish(&store, vec![set("a", "1")]);
    let second = publish(&store, vec![set("a", "2")]);
    let log = repo.git(&["reflog", "show", "--format=%H %gn %gs", STATE_REF]);
    assert_eq!(log, format!("{second} Ada coord: change\n{first} Ada coord: change"));
    assert_eq!(repo.git(&["rev-parse", "refs/coord/main@{1}"]), first.to_string());
}

fn the_acknowledged_tip_is_remembered(repo: &Repo) {
    let store = repo.open();
    assert_eq!(store.lock(PATIENCE).expect("the lock").acknowledged(), None);
    let first = publish(&store, vec![set("a", "1")]);
    assert_eq!(store.lock(PATIENCE).expect("the lock").acknowledged(), Some(first));
}

fn a_symbolic_ref_is_an_error(repo: &Repo) {
    let store = repo.open();
    let first = publish(&store, vec![set("a", "1")]);
    repo.git(&["update-ref", "refs/heads/elsewhere", &first.to_string()]);
    repo.git(&["symbolic-ref", STATE_REF, "refs/heads/elsewhere"]);
    assert_eq!(store.tip().expect_err("a symref").code(), "damaged");
    let mut writer = store.lock(PATIENCE).expect("the lock");
    assert_eq!(writer.publish(on(Some(first), vec![set("a", "2")])).expect_err("a symref").code(), "damaged");
    assert_eq!(repo.git(&["rev-parse", "refs/heads/elsewhere"]), first.to_string());
}

fn a_ref_below_is_a_clash(repo: &Repo) {
    let other = repo.git(&["commit-tree", "-m", "x", &repo.git(&["write-tree"])]);
    repo.git(&["update-ref", "refs/coord/main/below", &other]);
    clashes(repo);
    repo.git(&["pack-refs", "--all", "--prune"]);
    clashes(repo);
}

fn a_ref_above_is_a_clash(repo: &Repo) {
    let other = repo.git(&["commit-tree", "-m", "x", &repo.git(&["write-tree"])]);
    repo.git(&["update-ref", "refs/coord", &other]);
    clashes(repo);
    repo.git(&["pack-refs", "--all", "--prune"]);
    clashes(repo);
}

#[track_caller]
fn clashes(repo: &Repo) {
    let store = repo.open();
    assert_eq!(store.tip().expect("readable"), None);
    let mut writer = store.lock(PATIENCE).expect("the lock");
    let refused = writer.publish(on(None, vec![set("a", "1")])).expect_err("a clash");
    assert!(matches!(refused.code(), "ref_clash" | "ref_refused"), "{refused:?}");
    assert_eq!(store.tip().expect("readable"), None);
}
