//! The fence before a push: work of a claim that is no longer held, and files that others have reserved.

use serde_json::Value;

use crate::harness::{Answer, Repo};
use crate::sync::Team;

/// Two laptops; on the first Ada has claimed T-1, has committed under that claim, and has published the claim.
fn team() -> (Team, Repo, Repo) {
    let team = Team::set_up(2);
    let (ada, bob) = (team.laptops[0].clone(), team.laptops[1].clone());
    ada.ok(&["claim", "T-1"]);
    ada.git(&["push", "--quiet", "origin", "main"]);
    commit(&ada, "src/parser.rs");
    bob.git(&["pull", "--quiet"]);
    (team, ada, bob)
}

fn commit(repo: &Repo, path: &str) {
    let path = repo.path.join(path);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    std::fs::write(&path, "code\n").expect("a file");
    repo.git(&["add", "."]);
    repo.git(&["commit", "--quiet", "-m", "Code"]);
}

fn push(repo: &Repo) -> Answer {
    repo.call("git", &["push", "--quiet", "origin", "HEAD"]).run()
}

#[track_caller]
fn assert_pushed_in_silence(repo: &Repo) {
    let answer = push(repo);
    assert_eq!((answer.exit(), answer.stderr.as_str()), (0, ""), "{answer}");
}

/// What the hook alone says of a push of HEAD, as JSON.
fn judged(repo: &Repo) -> Value {
    let (new, none) = (repo.git(&["rev-parse", "HEAD"]), "0".repeat(40));
    let line = format!("refs/heads/x {new} refs/heads/x {none}\n");
    repo.coord(&["hook", "pre-push", "origin"]).input(&line).json().expect(0).data()["warnings"].clone()
}

#[test]
fn who_holds_the_claim_pushes_in_silence_and_so_does_who_has_done_the_task() {
    let (_team, ada, _) = team();
    assert_pushed_in_silence(&ada);
    commit(&ada, "src/lexer.rs");
    ada.ok(&["done", "T-1", "It parses"]);
    assert_pushed_in_silence(&ada);
}

#[test]
fn work_of_a_claim_that_somebody_has_taken_is_warned_of_or_refused() {
    let (team, ada, bob) = team();
    let taken = bob.coord(&["claim", "T-1", "--force"]).agent("bob").json().expect(0);
    let claim = taken.data()["claim"]["id"].as_str().expect("an id").to_owned();
    bob.git(&["push", "--quiet", "origin", "main"]);
    ada.git(&["config", "coord.fence", "refuse"]);
    let main = team.remote.git(&["rev-parse", "main"]);
    let answer = push(&ada);
    assert_eq!(answer.exit(), 1, "{answer}");
    let told = format!("bob holds it now (claim {claim})");
    assert!(
        answer.stderr.starts_with("git coord: error: cannot push 1 commit of T-1, made under the claim "),
        "{answer}"
    );
    assert!(answer.stderr.contains(&told), "she has asked the remote before: {answer}");
    assert_eq!(team.remote.git(&["rev-parse", "main"]), main);
    ada.git(&["config", "coord.fence", "warn"]);
    let answer = push(&ada);
    assert_eq!(answer.exit(), 0, "{answer}");
    assert!(
        answer.stderr.starts_with("git coord: warning: 1 commit of T-1,") && answer.stderr.contains(&told),
        "{answer}"
    );
    assert_eq!(team.remote.git(&["rev-parse", "main"]), ada.git(&["rev-parse", "main"]));
    commit(&ada, "src/more.rs");
    ada.git(&["config", "coord.fence", "off"]);
    assert_pushed_in_silence(&ada);
}

#[test]
fn a_task_that_somebody_else_has_done_is_told_from_one_that_its_holder_has_done() {
    let (_team, ada, bob) = team();
    bob.coord(&["claim", "T-1", "--force"]).agent("bob").expect(0);
    bob.coord(&["done", "T-1", "Done by bob"]).agent("bob").expect(0);
    bob.git(&["push", "--quiet", "origin", "main"]);
    ada.git(&["pull", "--quiet", "--rebase"]);
    let warnings = judged(&ada);
    assert_eq!((warnings.as_array().map(Vec::len), &warnings[0]["code"]), (Some(1), &"fenced".into()), "{warnings}");
    assert!(
        warnings[0]["message"].as_str().expect("words").contains("it was done by bob, under the claim "),
        "{warnings}"
    );
}

#[test]
fn a_claim_that_was_given_back_is_told_and_a_task_that_is_gone_is_not() {
    let (_team, ada, _) = team();
    ada.ok(&["release", "T-1"]);
    let warnings = judged(&ada);
    assert!(
        warnings[0]["message"].as_str().expect("words").ends_with("nobody holds it now, it is pending"),
        "{warnings}"
    );
    ada.ok(&["task", "rm", "T-1"]);
    assert_eq!(judged(&ada), serde_json::json!([]));
}

#[test]
fn files_that_another_living_claim_has_reserved_are_refused_by_default() {
    let (team, ada, bob) = team();
    ada.ok(&["task", "new", "Other", "--id", "T-2"]);
    ada.ok(&["claim", "T-2", "--paths", "src"]);
    ada.git(&["push", "--quiet", "origin", "main"]);
    bob.git(&["pull", "--quiet"]);
    bob.git(&["config", "coord.agent", "bob"]);
    commit(&bob, "docs/a.md");
    assert_pushed_in_silence(&bob);
    commit(&bob, "src/bob.rs");
    let main = team.remote.git(&["rev-parse", "main"]);
    let answer = push(&bob);
    assert_eq!(answer.exit(), 1, "{answer}");
    let told = "git coord: error: cannot push: src/bob.rs is reserved by «src» of T-2, held by Ada\n";
    assert!(answer.stderr.starts_with(told), "{answer}");
    assert_eq!(team.remote.git(&["rev-parse", "main"]), main);
    bob.git(&["config", "coord.overlap", "warn"]);
    let answer = push(&bob);
    assert_eq!(answer.exit(), 0, "{answer}");
    assert!(answer.stderr.starts_with("git coord: warning: src/bob.rs is reserved by «src» of T-2"), "{answer}");
}

#[test]
fn what_was_made_under_the_claim_that_has_reserved_it_is_pushed_by_anybody() {
    let (_team, ada, bob) = team();
    ada.git(&["checkout", "--quiet", "main"]);
    let claim = ada.git(&["log", "-1", "--format=%(trailers:key=Coord-Claim,valueonly)"]);
    ada.ok(&["claim", "T-1", "--claim-id", claim.trim(), "--paths", "src"]);
    assert_pushed_in_silence(&ada);
    ada.git(&["commit", "--quiet", "--allow-empty", "-m", "Again"]);
    commit(&ada, "src/again.rs");
    // An integrator has the branch of Ada, from elsewhere.
    bob.git(&["remote", "add", "ada", &ada.path.to_string_lossy()]);
    bob.git(&["pull", "--quiet", "ada", "main"]);
    bob.git(&["push", "--quiet", "origin", "main"]);
    bob.git(&["config", "coord.agent", "bob"]);
    let answer = push(&bob);
    assert_eq!((answer.exit(), answer.stderr.as_str()), (0, ""), "{answer}");
}

#[test]
fn what_others_have_pushed_already_is_not_judged_again() {
    let (_team, ada, bob) = team();
    assert_pushed_in_silence(&ada);
    bob.git(&["pull", "--quiet"]);
    bob.coord(&["claim", "T-1", "--force"]).agent("bob").expect(0);
    bob.git(&["checkout", "--quiet", "-b", "topic"]);
    commit(&bob, "own");
    assert_eq!(judged(&bob), serde_json::json!([]));
}
