//! Messages: sending, listing, reading.

use super::{Transcript, assert_transcript};

#[test]
fn send_puts_a_message_into_inboxes() {
    let mut script = Transcript::with_tasks();
    script.before("agent new dev-1");
    script.run("send dev-1 'Which format comes first?' --type question --thread T-1 --priority urgent");
    script.run("send dev-1,dev-2 '- begins with a dash'");
    script.run_with("From standard input\n", "send dev-1 - --json");
    script.run("thread T-1").run("thread T-2").run("thread T-1 --json");
    assert_transcript!(script);
}

#[test]
fn send_refuses_what_nobody_can_get() {
    let mut script = Transcript::with_tasks();
    script.before("agent new dev-1");
    script
        .run("send shared hello")
        .run("send role: hello")
        .run("send '../x' hello")
        .run("send dev-1 ''")
        .run("send dev-1")
        .run("send '' hello");
    script.run("send dev-1 hello --priority now").run("send dev-1 hello --thread T-9").run("thread T-9");
    assert_transcript!(script);
}

#[test]
fn what_is_sent_to_several_is_read_by_each() {
    let mut script = Transcript::with_tasks();
    for line in ["agent new dev-1 --role developer", "agent new dev-2 --role 'Code Reviewer'", "agent new ada"] {
        script.before(line);
    }
    script.run("send all 'Stand-up at nine.'").run("send role:Code-Reviewer 'Look at T-1' --thread T-1 --json");
    script.run("send role:tester 'Anybody?'").run("send all,dev-1 'Twice' --agent ada");
    let sent = script.call("message list --to all").json().expect(0);
    let id = sent.data()["items"][0]["id"].as_str().expect("an id").to_owned();
    script.before("agent new late");
    script.run("inbox --agent dev-1").run("inbox --agent dev-2").run("inbox").run("inbox --agent late");
    script.run(&format!("read {id} --agent dev-1 --json")).run(&format!("read {id} --agent dev-1 --json"));
    script.run("inbox --agent dev-1").run("inbox --agent dev-2").run("inbox --agent dev-1 --all");
    script
        .run(&format!("show {id}"))
        .run(&format!("show reads/{id}"))
        .run(&format!("reply {id} 'I am late.' --agent dev-2"));
    script.run("inbox --agent dev-2").run("events --limit 3").run("status --agent dev-2").run("doctor");
    assert_transcript!(script);
}

#[test]
fn an_inbox_lists_until_it_is_read() {
    let mut script = Transcript::with_tasks();
    script.before("agent new dev-1");
    script.run("inbox --agent dev-1").run("inbox --agent dev-1 --json");
    let first = script.repo.data(&["send", "dev-1", "First", "--thread", "T-1"])["record"]["id"].to_string();
    script.before("send dev-1 Second --priority urgent");
    script.before("send dev-1 Third");
    script.run("inbox --agent dev-1 --limit 2").run("inbox --agent dev-1");
    script.run(&format!("read {} --agent dev-1", first.trim_matches('"')));
    script.run("inbox --agent dev-1 --json").run("inbox --agent dev-1 --all");
    script.run(&format!("read {} --agent dev-1 --json", first.trim_matches('"')));
    script.run("inbox --all --unread").run("read").run("read nothing");
    assert_transcript!(script);
}

#[test]
fn an_answer_goes_back_to_who_asked() {
    let mut script = Transcript::with_tasks();
    let sent = script.call("send dev-1 'Which format first?' --type question --thread T-1").json().expect(0);
    let id = sent.data()["record"]["id"].as_str().expect("an id").to_owned();
    script.run("message list --to dev-1").run(&format!("message show {id} --json"));
    script
        .run(&format!("reply {id} 'JSON first.' --agent dev-1"))
        .run("inbox --agent dev-1")
        .run("thread T-1")
        .run("status");
    script.run(&format!("reply {id} ''")).run("reply nothing x").run("reply").run("message list --type gossip");
    assert_transcript!(script);
}

#[test]
fn a_task_names_the_message_that_waits_in_its_thread() {
    let mut script = Transcript::with_tasks();
    script.before("agent new dev-1 --reports-to Ada");
    script.before("agent new Ada");
    script.before("block T-1 'Which format?' --agent dev-1");
    script.before("note T-1 'Still waiting' --agent dev-1");
    script.before("send Ada 'And the size?' --type question --thread T-1 --agent dev-1");
    script.before("send Ada 'By the way' --thread T-1 --agent dev-1");
    script.run("reply T-1 'The old one'").run("reply T-1 'Ten'").run("read --all").run("read --all").run("read");
    script.run("reply T-1 'The old one'").run("inbox --agent dev-1").run("reply T-1 'Again'").run("reply nothing x");
    assert_transcript!(script);
}
