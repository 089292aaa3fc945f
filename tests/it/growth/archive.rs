//! What is closed or old leaves the tip in one commit, is shown again, and comes back.

use serde_json::{Value, json};

use crate::harness::{Repo, race};

/// Makes a repository in which there is something of every sort to put away, and something that stays.
fn furnished() -> Repo {
    let repo = Repo::set_up();
    repo.ok(&["agent", "new", "bob"]);
    for id in ["T-done", "T-dropped", "T-open"] {
        repo.ok(&["task", "new", "A task", "--id", id]);
        repo.ok(&["note", id, "A remark"]);
    }
    repo.ok(&["done", "T-done", "It is done"]);
    repo.ok(&["cancel", "T-dropped", "Not wanted"]);
    let said = repo.data(&["send", "all", "Lunch"])["record"]["id"].as_str().expect("an id").to_owned();
    repo.ok(&["read", &said, "--agent", "bob"]);
    repo.ok(&["send", "bob", "Unread"]);
    repo.ok(&["status", "post", "All is well", "--status", "COMPLETE"]);
    repo
}

fn archive(repo: &Repo) -> Value {
    repo.data(&["archive", "--older-than", "0s"])
}

fn types(data: &Value) -> Vec<&str> {
    data["events"].as_array().expect("events").iter().filter_map(|event| event["type"].as_str()).collect()
}

#[test]
fn what_is_archived_leaves_in_one_commit_and_comes_back_to_the_byte() {
    let repo = furnished();
    let (before, count) = (repo.files(), repo.commit_count());
    let data = archive(&repo);
    assert_eq!(repo.commit_count(), count + 1);
    assert_eq!(data["archived"], json!({ "message": 4, "task": 2 }));
    assert_eq!(data["kept"], json!({ "in_thread": 1, "unread": 1 }));
    assert_eq!(types(&data), ["state.archived"]);
    assert_eq!(data["events"][0]["record"], "state");
    assert_eq!(data["records"].as_array().map(Vec::len), Some(6));
    let left = repo.files();
    let gone: Vec<&String> = before.keys().filter(|path| !left.contains_key(*path)).collect();
    // Two tasks, two remarks, a completion, what was said to all, the link to that, and who has read it.
    assert_eq!(gone.len(), 8, "{gone:?}");
    assert!(left.keys().all(|path| before.contains_key(path)));
    let told = repo.data(&["events", "--limit", "1"]);
    assert_eq!(told["items"], data["events"], "the history tells the same");
    assert_eq!(repo.data(&["archive", "--older-than", "0s"])["commit"], Value::Null, "nothing is left to archive");
    assert!(repo.ok(&["doctor"]).stdout.starts_with("Nothing is wrong"));

    let undone = repo.data(&["undo"]);
    assert_eq!(types(&undone), ["state.restored"]);
    assert_eq!(repo.files(), before, "everything is as it was, to the byte");
    assert_eq!(repo.data(&["events", "--limit", "1"])["items"], undone["events"]);
    assert_eq!(types(&repo.data(&["undo"])), ["state.archived"]);
    assert_eq!(repo.files(), left);
    repo.fsck_strict();
}

#[test]
fn what_was_done_before_an_archiving_cannot_be_undone_under_it() {
    let repo = furnished();
    archive(&repo);
    assert_eq!(repo.refused(3, &["undo", "~6"]), "built_upon", "it made T-done what is archived");
    repo.ok(&["undo"]);
    repo.ok(&["undo", "~7"]);
}

#[test]
fn what_has_left_is_shown_by_its_id_or_the_only_beginning() {
    let repo = furnished();
    let made = repo.data(&["task", "new", "By a random id"])["record"]["id"].as_str().expect("an id").to_owned();
    repo.ok(&["done", &made]);
    let blob = repo.data(&["show", "T-done"])["blob"].clone();
    let tip = repo.tip().expect("a tip");
    archive(&repo);
    for n in 0..3 {
        repo.ok(&["note", "T-open", &format!("Later {n}")]);
    }
    let answer = repo.coord(&["show", "T-done"]).expect(4);
    assert!(answer.stderr.contains("hint: what has been archived or removed is shown with --archived"), "{answer}");
    for name in ["T-done", "t-DONE", "task/T-done", "T-don"] {
        let shown = repo.data(&["show", "--archived", name]);
        assert_eq!(shown["record"]["id"], "T-done", "{name}");
        assert_eq!(shown["record"]["summary"], "It is done", "{name}");
        assert_eq!((&shown["blob"], shown["commit"].as_str()), (&blob, Some(tip.as_str())), "{name}");
        assert_eq!(shown["archived"], true, "{name}");
    }
    let text = repo.ok(&["show", "--archived", "T-done"]).stdout;
    assert!(text.starts_with(&format!("archived or removed; last in {}\n", &tip[..10])), "{text}");
    assert_eq!(repo.data(&["show", "--archived", &made[..6]])["record"]["id"], made.as_str());
    assert_eq!(repo.refused(4, &["show", "--archived", "T-d"]), "not_found", "too short");
    assert_eq!(repo.refused(4, &["show", "--archived", "nowhere"]), "not_found");
    assert_eq!(repo.refused(4, &["show", "--archived", "sprint/T-done"]), "not_found");
    let open = repo.data(&["show", "--archived", "T-open"]);
    assert!(open.get("archived").is_none() && open["commit"] == repo.tip().expect("a tip").as_str(), "it has not left");

    repo.ok(&["task", "new", "A twin in the beginning", "--id", "T-done-2"]);
    repo.ok(&["done", "T-done-2"]);
    archive(&repo);
    assert_eq!(repo.refused(4, &["show", "--archived", "T-don"]), "ambiguous");
    assert_eq!(repo.data(&["show", "--archived", "T-done"])["record"]["id"], "T-done", "a whole id wins");
}

/// A record that was archived, brought back and changed is shown as it was last.
#[test]
fn the_last_state_is_the_one_that_is_shown() {
    let repo = furnished();
    archive(&repo);
    repo.ok(&["undo"]);
    repo.ok(&["reopen", "T-done"]);
    repo.ok(&["done", "T-done", "Once more"]);
    archive(&repo);
    repo.ok(&["note", "T-open", "Later"]);
    for name in ["T-done", "T-don"] {
        assert_eq!(repo.data(&["show", "--archived", name])["record"]["summary"], "Once more", "{name}");
    }
}

#[test]
fn however_much_is_archived_the_answer_is_short() {
    let repo = Repo::set_up();
    let row = |n: usize| {
        format!(
            "{{\"kind\":\"task\",\"id\":\"old-{n}\",\"title\":\"Old\",\"body\":\"{}\",\"status\":\"completed\",\
             \"completed_at\":\"2025-01-01T00:00:00Z\",\"created_at\":\"2025-01-01T00:00:00Z\",\"created_by\":\"a\",\
             \"updated_at\":\"2025-01-01T00:00:00Z\",\"updated_by\":\"a\"}}\n",
            "Text. ".repeat(50)
        )
    };
    repo.coord(&["import", "json", "-"]).input((0..600).map(row).collect::<String>()).expect(0);
    let before = repo.files();
    let rehearsed = repo.coord(&["archive", "--dry-run"]).json().expect(0);
    assert_eq!(rehearsed.data()["dry_run"]["total"], 600);
    assert_eq!(rehearsed.data()["dry_run"]["files"].as_array().map(Vec::len), Some(200));
    assert_eq!(repo.files(), before);
    let answer = repo.coord(&["archive"]).json().expect(0);
    assert!(answer.stdout.len() < 20_000, "{} bytes", answer.stdout.len());
    assert_eq!(answer.data()["archived"], json!({ "task": 600 }));
    assert_eq!(answer.data()["records"].as_array().map(Vec::len), Some(50));
    assert_eq!(repo.data(&["status"])["events"][0]["type"], "state.archived", "the page says so in brief");
    let subject = repo.git(&["log", "-1", "--format=%s%n%(trailers:key=Coord-Event)", "refs/coord/main"]);
    assert_eq!(subject.trim_end(), "Archive 600 records\nCoord-Event: state.archived");
    let undone = repo.data(&["undo"]);
    assert_eq!((undone["total"].as_u64(), undone["records"].as_array().map(Vec::len)), (Some(600), Some(200)));
    assert_eq!(undone["events"].as_array().map(Vec::len), Some(1));
    assert_eq!(repo.files(), before);
}

/// Whoever comes second decides on what the first has left.
#[test]
fn an_archiving_and_an_edit_never_lose_each_other() {
    for _ in 0..5 {
        let repo = furnished().live();
        let answers = race(vec![
            repo.coord(&["archive", "--older-than", "0s"]).json(),
            repo.coord(&["reopen", "T-done"]).json().agent("bob"),
            repo.coord(&["note", "T-dropped", "One more"]).json().agent("bob"),
        ]);
        assert_eq!(answers[0].exit(), 0, "{}", answers[0]);
        let is_there = |id: &str| repo.files().keys().any(|path| path.ends_with(&format!("/{id}.md")));
        match answers[1].exit() {
            0 => assert!(is_there("T-done"), "reopened, and archived all the same"),
            _ => assert_eq!((answers[1].exit(), is_there("T-done")), (4, false), "{}", answers[1]),
        }
        assert!(matches!(answers[2].exit(), 0 | 4), "{}", answers[2]);
        assert!(repo.data(&["show", "--archived", "T-dropped"])["record"]["id"] == "T-dropped");
    }
}
