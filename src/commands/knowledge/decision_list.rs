//! `decision list`: the decisions, and which of them hold.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::{Result, text};
use crate::commands::args::ListArgs;
use crate::commands::page::{Page, Style, plain, styled};
use crate::commands::record::{self, Listed, RecordJson, word_style};
use crate::commands::schema::of::Of;
use crate::commands::verb::{Group, Report, Scene, Verb};
use crate::records::decision::DECISION;
use crate::records::{Decision, Term};
use crate::session::resolve::short;
use crate::state::{End, Select, Snapshot};

/// List the decisions, the oldest first, and which of them hold
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// Only decisions of this status; may be given several times
    #[arg(long, value_name = "STATUS")]
    pub status: Vec<String>,
    /// Only those of this type: decision or consultation
    #[arg(long = "type", value_name = "TYPE")]
    pub r#type: Option<String>,
    #[command(flatten)]
    #[serde(flatten)]
    #[allow(missing_docs)]
    pub list: ListArgs,
}

/// Decisions.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Answer {
    #[schemars(with = "Listed<Of<Decision>>")]
    listed: Listed<RecordJson>,
    #[serde(skip)]
    shown: Vec<Decision>,
}

/// The verb.
pub struct List;

impl Verb for List {
    const NAME: &'static str = "decision list";
    const GROUP: Group = Group::Knowledge;
    type Args = Args;
    type Report = Answer;

    fn run(args: Args, scene: &Scene) -> Result<Answer> {
        let session = scene.session()?;
        let snapshot = session.snapshot()?;
        let wanted = Select::all()
            .and_any(args.status.iter().map(|word| Term::new("status", word)))
            .and_maybe("type", args.r#type.as_deref());
        let page = snapshot.select(&DECISION, &wanted, &args.list.paging(), End::First)?.load::<Decision>(&snapshot)?;
        let shown = page.items.clone();
        Ok(Answer { listed: Listed::new(page, |decision| record::head(&decision, args.list.stamps)), shown })
    }
}

impl Report for Answer {
    fn text(&self, page: &mut Page) {
        if self.shown.is_empty() {
            page.say("No decisions");
        }
        let row = |decision: &Decision| {
            let status = decision.status.as_str();
            vec![
                styled(Style::Id, short(&DECISION, &decision.id)),
                styled(word_style(status), text::excerpt(status, 40)),
                plain(text::excerpt(decision.r#type.as_str(), 40)),
                plain(text::excerpt(&decision.title, 200)),
            ]
        };
        page.table(self.shown.iter().map(row).collect());
        self.listed.say_rest(page);
    }
}
