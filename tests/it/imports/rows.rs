//! Rows that cannot be taken: each is named by the number of its line, and nothing is imported then.

use super::{THEN, import, lines, many, names_in, task};
use crate::harness::Repo;

/// Imports good rows with a bad one in their midst, and returns what is said of it.
#[track_caller]
fn refused(repo: &Repo, bad: &[u8]) -> String {
    let tip = repo.tip();
    let rows = [many("A", 2000).as_bytes(), bad, b"\n", many("B", 2000).as_bytes()].concat();
    let answer = repo.coord(&["import", "json", "-"]).json().input(rows).expect(5);
    let error = answer.error();
    assert_eq!((&error["code"], &error["details"]["total"]), (&"bad_line".into(), &1.into()), "{answer}");
    assert_eq!(error["details"]["lines"][0]["line"], 2001, "{answer}");
    assert_eq!(repo.tip(), tip);
    error["details"]["lines"][0]["message"].as_str().expect("a text").to_owned()
}

#[test]
fn a_bad_row_among_thousands_is_named_and_nothing_is_imported() {
    let repo = Repo::set_up();
    let large = task("X", THEN, "Large")
        .to_string()
        .replace("\"Large\"", &format!("\"x\",\"body\":\"{}\"", "y".repeat(1 << 20)));
    let typed = task("X", THEN, "x").to_string().replace("\"x\"", "7");
    let no_end = format!("{{\"title\":\"{}", "z".repeat(65 << 20));
    let cases: [(&[u8], &str); 8] = [
        (b"{\"kind\":\"task\",\"id\":\"X\",\"title\":\"\xff\xfe\"}", "it is not UTF-8"),
        (b"\x7fELF\x02\x01\x01\x00\x00\x01\x02\x03", "it is not JSON: expected value"),
        (b"{\"kind\":\"task\"", "it is not JSON: EOF while parsing an object"),
        (b"[1]", "it is not a JSON object"),
        (b"{}", "it names no kind"),
        (typed.as_bytes(), "not a task: invalid type: integer `7`"),
        (large.as_bytes(), "bytes"),
        (no_end.as_bytes(), "it is longer than 67108864 bytes"),
    ];
    for (bad, wanted) in cases {
        let said = refused(&repo, bad);
        assert!(said.contains(wanted), "«{wanted}» is not in «{said}»");
    }
    assert_eq!(repo.data(&["task", "list"])["total"], 0);
    assert!(names_in(repo.common_dir().join("coord/packing")).is_empty());
}

#[test]
fn a_file_that_is_no_file_of_rows_is_told_from_one_that_has_none() {
    let repo = Repo::set_up();
    let before = repo.commit_count();
    for nothing in ["", "\n\n", "\u{feff}\r\n"] {
        let answer = import(&repo, nothing);
        assert_eq!((&answer["commit"], &answer["added"]), (&serde_json::Value::Null, &0.into()));
    }
    std::fs::create_dir(repo.path.join("folder")).expect("a folder");
    assert_eq!(repo.refused(4, &["import", "json", "missing"]), "not_found");
    assert_eq!(repo.refused(128, &["import", "json", "folder"]), "io");
    std::fs::write(repo.path.join("binary"), [0xff, 0, 1, b'\n'].repeat(70_000)).expect("a file");
    let answer = repo.coord(&["import", "json", "binary"]).json().expect(5);
    let details = &answer.error()["details"];
    assert_eq!((&details["total"], details["lines"].as_array().map(Vec::len)), (&70_000.into(), Some(20)));
    assert_eq!(repo.commit_count(), before);
}

#[test]
fn all_three_ways_in_are_the_same_and_what_goes_out_is_what_came_in() {
    let texts: Vec<String> = ["-", "rows", "./rows"]
        .map(|name| {
            let repo = Repo::set_up();
            let rows = lines((0..1500).map(|n| task(&format!("T-{n}"), THEN, &format!("Task {n} «\u{1F980}»"))));
            std::fs::write(repo.path.join("rows"), &rows).expect("a file");
            let call = repo.coord(&["import", "json", name]);
            if name == "-" { call.input(&rows) } else { call }.expect(0);
            repo.ok(&["export", "json", "out"]);
            std::fs::read_to_string(repo.path.join("out")).expect("written")
        })
        .into();
    assert!(texts.iter().all(|text| *text == texts[0]) && texts[0].lines().count() == 1500);
    let repo = Repo::set_up();
    import(&repo, &texts[0]);
    // More than a pipe holds, so it is read while it comes.
    let mut export = repo.command(env!("CARGO_BIN_EXE_git-coord"));
    let out = export.args(["export", "json"]).output().expect("it runs");
    assert!(out.status.success() && out.stdout == texts[0].as_bytes());
}
