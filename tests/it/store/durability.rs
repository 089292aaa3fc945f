//! What is on the disk when a commit is acknowledged, and what a gc leaves alone.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use git_coord::store::{Content, Edit};

use super::child::Child;
use super::contract::{files_repo, hooked_repo};
use super::fixture::{Repo, publish, set};

/// Publishes in a child and returns the file operations it did, with paths relative to the git dir.
fn operations(repo: &Repo) -> Vec<String> {
    let log = repo.outside().join("log");
    let file_log = Some(log.display().to_string());
    let done = Child { path: "a/b/c", file_log, ..Child::default() }.run(repo);
    assert_eq!(done.landed.len(), 1, "{done:?}");
    let text = std::fs::read_to_string(log).expect("a log");
    let root = format!("{}/.git/", repo.path.display());
    text.replace(&root, "").lines().map(str::to_owned).collect()
}

#[track_caller]
fn position(log: &[String], wanted: &str) -> usize {
    log.iter().position(|line| line == wanted).unwrap_or_else(|| panic!("no «{wanted}» in {log:#?}"))
}

#[test]
fn everything_is_on_the_disk_before_the_ref_moves() {
    let log = operations(&files_repo());
    let moved = position(&log, "rename refs/coord/main.lock to refs/coord/main");
    let objects: Vec<(usize, &str, &str)> = log
        .iter()
        .enumerate()
        .filter_map(|(at, line)| {
            let (from, to) = line.strip_prefix("rename objects/")?.split_once(" to ")?;
            Some((at, from, to))
        })
        .collect();
    assert_eq!(objects.len(), 5, "a blob, three folders, a commit: {log:#?}");
    for (renamed, from, to) in objects {
        assert!(position(&log, &format!("write objects/{from}")) < position(&log, &format!("sync objects/{from}")));
        assert!(position(&log, &format!("sync objects/{from}")) < renamed);
        let folder = Path::new(to).parent().expect("a folder").display().to_string();
        let synced = log.iter().rposition(|line| *line == format!("sync_dir {folder}")).expect("the names are synced");
        assert!(renamed < synced && synced < moved, "{to}");
    }
    for folder in log.iter().filter_map(|line| line.strip_prefix("mkdir ")) {
        let parent = Path::new(folder).parent().expect("a parent").display().to_string();
        let made = position(&log, &format!("mkdir {folder}"));
        let is_synced = log[made..].contains(&format!("sync_dir {parent}"));
        assert!(is_synced || parent.is_empty(), "{folder}: {log:#?}");
    }
    assert!(position(&log, "sync coord/next") < position(&log, "link coord/next to refs/coord/main.lock"));
    assert!(position(&log, "append logs/refs/coord/main") < moved);
    let acknowledged = log.iter().rposition(|line| line == "note coord/lock").expect("acknowledged");
    let synced = log.iter().rposition(|line| line == "sync_dir refs/coord").expect("the ref is synced");
    assert!(moved < synced && synced < acknowledged);
}

#[test]
fn git_is_not_asked_before_the_objects_are_on_the_disk() {
    let log = operations(&hooked_repo());
    let asked = position(&log, "update-ref refs/coord/main");
    let last = log.iter().rposition(|line| line.starts_with("sync_dir objects/")).expect("the names are synced");
    assert!(last < asked && asked < position(&log, "sync refs/coord/main"));
}

#[test]
fn those_who_choose_so_wait_for_no_disk() {
    let repo = files_repo();
    repo.git(&["config", "coord.fsync", "off"]);
    let log = operations(&repo);
    assert!(!log.iter().any(|line| line.starts_with("sync")), "{log:#?}");
}

fn loose(repo: &Repo, id: &str) -> PathBuf {
    repo.path.join(".git/objects").join(&id[..2]).join(&id[2..])
}

/// Writes a blob that nothing refers to, as old as can be.
fn old_blob(repo: &Repo, text: &str) -> String {
    let file = repo.outside().join("text");
    std::fs::write(&file, text).expect("written");
    let id = repo.git(&["hash-object", "-w", &file.display().to_string()]);
    let then = SystemTime::now() - Duration::from_secs(90 * 86_400);
    std::fs::File::open(loose(repo, &id)).and_then(|file| file.set_modified(then)).expect("made old");
    id
}

fn is_young(path: &Path) -> bool {
    let age = path.metadata().and_then(|meta| meta.modified()).map(|time| time.elapsed().unwrap_or_default());
    age.is_ok_and(|age| age < Duration::from_secs(600))
}

fn named(path: &str, id: &str) -> Edit {
    Edit { path: path.to_owned(), content: Some(Content::Existing(id.parse().expect("an id"))) }
}

#[test]
fn an_old_object_is_made_young_when_it_is_used() {
    let repo = files_repo();
    let (bytes, by_name) = (old_blob(&repo, "bytes"), old_blob(&repo, "name"));
    publish(&repo.open(), vec![set("a", "bytes"), named("b", &by_name)]);
    assert!(is_young(&loose(&repo, &bytes)) && is_young(&loose(&repo, &by_name)));
    repo.git(&["gc", "--quiet"]);
    assert_eq!(repo.git(&["show", "refs/coord/main:b"]), "name");
    repo.assert_sound();
}

#[test]
fn an_object_of_a_cruft_pack_is_written_again() {
    let repo = files_repo();
    let (bytes, by_name) = (old_blob(&repo, "bytes"), old_blob(&repo, "name"));
    if !repo.try_git(&["gc", "--quiet", "--cruft", "--prune=never"]).status.success() || loose(&repo, &bytes).exists() {
        return; // This git has no cruft packs.
    }
    publish(&repo.open(), vec![set("a", "bytes"), named("b", &by_name)]);
    assert!(is_young(&loose(&repo, &bytes)) && is_young(&loose(&repo, &by_name)));
    repo.assert_sound();
}

#[test]
fn a_blob_that_is_not_there_cannot_be_used() {
    let repo = files_repo();
    let store = repo.open();
    let absent = named("a", &"1".repeat(40));
    let mut writer = store.lock(super::fixture::PATIENCE).expect("the lock");
    let refused = writer.publish(super::fixture::on(None, vec![absent])).expect_err("no blob");
    assert_eq!(refused.code(), "no_such_blob");
    assert_eq!(store.tip().expect("readable"), None);
}

#[test]
fn a_shared_repository_stays_shared() {
    use std::os::unix::fs::PermissionsExt;
    let repo = Repo::init(&["--shared=group"]);
    let child = Child { path: "a/b", ..Child::default() }.command(&repo);
    let mut command = repo.command("sh");
    command.args(["-c", "umask 077; exec \"$0\" \"$@\""]).arg(child.get_program()).args(child.get_args());
    command.envs(child.get_envs().filter_map(|(name, value)| Some((name, value?))));
    assert!(command.status().expect("the child runs").success());
    let mode = |path: &str| repo.path.join(".git").join(path).metadata().expect(path).permissions().mode() & 0o7777;
    let tip = repo.git(&["rev-parse", "refs/coord/main"]);
    assert_eq!(mode(&format!("objects/{}", &tip[..2])), 0o2770);
    assert_eq!(mode(&format!("objects/{}/{}", &tip[..2], &tip[2..])), 0o440);
    for file in ["refs/coord/main", "logs/refs/coord/main", "coord/lock"] {
        assert_eq!(mode(file), 0o660, "{file}");
    }
    for folder in ["refs/coord", "logs/refs/coord", "coord"] {
        assert_eq!(mode(folder), 0o2770, "{folder}");
    }
}
