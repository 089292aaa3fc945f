//! What a write would have made, as a difference of files; the answer under `--dry-run`.

use schemars::JsonSchema;
use serde::Serialize;
use similar::TextDiff;

use super::page::{Page, Style, styled};
use crate::session;

/// The most files whose difference is shown.
const MOST_FILES: usize = 200;

/// The most lines of a difference that a person is shown of one file.
const MOST_LINES: usize = 200;

/// A commit that was not made.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Draft {
    /// The first line of its message.
    pub subject: String,
    /// The files it would change, in the order of their paths; at most 200.
    pub files: Vec<File>,
    /// How many files it would change.
    pub total: usize,
}

/// A file that would change.
#[derive(Debug, Serialize, JsonSchema)]
pub struct File {
    /// Where it lies in the tip tree.
    pub path: String,
    /// The difference, in unified form; `/dev/null` stands for a file that is not there.
    pub diff: String,
}

impl Draft {
    /// Makes the differences of a draft.
    pub fn of(draft: &session::Draft) -> Self {
        Draft {
            subject: draft.subject.clone(),
            files: draft.files.iter().take(MOST_FILES).map(File::of).collect(),
            total: draft.total,
        }
    }

    /// Shows the draft to a person.
    pub fn text(&self, page: &mut Page) {
        if self.files.is_empty() {
            page.say("Nothing would change");
            return;
        }
        page.line([styled(Style::Heading, format!("Nothing was written. The commit would be: {}", self.subject))]);
        for file in &self.files {
            lines(page, &file.diff, &file.path);
        }
        if self.total > self.files.len() {
            page.line([styled(Style::Dim, format!("… and {} more files", self.total - self.files.len()))]);
        }
    }
}

impl File {
    fn of(file: &session::DraftFile) -> Self {
        let side = |text: &Option<String>, letter: &str| match text {
            Some(_) => format!("{letter}/{}", file.path),
            None => "/dev/null".to_owned(),
        };
        let (before, after) = (file.before.as_deref().unwrap_or_default(), file.after.as_deref().unwrap_or_default());
        let diff = TextDiff::from_lines(before, after);
        let names = (side(&file.before, "a"), side(&file.after, "b"));
        File { path: file.path.clone(), diff: diff.unified_diff().header(&names.0, &names.1).to_string() }
    }
}

/// Shows what differs between two texts.
pub fn diff(page: &mut Page, before: &str, after: &str) {
    lines(page, &TextDiff::from_lines(before, after).unified_diff().to_string(), "it");
}

/// Shows the lines of a diff, of which there may be many.
fn lines(page: &mut Page, diff: &str, name: &str) {
    let mut lines = diff.lines();
    for line in lines.by_ref().take(MOST_LINES) {
        page.line([styled(style(line), line)]);
    }
    let rest = lines.count();
    if rest > 0 {
        page.line([styled(Style::Dim, format!("… and {rest} more lines of {name}"))]);
    }
}

fn style(line: &str) -> Style {
    match line.as_bytes().first() {
        _ if line.starts_with("---") || line.starts_with("+++") => Style::Heading,
        Some(b'+') => Style::Good,
        Some(b'-') => Style::Bad,
        Some(b'@') => Style::Id,
        _ => Style::Plain,
    }
}
