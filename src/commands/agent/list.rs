//! `agent list`: who works here, and who is alive.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::{Result, text};
use crate::commands::args::ListArgs;
use crate::commands::page::{Page, Style, plain, styled};
use crate::commands::record::{self, Listed, RecordJson, presence_style};
use crate::commands::schema::of::Of;
use crate::commands::verb::{Group, Report, Scene, Verb};
use crate::query::Presence;
use crate::query::lists::claimed;
use crate::records::Agent;
use crate::records::agent::AGENT;
use crate::state::{End, Select, Snapshot};

/// List the agents, and whether they are alive
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    #[command(flatten)]
    #[serde(flatten)]
    #[allow(missing_docs)]
    pub list: ListArgs,
}

/// An agent, and whether it is alive.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Item {
    /// The profile.
    #[serde(flatten)]
    #[schemars(with = "Of<Agent>")]
    pub agent: RecordJson,
    /// Whether it is alive, as this machine knows.
    pub presence: Presence,
    #[serde(skip)]
    role: Option<String>,
}

/// Who works here.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Answer {
    listed: Listed<Item>,
}

/// The verb.
pub struct List;

impl Verb for List {
    const NAME: &'static str = "agent list";
    const GROUP: Group = Group::Agent;
    type Args = Args;
    type Report = Answer;

    fn run(args: Args, scene: &Scene) -> Result<Answer> {
        let session = scene.session()?;
        let snapshot = session.snapshot()?;
        let tasks = claimed(&snapshot)?;
        let signs = session.machine().signs();
        let page = snapshot.select(&AGENT, &Select::all(), &args.list.paging(), End::First)?.load(&snapshot)?;
        let item = |agent: Agent| Item {
            presence: Presence::of(&agent.id, &tasks, &signs, session.now()),
            agent: record::head(&agent, args.list.stamps),
            role: agent.role,
        };
        Ok(Answer { listed: Listed::new(page, item) })
    }
}

impl Report for Answer {
    fn text(&self, page: &mut Page) {
        if self.listed.items.is_empty() {
            page.say("No agents");
        }
        let name = |item: &Item| item.agent.get("id").and_then(|id| id.as_str()).unwrap_or_default().to_owned();
        let row = |item: &Item| {
            vec![
                styled(Style::Id, name(item)),
                styled(presence_style(item.presence), item.presence.as_str()),
                plain(text::excerpt(item.role.as_deref().unwrap_or_default(), 60)),
            ]
        };
        page.table(self.listed.items.iter().map(row).collect());
        self.listed.say_rest(page);
    }
}
