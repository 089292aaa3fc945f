//! The codes in the sources: of errors with their exit codes, of warnings, and of what `doctor` finds.
//!
//! A code is a literal behind the function that makes the thing. Where a file chooses the code first and makes the
//! error of it afterwards, the words it chooses among stand in [`CHOSEN`], and a test sees that no file is forgotten.

use std::collections::BTreeSet;

use crate::layers::sources;

/// What makes an error, and the exit code that comes of it. The code is what follows.
const MAKERS: &[(&str, i32)] = &[
    ("Error::invalid(", 5),
    ("Error::conflict(", 3),
    ("Error::fatal(", 128),
    ("fault::busy(", 7),
    ("Kind::Negative,", 1),
    ("Kind::Conflict,", 3),
    ("Kind::NotFound,", 4),
    ("Kind::Invalid,", 5),
    ("Kind::Remote,", 6),
    ("Kind::Busy,", 7),
    ("Kind::Fatal,", 128),
];

/// The codes that a file chooses among before it makes an error.
const CHOSEN: &[(&str, i32, &[&str])] = &[
    ("base/error.rs", 2, &["usage"]),
    ("base/error.rs", 4, &["not_found"]),
    ("hooks/file.rs", 128, &["disk_full", "io", "read_only"]),
    ("ops/close.rs", 5, &["gates_not_passed", "open_children", "open_dependencies", "unreadable"]),
    ("ops/sprint.rs", 3, &["not_active", "not_planning"]),
    ("store/fault.rs", 128, &["disk_full", "io", "read_only"]),
    ("store/publish.rs", 6, &["fetch_failed", "push_failed", "push_refused", "remote_timeout"]),
    ("store/queue.rs", 7, &["queue_full"]),
    ("store/refs/git.rs", 128, &["ref_refused", "refused_by_hook"]),
    ("store/remote.rs", 6, &["fetch_failed", "remote_timeout"]),
];

/// What makes a warning. The code is what follows.
const WARNING_MAKERS: &[&str] = &["changes.warn(", "warn_of(&mut warnings,", "Warning::new(", "Warning { code:"];

/// The codes that a file chooses among before it makes a warning.
const CHOSEN_WARNINGS: &[(&str, &[&str])] = &[
    ("ops/import/tally.rs", &["claim_ended", "cycle", "missing_target"]),
    ("state/changeset.rs", &[]),
    ("transfer/odd.rs", &["double_comment", "foreign_edge", "twice"]),
];

/// Returns the exit code and the code of every error that the sources make.
pub(crate) fn errors() -> BTreeSet<(i32, String)> {
    let mut found = BTreeSet::new();
    for file in sources() {
        for (maker, exit) in MAKERS {
            found.extend(behind(&file.code, maker).flatten().map(|code| (*exit, code)));
        }
    }
    for (_, exit, codes) in CHOSEN {
        found.extend(codes.iter().map(|code| (*exit, (*code).to_owned())));
    }
    found
}

/// Returns the code of every warning that the sources give.
pub(super) fn warnings() -> BTreeSet<String> {
    let mut found = literals(WARNING_MAKERS);
    found.extend(CHOSEN_WARNINGS.iter().flat_map(|(_, codes)| *codes).map(|code| (*code).to_owned()));
    found
}

/// Returns the code of everything that `doctor` finds of its own.
pub(super) fn findings() -> BTreeSet<String> {
    literals(&["Finding::new("])
}

fn literals(makers: &[&str]) -> BTreeSet<String> {
    let files = sources();
    let each = files.iter().flat_map(|file| makers.iter().flat_map(|maker| behind(&file.code, maker).flatten()));
    each.collect()
}

/// Returns the literal behind each mention of a maker; nothing for one behind which no literal stands.
fn behind<'a>(code: &'a str, maker: &'a str) -> impl Iterator<Item = Option<String>> + 'a {
    code.split(maker).skip(1).map(|rest| {
        let word = rest.trim_start().strip_prefix('"')?.split('"').next()?;
        let is_code = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        is_code.then(|| word.to_owned())
    })
}

#[test]
fn no_file_chooses_a_code_unseen() {
    let errors: Vec<&str> = MAKERS.iter().map(|(maker, _)| *maker).collect();
    let chosen: Vec<(&str, &[&str])> = CHOSEN.iter().map(|(name, _, codes)| (*name, *codes)).collect();
    assert_chosen(&errors, &chosen);
    assert_chosen(WARNING_MAKERS, CHOSEN_WARNINGS);
}

#[track_caller]
fn assert_chosen(makers: &[&str], chosen: &[(&str, &[&str])]) {
    for file in sources() {
        let chooses = makers.iter().any(|maker| behind(&file.code, maker).any(|code| code.is_none()));
        let is_listed = chosen.iter().any(|(name, _)| *name == file.name);
        assert!(!chooses || is_listed, "{} chooses codes: name them where the others are", file.name);
        for code in chosen.iter().filter(|(name, _)| *name == file.name).flat_map(|(_, codes)| *codes) {
            assert!(file.code.contains(&format!("\"{code}\"")), "{} has no code {code}", file.name);
        }
    }
}
