//! Packs that are broken: in their midst, at their end, in their index.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{ALL, assert_titles, fix, furnished, id, nothing_to_mend, well};
use crate::harness::Repo;

/// Returns the file of the one pack there is.
fn pack(repo: &Repo, end: &str) -> PathBuf {
    let folder = repo.common_dir().join("objects/pack");
    let mut files = fs::read_dir(&folder).expect("a folder").flatten().map(|entry| entry.path());
    files.find(|path| path.extension().is_some_and(|found| found == end)).expect("a pack")
}

/// Puts other bytes into a file that nobody may write.
fn rewrite(path: &Path, bytes: &[u8]) {
    fs::remove_file(path).expect("the file");
    fs::write(path, bytes).expect("other bytes");
}

/// Leaves so much of a file.
fn cut(path: &Path, length: impl Fn(usize) -> usize) {
    let bytes = fs::read(path).expect("the file");
    rewrite(path, &bytes[..length(bytes.len())]);
}

/// A pack in whose midst a few bytes are others: what lies there is lost, and all else is taken from it.
#[test]
fn a_broken_pack_loses_what_lies_where_it_is_broken() {
    let repo = furnished();
    repo.ok(&["task", "edit", "T-3", "--title", "Third title"]);
    // Nothing in it is told by what differs from something else, which would be lost with that.
    repo.git(&["repack", "-adfq", "--window=0"]);
    let blob = id(&repo, &format!("refs/coord/main:{}", repo.task_path("T-3")));
    let folder = repo.common_dir().join("objects/pack");
    let of_kind = |end: &str| {
        let mut files = std::fs::read_dir(&folder).expect("a folder").flatten().map(|entry| entry.path());
        files.find(|path| path.extension().is_some_and(|found| found == end)).expect(end)
    };
    let list = repo.git(&["verify-pack", "-v", &of_kind("idx").display().to_string()]);
    let words: Vec<&str> =
        list.lines().find(|line| line.starts_with(&blob)).expect("it is packed").split_whitespace().collect();
    let (length, start): (usize, usize) = (words[3].parse().expect("a number"), words[4].parse().expect("a number"));
    let pack = of_kind("pack");
    let mut bytes = std::fs::read(&pack).expect("the pack");
    bytes[start + length / 2..start + length].fill(0);
    std::fs::remove_file(&pack).expect("the pack");
    std::fs::write(&pack, bytes).expect("the pack");
    let answer = repo.coord(&["doctor", "--fix"]).json().expect(0).data();
    assert_eq!(answer["lost"][0]["record"], "task/T-3", "{answer}");
    assert_eq!(answer["lost"].as_array().map(Vec::len), Some(1), "{answer}");
    assert_titles(&repo, &ALL);
    // The pack is git's: it holds the code too. Git leaves the broken part behind when it packs next.
    repo.git(&["repack", "-adq"]);
    well(&repo);
}

/// A repository whose state is in a pack, but for its last change; the code is not.
fn packed() -> Repo {
    let repo = furnished();
    let line = "git rev-list --objects refs/coord/main | cut -d ' ' -f 1 | \
                git pack-objects -q --window=0 .git/objects/pack/pack >/dev/null && git prune-packed -q";
    assert!(repo.command("sh").args(["-c", line]).status().expect("git runs").success());
    repo.ok(&["task", "edit", "T-3", "--title", "Third title"]);
    repo
}

const THEN: [(&str, &str); 3] = [ALL[0], ALL[1], ("T-3", "Third title")];

type Damage = fn(&Repo);

/// Everything is in the pack still, and only has to be found.
#[test]
fn of_a_pack_whose_index_is_broken_nothing_is_lost() {
    let damages: [(&str, Damage); 4] = [
        ("gone", |repo| fs::remove_file(pack(repo, "idx")).expect("the index")),
        ("empty", |repo| rewrite(&pack(repo, "idx"), b"")),
        ("cut off", |repo| cut(&pack(repo, "idx"), |length| length / 2)),
        ("of another", |repo| {
            let path = pack(repo, "idx");
            let mut bytes = fs::read(&path).expect("the index");
            bytes[1100..1140].fill(7);
            rewrite(&path, &bytes);
        }),
    ];
    for (what, damage) in damages {
        let repo = packed();
        let tip = repo.tip();
        damage(&repo);
        let answer = repo.coord(&["doctor", "--fix"]).json().expect(0).data();
        assert_eq!((&answer["lost"], &answer["lost_commits"]), (&Value::Null, &Value::Null), "{what}: {answer}");
        assert_eq!(repo.tip(), tip, "{what}");
        nothing_to_mend(&repo);
        well(&repo);
        assert_titles(&repo, &THEN);
    }
}

/// Git does not touch a pack that ends otherwise than its index says, though every object in it is whole.
#[test]
fn of_a_pack_without_its_last_bytes_nothing_is_lost() {
    let repo = packed();
    let tip = repo.tip();
    cut(&pack(&repo, "pack"), |length| length - 10);
    let answer = repo.coord(&["doctor", "--fix"]).json().expect(0).data();
    assert_eq!((&answer["lost"], &answer["lost_commits"]), (&Value::Null, &Value::Null), "{answer}");
    assert_eq!(repo.tip(), tip);
    nothing_to_mend(&repo);
    well(&repo);
    assert_titles(&repo, &THEN);
}

/// What was written since is there, and all else is named: by its record, its folder, or by what a commit did to it.
#[test]
fn of_a_pack_of_which_nothing_is_left_all_is_named() {
    let repo = packed();
    let name = pack(&repo, "pack");
    // The folder of the kind was written anew with T-3; those in it of the others were not.
    let folder = |id: &str| repo.task_path(id).split('/').take(2).map(|name| format!("{name}/")).collect::<String>();
    let mut lost = vec!["messages/".to_owned(), folder("T-1"), folder("T-2")];
    lost.sort();
    rewrite(&name, b"");
    let fixed = fix(&repo);
    assert_eq!(fixed.lost(), lost.into_iter().map(|name| (name, false)).collect::<Vec<_>>());
    let mut commits = fixed.commits();
    commits.sort();
    let titles = ["T-1", "T-2", "T-3"].map(|id| format!("Add task {id}: Title of {id}"));
    assert_eq!(commits, [&titles[..], &["Edit task T-2: title", "Note on T-1: A remark"].map(String::from)].concat());
    assert_titles(&repo, &THEN[2..]);
    let backup = fixed.answer["backup"].as_str().expect("a backup");
    assert!(Path::new(backup).join("packs").join(name.file_name().expect("a name")).exists());
}

/// How much is in a half is not said; but what is not there is named, and what is there is as it was.
#[test]
fn of_half_a_pack_what_can_be_read_is_there_and_the_rest_is_named() {
    for (of, all) in [(1, 4), (1, 2), (3, 4)] {
        let repo = packed();
        let paths = THEN.map(|(id, _)| repo.task_path(id));
        cut(&pack(&repo, "pack"), |length| length * of / all);
        let fixed = fix(&repo);
        let list = repo.data(&["task", "list", "--limit", "100"]);
        let tasks = list["items"].as_array().expect("items");
        for ((id, title), path) in THEN.into_iter().zip(paths) {
            let is_named = fixed.lost().iter().any(|(name, _)| *name == format!("task/{id}") || path.starts_with(name));
            let is_as_it_was = tasks.iter().any(|task| task["id"] == id && task["title"] == title);
            assert!(is_named || is_as_it_was, "{of}/{all}: {id} is neither there nor named: {}", fixed.answer);
        }
    }
}
