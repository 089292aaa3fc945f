//! Many objects in one pack: git must take it for one of its own, and nothing beside us or after us may spoil it.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use git_coord::store::{Content, Edit};

use super::child::Child;
use super::contract::{files_repo, hooked_repo};
use super::fixture::{Repo, publish, set};

/// So many files that their objects are better off in one pack.
const MANY: u32 = 100;

fn many(start: &str) -> Vec<Edit> {
    (0..MANY).map(|n| set(&format!("many/{}/{n}.md", n % 7), format!("{start} {n}\n"))).collect()
}

/// Returns the names in `objects/pack`, in order, without those that git's own packs have more.
fn packed(repo: &Repo) -> Vec<PathBuf> {
    let folder = repo.path.join(".git/objects/pack");
    let mut names: Vec<PathBuf> =
        folder.read_dir().expect("a folder").map(|entry| entry.expect("one").path()).collect();
    names.retain(|name| name.extension().is_none_or(|ending| ending != "rev"));
    names.sort();
    names
}

fn endings(repo: &Repo) -> Vec<String> {
    let ending = |path: &PathBuf| path.extension().map_or_else(String::new, |it| it.to_string_lossy().into_owned());
    packed(repo).iter().map(ending).collect()
}

/// Returns how many packs are still being made, as far as `coord/packing` tells.
fn on_the_way(repo: &Repo) -> usize {
    repo.path.join(".git/coord/packing").read_dir().map_or(0, Iterator::count)
}

fn loose_objects(repo: &Repo) -> String {
    repo.git(&["count-objects"]).split(' ').next().unwrap_or_default().to_owned()
}

#[track_caller]
fn assert_whole(repo: &Repo, objects: usize) {
    assert_eq!(endings(repo), ["idx", "pack"]);
    assert_eq!((loose_objects(repo).as_str(), on_the_way(repo)), ("0", 0));
    let index = packed(repo)[0].display().to_string();
    let listed = repo.git(&["verify-pack", "-v", &index]);
    let kinds = ["blob", "tree", "commit"];
    assert_eq!(listed.lines().filter(|line| kinds.iter().any(|kind| line.contains(kind))).count(), objects);
    repo.assert_sound();
}

#[test]
fn many_objects_go_into_one_pack_that_git_and_we_can_read() {
    for format in ["sha1", "sha256"] {
        let repo = Repo::init(&[&format!("--object-format={format}")]);
        let store = repo.open();
        let commit = publish(&store, many("file"));
        assert_whole(&repo, 100 + 7 + 1 + 1 + 1);
        assert_eq!(repo.git(&["show", "refs/coord/main:many/3/10.md"]), "file 10");
        let tree = store.tree(commit).expect("the store that wrote it reads it");
        assert_eq!(tree.read("many/6/6.md").expect("readable").expect("there").bytes, b"file 6\n");
        publish(&store, vec![set("one", "more")]);
        assert_eq!(loose_objects(&repo), "3");
        repo.assert_sound();
    }
}

#[test]
fn a_pack_of_several_megabytes_is_written_piece_by_piece() {
    let repo = files_repo();
    let mut seed = 1_u32;
    let mut noise = |size: usize| -> Vec<u8> {
        let byte = |_| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 24) as u8
        };
        (0..size).map(byte).collect()
    };
    let edits = (0..MANY).map(|n| set(&format!("{n}"), noise(if n == 50 { 3 << 20 } else { 40 << 10 }))).collect();
    publish(&repo.open(), edits);
    assert_whole(&repo, 102);
}

#[test]
fn an_object_that_is_wanted_twice_is_in_the_pack_once() {
    let repo = files_repo();
    let twice: Vec<Edit> =
        many("file").into_iter().chain((0..MANY).map(|n| set(&format!("x/{n}"), "file 1\n"))).collect();
    publish(&repo.open(), twice);
    assert_whole(&repo, 100 + 7 + 1 + 1 + 1 + 1);
}

#[test]
fn a_blob_that_is_used_by_its_name_is_young_or_in_the_pack_too() {
    let repo = files_repo();
    let blob = |text: &str| {
        let file = repo.outside().join("text");
        std::fs::write(&file, text).expect("written");
        repo.git(&["hash-object", "-w", &file.display().to_string()])
    };
    let packed_one = blob("in a pack");
    repo.git(&["update-ref", "refs/heads/x", &repo.git(&["commit-tree", "-m", "x", &tree_of(&repo, &packed_one)])]);
    repo.git(&["repack", "-adq"]);
    let loose_one = blob("loose");
    let path = repo.path.join(".git/objects").join(&loose_one[..2]).join(&loose_one[2..]);
    let then = SystemTime::now() - Duration::from_secs(90 * 86_400);
    std::fs::File::open(&path).and_then(|file| file.set_modified(then)).expect("made old");
    let named = |path: &str, id: &str| Edit {
        path: path.to_owned(),
        content: Some(Content::Existing(id.parse().expect("an id"))),
    };
    let mut edits = many("file");
    edits.extend([named("a", &loose_one), named("b", &packed_one)]);
    publish(&repo.open(), edits);
    // The pack that held the other one goes; ours has it too.
    repo.git(&["update-ref", "-d", "refs/heads/x"]);
    repo.git(&["gc", "--quiet"]);
    assert_eq!(repo.git(&["show", "refs/coord/main:a"]), "loose");
    assert_eq!(repo.git(&["show", "refs/coord/main:b"]), "in a pack");
    repo.assert_sound();
}

fn tree_of(repo: &Repo, blob: &str) -> String {
    repo.git(&["update-index", "--add", "--cacheinfo", &format!("100644,{blob},x")]);
    repo.git(&["write-tree"])
}

/// Between pack and ref nothing refers to the objects, and `git repack -ad` drops what nothing refers to.
#[test]
fn a_repack_before_the_ref_has_moved_takes_nothing_away() {
    let repo = hooked_repo();
    publish(&repo.open(), vec![set("a", "1")]);
    let hook = repo.path.join(".git/hooks/reference-transaction");
    let words = "#!/bin/sh\ntest \"$1\" = prepared || exit 0\nunset GIT_QUARANTINE_PATH\n\
                 git repack -a -d -q && git prune --expire=now && touch repacked\n";
    std::fs::write(&hook, words).expect("a hook");
    publish(&repo.open(), many("file"));
    let ran = repo.path.join("repacked").exists() || repo.path.join(".git/repacked").exists();
    assert!(ran, "git was not started by the hook");
    assert_eq!(endings(&repo), ["idx", "pack"].repeat(2), "git's and ours");
    repo.assert_sound();
    assert_eq!(repo.git(&["show", "refs/coord/main:many/0/0.md"]), "file 0");
}

#[test]
fn what_a_dead_maker_has_left_goes_with_the_next_pack() {
    for point in ["pack-write.after", "index-write.after", "pack-keep.after", "pack-rename.after", "index-rename.after"]
    {
        let repo = files_repo();
        let failpoint = Some(format!("{point}=kill"));
        let dead = Child { path: "dead", failpoint, many: MANY, ..Child::default() }.run(&repo);
        assert!(!dead.is_alive && on_the_way(&repo) == 1, "{point}: {dead:?}");
        publish(&repo.open(), vec![set("one", "file")]);
        assert_eq!(on_the_way(&repo), 1, "{point}: a small change has no time for that");
        publish(&repo.open(), many("file"));
        let whole = if point == "index-rename.after" { 2 } else { 1 };
        assert_eq!(endings(&repo), ["idx", "pack"].repeat(whole), "{point}: {:?}", packed(&repo));
        assert_eq!(on_the_way(&repo), 0, "{point}");
        repo.assert_sound();
    }
}

#[test]
fn what_a_live_maker_is_at_is_left_alone() {
    let repo = files_repo();
    publish(&repo.open(), many("first"));
    let name = "ab".repeat(20);
    let note = repo.path.join(".git/coord/packing").join(&name);
    let theirs = packed(&repo)[0].parent().expect("a folder").join(format!("tmp_pack_{name}"));
    let held = std::fs::File::create(&note).expect("a note");
    held.lock().expect("locked");
    std::fs::write(&theirs, "half").expect("written");
    publish(&repo.open(), many("second"));
    assert!(theirs.exists() && note.exists());
    drop(held);
    publish(&repo.open(), many("third"));
    assert!(!theirs.exists() && !note.exists());
    repo.assert_sound();
}

#[test]
fn a_pack_has_the_modes_that_git_gives() {
    let mode = |path: &Path| path.metadata().expect("there").permissions().mode() & 0o777;
    for (shared, wanted) in [("umask", 0o444), ("group", 0o444), ("0640", 0o440), ("0600", 0o400)] {
        let repo = Repo::init(&[&format!("--shared={shared}")]);
        publish(&repo.open(), many("file"));
        let modes: Vec<u32> = packed(&repo).iter().map(|path| mode(path)).collect();
        assert_eq!(modes, [wanted, wanted], "{shared}");
    }
}

#[test]
fn a_pack_is_on_the_disk_before_the_ref_moves() {
    let repo = files_repo();
    let log = repo.outside().join("log");
    let file_log = Some(log.display().to_string());
    Child { path: "a", file_log, many: MANY, ..Child::default() }.run(&repo);
    let log = std::fs::read_to_string(log).expect("a log");
    let position = |what: &str, name: &str| {
        let found = log.lines().position(|line| line.starts_with(what) && line.contains(name));
        found.unwrap_or_else(|| panic!("no {what} {name}: {log}"))
    };
    let renamed = position("rename", "/pack-");
    assert!(position("write", "/tmp_pack_") < position("sync ", "/tmp_pack_"));
    assert!(position("sync ", "/tmp_pack_") < renamed && position("sync ", "/tmp_idx_") < renamed);
    assert!(position("create", ".keep") < renamed && renamed < position("rename", ".idx"));
    let synced = position("sync_dir", "objects/pack");
    assert!(position("rename", ".idx") < synced && synced < position("rename", "main.lock"));
    assert!(position("rename", "main.lock") < position("unlink", ".keep"));
}
