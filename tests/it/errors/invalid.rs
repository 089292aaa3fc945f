//! Input that is malformed or that a rule forbids: exit code 5.

use super::remotes::with_remote;
use super::{Row, row, way};
use crate::harness::Repo;

/// Larger than any record.
static TOO_LARGE: [u8; 3 << 20] = [b'x'; 3 << 20];

pub(super) fn rows() -> Vec<Row> {
    [words(), values(), rules(), files()].into_iter().flatten().collect()
}

fn words() -> Vec<Row> {
    vec![
        row(
            5,
            "bad_cursor",
            "The cursor is none that a page before has given.",
            [
                way("log --cursor nothing"),
                way("events --cursor nothing"),
                way("task list --cursor 'a b'"),
                way("ready --cursor 'a b'"),
            ],
        ),
        row(
            5,
            "bad_query",
            "There is no word to look for, or too many, or a quote is not closed.",
            [way("search '*'"), way("search ''"), way("search '\"a b'")],
        ),
        row(
            5,
            "not_undoable",
            "The commit is the first one, or a merge, or it changed what is no record.",
            [
                way("undo ~4"),
                way("undo ~0").after("task new x --id T-9").given(|repo| drop(repo.plant("notes.txt", b"mine"))),
            ],
        ),
        row(
            5,
            "not_choosable",
            "The part of a record that the conflict is about is not set by a choice: the life of a task, or a whole file.",
            [way("resolve xaaaaaaaaaaaaa --by bob").given(|repo| {
                let file = "---\nkind: conflict\nid: xaaaaaaaaaaaaa\nrecord: task/T-1\nfield: lifecycle\nvalues:\n  \
                            \"00000000000000000000000000000000\": {value: {status: completed}, by: bob, at: \
                            \"2026-01-02T03:04:05.000Z\"}\nstatus: open\ncreated_at: \"2026-01-02T03:04:05.000Z\"\n\
                            created_by: git-coord merge\nupdated_at: \"2026-01-02T03:04:05.000Z\"\n\
                            updated_by: git-coord merge\n---\n";
                drop(repo.plant("conflicts/xaaaaaaaaaaaaa.md", file.as_bytes()));
            })],
        ),
        row(
            5,
            "bad_glob",
            "What is to be reserved is no path from the top of the repository, and no pattern of such.",
            [way("claim T-1 --paths /etc"), way("claim T-1 --paths 'a['")],
        ),
        row(
            5,
            "bad_id",
            "The id has a form that no id may have.",
            [way("task new x --id ../x"), way("claim T-1 --claim-id 'a b'"), way("task new x --id nul")],
        ),
        row(
            5,
            "bad_name",
            "The name cannot be that of an agent.",
            [way("note T-1 x --agent 'a\u{1b}b'"), way("whoami --agent all"), way("note T-1 x --agent 'role:x'")],
        ),
        row(
            5,
            "reserved_name",
            "The name stands for everybody, or for a role, and not for one agent.",
            [way("agent new all"), way("agent new shared")],
        ),
        row(5, "bad_input", "Standard input is no text.", [way("note T-1 -").input(b"\xff\xfe")]),
        row(
            5,
            "empty_text",
            "There is nothing in the text.",
            [way("note T-1 ' '"), way("send bob ''"), way("agent log ' '")],
        ),
        row(5, "no_recipient", "The message names nobody to go to.", [way("send , hello")]),
        row(
            5,
            "too_large",
            "The text is larger than a record may be.",
            [way("note T-1 -").input(&TOO_LARGE), way("task new x --body -").input(&TOO_LARGE[..(1 << 20)])],
        ),
    ]
}

fn values() -> Vec<Row> {
    vec![
        row(
            5,
            "bad_record",
            "The record would break a rule of its kind; the message names the field.",
            [
                way("task edit T-1 --priority urgent"),
                way("task new x --priority urgent"),
                way("task new ' '"),
                way("send bob hello --priority soon"),
                way("gate T-1 pytest --status green"),
                way("gate T-1 pytest --status passed status=1"),
                way("step T-1 ''"),
            ],
        ),
        row(
            5,
            "bad_setting",
            "A setting, or a time to live, is no value that can be used.",
            [
                way("ready").after("git config coord.ttl soon"),
                way("ready").after("git config coord.lockTimeout never"),
                way("ready").after("git config coord.overlap perhaps"),
                way("note T-1 x").after("git config coord.fsync perhaps"),
                way("claim T-1 --ttl soon"),
                way("claim T-1 --ttl 0"),
            ],
        ),
        row(
            5,
            "bad_value",
            "The value does not fit the field.",
            [
                way("defer T-1 --until soon"),
                way("defer T-1 --until 2001-01-01"),
                way("task edit T-1 --set estimate_minutes=long"),
                way("decision new x --status maybe"),
                way("bug report x --severity loud"),
                way("status post x --status STARTED --severity loud"),
                way("note T-1 x --if-match HEAD"),
            ],
        ),
        row(5, "unknown_field", "The kind of record has no such field.", [way("task edit T-1 --set colour=red")]),
        row(
            5,
            "field_not_editable",
            "The field changes by other verbs, or never.",
            [
                way("task edit T-1 --set status=completed"),
                way("task edit T-1 --set claim=x"),
                way("sprint edit s --set status=cancelled").after("sprint new One --id s"),
                way("task edit T-1 --set assignee=x"),
                way("task edit T-1 --set created_at=2026-01-01"),
            ],
        ),
    ]
}

fn rules() -> Vec<Row> {
    vec![
        row(
            5,
            "not_fast_forward",
            "A push would move the state of a remote to what does not follow it, or take it away.",
            [way("hook pre-push origin url").given(with_remote).input(
                b"(delete) 0000000000000000000000000000000000000000 refs/coord/main 1111111111111111111111111111111111111111\n",
            )],
        ),
        row(
            5,
            "broken_push",
            "A push to a server holds entries or records that are broken; nothing of it is taken.",
            [way("hook pre-receive <../line").through_a_shell().given(|repo| {
                let before = repo.tip().expect("a tip");
                repo.plant("agents/bob.md", b"garbage");
                receives(repo, &before);
            })],
        ),
        row(
            5,
            "not_signed",
            "What came, or is pushed to a server, holds a commit that nobody who is known there has signed, and `coord.requireSigned` is on.",
            [way("hook pre-receive <../line").through_a_shell().given(|repo| {
                repo.git(&["config", "coord.requireSigned", "on"]);
                let before = repo.git(&["rev-parse", "refs/coord/main~1"]);
                receives(repo, &before);
            })],
        ),
        row(
            5,
            "protected",
            "A push to a server changes what `policy.protect` keeps for others; nothing of it is taken.",
            [way("hook pre-receive <../line")
                .through_a_shell()
                .after("config policy.protect 'tasks/** = user:ada'")
                .after("task edit T-1 --title Other")
                .given(|repo| {
                    let before = repo.git(&["rev-parse", "refs/coord/main~1"]);
                    receives(repo, &before);
                })],
        ),
        row(
            5,
            "tracking_ref_pushed",
            "A push would give a remote the notes of this clone about what remotes have.",
            [way("hook pre-push origin url").given(with_remote).input(
                b"refs/coord-remotes/origin/main 1111111111111111111111111111111111111111 \
                  refs/coord-remotes/origin/main 0000000000000000000000000000000000000000\n",
            )],
        ),
        row(
            5,
            "cycle",
            "Tasks would wait for each other, or decisions take each other's place.",
            [
                way("dep add T-1 T-2"),
                way("dep add T-1 T-1"),
                way("task move T-4 --parent T-3"),
                way("task move T-1 --parent T-2"),
                way("task new x --parent T-4 --depends-on T-4"),
                way("decision edit adr-1 --supersedes adr-1").after("decision new x --id adr-1"),
            ],
        ),
        row(
            5,
            "has_dependents",
            "The task cannot be removed while others wait for it or are parts of it.",
            [way("task rm T-1"), way("task rm T-4")],
        ),
        row(
            5,
            "open_tasks",
            "The sprint cannot be closed while tasks of it are open.",
            [way("sprint close s")
                .after("sprint new One --id s")
                .after("sprint start s")
                .after("task move T-1 --sprint s")],
        ),
        row(5, "open_children", "The task cannot be finished while its parts are open.", [way("done T-4")]),
        row(5, "open_dependencies", "The task cannot be finished while it waits for others.", [way("done T-2")]),
        row(
            5,
            "gates_not_passed",
            "The task cannot be finished before the gates that the team's policy names have passed.",
            [way("done T-1").given(|repo| {
                repo.plant("coordination.yaml", b"kind: config\nformat: 1\npolicy:\n  required_gates: [pytest]\n");
            })],
        ),
        row(
            5,
            "bad_policy",
            "The team's policy cannot be understood, so nothing passes it.",
            [
                way("done T-1").given(|repo| {
                    repo.plant("coordination.yaml", b"kind: config\nformat: 1\npolicy:\n  required_gates: 3\n");
                }),
                way("config policy.required_gates ,"),
            ],
        ),
        row(
            5,
            "unknown_setting",
            "There is no such setting and no such policy that this version knows.",
            [way("config coord.colour red"), way("config policy.colour red"), way("config colour")],
        ),
    ]
}

fn files() -> Vec<Row> {
    vec![
        row(
            5,
            "bad_line",
            "The file to import has lines that are no records; nothing of it is taken.",
            [way("import json -").input(b"garbage\n"), way("import beads -").input(b"{\"id\":1}\n")],
        ),
        row(
            5,
            "operation_refused",
            "One of several operations was refused, so none was made; `details` has the code of the refusal.",
            [
                way("bulk T-3,T-2 done"),
                way("apply -").input(b"{\"op\":\"done\",\"id\":\"$it\"}\n"),
                way("apply -").input(b"{\"op\":\"task new\",\"title\":3}\n"),
                way("apply -")
                    .input(b"{\"op\":\"note\",\"id\":\"T-1\",\"text\":\"x\"}\n{\"op\":\"done\",\"id\":\"T-2\"}\n"),
            ],
        ),
        row(
            5,
            "unreadable",
            "The record that it is about, or a part of it, cannot be read; it stays as it is.",
            [
                way("show T-1").given(|repo| drop(repo.plant(&repo.task_path("T-1"), b"garbage"))),
                way("claim T-1").given(|repo| drop(repo.plant(&repo.task_path("T-1"), b"garbage"))),
                way("done T-4").given(|repo| {
                    let path = repo.task_path("T-3");
                    let broken = repo.file(&path).replace("status: pending", "status: [");
                    repo.plant(&path, broken.as_bytes());
                }),
            ],
        ),
        row(
            5,
            "unknown_file",
            "Nothing in the file says what it holds.",
            [way("validate -").input(b"garbage\n"), way("validate -").input(b"{}\n"), way("validate -").nowhere()],
        ),
        row(
            5,
            "path_clash",
            "A file that others put into the state stands where a folder is needed.",
            [way("note T-1 x").given(|repo| drop(repo.plant("messages", b"in the way")))],
        ),
    ]
}

/// Writes the line that says that the state is moved to where it is from where it was.
fn receives(repo: &Repo, before: &str) {
    let line = format!("{before} {} refs/coord/main\n", repo.tip().expect("a tip"));
    std::fs::write(repo.path.join("../line"), line).expect("a file");
}
