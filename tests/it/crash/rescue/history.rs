//! Damage behind the tip, and garbage that was collected too soon.

use super::{ALL, assert_titles, destroy, fix, furnished, id, remarks, well};
use crate::crash::live_git::Prepared;
use crate::harness::{PATIENCE, Surroundings, within};

#[test]
fn a_commit_missing_in_the_midst_of_history_costs_itself_and_no_record() {
    let repo = furnished();
    let middle = id(&repo, "refs/coord/main~2");
    let subject = repo.git(&["log", "-1", "--format=%s", &middle]);
    destroy(&repo, &middle);
    repo.ok(&["show", "T-1"]);
    let count = 6;
    let fixed = fix(&repo);
    assert_eq!((fixed.lost(), fixed.commits()), (Vec::new(), vec![subject]));
    assert_titles(&repo, &ALL);
    assert_eq!(repo.commit_count(), count - 1 + 1, "without the missing one, and the next write");
}

/// Without a reflog nobody knows what led to a commit that is gone.
#[test]
fn a_history_that_is_cut_by_damage_goes_on_from_where_it_can_be_read() {
    let repo = furnished();
    destroy(&repo, &id(&repo, "refs/coord/main~2"));
    std::fs::remove_file(repo.common_dir().join("logs/refs/coord/main")).expect("the reflog");
    let fixed = fix(&repo);
    assert_eq!(fixed.lost(), []);
    assert_titles(&repo, &ALL);
    assert_eq!(repo.commit_count(), 2 + 1, "the two behind which nothing is known, and the next write");
}

#[test]
fn the_first_commit_can_be_made_anywhere() {
    let repo = furnished();
    let root = id(&repo, "refs/coord/main~5");
    let tip = repo.tip();
    let revs = [root.clone(), format!("{root}^{{tree}}"), format!("{root}:coordination.yaml")];
    for object in revs.map(|rev| id(&repo, &rev)) {
        destroy(&repo, &object);
    }
    let answer = repo.coord(&["doctor", "--fix"]).json().expect(0).data();
    assert_eq!(answer["lost"], serde_json::Value::Null, "{answer}");
    assert_eq!(repo.tip(), tip, "nothing had to be made again");
    well(&repo);
}

/// The known destroyer: `git gc --prune=now` takes away what a writer has written and no ref leads to yet.
#[test]
fn garbage_collected_beside_a_writer_costs_that_one_write() {
    let repo = furnished();
    repo.git(&["config", "core.filesRefLockTimeout", "60000"]);
    let tip = repo.tip().expect("a tip");
    let log = repo.machine.root().join("disk.log");
    let git = Prepared::new(&repo, &tip);
    let writer = repo.coord(&["task", "edit", "T-3", "--title", "Third title"]).env("GIT_COORD_TEST_DISK_LOG", &log);
    let writer = writer.start();
    let noted = || std::fs::read_to_string(&log).is_ok_and(|text| text.contains("\"what\":\"note\""));
    within(PATIENCE, "the writer stands before the ref", noted);
    repo.git(&["prune", "--expire=now"]);
    git.abort();
    let answer = writer.wait();
    assert_eq!(answer.exit(), 0, "it has what it wrote in mind, and does not look again: {answer}");
    assert_ne!(repo.tip(), Some(tip), "the ref has moved to what is gone");
    assert_eq!(repo.refused(128, &["note", "T-1", "x"]), "damaged");
    let fixed = fix(&repo);
    assert_eq!(fixed.commits(), ["Edit task T-3: title"]);
    assert_titles(&repo, &ALL);
    assert_eq!(remarks(&repo, "T-1"), 1);
}

/// Reads go on where what they read is whole; nothing is written on what is known to be damaged.
#[test]
fn other_records_can_be_read_and_nothing_is_written_on_damage() {
    let repo = furnished();
    let path = repo.task_path("T-2");
    destroy(&repo, &id(&repo, &format!("refs/coord/main:{path}")));
    let index = repo.common_dir().join("coord/index.sqlite");
    for is_indexed in [true, false] {
        repo.ok(&["show", "T-1"]);
        repo.ok(&["show", "T-3"]);
        repo.ok(&["log"]);
        assert_eq!(repo.refused(128, &["task", "list"]), "damaged", "never a part for the whole: {is_indexed}");
        assert_eq!(repo.refused(128, &["ready"]), "damaged", "{is_indexed}");
        let _ = std::fs::remove_file(&index);
    }
    let warned = repo.data(&["show", "T-1"]);
    assert_eq!(warned["warnings"][0]["code"], "parts_unknown", "{warned}");
    let shown = repo.coord(&["show", "T-2"]).json().expect(128);
    assert_eq!(shown.error_code(), "damaged", "never an empty answer: {shown}");
    let tip = repo.tip();
    let answer = repo.coord(&["task", "edit", "T-2", "--title", "x"]).json().expect(128);
    assert_eq!(answer.error_code(), "damaged");
    assert!(answer.error()["hint"].as_str().is_some_and(|hint| hint.contains("git coord doctor --fix")), "{answer}");
    assert_eq!(repo.tip(), tip);
    let blob = repo.git(&["rev-parse", &format!("refs/coord/main:{}", path.rsplit_once('/').expect("a folder").0)]);
    destroy(&repo, &blob);
    repo.ok(&["show", "T-1"]);
    assert_eq!(repo.refused(128, &["task", "edit", "T-2", "--title", "x"]), "damaged");
    assert_eq!(repo.tip(), tip);
}

#[test]
fn only_saying_what_would_be_done_does_none_of_it() {
    let repo = furnished();
    repo.ok(&["task", "edit", "T-3", "--title", "Third title"]);
    repo.git(&["config", "--unset-all", "log.excludeDecoration"]);
    destroy(&repo, &id(&repo, "refs/coord/main^{tree}"));
    let (tip, before) = (repo.tip(), Surroundings::of(&repo));
    let answer = repo.coord(&["doctor", "--fix", "--dry-run"]).json().expect(1).data();
    assert_eq!(answer["lost"][0]["record"], "task/T-3", "{answer}");
    assert_eq!(answer["backup"], serde_json::Value::Null);
    for finding in answer["findings"].as_array().expect("findings") {
        assert!(finding["fix"].is_string() && finding["fixed"] == false, "{finding}");
    }
    assert_eq!(repo.tip(), tip);
    assert_eq!(before.differences(&Surroundings::of(&repo)), Vec::<String>::new());
    assert!(!repo.common_dir().join("coord/backup").exists());
    assert_eq!(repo.coord(&["doctor", "--dry-run"]).json().expect(2).error_code(), "usage");
}

/// What nothing refers to any more can be had from the backup, by plain git.
#[test]
fn the_backup_holds_what_was_left_behind() {
    let repo = furnished();
    repo.ok(&["task", "edit", "T-3", "--title", "Third title"]);
    let old = repo.tip().expect("a tip");
    let note = id(&repo, "refs/coord/main^");
    destroy(&repo, &id(&repo, &format!("refs/coord/main:{}", repo.task_path("T-2"))));
    let fixed = fix(&repo);
    assert_eq!(fixed.lost(), [("task/T-2".to_owned(), true)]);
    repo.git(&["reflog", "expire", "--expire=now", "--all"]);
    repo.git(&["gc", "--quiet", "--prune=now"]);
    assert!(!repo.try_git(&["cat-file", "-e", &old]).status.success(), "git has forgotten it");
    let backup = fixed.answer["backup"].as_str().expect("a backup");
    let mut command = repo.command("git");
    command.env("GIT_ALTERNATE_OBJECT_DIRECTORIES", format!("{backup}/objects"));
    let output = command.args(["log", "--format=%H", &old]).output().expect("git runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && text.contains(&note), "{text} {}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(std::fs::read_to_string(format!("{backup}/ref")).expect("kept"), format!("{old}\n"));
    assert!(std::fs::read_to_string(format!("{backup}/reflog")).expect("kept").contains(&old));
    assert!(std::fs::read_to_string(format!("{backup}/README")).expect("kept").contains("task/T-2"));
}

#[test]
fn mending_needs_nobody_in_particular() {
    let repo = furnished();
    repo.ok(&["task", "edit", "T-3", "--title", "Third title"]);
    destroy(&repo, &id(&repo, "refs/coord/main^{tree}"));
    let call = repo.coord(&["doctor", "--fix"]).env("HOME", "/nowhere").env("GIT_CONFIG_GLOBAL", "/dev/null");
    call.expect(0);
    assert_eq!(repo.git(&["log", "-1", "--format=%an", "refs/coord/main"]), "git-coord");
    well(&repo);
}
