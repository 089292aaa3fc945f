//! `archive`: puts away what is closed or old.

use std::collections::BTreeMap;

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::{Error, Result, text};
use crate::commands::page::{Page, Style, plain, styled};
use crate::commands::record::{self, RecordJson};
use crate::commands::schema::of::OfAny;
use crate::commands::verb::{Effect, Group, Report, Scene, Verb};
use crate::commands::written::Receipt;
use crate::ops::{self, Operation};
use crate::query::archive::Kept;
use crate::state::{Rotation, Warning, event};

/// Put away what is closed or old; the history keeps it
///
/// Tasks closed for 7 days and their threads, settled conflicts, messages that all have read and that are 30 days old, and
/// all but the latest 50 status entries leave the tip, in one commit. What is open, unread, unanswered or still needed
/// stays. policy.archive_* says otherwise for the team. show, task list and search find it
/// again by --archived, and undo brings all of it back.
///
/// Example: git coord archive --dry-run
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// How long a task must have been closed, and how old a message must be; else the policies of the team say
    #[arg(long, value_name = "DUR")]
    pub older_than: Option<String>,
}

/// The most records that are named.
const MOST_RECORDS: usize = 50;

/// What was put away.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Answer {
    /// How many records of each kind were put away.
    pub archived: BTreeMap<String, u64>,
    /// How many stay although they are old enough: `named` by an open task, `of_sprint` or `part_of` something that counts
    /// them, `asked` in their thread, `unread`, `unanswered`, `in_thread` of something open, the `last_word` of an agent.
    pub kept: BTreeMap<String, usize>,
    /// The first of the records, as they were, without their texts; at most 50.
    #[schemars(with = "Vec<OfAny>")]
    pub records: Vec<RecordJson>,
    #[serde(flatten)]
    #[allow(missing_docs)]
    pub receipt: Receipt,
    #[serde(skip)]
    reasons: Vec<(Kept, usize)>,
}

/// The verb.
pub struct Archive;

impl Verb for Archive {
    const NAME: &'static str = "archive";
    const GROUP: Group = Group::History;
    const EFFECT: Effect = Effect::Writes;
    type Args = Args;
    type Report = Answer;

    fn run(args: Args, scene: &Scene) -> Result<Answer> {
        let session = scene.session()?;
        let older_than = args.older_than.as_deref().map(seconds).transpose()?;
        let input = ops::archive::Archive { older_than };
        let identity = session.identity()?;
        // What stays is told of the moment before; what goes is decided anew on the tip.
        let kept = ops::archive::plan(&session.snapshot()?, &input, &session.plain_context(&identity))?.kept;
        let outcome = session.transact(&Operation::Archive(input))?;
        let first = outcome.records.iter().take(MOST_RECORDS);
        Ok(Answer {
            archived: event::moved(&outcome.events, Rotation::Archived),
            kept: kept.iter().map(|(why, count)| (why.as_str().to_owned(), *count)).collect(),
            records: first.map(|record| record::head(record.as_ref(), false)).collect(),
            receipt: Receipt::of(&outcome),
            reasons: kept.into_iter().collect(),
        })
    }
}

fn seconds(text: &str) -> Result<u64> {
    humantime::parse_duration(text.trim()).map(|age| age.as_secs()).map_err(|_| {
        let shown = text::excerpt(text, 40);
        Error::invalid("bad_value", format!("--older-than is «{shown}», which is not a duration like 7d or 12h"))
            .hint("git coord archive -h")
    })
}

/// Says why so many records stay.
fn told(why: Kept, count: usize) -> String {
    let (one, many) = match why {
        Kept::Named => ("closed task that an open one names", "closed tasks that open ones name"),
        Kept::OfSprint => ("closed task of an open sprint", "closed tasks of open sprints"),
        Kept::PartOf => ("closed part of a task that stays", "closed parts of tasks that stay"),
        Kept::Asked => ("closed task that somebody was asked about", "closed tasks that somebody was asked about"),
        Kept::Unread => ("message that is unread", "messages that are unread"),
        Kept::Unanswered => ("question without an answer", "questions without an answer"),
        Kept::InThread => ("message about what stays", "messages about what stays"),
        Kept::LastWord => ("last word on what goes on", "last words on what goes on"),
    };
    format!("{count} {}", if count == 1 { one } else { many })
}

impl Report for Answer {
    fn text(&self, page: &mut Page) {
        if self.receipt.tell_draft(page) {
            return;
        }
        let counts = self.archived.iter().map(|(kind, count)| match (*count, kind.as_str()) {
            (1, kind) => format!("1 {kind}"),
            (count, "status") => format!("{count} status entries"),
            (count, kind) => format!("{count} {kind}s"),
        });
        match counts.collect::<Vec<_>>().join(", ").as_str() {
            "" => page.say("Nothing to archive"),
            counts => page.line([plain(format!("Archived {counts}"))]),
        }
        for (why, count) in &self.reasons {
            page.line([styled(Style::Dim, format!("  kept: {}", told(*why, *count)))]);
        }
    }

    fn warnings(&self) -> &[Warning] {
        &self.receipt.warnings
    }

    fn is_receipt(&self) -> bool {
        self.receipt.dry_run.is_none()
    }
}
