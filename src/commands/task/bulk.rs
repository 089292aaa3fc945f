//! `bulk`: does the same with several tasks, in one commit or not at all.

use clap::{ArgMatches, Args as ClapArgs, Command};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::{Error, Result, text};
use crate::commands::VERBS;
use crate::commands::args::{misspelt, split};
use crate::commands::page::{Page, Style, plain, styled};
use crate::commands::together::{Names, Part, carry_out};
use crate::commands::verb::{Effect, Group, Report, Row, Scene, Verb};
use crate::commands::write::Desk;
use crate::commands::written::{Listed, Receipt};
use crate::records::task::TASK;
use crate::session::resolve::short;
use crate::state::Warning;

/// Do the same with several tasks, in one commit or not at all
///
/// Example: git coord bulk t7k2m,t9x4c done "Shipped with 2.0"
///
/// `--status completed` stands for `done`, and so for every status that a verb leads to.
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The tasks, with commas between them
    #[arg(value_name = "ID,ID…")]
    pub ids: String,
    /// The verb and its arguments, without the task
    #[arg(value_name = "VERB", required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    pub verb: Vec<String>,
}

/// What was done.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Answer {
    #[serde(flatten)]
    #[allow(missing_docs)]
    pub listed: Listed,
    #[serde(flatten)]
    #[allow(missing_docs)]
    pub receipt: Receipt,
    #[serde(skip)]
    verb: &'static str,
    #[serde(skip)]
    tasks: Vec<String>,
}

/// Which verb leads to a status.
const VERB_OF: &[(&str, &str)] = &[
    ("completed", "done"),
    ("cancelled", "cancel"),
    ("in_progress", "claim"),
    ("pending", "reopen"),
    ("blocked", "block"),
    ("deferred", "defer"),
];

/// The verb.
pub struct Bulk;

impl Verb for Bulk {
    const NAME: &'static str = "bulk";
    const GROUP: Group = Group::Task;
    const EFFECT: Effect = Effect::Writes;
    type Args = Args;
    type Report = Answer;

    fn run(args: Args, scene: &Scene) -> Result<Answer> {
        let words = spelled_out(&args.verb)?;
        let (row, rest) = verb(&words)?;
        let tasks: Vec<String> = split(&[args.ids]).collect();
        if tasks.is_empty() {
            return Err(Error::usage("bulk needs the ids of tasks, with commas between them"));
        }
        let part = |id: &String| Part { place: id.clone(), row, name: None };
        let parts: Vec<(Part, ArgMatches)> =
            tasks.iter().map(|id| Ok((part(id), parse(row, id, rest)?))).collect::<Result<_>>()?;
        let session = scene.session()?;
        let plan = |(part, matches): &(Part, ArgMatches), _: &Names, desk: &Desk<'_>| {
            let plan = part.row.plan.ok_or_else(|| Error::usage("no verb that writes"))?;
            (plan.from_words)(matches, desk)
        };
        let subject = format!("Bulk {} of {} tasks: {}", row.name, tasks.len(), text::excerpt(&tasks.join(", "), 60));
        let (outcome, _) = carry_out(session, &subject, &parts, |(part, _)| part, plan, scene.progress())?;
        Ok(Answer {
            listed: Listed::of(&outcome),
            tasks: outcome.records.iter().map(|record| short(&TASK, record.id())).collect(),
            receipt: Receipt::of(&outcome),
            verb: row.name,
        })
    }
}

/// Returns the words with a verb in front where a status stands for one.
fn spelled_out(words: &[String]) -> Result<Vec<String>> {
    let (status, rest) = match words {
        [flag, status, rest @ ..] if flag == "--status" => (status.as_str(), rest),
        [flag, rest @ ..] if flag.starts_with("--status=") => (&flag["--status=".len()..], rest),
        _ => return Ok(words.to_vec()),
    };
    let verb = VERB_OF.iter().find(|(known, _)| *known == status).ok_or_else(|| {
        let known: Vec<&str> = VERB_OF.iter().map(|(known, _)| *known).collect();
        Error::usage(format!("no verb leads to the status «{}»", text::excerpt(status, 40)))
            .hint(format!("statuses: {}", known.join(", ")))
    })?;
    Ok(std::iter::once(verb.1.to_owned()).chain(rest.iter().cloned()).collect())
}

/// Returns the verb that words begin with, which must be one that writes and takes a task first; and the other words.
fn verb(words: &[String]) -> Result<(&'static Row, &[String])> {
    let name = |count: usize| words.iter().take(count).cloned().collect::<Vec<_>>().join(" ");
    let found = [2, 1].into_iter().find_map(|count| {
        let name = name(count);
        VERBS.iter().find(|row| row.name == name).map(|row| (row, words.get(count..).unwrap_or_default()))
    });
    match found {
        Some((row, rest)) if row.plan.is_some() && takes_task(row) => Ok((row, rest)),
        Some((row, _)) => Err(Error::usage(format!("{} cannot be done with several tasks at once", row.name))
            .hint(format!("verbs: {}", known().join(", ")))),
        None => Err(Error::usage(format!("there is no verb «{}»", text::excerpt(&name(1), 40)))
            .hint(format!("verbs: {}", known().join(", ")))),
    }
}

fn known() -> Vec<&'static str> {
    VERBS.iter().filter(|row| row.plan.is_some() && takes_task(row)).map(|row| row.name).collect()
}

fn takes_task(row: &Row) -> bool {
    let command = (row.augment)(Command::new(row.name));
    row.group == Group::Task && command.get_positionals().next().is_some_and(|first| first.get_id() == "id")
}

fn parse(row: &'static Row, id: &str, rest: &[String]) -> Result<ArgMatches> {
    let words = [row.name, id].into_iter().chain(rest.iter().map(String::as_str));
    let mut command = (row.augment)(Command::new(row.name));
    let refuse = |why: &str| Error::usage(format!("{}: {why}", row.name)).hint(format!("git coord {} -h", row.name));
    let matches = command.try_get_matches_from_mut(words.clone()).map_err(|error| {
        let said = error.to_string();
        refuse(said.lines().next().unwrap_or_default().trim_start_matches("error: "))
    })?;
    match misspelt(&command, &matches, words) {
        None => Ok(matches),
        Some(why) => Err(refuse(&why)),
    }
}

impl Report for Answer {
    fn text(&self, page: &mut Page) {
        if self.receipt.tell_draft(page) {
            return;
        }
        let what = if self.receipt.commit.is_some() { "Did" } else { "As it was:" };
        page.line([plain(format!("{what} {} with ", self.verb)), styled(Style::Id, self.tasks.join(", "))]);
    }

    fn warnings(&self) -> &[Warning] {
        &self.receipt.warnings
    }

    fn is_receipt(&self) -> bool {
        self.receipt.dry_run.is_none()
    }
}
