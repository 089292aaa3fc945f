//! What `--dry-run` says is what happens, and saying it changes nothing at all.

use std::collections::BTreeMap;
use std::path::Path;

use git_coord::commands::VERBS;
use git_coord::commands::verb;

use crate::harness::{Answer, Repo};
use crate::verbs::{self, Effect};

/// Every file of the git dir, with what it holds.
fn everything(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            if entry.is_dir() {
                folders.push(entry);
            } else {
                files.insert(entry.to_string_lossy().into_owned(), std::fs::read(&entry).expect("a file"));
            }
        }
    }
    files
}

fn what_happens(answer: &Answer) -> Vec<String> {
    let data = answer.data();
    let events = data["events"].as_array().cloned().unwrap_or_default();
    events.iter().map(|event| event["type"].as_str().expect("a type").to_owned()).collect()
}

#[test]
fn a_rehearsal_tells_what_will_happen_and_changes_nothing() {
    let repo = Repo::set_up();
    let message = verbs::furnish(&repo);
    for row in verbs::rows() {
        let writes = VERBS.iter().any(|verb| verb.name == row.verb && verb.effect == verb::Effect::Writes);
        if !writes || row.effect == Effect::Reads {
            row.call(&repo, &message).run();
            continue;
        }
        let before = everything(&repo.path);
        let rehearsed = row.call(&repo, &message).option("--dry-run").json().expect(0);
        let draft = rehearsed.data()["dry_run"].clone();
        assert!(!draft["files"].as_array().expect("files").is_empty(), "{}: {draft}", row.verb);
        assert!(rehearsed.data()["commit"].is_null(), "{}", row.verb);
        let after = everything(&repo.path);
        let changed: Vec<_> = after.iter().filter(|(path, file)| before.get(*path) != Some(file)).collect();
        assert!(changed.is_empty() && before.len() == after.len(), "{}: {changed:?}", row.verb);

        let done = row.call(&repo, &message).json().expect(0);
        assert_eq!(what_happens(&rehearsed), what_happens(&done), "{}", row.verb);
        assert!(done.data().get("dry_run").is_none(), "{}", row.verb);
        let paths = repo.git(&["diff-tree", "-r", "--name-only", "--no-commit-id", &done.commit()]);
        assert_eq!(draft["total"], paths.lines().count(), "{}: {draft} {paths}", row.verb);
    }
}
