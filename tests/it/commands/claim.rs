//! Taking tasks, holding them, giving them back.

use super::{Transcript, assert_transcript};

#[test]
fn claim_takes_a_free_task() {
    let mut script = Transcript::with_tasks();
    script.run("claim T-1 --agent dev-1").run("show T-1").run("claim T-3 --agent dev-2 --ttl 2h --json");
    assert_transcript!(script);
}

#[test]
fn claim_refuses_what_somebody_holds_whatever_its_name() {
    let mut script = Transcript::with_tasks();
    script.before("claim T-1 --agent dev-1");
    script.run("claim T-1 --agent dev-2").run("claim T-1 --agent dev-1 --json");
    assert_transcript!(script);
}

#[test]
fn claim_refuses_what_cannot_be_worked_on() {
    let mut script = Transcript::with_tasks();
    script.run("claim T-2").run("claim T-4 --json");
    script.before("done T-1");
    script.run("claim T-1").run("claim T-9").run("claim").run("claim T-2 --takeover --force");
    script.run("claim T-2 --ttl soon").run("claim T-2 --ttl 0").run("claim T-2 --claim-id 'a b'");
    assert_transcript!(script);
}

#[test]
fn the_session_and_the_id_of_a_claim_prove_whose_it_is() {
    let mut script = Transcript::with_tasks();
    script.run("claim T-1 --agent dev-1 --session s-1");
    script.run("claim T-1 --agent dev-1 --session s-1");
    script.run("claim T-1 --agent dev-1 --session s-2");
    script.run("claim T-3 --agent dev-1 --claim-id c-1");
    script.run("claim T-3 --agent dev-1 --claim-id c-1 --ttl 90");
    script.run("claim T-3 --agent dev-1 --claim-id c-2");
    assert_transcript!(script);
}

#[test]
fn what_only_the_holder_may_do_is_refused_to_others() {
    let mut script = Transcript::with_tasks();
    script.before("claim T-1 --agent dev-1");
    for line in ["done T-1", "release T-1", "block T-1 why", "note T-1 'half way' --progress"] {
        script.run(&format!("{line} --agent dev-2"));
    }
    script.run("note T-1 'A plain note' --agent dev-2");
    script.run("done T-1 --agent dev-2 --claim-id guessed --json");
    script.say("The same name in another worktree is another owner");
    let twin = script.repo.worktree("twin");
    let answer = twin.coord(&["done", "T-1", "--agent", "dev-1"]).run();
    script.keep("twin$ git coord done T-1 --agent dev-1", &answer);
    script.run("done T-1 --agent dev-1");
    assert_transcript!(script);
}

#[test]
fn force_takes_what_is_alive_and_is_recorded() {
    let mut script = Transcript::with_tasks();
    script.before("claim T-1 --agent dev-1");
    script.run("claim T-1 --agent dev-2 --takeover").run("claim T-1 --agent dev-2 --force");
    script.run("done T-1 --agent dev-1").run("done T-1 'By force' --agent dev-1 --force").run("log --limit 2");
    assert_transcript!(script);
}

#[test]
fn a_silent_claim_is_shown_and_taken_over() {
    let mut script = Transcript::with_tasks();
    script.before("claim T-1 --agent dev-1 --ttl 1");
    script.pass(70);
    script.run("stale").run("claim T-1 --agent dev-2").run("claim T-1 --agent dev-2 --takeover --json").run("stale");
    script.run("done T-1 --agent dev-1");
    assert_transcript!(script);
}

#[test]
fn a_heartbeat_keeps_a_claim_alive() {
    let mut script = Transcript::with_tasks();
    script.before("claim T-1 --agent dev-1 --ttl 1");
    script.pass(50);
    let commits = script.repo.commit_count();
    script.run("heartbeat --agent dev-1").run("heartbeat --agent dev-1 --json").run("heartbeat --agent dev-2");
    script.run("heartbeat --claim-id 'a b'");
    assert_eq!(script.repo.commit_count(), commits, "a heartbeat makes no commit");
    script.pass(30);
    script.run("stale");
    assert_transcript!(script);
}

#[test]
fn next_shows_the_first_task_and_takes_it_where_asked() {
    let mut script = Transcript::with_tasks();
    script.run("next").run("next --json").run("next --claim --agent dev-1").run("next --claim --agent dev-2 --json");
    script.run("next --claim --agent dev-3").run("next --claim --agent dev-3 --json").run("next").run("next --json");
    script.run("next --takeover").run("next --ttl 5");
    assert_transcript!(script);
}

#[test]
fn next_takes_over_what_has_been_silent_longest_where_nothing_is_ready() {
    let mut script = Transcript::with_tasks();
    script.before("next --claim --agent dev-1 --ttl 1");
    script.before("next --claim --agent dev-1 --ttl 1");
    script.pass(70);
    script.run("next --claim --agent dev-2").run("next --claim --takeover --agent dev-2");
    assert_transcript!(script);
}

#[test]
fn release_gives_a_task_back() {
    let mut script = Transcript::with_tasks();
    script.run("release T-1");
    script.before("claim T-1 --agent dev-1");
    script.run("release T-1 --agent dev-1 --handoff 'The lexer is done' --to dev-2 --json");
    script.before("claim T-1 --agent dev-1");
    script
        .run("release T-1 --agent dev-1")
        .run("show T-1")
        .run("thread T-1")
        .run("release T-1 --to dev-2")
        .run("release T-9");
    assert_transcript!(script);
}

/// A script in a repository whose index has some files.
fn with_files() -> Transcript {
    let script = Transcript::with_tasks();
    for path in ["src/parser/lexer.rs", "src/parser/tree.rs", "src/main.rs", "docs/guide.md"] {
        let path = script.repo.path.join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, "").expect("a file");
    }
    script.repo.git(&["add", "."]);
    script
}

#[test]
fn paths_are_reserved_with_a_claim() {
    let mut script = with_files();
    script.run("claim T-1 --agent dev-1 --paths ./src/parser/ --paths '*.lock'").run("show T-1");
    script.run("claim T-3 --agent dev-2 --paths '**/*.rs'").run("claim T-3 --agent dev-2 --paths src/*.rs --json");
    script.run("claim T-1 --agent dev-2 --force --paths src/main.rs");
    assert_transcript!(script);
}

#[test]
fn paths_that_another_living_claim_has_are_refused_or_warned_of() {
    let mut script = with_files();
    script.before("claim T-1 --agent dev-1 --ttl 1 --paths src/parser");
    script.run("claim T-3 --agent dev-2 --paths '**/*.rs'").run("claim T-3 --agent dev-2 --paths src --json");
    script.run("next --claim --agent dev-2 --paths src/parser/new.rs");
    script.say("By the setting it is a warning, or nothing");
    script.repo.git(&["config", "coord.overlap", "warn"]);
    script.run("next --claim --agent dev-2 --paths src/parser/new.rs").run("release T-3 --agent dev-2");
    script.repo.git(&["config", "coord.overlap", "off"]);
    script.run("claim T-3 --agent dev-2 --paths src --json").run("release T-3 --agent dev-2");
    script.repo.git(&["config", "coord.overlap", "perhaps"]);
    script.run("ready");
    script.repo.git(&["config", "coord.overlap", "refuse"]);
    script.say("A claim that is silent for longer than it lives reserves nothing");
    script.pass(70);
    script.run("claim T-3 --agent dev-2 --paths src");
    assert_transcript!(script);
}

#[test]
fn a_glob_that_makes_no_sense_is_refused() {
    let mut script = with_files();
    script.run("claim T-1 --paths ../other").run("claim T-1 --paths /etc").run("claim T-1 --paths 'src/[a'");
    script.run("claim T-1 --paths 'src\\parser' --json").run("claim T-1 --paths ''").run("next --paths src");
    assert_transcript!(script);
}
