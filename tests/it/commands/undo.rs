//! Taking commits back with `undo`.

use super::{Transcript, assert_transcript};

#[test]
fn the_last_thing_one_did_is_taken_back_and_done_again() {
    let mut script = Transcript::new();
    script.before("task new 'Of another' --id T-0 --agent bob");
    script.run("task new Parser --id T-1").before("task new Later --id T-2 --agent bob");
    script.run("undo --dry-run").run("undo --json").run("task list").run("undo").run("task list");
    script.run("undo --agent zed").run("undo ~99").run("undo HEAD");
    assert_transcript!(script);
}

#[test]
fn a_claim_is_given_back_and_its_epoch_never_falls() {
    let mut script = Transcript::with_tasks();
    script.run("claim T-1").run("undo").run("show T-1").run("claim T-1 --agent bob").run("undo ~0");
    script.run("undo ~0 --force").run("claim T-1").run("show T-1");
    script.run("done T-1").run("undo").run("show T-1").run("claim T-1").run("done T-1 'Again'");
    assert_transcript!(script);
}

#[test]
fn what_stands_in_the_way_is_named() {
    let mut script = Transcript::with_tasks();
    script.run("undo ~3").run("undo ~3 --json");
    script.before("done T-1");
    script.before("claim T-2 --agent bob");
    script.run("undo").run("undo ~4");
    script.before("send bob hello");
    let sent = script.repo.data(&["inbox", "--agent", "bob"])["items"][0]["id"].as_str().expect("an id").to_owned();
    script.before(&format!("read {sent} --agent bob"));
    script.run("undo").run("undo --agent bob").run("undo").run("inbox --agent bob");
    let first = script.repo.git(&["rev-list", "--max-parents=0", "refs/coord/main"]);
    script.run(&format!("undo {first}"));
    assert_transcript!(script);
}

#[test]
fn many_things_done_at_once_are_taken_back_at_once() {
    let mut script = Transcript::with_tasks();
    let before = script.repo.files();
    let lines = "{\"op\":\"task new\",\"as\":\"x\",\"title\":\"Work\",\"parent\":\"T-4\"}\n{\"op\":\"claim\",\"id\":\"$x\"}\n\
                 {\"op\":\"send\",\"to\":\"bob\",\"text\":\"Look\",\"thread\":\"$x\"}\n";
    script.run_with(lines, "apply -").run("undo");
    assert_eq!(script.repo.files(), before, "everything is as it was, to the byte");
    let issues = "{\"id\":\"bd-1\",\"title\":\"An issue\",\"status\":\"open\",\"priority\":1,\"issue_type\":\"task\",\
                  \"created_at\":\"2026-01-01T00:00:00Z\",\"updated_at\":\"2026-01-01T00:00:00Z\"}\n";
    script.run_with(issues, "import beads -").run("undo").run("task list").run("undo").run("task list");
    script.run("doctor");
    assert_transcript!(script);
}

/// A claim that was given up may be somebody else's by now: its id, its paths, its worktree.
#[test]
fn a_claim_that_is_over_is_never_given_back() {
    let mut script = Transcript::with_tasks();
    script.before("claim T-1 --claim-id cx --paths 'src/**' --agent ada");
    script.before("release T-1 --agent ada");
    script.before("claim T-3 --claim-id cx --paths 'src/**' --agent bob");
    script.run("undo --agent ada").run("show T-1").run("done T-3 --agent ada");
    script.before("claim T-1 --agent ada");
    script.before("claim T-1 --agent bob --force");
    script.run("undo --agent bob").run("show T-1").run("doctor");
    assert_transcript!(script);
}

#[test]
fn what_would_not_fit_any_more_is_refused() {
    let mut script = Transcript::with_tasks();
    script.before("task new First --id a");
    script.before("task rm a");
    script.before("task new Second --id A");
    script.run("undo ~1");
    script.before("done T-3");
    script.before("done T-4");
    script.before("reopen T-4");
    script.before("task new 'A further part' --id T-5 --parent T-4");
    script.run("undo ~1");
    script.before("agent new bob");
    script.before("send all 'Lunch'");
    let sent = script.call("send all 'Lunch'").json().expect(0).data()["record"]["id"].clone();
    let sent = sent.as_str().expect("an id");
    script.before(&format!("read {sent} --agent bob"));
    script.run("undo ~1").run("undo --agent bob");
    script.before("decision new One --id d1");
    script.before("decision new Two --id d2 --supersedes d1");
    script.before("decision edit d2 --set supersedes=");
    script.before("decision edit d1 --set supersedes=d2");
    script.run("undo ~1").run("doctor");
    assert_transcript!(script);
}
