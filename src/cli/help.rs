//! The overview of all verbs, drawn from the table.

use anstyle::{AnsiColor, Style};
use clap::Command;

use crate::commands::VERBS;

/// Returns what `git coord -h` shows.
pub(super) fn overview() -> String {
    let heading = Style::new().bold();
    let id = AnsiColor::Cyan.on_default();
    let mut text = format!(
        "{heading}git coord{heading:#}: coordinate coding agents, in the repository they work on\n\nUsage: git coord [FLAGS] VERB …\n"
    );
    let mut group = None;
    for row in VERBS {
        if group != Some(row.group) {
            group = Some(row.group);
            text.push_str(&format!("\n{heading}{}{heading:#}\n", row.group.heading()));
        }
        let about = (row.augment)(Command::new(row.name)).get_about().map(ToString::to_string).unwrap_or_default();
        text.push_str(&format!("  {id}{:<12}{id:#}  {about}\n", row.name));
    }
    text.push_str(
        "\nEverywhere: --agent NAME, --session ID, --json, -q, -v, --color WHEN, --no-pager\n\
         Verbs that read: --at REV; that write: --dry-run, --if-match COMMIT-OR-BLOB\n\
         Exit codes: 0 done, 1 a negative answer, 2 usage, 3 conflict, 4 not found,\n\
         5 invalid, 6 remote, 7 busy, 128 fatal\n\
         Help of a verb: git coord VERB -h\n",
    );
    text
}
