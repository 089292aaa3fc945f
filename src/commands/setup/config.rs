//! `config`: the settings of this machine and the policies of the team, where each value comes from, and new values.
//!
//! A setting of this machine goes into git's own configuration and makes no commit; a policy is a change of the state.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::{Error, Result, text};
use crate::commands::draft::Draft;
use crate::commands::fields::in_line;
use crate::commands::page::{Page, Span, Style, plain, styled};
use crate::commands::record::Listed;
use crate::commands::verb::{Effect, Group, Report, Scene, Verb};
use crate::commands::write::{Desk, Write};
use crate::commands::written::Receipt;
use crate::ops::{Operation, config::Agree};
use crate::records;
use crate::records::policy::{POLICIES, Policy};
use crate::session::settings::{SETTINGS, Setting};
use crate::session::{GitConfig, Outcome, Session};
use crate::state::{Page as Items, Warning};

/// The words that name the verb.
const NAME: &str = "config";

/// What stands before the name of a policy.
const OF_TEAM: &str = "policy.";

/// List the settings and policies, show one, or set it
///
/// coord.* are settings of this machine: they go into the repository's git configuration, and git config, -c and the
/// environment set them as well. policy.* is what the team has agreed on: it goes into the state, as a commit.
///
/// Example: git coord config coord.ttl 2h
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The setting or policy: coord.ttl, policy.required_gates
    #[arg(value_name = "KEY")]
    pub key: Option<String>,
    /// Its new value
    #[arg(value_name = "VALUE", requires = "key", allow_hyphen_values = true)]
    pub value: Option<String>,
    /// Take it out, so that the default holds
    #[arg(long, requires = "key", conflicts_with = "value")]
    pub unset: bool,
}

/// A setting or policy.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Item {
    /// Its key.
    pub key: String,
    /// Its value; null where it has none, and for a policy where its default holds.
    pub value: Option<Value>,
    /// Where the value comes from: `default`, `team`, or in whose git configuration it stands: `system`, `global`,
    /// `local`, `worktree`, `command` (`-c` or the environment).
    pub origin: String,
    /// The file that it stands in.
    pub file: Option<String>,
    /// The default; null where there is none, or where this version does not know the key.
    pub default: Option<String>,
    /// What it decides; null where this version does not know the key.
    pub meaning: Option<String>,
    /// Why the value makes no sense.
    pub problem: Option<String>,
}

/// Settings and policies.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Answer {
    /// All there are.
    All(Listed<Item>),
    /// One of them.
    One {
        /// The setting or policy.
        setting: Box<Item>,
    },
    /// One that was set.
    Set(Box<Set>),
}

/// What was set.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Set {
    /// The setting or policy as it is now.
    pub setting: Option<Item>,
    #[serde(flatten)]
    #[allow(missing_docs)]
    pub receipt: Receipt,
    #[serde(skip)]
    told: String,
}

/// The verb.
pub struct Config;

impl Verb for Config {
    const NAME: &'static str = NAME;
    const GROUP: Group = Group::SetUp;
    const EFFECT: Effect = Effect::Writes;
    type Args = Args;
    type Report = Answer;

    fn run(args: Args, scene: &Scene) -> Result<Answer> {
        // It must open where a setting makes no sense: this is what sets it right.
        let session = Session::open_tolerant(scene.options().clone())?;
        let Some(key) = &args.key.clone() else {
            let items = items(&session)?;
            let total = items.len();
            return Ok(Answer::All(Listed::new(Items { items, total, next_cursor: None }, |item| item)));
        };
        if args.value.is_none() && !args.unset {
            let found = items(&session)?.into_iter().find(|item| item.key.eq_ignore_ascii_case(key));
            return Ok(Answer::One { setting: Box::new(found.ok_or_else(|| unknown(key))?) });
        }
        if !key.starts_with(OF_TEAM) {
            return set_here(&session, key, args.value.as_deref(), scene).map(|set| Answer::Set(Box::new(set)));
        }
        let input = agree(args)?;
        let outcome = session.transact(&Operation::Agree(input.clone()))?;
        let mut set = Agreed::tell(&input, &outcome);
        if !outcome.changed {
            set.setting = items(&session)?.into_iter().find(|item| &item.key == key);
        }
        Ok(Answer::Set(Box::new(set)))
    }
}

/// Sets or takes out a setting of this machine.
fn set_here(session: &Session, key: &str, value: Option<&str>, scene: &Scene) -> Result<Set> {
    let options = scene.options();
    if options.if_match.is_some() {
        return Err(Error::usage(format!("--if-match is about the state, and {key} stands in git's configuration")));
    }
    let written = session.store().config().keys("coord").into_iter().map(|name| format!("coord.{name}"));
    let row = Setting::find(key);
    // What nobody knows may be taken out, for it was misspelt.
    let misspelt = written.filter(|_| value.is_none()).find(|written| written.eq_ignore_ascii_case(key));
    let key = row.map(|row| row.key.to_owned()).or(misspelt).ok_or_else(|| unknown(key))?;
    if let (Some(row), Some(value)) = (row, value) {
        (row.check)(&GitConfig::of(row.key, value)?)?;
    }
    let told = match value {
        Some(value) => format!("git config --local {key} {}", text::excerpt(value, 60)),
        None => format!("git config --local --unset-all {key}"),
    };
    let mut receipt = Receipt::default();
    if options.dry_run {
        receipt.dry_run = Some(Draft { subject: told.clone(), files: Vec::new(), total: 0 });
        let setting = find_here(session, &key);
        return Ok(Set { setting, receipt, told });
    }
    match value {
        Some(value) => session.store().config_set(&key, value)?,
        None => session.store().config_unset(&key)?,
    }
    let setting = find_here(&Session::open_tolerant(options.clone())?, &key);
    if let Some(item) = setting.as_ref().filter(|item| value.is_some() && item.origin != "local") {
        let message = format!("{key} has another value still: {}", came_from(item));
        receipt.warnings.push(Warning::new("overridden", message));
    }
    Ok(Set { setting, receipt, told: format!("{} {key}", if value.is_some() { "Set" } else { "Unset" }) })
}

fn find_here(session: &Session, key: &str) -> Option<Item> {
    here(session.store().config()).into_iter().find(|item| item.key == key)
}

/// Returns all settings of this machine, and all policies where there is a state.
fn items(session: &Session) -> Result<Vec<Item>> {
    let agreed = match session.snapshot() {
        Ok(snapshot) => snapshot.settings().clone(),
        Err(error) if error.code() == "not_set_up" => records::Config::default(),
        Err(error) => return Err(error),
    };
    let mut items = here(session.store().config());
    items.extend(policies(&agreed));
    Ok(items)
}

/// The settings of this machine: those of the table, and what else stands under `coord`.
fn here(config: &GitConfig) -> Vec<Item> {
    let others = config.keys("coord").into_iter().map(|name| format!("coord.{name}"));
    let others = others.filter(|key| Setting::find(key).is_none()).map(|key| (key, None));
    let known = SETTINGS.iter().map(|setting| (setting.key.to_owned(), Some(setting)));
    let item = |(key, row): (String, Option<&'static Setting>)| {
        let set = config.text(&key);
        let default = row.map(|row| row.default).filter(|default| !default.is_empty());
        let problem = row.filter(|_| set.is_some()).and_then(|row| (row.check)(config).err());
        Item {
            origin: config.scope(&key).unwrap_or("default").to_owned(),
            file: file_of(config, &key),
            value: set.as_deref().or(default).map(Value::from),
            default: default.map(str::to_owned),
            meaning: row.map(|row| row.meaning.to_owned()),
            problem: problem.map(|error| error.message().to_owned()),
            key,
        }
    };
    known.chain(others).map(item).collect()
}

fn file_of(config: &GitConfig, key: &str) -> Option<String> {
    match config.origin(key)? {
        crate::store::Origin::File(path) => Some(path.display().to_string()),
        crate::store::Origin::Command => None,
    }
}

/// The policies: those of the table, and what else the team has written there.
fn policies(agreed: &records::Config) -> Vec<Item> {
    let others = agreed.policy.keys().filter(|name| Policy::find(name).is_none()).map(|name| (name.as_str(), None));
    let known = POLICIES.iter().map(|policy| (policy.name, Some(policy)));
    let item = |(name, row): (&str, Option<&'static Policy>)| {
        let value = agreed.policy.get(name);
        let problem = value.zip(row).and_then(|(value, row)| (row.check)(value).err());
        Item {
            key: format!("{OF_TEAM}{name}"),
            origin: if value.is_some() { "team" } else { "default" }.to_owned(),
            file: value.map(|_| records::config::PATH.to_owned()),
            value: value.cloned(),
            default: row.map(|row| row.default.to_owned()),
            meaning: row.map(|row| row.meaning.to_owned()),
            problem: problem.map(|error| error.message().to_owned()),
        }
    };
    known.chain(others).map(item).collect()
}

/// The verb where it writes into the state.
pub struct Agreed;

impl Write for Agreed {
    const NAME: &'static str = NAME;
    const GROUP: Group = Group::SetUp;
    const OPERATION: fn(Agree) -> Operation = Operation::Agree;
    type Args = Args;
    type Input = Agree;
    type Report = Set;

    fn plan(args: Args, _: &Desk<'_>) -> Result<Agree> {
        agree(args)
    }

    fn tell(input: &Agree, outcome: &Outcome) -> Set {
        let key = format!("{OF_TEAM}{}", input.name);
        let now = outcome.settings.as_deref().map(policies).into_iter().flatten();
        Set {
            setting: now.into_iter().find(|item| item.key == key),
            receipt: Receipt::of(outcome),
            told: match (outcome.changed, &input.value) {
                (false, _) => format!("As it was: {key}"),
                (true, Some(_)) => format!("Agreed on {key}"),
                (true, None) => format!("Unset {key}"),
            },
        }
    }
}

fn agree(args: Args) -> Result<Agree> {
    let key = args.key.unwrap_or_default();
    match key.strip_prefix(OF_TEAM) {
        Some(name) if args.value.is_some() != args.unset => Ok(Agree { name: name.to_owned(), value: args.value }),
        Some(_) => Err(Error::usage(format!("{key} takes a new value, or `unset`"))),
        None => Err(Error::usage("only a policy is a change of the state; settings of this machine are none")),
    }
}

fn unknown(key: &str) -> Error {
    let message = format!("there is no setting «{}»", text::excerpt(key, 60));
    Error::invalid("unknown_setting", message).hint("git coord config")
}

/// Says where a value comes from.
fn came_from(item: &Item) -> String {
    match (item.origin.as_str(), &item.file) {
        ("command", _) => "command line or environment".to_owned(),
        ("team", _) => "team".to_owned(),
        (origin, Some(file)) => format!("{origin} {file}"),
        (origin, None) => origin.to_owned(),
    }
}

fn cells(item: &Item) -> Vec<Span> {
    // By default a policy has no value, and yet something holds.
    let default = item.default.clone().unwrap_or_else(|| "–".to_owned());
    let value = item.value.as_ref().map_or(default, in_line);
    let note = match (&item.problem, &item.meaning) {
        (Some(_), _) => styled(Style::Bad, "makes no sense"),
        (None, None) => styled(Style::Warn, "unknown"),
        _ => plain(""),
    };
    vec![styled(Style::Id, &item.key), plain(value), styled(Style::Dim, came_from(item)), note]
}

impl Report for Set {
    fn text(&self, page: &mut Page) {
        match &self.receipt.dry_run {
            Some(draft) if draft.files.is_empty() && !draft.subject.is_empty() && self.told == draft.subject => {
                page.say(format!("Nothing was written. This would be run: {}", self.told));
            }
            Some(draft) => draft.text(page),
            None => page.say(&self.told),
        }
    }

    fn warnings(&self) -> &[Warning] {
        &self.receipt.warnings
    }

    fn is_receipt(&self) -> bool {
        self.receipt.dry_run.is_none()
    }
}

impl Report for Answer {
    fn text(&self, page: &mut Page) {
        match self {
            Answer::All(listed) => page.table(listed.items.iter().map(cells).collect()),
            Answer::One { setting } => {
                page.table(vec![cells(setting)]);
                for line in setting.meaning.iter().chain(&setting.problem) {
                    page.text(2, line);
                }
                if let Some(default) = setting.default.as_ref().filter(|_| setting.origin != "default") {
                    page.line([styled(Style::Dim, format!("  by default {default}"))]);
                }
            }
            Answer::Set(set) => set.text(page),
        }
    }

    fn warnings(&self) -> &[Warning] {
        if let Answer::Set(set) = self { set.warnings() } else { &[] }
    }

    fn is_receipt(&self) -> bool {
        matches!(self, Answer::Set(set) if set.is_receipt())
    }
}
