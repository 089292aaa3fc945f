//! Too much of everything: each is taken or refused with the limit named, and what is there stays usable.

use super::{Whole, is_refusal, is_well, with_a_task};

const MEGABYTE: usize = 1 << 20;

fn task_line(id: &str, title: &str, labels: &[String]) -> String {
    let at = "2026-01-01T00:00:00.000Z";
    let task = serde_json::json!({
        "kind": "task", "id": id, "title": title, "type": "task", "status": "pending", "priority": "P2",
        "labels": labels, "created_at": at, "created_by": "Ada", "updated_at": at, "updated_by": "Ada",
    });
    format!("{task}\n")
}

#[test]
fn a_title_of_a_megabyte_is_refused_wherever_it_comes_from() {
    let repo = with_a_task();
    let before = Whole::of(&repo);
    // As long as the system lets one argument be.
    let long = "x".repeat(120_000);
    for words in [&["task", "new", &long][..], &["task", "edit", "T-1", "--title", &long]] {
        let refused = repo.coord(words).json().run();
        is_refusal(&refused, 5, "bad_record");
        assert!(refused.stderr.len() < 1000, "the title was told back: {} bytes", refused.stderr.len());
        assert!(refused.stderr.contains("title must have at most"), "{refused}");
    }
    let huge = "x".repeat(MEGABYTE);
    let refused = repo.coord(&["import", "json", "-"]).input(task_line("T-2", &huge, &[])).json().run();
    is_refusal(&refused, 5, "bad_line");
    assert!(refused.stderr.len() < 1000, "the title was told back");
    assert_eq!(Whole::of(&repo), before);
    is_well(&repo);
}

#[test]
fn a_title_of_a_megabyte_in_the_tip_is_passed_over_and_kept() {
    let repo = with_a_task();
    let path = repo.task_path("T-1").replace("T-1.md", "T-huge.md");
    let record = format!("---\nkind: task\nid: T-huge\ntitle: {}\n---\n\n", "x".repeat(MEGABYTE));
    let blob = repo.plant(&path, record.as_bytes());
    for words in super::READS {
        let answer = repo.ok(words);
        assert!(answer.stdout.len() < 10_000, "{words:?} shows {} bytes", answer.stdout.len());
    }
    let refused = repo.coord(&["note", "T-huge", "x"]).json().run();
    assert!(!refused.is_ok() && refused.stderr.len() < 2000, "{refused}");
    let found = repo.coord(&["doctor"]).json().expect(1);
    assert_eq!(found.data()["findings"][0]["code"], "unreadable", "{found}");
    is_well(&repo);
    assert_eq!(repo.files().get(&path), Some(&blob));
}

#[test]
fn ten_thousand_labels_are_refused_by_their_size_and_a_thousand_are_taken() {
    let repo = with_a_task();
    let labels: Vec<String> = (0..10_000).map(|n| format!("label-{n}")).collect();
    let given =
        |some: &[String]| some.iter().flat_map(|label| ["--label".to_owned(), label.clone()]).collect::<Vec<_>>();
    let call = |front: &[&str], some: &[String]| {
        let given = given(some);
        let words: Vec<&str> = front.iter().copied().chain(given.iter().map(String::as_str)).collect();
        repo.coord(&words).json()
    };
    let before = Whole::of(&repo);
    for front in [&["task", "new", "x"][..], &["task", "edit", "T-1"]] {
        let refused = call(front, &labels).run();
        is_refusal(&refused, 5, "too_large");
        assert_eq!(refused.error()["details"]["most"], 65536, "{}", refused.stderr);
    }
    let line = task_line("T-2", "x", &labels);
    let refused = repo.coord(&["import", "json", "-"]).input(&line).json().run();
    is_refusal(&refused, 5, "bad_line");
    assert_eq!(Whole::of(&repo), before);

    call(&["task", "edit", "T-1"], &labels[..1000]).expect(0);
    assert_eq!(repo.data(&["show", "T-1"])["record"]["labels"].as_array().map(Vec::len), Some(1000));
    // Little by little is no way around.
    let mut refusal = None;
    for some in labels.chunks(1000).skip(1) {
        let answer = call(&["task", "edit", "T-1"], some).run();
        if !answer.is_ok() {
            refusal = Some(answer);
            break;
        }
    }
    is_refusal(&refusal.expect("a limit"), 5, "too_large");
    repo.ok(&["task", "edit", "T-1", "--remove-label", "label-0"]);
    is_well(&repo);
}

#[test]
fn a_body_fills_a_record_to_its_limit_and_not_beyond() {
    let repo = with_a_task();
    let fits = "y".repeat(MEGABYTE - 2000);
    let made = repo.coord(&["note", "T-1", "-"]).input(&fits).json().expect(0);
    let id = made.data()["record"]["id"].as_str().expect("an id").to_owned();
    let before = Whole::of(&repo);
    for size in [MEGABYTE, 2 * MEGABYTE, 3 * MEGABYTE] {
        let text = "y".repeat(size);
        for words in [&["note", "T-1", "-"][..], &["task", "new", "x", "--body", "-"], &["send", "bob", "-"]] {
            is_refusal(&repo.coord(words).input(&text).json().run(), 5, "too_large");
        }
    }
    assert_eq!(Whole::of(&repo), before);
    let path = repo.files().into_keys().find(|path| path.contains(&id)).expect("the note");
    assert!(repo.file(&path).ends_with(&fits), "the body was changed");
    is_well(&repo);
}

/// A tree as deep and a name as long as git lets one push them.
#[test]
fn paths_of_any_depth_among_the_records_stop_nobody() {
    let repo = with_a_task();
    let deep = format!("tasks/{}x.md", "d/".repeat(200));
    let long = format!("tasks/{}.md", "n".repeat(3000));
    for path in [deep.as_str(), &long, "tasks/T-1.md", "coordination.yaml.bak", "unknown/kind/x.md"] {
        repo.plant(path, b"---\nkind: task\n---\n");
        for words in super::READS {
            repo.ok(words);
        }
    }
    let kept: Vec<String> = repo.files().into_keys().collect();
    is_well(&repo);
    assert!(kept.iter().all(|path| repo.files().contains_key(path)), "a file that is not ours was dropped");
}

#[test]
fn a_number_of_any_size_is_a_number_or_refused() {
    let repo = with_a_task();
    for limit in ["0", "-1", "4294967296", "1e3", "٣", ""] {
        repo.coord(&["task", "list", "--limit", limit]).expect(2);
    }
    assert_eq!(repo.data(&["task", "list", "--limit", "4294967295"])["total"], 1);
    for ttl in ["0", "-1", "18446744073709551616", "NaN", "1000000d", ""] {
        let refused = repo.coord(&["claim", "T-1", "--ttl", ttl]).json().run();
        assert!([2, 5].contains(&refused.exit()), "{refused}");
    }
    is_well(&repo);
}
