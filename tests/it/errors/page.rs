//! `docs/errors.md`, made of the rows and of the hints that were seen.

use std::fmt::Write;

use super::unseen::{self, Met};
use super::{ERRORS, FINDINGS, Outcome, WARNINGS};
use crate::docs::{EXIT_CODES, assert_page};

const INTRODUCTION: &str = "\
# Errors, warnings and findings

<!-- Made by running each of them. UPDATE_DOCS=1 cargo test --test it errors -->

An error names what could not be done and the thing, then what to do next:

    error: cannot claim parser: held by dev-1 (claim cdqqhracwxhshv, 4 min ago, ttl 30 min)
    hint: git coord ready

With `--json` it is one object on standard error, and nothing stands on standard output:

    {\"schema\":\"coord/1\",\"error\":{\"code\":\"claim_held\",\"message\":\"…\",\"hint\":\"…\",\"hints\":[…],\"retryable\":false,\"details\":{…}}}

Go by the exit code, or by `code`, which stays the same; messages may change. What ended in an error has changed
nothing. `retryable` is true where the very same command may succeed later: exit codes 6 and 7. `details` holds facts
for programs, and under `causes` what lies behind it.

A hint is a command to type; or words, a colon and a command; or words with commands in back quotes. No hint destroys
anything: each one below was run where it came up. `T-1` stands there for whatever it was about, `…` for a text of
yours, `<oid 1>` for an object's id.

";

#[test]
fn the_catalogue_is_what_the_program_does() {
    let mut page = INTRODUCTION.to_owned();
    for (exit, meaning) in EXIT_CODES {
        let Ok(exit) = exit.parse::<i32>() else { continue };
        let mut rows: Vec<(&str, String)> =
            ERRORS.iter().filter(|outcome| outcome.row.exit == exit).map(entry).collect();
        let rare = unseen::ERRORS.iter().filter(|(of, _, _, met, _)| *of == exit && *met == Met::Rarely);
        rows.extend(rare.map(|(_, code, when, ..)| (*code, line(code, when, ""))));
        rows.sort();
        if !rows.is_empty() {
            page.push_str(&section(&format!("Exit code {exit}"), &format!("{meaning}."), &rows));
        }
    }
    let about = "The answer is given and the exit code is 0; they stand in `data.warnings` and on standard error.";
    page.push_str(&section("Warnings", about, &WARNINGS.iter().map(entry).collect::<Vec<_>>()));
    let about = "What `git coord doctor` lists in `data.findings`, with exit code 1. An error that it meets on the way is\n\
                 listed under the error's own code.";
    page.push_str(&section("Findings", about, &FINDINGS.iter().map(entry).collect::<Vec<_>>()));
    assert_page("docs/errors.md", &format!("{}\n", page.trim_end()));
}

fn section(title: &str, about: &str, rows: &[(&str, String)]) -> String {
    let has_hints = rows.iter().any(|(_, row)| !row.ends_with("|  |\n"));
    let mut text = format!("## {title}\n\n{about}\n\n");
    text.push_str(if has_hints { "| code | when | hints |\n|---|---|---|\n" } else { "| code | when |\n|---|---|\n" });
    for (_, row) in rows {
        text.push_str(if has_hints { row } else { row.trim_end_matches("|  |\n") });
        text.push_str(if has_hints { "" } else { "|\n" });
    }
    text.push('\n');
    text
}

fn entry(outcome: &Outcome) -> (&'static str, String) {
    let mut hints: Vec<String> = Vec::new();
    for hint in outcome.seen.iter().flat_map(|seen| &seen.hints) {
        let shown = if hint.starts_with("git ") { format!("`{hint}`") } else { hint.clone() };
        if !hints.contains(&shown) {
            hints.push(shown);
        }
    }
    let when = outcome.row.when;
    (outcome.row.code, line(outcome.row.code, when, &hints.join("<br>")))
}

fn line(code: &str, when: &str, hints: &str) -> String {
    let mut line = String::new();
    writeln!(line, "| `{code}` | {when} | {} |", hints.replace('|', "\\|")).expect("memory");
    line
}
