//! `agent log`: writes into the asker's log, or shows that of an agent.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::{Error, Result, Timestamp, id};
use crate::commands::args::ListArgs;
use crate::commands::page::{Page, Style, plain, styled};
use crate::commands::record::{self, Listed, RecordJson, ago};
use crate::commands::schema::of::Of;
use crate::commands::verb::{Effect, Group, Report, Scene, Verb};
use crate::commands::write::{Desk, Input, Write};
use crate::commands::written::Written;
use crate::ops::{Operation, agent};
use crate::records::agent::AGENT;
use crate::records::message::MESSAGE;
use crate::records::{Message, Term};
use crate::session::{Outcome, Session, TreeSnapshot, resolve};
use crate::state::{End, Select, Snapshot, Warning};

/// The words that name the verb.
const NAME: &str = "agent log";

/// Write into your log, or show that of an agent
///
/// With a text it writes an entry in your name. Without one it shows the log, the last entry at the end; of a long log
/// only the last entries, and --cursor goes on with those before. An entry lies in nobody's inbox; git coord thread
/// AGENT shows the answers to it too.
///
/// Example: git coord agent log "Starting task T-TASK-01, reviewing the code"
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// What you are at, or have found; `-` reads standard input
    #[arg(value_name = "TEXT", allow_hyphen_values = true)]
    pub text: Option<String>,
    /// Whose log to show; without it yours
    #[arg(long, value_name = "AGENT", conflicts_with = "text")]
    pub of: Option<String>,
    #[command(flatten)]
    #[serde(flatten)]
    #[allow(missing_docs)]
    pub list: ListArgs,
}

/// What was written, or stands there.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Answer {
    /// An entry was written.
    Written(Box<Written>),
    /// The log was only looked at.
    Seen {
        /// The entries, the last at the end.
        #[serde(flatten)]
        #[schemars(with = "Listed<Of<Message>>")]
        listed: Listed<RecordJson>,
        /// The same for people.
        #[serde(skip)]
        entries: Vec<Message>,
        /// The moment of looking.
        #[serde(skip)]
        now: Timestamp,
    },
}

/// The verb.
pub struct Log;

impl Verb for Log {
    const NAME: &'static str = NAME;
    const GROUP: Group = Group::Agent;
    const EFFECT: Effect = Effect::Writes;
    type Args = Args;
    type Report = Answer;

    fn run(args: Args, scene: &Scene) -> Result<Answer> {
        let session = scene.session()?;
        let snapshot = session.snapshot()?;
        if let Some(text) = &args.text {
            refuse_name(&snapshot, text)?;
            let input = Entry::plan(args, &Desk { snapshot: &snapshot, now: session.now(), input: Input::Standard })?;
            let outcome = session.transact(&Operation::AgentLog(input.clone()))?;
            return Ok(Answer::Written(Box::new(Entry::tell(&input, &outcome))));
        }
        let wanted = log_entries(&whose(session, &snapshot, args.of.as_deref())?);
        let page = snapshot.select(&MESSAGE, &wanted, &args.list.paging(), End::Last)?.load::<Message>(&snapshot)?;
        let entries = page.items.clone();
        let listed = Listed::new(page, |entry| record::json(&entry, args.list.stamps));
        Ok(Answer::Seen { listed, entries, now: session.now() })
    }
}

/// Refuses an entry that is but the name of an agent: its log was to be read.
fn refuse_name(snapshot: &TreeSnapshot<'_>, text: &str) -> Result<()> {
    match resolve::one(snapshot, &AGENT, text) {
        Ok(name) if id::fold(&name) == id::fold(text) => {
            Err(Error::usage(format!("agent log writes into your own log, and «{name}» is the name of an agent"))
                .hint(format!("git coord agent log --of {name}")))
        }
        _ => Ok(()),
    }
}

/// Returns the name of the agent whose log was asked for.
///
/// # Errors
/// `not_found` or `ambiguous` (4) where nobody of that name has a profile or has written anything.
fn whose(session: &Session, snapshot: &TreeSnapshot<'_>, of: Option<&str>) -> Result<String> {
    match of {
        None => Ok(session.identity()?.agent),
        // Who writes needs no profile.
        Some(name) if snapshot.count(&MESSAGE, &log_entries(name))? > 0 => Ok(name.to_owned()),
        Some(name) => {
            let found = resolve::one(snapshot, &AGENT, name);
            found.map(String::from).map_err(|error| error.hint("git coord agent list"))
        }
    }
}

fn log_entries(agent: &str) -> Select {
    Select::with(Term::new("log", id::fold(agent)))
}

/// The verb where it writes.
pub struct Entry;

impl Write for Entry {
    const NAME: &'static str = NAME;
    const GROUP: Group = Group::Agent;
    const OPERATION: fn(agent::Log) -> Operation = Operation::AgentLog;
    type Args = Args;
    type Input = agent::Log;
    type Report = Written;

    fn plan(args: Args, desk: &Desk<'_>) -> Result<agent::Log> {
        match (args.text, args.of) {
            (Some(text), None) => Ok(agent::Log { text: desk.text(&text)? }),
            _ => Err(Error::usage("agent log takes a text to write, and writes into nobody's log but your own")),
        }
    }

    fn tell(_: &Self::Input, outcome: &Outcome) -> Written {
        Written::about("Logged ", outcome)
    }
}

impl Report for Answer {
    fn text(&self, page: &mut Page) {
        let (listed, entries, now) = match self {
            Answer::Written(written) => return written.text(page),
            Answer::Seen { listed, entries, now } => (listed, entries, now),
        };
        if entries.is_empty() {
            page.say("No entries");
        }
        for entry in entries {
            let when = ago(*now, entry.timestamp);
            // A line stands beside its time; longer texts keep their lines below it.
            if entry.body.trim_end().contains('\n') {
                page.line([styled(Style::Dim, when)]);
                page.text(4, &entry.body);
            } else {
                page.line([styled(Style::Dim, format!("{when:<11}")), plain(format!("  {}", entry.body.trim_end()))]);
            }
        }
        listed.say_rest(page);
    }

    fn warnings(&self) -> &[Warning] {
        match self {
            Answer::Written(written) => written.warnings(),
            Answer::Seen { .. } => &[],
        }
    }

    fn is_receipt(&self) -> bool {
        matches!(self, Answer::Written(written) if written.is_receipt())
    }
}
