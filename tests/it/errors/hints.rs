//! What a hint asks to type: which commands stand in it, ready to be run.
//!
//! A hint is a command; or words, a colon and a command; or words with commands in back quotes. Nothing else, so that
//! a reader, and this test, can tell what is to be typed.

/// Returns the commands of a hint, with what the reader has to fill in filled in.
pub(super) fn commands(hint: &str, bad: &mut Vec<String>) -> Vec<String> {
    let quoted: Vec<&str> = hint.split('`').skip(1).step_by(2).collect();
    if !quoted.is_empty() && !hint.starts_with("git ") {
        return quoted.into_iter().filter(|text| text.starts_with("git ")).map(filled_in).collect();
    }
    let command = hint.rsplit_once(": ").map_or(hint, |(_, command)| command);
    if command.starts_with("git ") {
        return vec![filled_in(if hint.starts_with("git ") { hint } else { command })];
    }
    if hint.contains("git coord ") || hint.contains("git config ") {
        bad.push(format!("a command in a hint stands behind a colon or in back quotes: {hint}"));
    }
    Vec::new()
}

/// Returns whether a command is to find out what is wrong, and may find it.
pub(super) fn may_fail(command: &str) -> bool {
    ["git fsck", "git coord doctor"].iter().any(|start| command.starts_with(start))
}

/// Puts a verb or a text for `…`, a name for `NAME`, and something that fits for what is in angle brackets; leaves out
/// what may be left out, `[OPTIONS]`.
fn filled_in(command: &str) -> String {
    let mut words = Vec::new();
    for word in command.split(' ') {
        match word {
            _ if word.starts_with('[') => {}
            "…" => words.push("whoami".to_owned()),
            "NAME" => words.push("ada".to_owned()),
            "<ID>" => words.push("T-1".to_owned()),
            "<DUR>" => words.push("5m".to_owned()),
            "<STATUS>" => words.push("passed".to_owned()),
            _ if word.starts_with('<') => words.push("text".to_owned()),
            _ => words.push(word.replace('…', "a text")),
        }
    }
    words.join(" ")
}

#[test]
fn commands_are_found_in_every_form_of_hint() {
    let found = |hint: &str| {
        let mut bad = Vec::new();
        (commands(hint, &mut bad), bad.len())
    };
    let one = |command: &str| (vec![command.to_owned()], 0);
    assert_eq!(found("git coord note T-1 \"…\""), one("git coord note T-1 \"a text\""));
    assert_eq!(found("silent for 5 min: git coord ready"), one("git coord ready"));
    assert_eq!(found("see `git for-each-ref refs/x`, or `coord.agent`"), one("git for-each-ref refs/x"));
    assert_eq!(found("git coord task new [OPTIONS] <TITLE>"), one("git coord task new text"));
    assert_eq!(found("try again in a moment"), (Vec::new(), 0));
    assert_eq!(found("git show refs/coord/main:a.md"), one("git show refs/coord/main:a.md"));
    assert_eq!(found("or type git coord ready there"), (Vec::new(), 1));
}
