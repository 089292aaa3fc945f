//! Trees, commits and history, as written and as read, with git as judge.

use std::collections::BTreeSet;

use git_coord::base::Timestamp;
use git_coord::store::{NewCommit, Oid, Person, Published, STATE_REF, Signing, Store};

use super::contract::files_repo;
use super::fixture::{PATIENCE, Repo, ada, on, publish, remove, set};

/// The first commit as every replica makes it.
fn root() -> NewCommit {
    let by = Person::new("git-coord", "git-coord@localhost");
    let at = Timestamp::from_seconds(0);
    NewCommit {
        expected: None,
        parents: Vec::new(),
        base: None,
        edits: vec![set("coordination.yaml", "format: 1\n")],
        author: by.clone(),
        author_time: at,
        committer: by,
        commit_time: at,
        message: "git coord".to_owned(),
        reflog: "coord: init".to_owned(),
        signing: Signing::AsSet,
    }
}

#[test]
fn the_first_commit_is_the_same_bytes_everywhere() {
    let golden = "author git-coord <git-coord@localhost> 0 +0000\ncommitter git-coord <git-coord@localhost> 0 +0000\n\ngit coord";
    let formats = [
        ("sha1", "2766c811565bdbe708eefd0ffb97df8f1534b203", "0046860bdfbb2fc121c778cfdf8306295684f76a"),
        (
            "sha256",
            "650460048fda05bb4a199cf2725af3ea7ed6853f4b86b706a4865e8bb643de68",
            "1bd9e7e419a3c6f88f6fb74cc28161c6a2a41a575fc560deb70c2d22e27e85e2",
        ),
    ];
    for (format, commit, tree) in formats {
        let repo = Repo::init(&[&format!("--object-format={format}")]);
        let store = repo.open();
        let landed = store.lock(PATIENCE).expect("the lock").publish(root()).expect("published");
        assert_eq!(landed, Published::Landed(commit.parse().expect("an id")));
        assert_eq!(repo.git(&["cat-file", "commit", STATE_REF]), format!("tree {tree}\n{golden}"));
        repo.assert_sound();
    }
}

#[test]
fn git_makes_the_same_trees() {
    let repo = files_repo();
    let store = repo.open();
    // Names around `/` in the order of bytes, where a folder sorts as if it ended in one.
    let paths = ["a", "a-b", "a.b/x", "a0", "b/c/d", "b.c", "b-c/d", "ä/ö", "z/1", "z/2"];
    publish(&store, paths.iter().map(|path| set(path, path)).collect());
    let written = repo.git(&["rev-parse", "refs/coord/main^{tree}"]);
    repo.git(&["read-tree", STATE_REF]);
    assert_eq!(repo.git(&["write-tree"]), written);
    let tip = publish(&store, vec![remove("b/c/d"), remove("z/1"), set("a.b/y", "y"), remove("not/there")]);
    let listed = repo.git(&["-c", "core.quotePath=false", "ls-tree", "-r", "--name-only", STATE_REF]);
    assert_eq!(listed, "a\na-b\na.b/x\na.b/y\na0\nb-c/d\nb.c\nz/2\nä/ö");
    let mut walked = Vec::new();
    let tree = store.tree(tip).expect("there");
    tree.walk("", &mut |path, _| {
        walked.push(path.to_owned());
        Ok(())
    })
    .expect("walked");
    assert_eq!(walked.join("\n"), listed);
    repo.assert_sound();
}

#[test]
fn removing_everything_leaves_an_empty_tree() {
    let repo = files_repo();
    let store = repo.open();
    publish(&store, vec![set("a/b", "1")]);
    let tip = publish(&store, vec![remove("a/b")]);
    assert!(store.tree(tip).expect("there").list("").expect("listed").is_empty());
    repo.assert_sound();
}

#[test]
fn paths_that_would_hurt_somebody_are_refused() {
    let repo = files_repo();
    let store = repo.open();
    let first = publish(&store, vec![set("file", "1"), set("dir/x", "1")]);
    let cases = ["", "/a", "a/", "a//b", "../a", "a/..", ".", ".git/config", "a/.GIT", "a\nb", "a\0b", "a\\b"];
    for path in cases {
        let mut writer = store.lock(PATIENCE).expect("the lock");
        let refused = writer.publish(on(Some(first), vec![set(path, "x")])).expect_err(path);
        assert_eq!(refused.code(), "bad_path", "{path:?}");
    }
    let clashes = [
        vec![set("file/below", "x")],
        vec![set("dir", "x")],
        vec![set("n", "x"), set("n/m", "x")],
        vec![remove("dir")],
    ];
    for edits in clashes {
        let mut writer = store.lock(PATIENCE).expect("the lock");
        assert_eq!(writer.publish(on(Some(first), edits)).expect_err("a clash").code(), "path_clash");
    }
    assert_eq!(store.tip().expect("readable"), Some(first));
    let second = publish(&store, vec![remove("dir/x"), remove("file"), set("file/now/below", "x"), remove("file/x")]);
    assert!(store.tree(second).expect("there").find("file/now/below").expect("readable").is_some());
    repo.assert_sound();
}

#[test]
fn a_large_file_is_stored_and_a_huge_one_is_not_read() {
    let repo = files_repo();
    let store = repo.open();
    let large: Vec<u8> = (0..1_u32 << 18).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let tip = publish(&store, vec![set("large", &large), set("empty", "")]);
    let tree = store.tree(tip).expect("there");
    assert_eq!(tree.read("large").expect("readable").expect("there").bytes, large);
    assert_eq!(tree.read("empty").expect("readable").expect("there").bytes, b"");
    let huge = repo.outside().join("huge");
    std::fs::File::create(&huge).and_then(|file| file.set_len(65 << 20)).expect("a file");
    let id: Oid = repo.git(&["hash-object", "-w", &huge.display().to_string()]).parse().expect("an id");
    assert_eq!(tree.blob(id).expect_err("huge").code(), "too_large");
    repo.assert_sound();
}

#[test]
fn odd_entries_are_shown_and_never_followed() {
    use std::io::Write;
    let repo = files_repo();
    let store = repo.open();
    let first = publish(&store, vec![set("plain", "1")]);
    let blob = repo.git(&["rev-parse", "refs/coord/main:plain"]);
    let mut mktree = repo.command("git");
    mktree.args(["mktree", "-z", "--missing"]).stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let mut mktree = mktree.spawn().expect("git runs");
    let mut entries =
        format!("120000 blob {blob}\tlink\0160000 commit {first}\tsub\0100644 blob {blob}\tplain\0").into_bytes();
    entries.extend_from_slice(format!("100644 blob {blob}\tb\u{0}").as_bytes());
    entries.extend_from_slice(format!("100644 blob {blob}\t").as_bytes());
    entries.extend_from_slice(b"\xff\xfe\0");
    mktree.stdin.take().expect("a pipe").write_all(&entries).expect("written");
    let tree = String::from_utf8(mktree.wait_with_output().expect("an end").stdout).expect("hex");
    let odd = repo.git(&["commit-tree", "-p", &first.to_string(), "-m", "odd", tree.trim()]);
    repo.git(&["update-ref", STATE_REF, &odd]);
    let odd: Oid = odd.parse().expect("an id");
    let tree = store.tree(odd).expect("there");
    let entries = tree.list("").expect("listed");
    let shown: Vec<_> = entries.iter().map(|entry| (entry.name.as_str(), entry.mode, entry.is_file())).collect();
    assert_eq!(
        shown,
        [
            ("b", 0o100_644, true),
            ("link", 0o120_000, false),
            ("plain", 0o100_644, true),
            ("sub", 0o160_000, false),
            ("\u{fffd}\u{fffd}", 0o100_644, false)
        ]
    );
    assert_eq!(tree.read("link").expect("readable"), None);
    assert_eq!(tree.read("sub/x").expect("readable"), None);
    assert_eq!(
        store.diff(Some(first), odd).expect("compared").iter().map(|c| c.path.as_str()).collect::<Vec<_>>(),
        ["b"]
    );
    // A commit on top carries them over untouched.
    let next = publish(&store, vec![set("plain", "2")]);
    assert_eq!(store.tree(next).expect("there").list("").expect("listed").len(), 5);
}

#[test]
fn a_missing_object_is_damage_and_not_an_empty_answer() {
    let repo = files_repo();
    let store = repo.open();
    let tip = publish(&store, vec![set("a/b", "1"), set("c", "2")]);
    let gone = repo.git(&["rev-parse", "refs/coord/main:a"]);
    std::fs::remove_file(repo.path.join(".git/objects").join(&gone[..2]).join(&gone[2..])).expect("removed");
    // Who has written it remembers it.
    let store = repo.open();
    let tree = store.tree(tip).expect("there");
    assert_eq!(tree.read("a/b").expect_err("gone").code(), "damaged");
    assert_eq!(tree.list("a").expect_err("gone").code(), "damaged");
    assert_eq!(tree.walk("", &mut |_, _| Ok(())).expect_err("gone").code(), "damaged");
    assert!(tree.read("c").expect("readable").is_some());
    let absent: Oid = "1".repeat(40).parse().expect("an id");
    assert_eq!(store.commit(absent).expect_err("gone").code(), "damaged");
    assert_eq!(store.tree(absent).err().expect("gone").code(), "damaged");
    let mut writer = store.lock(PATIENCE).expect("the lock");
    assert_eq!(writer.publish(on(Some(tip), vec![set("a/b", "2")])).expect_err("gone").code(), "damaged");
    assert_eq!(store.tip().expect("readable"), Some(tip));
}

#[test]
fn garbage_in_the_ref_is_damage() {
    let repo = files_repo();
    let store = repo.open();
    publish(&store, vec![set("a", "1")]);
    for garbage in ["", "\n", "abc", &"g".repeat(40), &"1".repeat(41), &"0".repeat(40)] {
        std::fs::write(repo.path.join(".git/refs/coord/main"), garbage).expect("written");
        assert_eq!(store.tip().expect_err(garbage).code(), "damaged", "{garbage:?}");
    }
}

#[test]
fn garbage_in_an_object_is_damage() {
    let repo = files_repo();
    let store = repo.open();
    let tip = publish(&store, vec![set("a", "1")]).to_string();
    let path = repo.path.join(".git/objects").join(&tip[..2]).join(&tip[2..]);
    let whole = std::fs::read(&path).expect("readable");
    std::fs::remove_file(&path).expect("removed");
    for garbage in [&b""[..], b"not zlib", &whole[..whole.len() / 2]] {
        std::fs::write(&path, garbage).expect("written");
        let refused = repo.open().commit(tip.parse().expect("an id")).expect_err("garbage");
        assert_eq!(refused.code(), "damaged");
    }
}

#[test]
fn a_commit_reads_as_it_was_written() {
    let repo = files_repo();
    let store = repo.open();
    let first = publish(&store, vec![set("a", "1")]);
    let commit = store.commit(first).expect("there");
    assert_eq!((commit.author.clone(), commit.committer.clone()), (ada(), ada()));
    assert_eq!(commit.commit_time, Timestamp::from_seconds(1_700_000_000));
    assert_eq!(commit.subject(), "change");
    assert_eq!(commit.trailers(), [("Coord-Event".to_owned(), "test".to_owned())]);
    assert_eq!(commit.message, "change\n\nCoord-Event: test\n");
    assert_eq!(repo.git(&["log", "-1", "--format=%(trailers:key=Coord-Event,valueonly)", STATE_REF]).trim(), "test");
}

#[test]
fn a_revision_is_what_git_says() {
    let repo = files_repo();
    let store = repo.open();
    let first = publish(&store, vec![set("a", "1")]);
    let second = publish(&store, vec![set("a", "2")]);
    let resolve = |rev: &str| store.resolve_commit(rev).expect("git answers");
    assert_eq!(resolve("refs/coord/main~1"), Some(first));
    assert_eq!(resolve(&second.to_string()[..12]), Some(second));
    assert_eq!(resolve("coord/main"), Some(second));
    assert_eq!(resolve("nothing"), None);
    assert_eq!(resolve("--all"), None);
    assert_eq!(resolve("refs/coord/main:a"), None);
}

/// Makes a commit whose parents and time are given.
fn commit(store: &Store, tip: Option<Oid>, parents: &[Oid], seconds: i64) -> Oid {
    let mut new = on(tip, vec![set("f", format!("{parents:?} {seconds}"))]);
    new.parents = parents.to_vec();
    new.commit_time = Timestamp::from_seconds(seconds);
    match store.lock(PATIENCE).expect("the lock").publish(new).expect("published") {
        Published::Landed(id) => id,
        Published::Moved => panic!("nobody else writes"),
    }
}

/// Makes a side line on a commit, with git, which moves no ref.
fn side(repo: &Repo, parents: &[Oid], seconds: i64) -> Oid {
    let mut command = repo.command("git");
    command.args(["commit-tree", "-m", "side", "refs/coord/main^{tree}"]);
    for parent in parents {
        command.args(["-p", &parent.to_string()]);
    }
    command.env("GIT_COMMITTER_DATE", format!("{seconds} +0000"));
    String::from_utf8(command.output().expect("git runs").stdout).expect("hex").trim().parse().expect("an id")
}

/// The commits that led to one and not to another.
fn since(store: &Store, from: Oid, known: Oid) -> BTreeSet<String> {
    let log = store.log_since(from, Some(known)).expect("there");
    log.map(|commit| commit.expect("whole").id.to_string()).collect()
}

/// A commit has the time of its parent where that is the later one, so many have the same.
#[test]
fn what_led_to_a_commit_is_left_out_also_where_all_times_are_the_same() {
    let repo = files_repo();
    let store = repo.open();
    let root = commit(&store, None, &[], 1_700_000_000);
    // A long known line, and a short one beside it that meets it at its second commit.
    let mut known = vec![root];
    for n in 0..6 {
        known.push(side(&repo, &[known[n]], 1_700_000_000));
    }
    let short = side(&repo, &[known[1], root], 1_700_000_000);
    let from = side(&repo, &[short, known[6]], 1_700_000_000);
    assert_eq!(since(&store, from, known[6]), BTreeSet::from([from.to_string(), short.to_string()]));
    assert_eq!(since(&store, short, known[6]), BTreeSet::from([short.to_string()]));
}

fn set_of(lines: &str) -> BTreeSet<String> {
    lines.lines().map(str::to_owned).collect()
}

fn ancestry_of_skewed(repo: &Repo, skewed: Oid, among: &[Oid]) -> bool {
    among.iter().any(|one| set_of(&repo.git(&["rev-list", &one.to_string()])).contains(&skewed.to_string()))
}

#[test]
fn history_is_walked_as_git_walks_it() {
    let repo = files_repo();
    let store = repo.open();
    let base = 1_700_000_000;
    let first = commit(&store, None, &[], base);
    let second = commit(&store, Some(first), &[first], base + 10);
    let left = side(&repo, &[first], base + 5);
    let right = side(&repo, &[left], base + 30);
    // A clock that went back by years.
    let skewed = side(&repo, &[second], 1_000_000_000);
    let merged = commit(&store, Some(second), &[second, right, skewed], base + 40);
    let crossed_a = side(&repo, &[merged, right], base + 50);
    let crossed_b = side(&repo, &[right, skewed], base + 60);
    let lone = side(&repo, &[], base);
    let all = [first, second, left, right, skewed, merged, crossed_a, crossed_b, lone];
    let log: Vec<String> =
        store.log(merged).expect("there").map(|commit| commit.expect("whole").id.to_string()).collect();
    assert_eq!(log.join("\n"), repo.git(&["log", "--format=%H", &merged.to_string()]));
    for a in all {
        for b in all {
            let (left, right) = (a.to_string(), b.to_string());
            let ancestry = repo.try_git(&["merge-base", "--is-ancestor", &left, &right]).status.success();
            assert_eq!(store.is_ancestor(a, b).expect("walked"), ancestry, "{a} {b}");
            let git = repo.git(&["rev-list", &format!("{left}..{right}")]);
            let (since, git) = (since(&store, b, a), set_of(&git));
            assert!(since.is_superset(&git), "{a}..{b}");
            assert!(since.is_subset(&set_of(&repo.git(&["rev-list", &right]))), "{a}..{b}");
            // A parent that is later than its child hides from git's own walk too, but for a longer look at the end.
            assert!(since == git || ancestry_of_skewed(&repo, skewed, &[a, b]), "{a}..{b}");
            let bases = repo.try_git(&["merge-base", "--all", &left, &right]).stdout;
            let mut bases: Vec<Oid> =
                String::from_utf8_lossy(&bases).lines().map(|line| line.parse().expect("an id")).collect();
            let mut ours = store.merge_bases(a, b).expect("walked");
            bases.sort();
            ours.sort();
            assert_eq!(ours, bases, "{a} {b}");
        }
    }
}

#[test]
fn a_new_commit_must_follow_the_tip() {
    let repo = files_repo();
    let store = repo.open();
    let first = publish(&store, vec![set("a", "1")]);
    let second = publish(&store, vec![set("a", "2")]);
    let mut new = on(Some(second), vec![]);
    new.parents = vec![first];
    let mut writer = store.lock(PATIENCE).expect("the lock");
    assert_eq!(writer.publish(new).expect_err("drops a commit").code(), "not_forward");
    let at = Timestamp::from_seconds(1);
    assert_eq!(writer.advance(Some(second), first, &ada(), at, "back").expect_err("backwards").code(), "not_forward");
    let next = side(&repo, &[second], 1_700_000_100);
    assert_eq!(writer.advance(Some(first), next, &ada(), at, "x").expect("an answer"), Published::Moved);
    assert_eq!(writer.advance(Some(second), next, &ada(), at, "adopt").expect("an answer"), Published::Landed(next));
    assert_eq!(repo.git(&["reflog", "-1", "--format=%gs", STATE_REF]), "adopt");
}

#[test]
fn a_shallow_clone_ends_where_it_was_cut() {
    let repo = files_repo();
    let store = repo.open();
    publish(&store, vec![set("a", "1")]);
    let second = publish(&store, vec![set("a", "2")]);
    let third = publish(&store, vec![set("a", "3")]);
    let near = repo.outside().join("near");
    repo.git(&["init", "--quiet", "../near"]);
    let url = format!("file://{}", repo.path.display());
    repo.git(&["-C", "../near", "fetch", "--quiet", "--depth=2", &url, "+refs/coord/*:refs/coord/*"]);
    let near = repo.open_at(&near);
    let log: Vec<Oid> = near.log(third).expect("there").map(|commit| commit.expect("whole").id).collect();
    assert_eq!(log, [third, second]);
    assert!(near.is_shallow(second).expect("readable") && !near.is_shallow(third).expect("readable"));
}

#[test]
fn a_diff_names_what_changed_and_nothing_else() {
    let repo = files_repo();
    let store = repo.open();
    let first = publish(&store, vec![set("a/b/c", "1"), set("a/d", "2"), set("e", "3"), set("x/y", "4")]);
    let second =
        publish(&store, vec![set("a/b/c", "changed"), remove("e"), set("e/f", "now a folder"), set("n", "new")]);
    let changes = store.diff(Some(first), second).expect("compared");
    let ours: Vec<_> = changes.iter().map(|c| (c.path.as_str(), c.old.is_some(), c.new.is_some())).collect();
    assert_eq!(ours, [("a/b/c", true, true), ("e", true, false), ("e/f", false, true), ("n", false, true)]);
    assert_eq!(store.diff(None, first).expect("compared").len(), 4);
    assert!(store.diff(Some(first), first).expect("compared").is_empty());
}

#[test]
fn the_tracked_files_are_those_of_the_index_and_of_head_where_there_is_none() {
    let repo = files_repo();
    assert!(repo.open().tracked_files().expect("an empty index").is_empty());
    for path in ["src/a b.rs", "src/ä\n.rs", "top", "not-tracked", "gone"] {
        let path = repo.path.join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, "x").expect("a file");
    }
    repo.git(&["add", "src", "top", "gone"]);
    repo.git(&["commit", "--quiet", "--message", "files"]);
    repo.git(&["rm", "--quiet", "--cached", "gone"]);
    std::fs::remove_file(repo.path.join("top")).expect("a file less in the work tree");
    let index = std::fs::read(repo.path.join(".git/index")).expect("the index");
    let from_below = repo.open_at(&repo.path.join("src"));
    assert_eq!(from_below.tracked_files().expect("files"), ["src/a b.rs", "src/ä\n.rs", "top"]);
    assert_eq!(std::fs::read(repo.path.join(".git/index")).expect("the index"), index, "the index was written");

    let bare = repo.outside().join("bare.git");
    repo.git(&["clone", "--quiet", "--bare", ".", &bare.to_string_lossy()]);
    assert_eq!(repo.open_at(&bare).tracked_files().expect("files"), ["gone", "src/a b.rs", "src/ä\n.rs", "top"]);
    std::fs::write(repo.path.join(".git/index"), "garbage").expect("a broken index");
    assert_eq!(repo.open().tracked_files().expect_err("no empty answer").code(), "no_tracked_files");
}

#[test]
fn a_bare_repository_without_a_commit_tracks_nothing() {
    let repo = Repo::init(&["--bare"]);
    assert!(repo.open().tracked_files().expect("nothing").is_empty());
}
