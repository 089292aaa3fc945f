//! A clock that jumps, and two clocks that do not agree.

use git_coord::base::Timestamp;
use serde_json::Value;

use super::{is_refusal, is_well, with_a_task};
use crate::harness::{Call, Repo};

fn at(repo: &Repo, moment: &str, words: &[&str]) -> Call {
    repo.coord(words).env("GIT_COORD_TEST_NOW", moment).json()
}

fn stamp(value: &Value) -> Timestamp {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("no stamp: {value}"))
}

const NOON: &str = "2026-03-05T12:00:00Z";
const A_DAY_BACK: &str = "2026-03-04T12:00:00Z";
const A_YEAR_ON: &str = "2027-03-05T12:00:00Z";

#[test]
fn stamps_and_commit_times_only_grow() {
    let repo = with_a_task();
    let (mut before, mut count) = (Timestamp::default(), repo.commit_count());
    for (n, moment) in [NOON, A_DAY_BACK, A_YEAR_ON, A_DAY_BACK, NOON, "1970-01-01T00:00:00Z"].iter().enumerate() {
        let title = format!("Title {n}");
        let written = at(&repo, moment, &["task", "edit", "T-1", "--title", &title]).expect(0);
        let updated = stamp(&written.data()["record"]["updated_at"]);
        assert!(updated > before, "{moment}: {updated} is not after {before}");
        before = updated;
        count += 1;
        assert_eq!(repo.commit_count(), count);
        let shown = at(&repo, moment, &["show", "T-1"]).expect(0).data();
        assert_eq!(shown["record"]["title"], title.as_str());
    }
    let times = repo.git(&["log", "--topo-order", "--reverse", "--format=%ct", "refs/coord/main"]);
    let times: Vec<i64> = times.lines().map(|line| line.parse().expect("seconds")).collect();
    assert!(times.is_sorted(), "{times:?}");
    // What was done last stands first, whatever the clock said.
    let log = at(&repo, NOON, &["log", "--limit", "1"]).expect(0).data();
    assert_eq!(log["items"][0]["commit"].as_str(), repo.tip().as_deref(), "{log}");
    is_well(&repo);
}

#[test]
fn an_answer_from_a_clock_that_is_behind_finds_its_question_and_its_reader() {
    let repo = with_a_task();
    repo.ok(&["agent", "new", "bob"]);
    let id = |answer: Value| answer["record"]["id"].as_str().expect("an id").to_owned();
    let question = id(at(&repo, A_YEAR_ON, &["send", "bob", "A question"]).expect(0).data());
    let answer = at(&repo, A_DAY_BACK, &["reply", &question, "An answer", "--agent", "bob"]).expect(0).data();
    assert_eq!(answer["record"]["references"][0].as_str(), Some(question.as_str()), "{answer}");
    let thread = at(&repo, NOON, &["thread", &question]).expect(0).data();
    assert_eq!(thread["items"].as_array().map(Vec::len), Some(2), "{thread}");
    let inbox = at(&repo, A_DAY_BACK, &["inbox"]).expect(0).data();
    assert_eq!(inbox["items"][0]["id"].as_str(), Some(id(answer).as_str()), "{inbox}");
    is_well(&repo);
}

#[test]
fn a_clock_that_goes_back_makes_no_claim_stale_and_gives_it_to_nobody_else() {
    let repo = with_a_task();
    let claim = at(&repo, NOON, &["claim", "T-1", "--agent", "bob"]).expect(0).data()["claim"]["id"].clone();
    is_refusal(&at(&repo, A_DAY_BACK, &["claim", "T-1", "--agent", "eve"]).run(), 3, "claim_held");
    is_refusal(&at(&repo, A_DAY_BACK, &["claim", "T-1", "--agent", "eve", "--takeover"]).run(), 3, "not_stale");
    assert_eq!(at(&repo, A_DAY_BACK, &["stale"]).expect(0).data()["items"], serde_json::json!([]));
    at(&repo, A_DAY_BACK, &["note", "T-1", "Still here", "--progress", "--agent", "bob"]).expect(0);
    let held = at(&repo, A_DAY_BACK, &["show", "T-1"]).expect(0).data();
    assert_eq!(held["record"]["claim"]["id"], claim, "{held}");
    at(&repo, A_DAY_BACK, &["done", "T-1", "--agent", "bob"]).expect(0);
    is_well(&repo);
}

/// By the clock that asks, the claim is long dead and may be taken over; then it has one owner, whatever the clocks say.
#[test]
fn a_clock_that_jumps_ahead_never_makes_two_owners() {
    let repo = with_a_task();
    at(&repo, NOON, &["claim", "T-1", "--agent", "bob"]).expect(0);
    is_refusal(&at(&repo, A_YEAR_ON, &["claim", "T-1", "--agent", "eve"]).run(), 3, "claim_held");
    at(&repo, A_YEAR_ON, &["claim", "T-1", "--agent", "eve", "--takeover"]).expect(0);
    for words in [&["done", "T-1", "--agent", "bob"][..], &["release", "T-1", "--agent", "bob"]] {
        is_refusal(&at(&repo, NOON, words).run(), 3, "claim_held");
    }
    let held = at(&repo, NOON, &["show", "T-1"]).expect(0).data();
    assert_eq!((held["record"]["claim"]["agent"].as_str(), held["record"]["epoch"].as_i64()), (Some("eve"), Some(2)));
    is_refusal(&at(&repo, NOON, &["claim", "T-1", "--agent", "bob", "--takeover"]).run(), 3, "not_stale");
    is_well(&repo);
}

#[test]
fn of_two_clocks_the_later_edit_wins_by_knowledge_and_not_by_time() {
    let repo = with_a_task();
    let other = repo.worktree("other");
    at(&repo, A_YEAR_ON, &["task", "edit", "T-1", "--title", "From ahead"]).expect(0);
    at(&other, A_DAY_BACK, &["task", "edit", "T-1", "--title", "From behind, and knowing it"]).expect(0);
    let shown = at(&repo, NOON, &["show", "T-1"]).expect(0).data();
    assert_eq!(shown["record"]["title"], "From behind, and knowing it");
    // The doctor of the one that is right names the stamp of the one that was not.
    let found = at(&repo, NOON, &["doctor"]).expect(1).data();
    assert_eq!(found["findings"][0]["code"], "stamp_ahead", "{found}");
    is_well(&repo);
}

#[test]
fn the_ends_of_time_stop_nobody() {
    for moment in ["0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "9999-12-31T23:59:59.999Z"] {
        let repo = with_a_task();
        for words in super::WRITES.iter().chain(super::READS).filter(|words| words[0] != "ready") {
            let call = repo.coord(words).env("GIT_COORD_TEST_NOW", moment);
            let answer = call.run();
            assert!([0, 5].contains(&answer.exit()), "{moment}: {answer}");
        }
        is_well(&repo);
    }
}
