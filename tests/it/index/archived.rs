//! What has been archived, listed and searched by the index and by a walk through the history: the answers are the same.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::harness::Repo;

/// Asks in both ways, and returns what both say. A moment of the past is never looked up in the index.
#[track_caller]
fn ask(repo: &Repo, words: &[&str]) -> BTreeSet<String> {
    let asked = [words, &["--archived"]].concat();
    let fast = repo.data(&asked);
    let slow = repo.data(&[asked.as_slice(), &["--at", "~0"]].concat());
    assert_eq!(sorted(&fast), sorted(&slow), "{words:?}");
    assert_eq!(fast["total"], slow["total"], "{words:?}");
    let items = fast["items"].as_array().expect("items");
    let ids: BTreeSet<String> = items.iter().map(|item| item["id"].as_str().expect("an id").to_owned()).collect();
    assert_eq!(fast["total"], ids.len(), "{words:?}");
    ids
}

/// What is found by words has no order without an index, and all else is the same.
fn sorted(data: &Value) -> Vec<String> {
    let mut items: Vec<String> = data["items"].as_array().expect("items").iter().map(Value::to_string).collect();
    items.sort();
    items
}

fn set(ids: &[&str]) -> BTreeSet<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

fn closed(repo: &Repo, id: &str, more: &[&str]) {
    repo.ok(&[&["task", "new", &format!("Mend the lexer of {id}"), "--id", id], more].concat());
    repo.ok(&["done", id, "It holds"]);
}

#[test]
fn what_has_been_archived_is_listed_and_searched_until_it_is_back() {
    let repo = Repo::set_up();
    closed(&repo, "T-1", &["--label", "api", "--sprint", "s1"]);
    closed(&repo, "T-2", &["--label", "api"]);
    repo.ok(&["task", "new", "Not wanted", "--id", "T-3"]);
    repo.ok(&["cancel", "T-3", "Nobody needs it"]);
    repo.ok(&["task", "new", "Mend the lexer of what stays", "--id", "T-4"]);
    assert_eq!(ask(&repo, &["task", "list"]), set(&[]));
    repo.ok(&["archive", "--older-than", "0s"]);

    assert_eq!(ask(&repo, &["task", "list"]), set(&["T-1", "T-2", "T-3"]));
    assert_eq!(ask(&repo, &["task", "list", "--label", "api", "--status", "closed"]), set(&["T-1", "T-2"]));
    assert_eq!(ask(&repo, &["task", "list", "--sprint", "s1"]), set(&["T-1"]));
    assert_eq!(ask(&repo, &["task", "list", "--status", "open"]), set(&[]));
    assert_eq!(ask(&repo, &["search", "lexer"]), set(&["T-1", "T-2"]));
    assert_eq!(ask(&repo, &["search", "lexer", "--kind", "decision"]), set(&[]));
    assert_eq!(repo.data(&["search", "lexer"])["total"], 1, "what is there is another question");

    // One page after the other.
    let first = repo.data(&["task", "list", "--archived", "--limit", "2"]);
    assert_eq!((first["items"].as_array().map(Vec::len), &first["total"]), (Some(2), &Value::from(3)));
    let cursor = first["next_cursor"].as_str().expect("a cursor");
    let second = repo.data(&["task", "list", "--archived", "--limit", "2", "--cursor", cursor]);
    assert_eq!((second["items"].as_array().map(Vec::len), &second["next_cursor"]), (Some(1), &Value::Null));

    // It comes back, more is archived, and it goes again, changed.
    repo.ok(&["undo"]);
    assert_eq!(ask(&repo, &["task", "list"]), set(&[]));
    assert_eq!(ask(&repo, &["search", "lexer"]), set(&[]));
    repo.ok(&["task", "edit", "T-1", "--title", "Mend the parser"]);
    repo.ok(&["task", "rm", "T-3"]);
    closed(&repo, "T-5", &[]);
    repo.ok(&["archive", "--older-than", "0s"]);
    assert_eq!(ask(&repo, &["search", "lexer"]), set(&["T-2", "T-5"]));
    assert_eq!(ask(&repo, &["search", "parser"]), set(&["T-1"]));

    // Another task takes the id of one that was archived.
    repo.ok(&["task", "new", "Mend the lexer once more", "--id", "T-2"]);
    assert_eq!(ask(&repo, &["search", "lexer"]), set(&["T-5"]));
    let listed = ask(&repo, &["task", "list"]);
    assert_eq!(listed, set(&["T-1", "T-3", "T-5"]), "what came back and was removed has been put away once");
    repo.ok(&["task", "rm", "T-2"]);
    let listed_again = ask(&repo, &["task", "list"]);
    assert_eq!(listed_again, set(&["T-1", "T-2", "T-3", "T-5"]));
    repo.ok(&["undo"]);
    assert_eq!(ask(&repo, &["task", "list"]), listed);
    // The file made from nothing says the same as the one that was kept up to date.
    std::fs::remove_file(repo.path.join(".git/coord/index.sqlite")).expect("an index");
    assert_eq!(ask(&repo, &["task", "list"]), listed);
    assert_eq!(ask(&repo, &["search", "lexer"]), set(&["T-5"]));
}

#[test]
fn what_was_archived_on_another_line_is_found_after_the_merge() {
    let repo = Repo::set_up();
    closed(&repo, "T-1", &[]);
    assert_eq!(ask(&repo, &["task", "list"]), set(&[]));
    let before = repo.git(&["rev-parse", "refs/coord/main"]);
    repo.ok(&["archive", "--older-than", "0s"]);
    // The next writer finds that the ref has lost a commit, and merges it back in.
    repo.git(&["update-ref", "refs/coord/main", &before]);
    repo.ok(&["task", "new", "Meanwhile", "--id", "T-2"]);
    assert_eq!(ask(&repo, &["task", "list"]), set(&["T-1"]));
}
