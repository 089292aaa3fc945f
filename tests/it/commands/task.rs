//! The verbs of tasks but those about claims.

use super::{Transcript, assert_transcript};

#[test]
fn task_new_makes_a_task() {
    let mut script = Transcript::new();
    script.run("task new 'Wire the parser'");
    script.run("task new 'Test the parser' --id T-2 --priority P1 --type bug --label a --label b -v");
    script.run("task new 'Part of it' --id T-3 --parent T-2 --depends-on T-2 --json");
    script.run("task new 'Quietly' --id T-4 -q");
    script.run_with("A body\nfrom standard input.\n", "task new 'With a body' --id T-5 --body -");
    script.run("task new '- begins with a dash' --id T-6 --body '--- so does this'");
    script.run("task list").run("show T-5");
    assert_transcript!(script);
}

#[test]
fn task_new_warns_of_what_is_not_there_yet() {
    let mut script = Transcript::new();
    script.run("task new 'Early' --id T-1 --sprint s-1 --discovered-from gone");
    script.run("task new 'Early' --id T-2 --sprint s-1 --json");
    script.run("task new 'Early' --id T-3 --sprint s-1 -q");
    assert_transcript!(script);
}

#[test]
fn task_new_refuses_what_cannot_be_a_task() {
    let mut script = Transcript::with_tasks();
    script.run("task new");
    script.run("task new ''");
    script.run("task new 'two\nlines'");
    script.run("task new '--titel'");
    script.run("task new Again --id T-1");
    script.run("task new Again --id t-1 --json");
    script.run("task new x --id 'a b'");
    script.run("task new x --id nul.txt");
    script.run("task new x --priority P9");
    script.run("task new x --parent T-9");
    script.run("task new x --depends-on T-9");
    script.run("task new x --bogus");
    assert_transcript!(script);
}

#[test]
fn task_list_filters_and_pages() {
    let mut script = Transcript::with_tasks();
    script.before("claim T-1 --agent dev-1");
    script.before("cancel T-2 'Not needed'");
    script.run("task list");
    script.run("task list --status open --type task");
    script.run("task list --status closed");
    script.run("task list --assignee dev-1");
    script.run("task list --label parser");
    script.run("task list --parent T-4");
    script.run("task list --sprint none");
    script.run("task list --parent T-9");
    script.run("task list --limit 2");
    assert_transcript!(script);
}

#[test]
fn a_cursor_goes_on_where_the_page_ended() {
    let script = Transcript::with_tasks();
    let first = script.repo.data(&["task", "list", "--limit", "3"]);
    let cursor = first["next_cursor"].as_str().expect("a cursor");
    let second = script.repo.data(&["task", "list", "--limit", "3", "--cursor", cursor]);
    let ids = |page: &serde_json::Value| {
        page["items"].as_array().expect("items").iter().map(|item| item["id"].to_string()).collect::<Vec<_>>()
    };
    assert_eq!([ids(&first), ids(&second)].concat(), ["\"T-1\"", "\"T-2\"", "\"T-3\"", "\"T-4\""]);
    assert_eq!((&first["total"], &second["total"]), (&4.into(), &4.into()));
    assert!(second["next_cursor"].is_null());
}

#[test]
fn stamps_are_shown_where_they_are_asked_for() {
    let mut script = Transcript::with_tasks();
    script.before("task edit T-1 --title 'Wire it' --set metrics.lines=4");
    script.run("show T-1 --stamps").run("show T-1 --stamps --json").run("task list --label parser --stamps --json");
    let plain = script.repo.data(&["show", "T-1"]);
    assert!(plain["record"].get("edited").is_none());
    assert_transcript!(script);
}

#[test]
fn show_finds_any_record() {
    let mut script = Transcript::with_tasks();
    script.before("agent new dev-1 --role developer");
    script.before("send dev-1 'Look at this' --thread T-1");
    script.run("show T-1").run("show T-4").run("show T-3").run("show dev-1").run("show agent/dev-1").run("show t-1");
    script.run("task show T-1 --json").run("show T-4 --json");
    assert_transcript!(script);
}

#[test]
fn show_makes_records_of_every_kind_readable() {
    let mut script = Transcript::new();
    let golden = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/records/v1");
    let mut shown = Vec::new();
    for kind in git_coord::records::kind::named_kinds() {
        let files = ["", "-full"].map(|end| golden.join(format!("{}{end}.md", kind.name)));
        let file = files.iter().find_map(|file| std::fs::read(file).ok()).expect(kind.name);
        let id = (kind.decode)(&file).expect("a record").id().to_string();
        script.repo.plant(&kind.path(&id), &file);
        shown.push(id);
    }
    shown.iter().for_each(|id| {
        script.run(&format!("show {id}"));
    });
    script.run("show ADR-7 --json");
    let long = format!("{} end", "word ".repeat(40));
    script.before("task new Long --id long --body 'The body.'");
    script.before(&format!("task edit long --set 'external_ref={long}' --set 'questions=[\"{long}\",\"why?\"]'"));
    script.run("show sprint/orch").run("show long");
    assert_transcript!(script);
}

#[test]
fn ids_that_fit_nothing_or_several_are_refused() {
    let mut script = Transcript::with_tasks();
    script.before("agent new T-1");
    script.before("task new x --id bd-1000");
    script.before("task new x --id bd-1001");
    script.run("show T-1").run("show task/T-1 --json");
    script.run("show bd-1").run("show bd-1 --json").run("show bd-100").run("show bd-1000");
    script.run("show bd").run("show nothing").run("show saga/x").run("task show nothing").run("agent show nothing");
    assert_transcript!(script);
}

#[test]
fn task_edit_changes_what_anybody_may_change() {
    let mut script = Transcript::with_tasks();
    script.run("task edit T-1 --title 'Wire it' --priority P0 --label urgent --remove-label parser -v");
    script.run("task edit T-1 --set due_at=2026-02-01T00:00:00Z --set metrics.lines=450 --json");
    script.run("task edit T-1 --label urgent");
    script.run_with("New text\n", "task edit T-1 --body -");
    script.run("task edit T-1 --set due_at= --set metrics.lines=");
    script.run("show T-1");
    assert_transcript!(script);
}

#[test]
fn task_edit_refuses_what_only_verbs_change() {
    let mut script = Transcript::with_tasks();
    script.run("task edit T-1");
    script.run("task edit T-9 --priority P0");
    script.run("task edit T-1 --set status=completed");
    script.run("task edit T-1 --set claim=x --json");
    script.run("task edit T-1 --set created_by=eve");
    script.run("task edit T-1 --set depends_on=T-2");
    script.run("task edit T-1 --set colour=red");
    script.run("task edit T-1 --set due_at=tomorrow");
    script.run("task edit T-1 --set title");
    script.run("task edit T-1 --priority P9");
    script.run("task edit T-4 --set parent=T-3");
    assert_transcript!(script);
}

#[test]
fn dependencies_come_and_go() {
    let mut script = Transcript::with_tasks();
    script.run("dep add T-4 T-2").run("dep add T-4 T-2").run("dep rm T-4 T-2 --json");
    script.run("dep rm T-4 T-2").run("dep add T-1 T-1").run("dep add T-1 T-2").run("dep add T-1 T-9");
    script.run("dep add T-9 T-1").run("dep add T-1");
    assert_transcript!(script);
}

#[test]
fn ready_and_blocked_say_what_can_be_done_and_what_cannot() {
    let mut script = Transcript::with_tasks();
    script.run("ready").run("ready --json --limit 1").run("blocked").run("blocked --json");
    script.before("block T-1 'No access'");
    script.before("cancel T-3 no");
    script.before("cancel T-4 no");
    script.run("ready").run("ready --json").run("blocked");
    script.before("cancel T-1 no");
    script.before("cancel T-2 no");
    script.run("blocked");
    assert_transcript!(script);
}

#[test]
fn a_note_goes_into_the_thread_of_its_task() {
    let mut script = Transcript::with_tasks();
    script.before("agent new dev-1 --reports-to ada");
    script.run("note T-1 '- begins with a dash'");
    script.run_with("From standard input\n", "note T-1 -");
    script.run("note T-1 'half way' --progress --agent dev-1 --json");
    script.run("note T-1 ''").run("note T-1").run("note T-9 x").run("note T-1 --weird").run("note T-1 x --force");
    script.run("thread T-1");
    assert_transcript!(script);
}

#[test]
fn done_closes_a_task() {
    let mut script = Transcript::with_tasks();
    script.run("done T-1 'Works, with tests'").run("done T-1");
    script.run_with("From standard input\n", "done T-3 - --json");
    script.run("show T-1").run("done T-9").run("done");
    assert_transcript!(script);
}

#[test]
fn done_refuses_while_parts_or_dependencies_are_open() {
    let mut script = Transcript::with_tasks();
    script.run("done T-2").run("done T-2 --json").run("done T-4").run("done T-4 --force -v");
    assert_transcript!(script);
}

#[test]
fn a_closed_task_can_be_opened_again() {
    let mut script = Transcript::with_tasks();
    script.run("reopen T-1").run("cancel T-1 'Not needed'").run("cancel T-1 'Not needed'").run("claim T-1");
    script.run("reopen T-1 --json").run("cancel T-1").run("cancel T-1 ''").run("reopen T-9");
    assert_transcript!(script);
}

#[test]
fn a_blocked_task_says_why_until_it_is_unblocked() {
    let mut script = Transcript::with_tasks();
    script.run("unblock T-1").run("block T-1 'No access to the server'").run("show T-1");
    script.run("block T-3 'Needs the release notes' --on T-1 --json");
    script.run("blocked").run("claim T-1").run("unblock T-1").run("unblock T-3");
    script.run("block T-1").run("block T-1 ''").run("block T-1 x --on T-9").run("block T-1 x --on T-2");
    script.before("done T-1");
    script.run("block T-1 late");
    assert_transcript!(script);
}

#[test]
fn nothing_that_others_wrote_reaches_a_terminal_as_control_characters() {
    let script = Transcript::with_tasks();
    let hostile = "red \u{1b}[31m\u{7}\u{202e}txt\r\u{9b}0m\nline two";
    for line in
        ["task edit T-1 --body -", "note T-1 -", "send ada -", "done T-3 -", "block T-1 -", "agent new eve --body -"]
    {
        script.call(line).input(hostile).expect(0);
    }
    script.before("task edit T-1 --set 'agent_config.x=\u{1b}[31m'");
    for line in [
        "show T-1",
        "thread T-1",
        "inbox --agent ada",
        "status",
        "status --agent ada",
        "show T-3",
        "show eve",
        "blocked",
        "log",
        "events",
    ] {
        let answer = script.call(line).run();
        let text = answer.stdout.replace('\n', "");
        assert!(!text.contains(git_coord::base::text::is_unsafe), "{line}: {:?}", answer.stdout);
    }
}

#[test]
fn a_task_can_be_moved() {
    let mut script = Transcript::with_tasks();
    script.run("task move T-1 --sprint s1").run("task move T-1 --parent T-4 --json").run("show T-4");
    script.run("task move T-4 --parent T-1").run("task move T-1 --parent T-9").run("task move T-1");
    script.run("task move T-1 --parent '' --sprint ''").run("task move T-1 --parent ''");
    assert_transcript!(script);
}

#[test]
fn a_task_is_removed_where_nobody_needs_it() {
    let mut script = Transcript::with_tasks();
    script.run("task rm T-1").run("task rm T-4 --json").run("task rm T-1 --force").run("show T-2").run("task rm T-1");
    script.before("claim T-2 --agent dev-1");
    script.run("task rm T-2 --agent dev-2").run("task rm T-2 --agent dev-1 --json");
    assert_transcript!(script);
}

#[test]
fn the_tree_says_what_a_task_waits_for() {
    let mut script = Transcript::with_tasks();
    script.before("task new 'Ship' --id T-5 --depends-on T-2 --depends-on T-4 --depends-on T-1");
    script
        .run("dep tree T-5")
        .run("dep tree T-3")
        .run("dep tree T-2 --json")
        .run("dep tree T-5 --limit 2")
        .run("dep tree zz");
    assert_transcript!(script);
}

#[test]
fn a_bug_becomes_a_task_and_word_of_it() {
    let mut script = Transcript::with_tasks();
    for line in ["agent new boss", "agent new dev-2", "agent new dev-1 --reports-to boss", "claim T-1 --agent dev-1"] {
        script.before(line);
    }
    script.run("bug report 'The lexer drops tabs' --id bug-1 --severity URGENT --task T-1 --assign DEV-2 --label lexer --body 'Feed it a Makefile.' --agent dev-1");
    script.run("show bug-1").run("inbox --agent boss").run("inbox --agent dev-2").run("log --limit 1").run("ready");
    script.run("bug report 'Nobody is told' --id bug-2 --priority 3 --json");
    script
        .run("bug report")
        .run("bug report x --severity loud")
        .run("bug report x --severity WARN --priority P1")
        .run("bug report x --task T-9")
        .run("bug report x --assign all");
    assert_transcript!(script);
}
