//! Looking for words: in titles, texts, messages and decisions.

use super::{Transcript, assert_transcript};

#[test]
fn words_are_found_wherever_they_stand() {
    let mut script = Transcript::with_tasks();
    script.run("search parser");
    script
        .run_with("The lexer reads\nfrom a pipe, and never waits.\n", "task new 'Write the lexer' --id lexer --body -");
    script
        .run("note lexer 'It waits for the parser'")
        .run("decision new 'A lexer by hand' --id by-hand --rationale 'No table of a generator is read'")
        .run("search lexer")
        .run("search LEX* waits --json")
        .run("search '\"from a pipe\"'")
        .run("search waits --kind message")
        .run("search lexer --limit 1")
        .run("search lexer --limit 1 --cursor 1");
    script
        .run("task edit lexer --title 'Write the scanner' --body 'It reads.'")
        .run("search pipe")
        .run("search scanner");
    script.run("task rm lexer --force").run("search scanner").run("search pars --at ~1").run("search parser --at ~3");
    assert_transcript!(script);
}

#[test]
fn what_cannot_be_looked_for_is_refused() {
    let mut script = Transcript::with_tasks();
    script.run("search").run("search '*'").run("search x --kind task --kind nothing").run("search x --cursor y");
    assert_transcript!(script);
}
