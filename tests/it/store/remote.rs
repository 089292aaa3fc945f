//! Remotes, settings, and who the user is.

use super::fixture::{Repo, publish, set};
use git_coord::base::Kind;
use git_coord::store::{Person, STATE_REF};

/// Makes a repository whose remote `origin` is another one.
fn pair() -> (Repo, Repo) {
    let (far, near) = (Repo::init(&[]), Repo::init(&[]));
    near.git(&["remote", "add", "origin", &far.path.display().to_string()]);
    (far, near)
}

#[test]
fn a_fetch_brings_the_state_and_nothing_else() {
    let (far, near) = pair();
    let id = publish(&far.open(), vec![set("a", "1")]);
    far.git(&["update-ref", "refs/heads/main", &id.to_string()]);
    far.git(&["tag", "v1", &id.to_string()]);
    let store = near.open();
    store.fetch_state("origin").expect("fetched");
    assert_eq!(near.git(&["for-each-ref", "--format=%(refname)"]), "refs/coord-remotes/origin/main");
    assert_eq!(store.tracking_tip("origin").expect("readable"), Some(id));
    assert!(!near.path.join(".git/FETCH_HEAD").exists());
    assert_eq!(store.tip().expect("readable"), None);
}

#[test]
fn a_remote_without_a_state_is_no_error() {
    let (_far, near) = pair();
    let store = near.open();
    store.fetch_state("origin").expect("fetched");
    assert_eq!(store.tracking_tip("origin").expect("readable"), None);
}

#[test]
fn a_fetch_does_not_prune() {
    let (far, near) = pair();
    let id = publish(&far.open(), vec![set("a", "1")]);
    near.git(&["config", "fetch.prune", "true"]);
    let store = near.open();
    store.fetch_state("origin").expect("fetched");
    far.git(&["update-ref", "-d", STATE_REF]);
    store.fetch_state("origin").expect("fetched");
    assert_eq!(store.tracking_tip("origin").expect("readable"), Some(id));
}

#[test]
fn a_remote_that_cannot_be_reached_says_why() {
    let (_far, near) = pair();
    near.git(&["remote", "set-url", "origin", "/nowhere/at/all"]);
    let refused = near.open().fetch_state("origin").expect_err("no such folder");
    assert_eq!((refused.kind(), refused.code()), (Kind::Remote, "fetch_failed"));
    assert!(format!("{refused:?}").contains("/nowhere/at/all"), "{refused:?}");
    assert_eq!(near.open().fetch_state("--upload-pack=x").expect_err("no remote").code(), "no_such_remote");
}

#[test]
fn settings_are_added_and_set() {
    let repo = Repo::init(&[]);
    let store = repo.open();
    store.config_add("remote.x.fetch", "+refs/coord/*:refs/coord-remotes/x/*").expect("added");
    store.config_add("remote.x.fetch", "other").expect("added");
    store.config_set("coord.fsync", "off").expect("set");
    store.config_set("coord.fsync", "on").expect("set");
    let config = repo.open();
    assert_eq!(config.config().all("remote.x.fetch").len(), 2);
    assert_eq!(config.config().text("coord.fsync").as_deref(), Some("on"));
    assert_eq!(repo.git(&["config", "--local", "--get-all", "coord.fsync"]), "on");
    assert_eq!(store.config_set("no-dot", "x").expect_err("no key").code(), "config_refused");
}

#[test]
fn the_installed_git_is_known() {
    assert!(Repo::init(&[]).open().git_version().expect("a version") >= (2, 34, 0));
}

#[test]
fn the_user_is_who_git_says() {
    let mut repo = Repo::init(&[]);
    assert_eq!(repo.open().author().expect("asked"), Some(Person::new("Ada", "ada@example.org")));
    for name in ["GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"] {
        repo.environment = repo.environment.without(name);
    }
    repo.git(&["config", "user.name", "Grace"]);
    repo.git(&["config", "user.email", "grace@example.org"]);
    repo.git(&["config", "author.name", "Hopper"]);
    let store = repo.open();
    assert_eq!(store.author().expect("asked"), Some(Person::new("Hopper", "grace@example.org")));
    assert_eq!(store.committer().expect("asked"), Some(Person::new("Grace", "grace@example.org")));
}

#[test]
fn a_user_whom_git_does_not_know_is_nobody() {
    let mut repo = Repo::init(&[]);
    for name in ["GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL"] {
        repo.environment = repo.environment.without(name);
    }
    repo.git(&["config", "user.useConfigOnly", "true"]);
    assert_eq!(repo.open().author().expect("asked"), None);
    repo.environment = repo.environment.with("GIT_AUTHOR_NAME", "Eve").with("EMAIL", "eve@example.org");
    let expected = repo.git(&["-c", "user.useConfigOnly=false", "var", "GIT_AUTHOR_IDENT"]);
    repo.git(&["config", "user.useConfigOnly", "false"]);
    assert_eq!(repo.open().author().expect("asked"), Some(Person::new("Eve", "eve@example.org")));
    assert!(expected.starts_with("Eve <eve@example.org>"));
}
