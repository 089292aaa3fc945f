//! `search`: the records in whose text some words stand.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::{Error, Result, Timestamp, text};
use crate::commands::args::ListArgs;
use crate::commands::page::{Page, Style, plain, styled};
use crate::commands::record::{Listed, ago};
use crate::commands::verb::{Group, Report, Scene, Verb};
use crate::records::Kind;
use crate::records::kind::named_kinds;
use crate::session::resolve::short;
use crate::state::search::{Document, Query};
use crate::state::{Page as Items, Snapshot};

/// Look for words in the texts of all records
///
/// In titles, texts, messages, decisions, reports and profiles; the best first. All words must be there, whole and whatever their case:
/// `"several in a row"` stand one after the other, and `begin*` may go on. One example: git coord search parser 'lex*'.
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The words
    #[arg(value_name = "WORD", required = true, num_args = 1..)]
    pub words: Vec<String>,
    /// Only records of this kind; may be given several times
    #[arg(long, value_name = "KIND")]
    pub kind: Vec<String>,
    /// In what has been archived, as it was last, and not in what is there
    #[arg(long)]
    pub archived: bool,
    #[command(flatten)]
    #[serde(flatten)]
    #[allow(missing_docs)]
    pub list: ListArgs,
}

/// A record that was found.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Item {
    /// The word for its kind.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// What it is called; null where records of its kind have no title.
    pub title: Option<String>,
    /// The part of its text where the words stand, on one line; the beginning, where they stand in the title alone.
    pub excerpt: String,
    /// When it was last changed.
    pub updated_at: Timestamp,
    #[serde(skip)]
    shown: String,
}

/// What was found.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Answer {
    listed: Listed<Item>,
    #[serde(skip)]
    now: Timestamp,
}

/// The verb.
pub struct Search;

impl Verb for Search {
    const NAME: &'static str = "search";
    const GROUP: Group = Group::Knowledge;
    type Args = Args;
    type Report = Answer;

    fn run(args: Args, scene: &Scene) -> Result<Answer> {
        let session = scene.session()?;
        let query = Query::parse(&args.words.join(" "))?;
        let kinds = kinds(&args.kind)?;
        let paging = args.list.paging();
        let skip = paging.cursor.as_deref().map(place).transpose()?.unwrap_or(0);
        let found = match args.archived {
            true => session.search_archived(&query, &kinds, skip, paging.limit)?,
            false => session.search(&query, &kinds, skip, paging.limit)?,
        };
        let snapshot = session.snapshot()?;
        let mut items = Vec::new();
        let shown = found.hits.len();
        for hit in found.hits {
            // What has gone or cannot be read since is no answer.
            let record = match hit.last {
                Some(commit) => session.snapshot_at(commit)?.find(hit.kind, &hit.id),
                None => snapshot.find(hit.kind, &hit.id),
            };
            let Ok(Some(record)) = record else { continue };
            let document = Document::of(record.as_ref());
            items.push(Item {
                kind: hit.kind.name.to_owned(),
                shown: short(hit.kind, &hit.id),
                id: hit.id.into(),
                excerpt: query.excerpt(&document),
                title: Some(document.title).filter(|title| !title.is_empty()),
                updated_at: record.updated_at(),
            });
        }
        let next = skip + shown;
        let next_cursor = (shown > 0 && next < found.total).then(|| next.to_string());
        let page = Items { items, total: found.total, next_cursor };
        Ok(Answer { listed: Listed::new(page, |item| item), now: session.now() })
    }
}

fn kinds(names: &[String]) -> Result<Vec<&'static Kind>> {
    if names.is_empty() {
        return Ok(named_kinds().collect());
    }
    let find = |name: &String| {
        named_kinds().find(|kind| kind.name == name).ok_or_else(|| {
            let known: Vec<&str> = named_kinds().map(|kind| kind.name).collect();
            Error::not_found(format!("there is no kind of record called «{}»", text::excerpt(name, 40)))
                .hint(format!("kinds: {}", known.join(", ")))
        })
    };
    names.iter().map(find).collect()
}

/// The cursor of this list is the number of records before it: the best come first, in an order that no record tells.
fn place(cursor: &str) -> Result<usize> {
    cursor.parse().map_err(|_| {
        let shown = text::excerpt(cursor, 60);
        Error::invalid("bad_cursor", format!("«{shown}» is no cursor of this list"))
            .hint("give the next_cursor of the page before, or leave --cursor out")
    })
}

impl Report for Answer {
    fn text(&self, page: &mut Page) {
        if self.listed.items.is_empty() {
            page.say("Nothing was found");
        }
        for item in &self.listed.items {
            let title = item.title.as_deref().unwrap_or_default();
            page.line([
                styled(Style::Id, &item.shown),
                styled(Style::Dim, format!("  {}", item.kind)),
                styled(
                    Style::Heading,
                    if title.is_empty() { String::new() } else { format!("  {}", text::excerpt(title, 200)) },
                ),
                styled(Style::Dim, format!("  {}", ago(self.now, item.updated_at))),
            ]);
            if !item.excerpt.is_empty() {
                page.line([plain(format!("    {}", item.excerpt))]);
            }
        }
        self.listed.say_rest(page);
    }
}
