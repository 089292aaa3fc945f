//! What a verb is: its name, its arguments, its report, and one function between them.

use std::cell::{Cell, OnceCell};
use std::rc::Rc;

use clap::{ArgMatches, Command};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::page::Page;
use super::write::Desk;
use crate::base::progress::Unseen;
use crate::base::{Error, Progress, Result};
use crate::ops::Operation;
use crate::session::{Options, Session};
use crate::state::Warning;
use crate::sync;

/// Under which heading a verb is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Getting started and keeping in order.
    SetUp,
    /// Tasks and what becomes of them.
    Task,
    /// Sprints.
    Sprint,
    /// Messages.
    Message,
    /// Who works here.
    Agent,
    /// How things stand.
    Status,
    /// What is known, and was settled.
    Knowledge,
    /// What happened.
    History,
    /// Other machines.
    Remote,
    /// In and out.
    Exchange,
}

impl Group {
    /// Returns the heading.
    pub fn heading(self) -> &'static str {
        match self {
            Group::SetUp => "Set up",
            Group::Task => "Tasks",
            Group::Sprint => "Sprints",
            Group::Message => "Messages",
            Group::Agent => "Agents",
            Group::Status => "Status",
            Group::Knowledge => "Knowledge",
            Group::History => "History",
            Group::Remote => "Sync",
            Group::Exchange => "Exchange",
        }
    }
}

/// What a verb does to the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It only looks, at any moment: it takes `--at`.
    Reads,
    /// It makes a commit, or none where nothing has to change: it takes `--dry-run` and `--if-match`.
    Writes,
    /// It is about this machine, and takes none of them.
    Neither,
}

/// What a front shows before an answer is there.
pub trait Stage {
    /// Writes a part of a bare output, as it comes.
    ///
    /// # Errors
    /// Where nobody can see it.
    fn write(&self, bytes: &[u8]) -> Result<()>;

    /// Shows an answer that others follow.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    fn answer(&self, answer: &Answer) -> Result<()>;

    /// Returns who shows how far a long piece of work is.
    fn progress(&self) -> &dyn Progress;

    /// Returns who shows it while a bare output is written: nobody where both would go to one terminal.
    fn progress_beside(&self) -> &dyn Progress;
}

/// What a command is run in: the options of its session, which is opened when it is first needed.
pub struct Scene {
    options: Options,
    session: OnceCell<Session>,
    has_folded: Cell<bool>,
    stage: Option<Rc<dyn Stage>>,
}

impl Scene {
    /// Returns a scene in which nothing is open yet, and where nobody looks before the answer is there.
    pub fn new(options: Options) -> Self {
        Scene { options, session: OnceCell::new(), has_folded: Cell::new(false), stage: None }
    }

    /// Lets a front show what there is before the answer.
    pub fn on(mut self, stage: Rc<dyn Stage>) -> Self {
        self.stage = Some(stage);
        self
    }

    /// Returns where a bare output may go as it comes; nothing where it is to be a part of the answer.
    pub fn stage(&self) -> Option<&dyn Stage> {
        self.stage.as_deref()
    }

    /// Returns who shows how far a long piece of work is.
    pub fn progress(&self) -> &dyn Progress {
        self.stage().map_or(&Unseen, Stage::progress)
    }

    /// Returns the options of the session.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Returns the session, opened now where it was not. What plain fetches have brought is folded into the state before
    /// anybody looks at it; nothing is where nothing is to be written.
    ///
    /// # Errors
    /// As [`Session::open`].
    pub fn session(&self) -> Result<&Session> {
        let session = self.opened()?;
        if !self.has_folded.replace(true) && !self.options.dry_run {
            sync::fold_in(session);
        }
        Ok(session)
    }

    /// Returns the session as it is, for what looks at the repository and not at the state.
    ///
    /// # Errors
    /// As [`Session::open`].
    pub fn opened(&self) -> Result<&Session> {
        if let Some(session) = self.session.get() {
            return Ok(session);
        }
        let session = Session::open(self.options.clone())?;
        Ok(self.session.get_or_init(|| session))
    }
}

/// What a verb answers: the same value as JSON, as a schema, and as text for a person.
pub trait Report: Serialize {
    /// Writes the answer for a person.
    fn text(&self, page: &mut Page);

    /// Returns the exit code of an answer: 1 for a no.
    fn exit(&self) -> u8 {
        0
    }

    /// Returns what the user should know besides the answer.
    fn warnings(&self) -> &[Warning] {
        &[]
    }

    /// Returns whether the answer only says that something was done: then `-q` leaves it out.
    fn is_receipt(&self) -> bool {
        false
    }

    /// Returns the bare output of a verb that prints a file, for machines and people alike.
    fn bare(&self) -> Option<&str> {
        None
    }
}

/// A verb. Its arguments' first line of documentation is its help.
pub trait Verb {
    /// The words that name it.
    const NAME: &'static str;
    /// Under which heading it is listed.
    const GROUP: Group;
    /// What it does to the state.
    const EFFECT: Effect = Effect::Reads;
    /// The arguments.
    type Args: clap::Args + DeserializeOwned + JsonSchema;
    /// The answer.
    type Report: Report + JsonSchema + 'static;

    /// Does it.
    ///
    /// # Errors
    /// Whatever keeps it from being done.
    fn run(args: Self::Args, scene: &Scene) -> Result<Self::Report>;
}

/// A verb in the table, its types forgotten.
pub struct Row {
    /// The words that name it.
    pub name: &'static str,
    /// Under which heading it is listed.
    pub group: Group,
    /// What it does to the state.
    pub effect: Effect,
    /// Adds its arguments and help to a parser.
    pub augment: fn(Command) -> Command,
    /// Does it with arguments that such a parser gave.
    pub run: fn(&ArgMatches, &Scene) -> Result<Answer>,
    /// Turns its arguments into an operation, where it is one.
    pub plan: Option<Plan>,
    /// Draws the schemas of its arguments and of its answer.
    pub schemas: fn(&mut SchemaGenerator) -> (Schema, Schema),
}

/// From the arguments of a verb to the operation that it is.
#[derive(Clone, Copy)]
pub struct Plan {
    /// From arguments that its parser gave.
    pub from_words: fn(&ArgMatches, &Desk<'_>) -> Result<Operation>,
    /// From arguments as JSON, by the names of its fields.
    pub from_json: fn(Value, &Desk<'_>) -> Result<Operation>,
}

/// The answer of a verb, its type forgotten.
pub struct Answer(Box<dyn Erased>);

trait Erased {
    fn json(&self) -> Result<Value>;
    fn report(&self) -> &dyn Shown;
}

/// The part of a [`Report`] that needs no type.
pub trait Shown {
    /// See [`Report::text`].
    fn text(&self, page: &mut Page);
    /// See [`Report::exit`].
    fn exit(&self) -> u8;
    /// See [`Report::warnings`].
    fn warnings(&self) -> &[Warning];
    /// See [`Report::is_receipt`].
    fn is_receipt(&self) -> bool;
    /// See [`Report::bare`].
    fn bare(&self) -> Option<&str>;
}

impl<R: Report> Shown for R {
    fn text(&self, page: &mut Page) {
        Report::text(self, page);
    }
    fn exit(&self) -> u8 {
        Report::exit(self)
    }
    fn warnings(&self) -> &[Warning] {
        Report::warnings(self)
    }
    fn is_receipt(&self) -> bool {
        Report::is_receipt(self)
    }
    fn bare(&self) -> Option<&str> {
        Report::bare(self)
    }
}

impl<R: Report> Erased for R {
    fn json(&self) -> Result<Value> {
        serde_json::to_value(self)
            .map_err(|error| Error::fatal("internal", "the answer cannot be written as JSON").because(error))
    }
    fn report(&self) -> &dyn Shown {
        self
    }
}

impl Answer {
    /// Makes an answer of a report.
    pub fn of(report: impl Report + 'static) -> Self {
        Answer(Box::new(report))
    }

    /// Returns the answer as JSON.
    ///
    /// # Errors
    /// `internal` where it holds something JSON has no word for.
    pub fn json(&self) -> Result<Value> {
        self.0.json()
    }

    /// Returns the answer for people.
    pub fn shown(&self) -> &dyn Shown {
        self.0.report()
    }
}

/// Returns the row of a verb.
pub const fn row<V: Verb>() -> Row {
    Row {
        name: V::NAME,
        group: V::GROUP,
        effect: V::EFFECT,
        augment: augment::<V>,
        run: run::<V>,
        plan: None,
        schemas: schemas::<V>,
    }
}

fn augment<V: Verb>(command: Command) -> Command {
    <V::Args as clap::Args>::augment_args(command)
}

fn run<V: Verb>(matches: &ArgMatches, scene: &Scene) -> Result<Answer> {
    let args = <V::Args as clap::FromArgMatches>::from_arg_matches(matches)
        .map_err(|error| Error::usage(error.to_string()))?;
    V::run(args, scene).map(Answer::of)
}

fn schemas<V: Verb>(generator: &mut SchemaGenerator) -> (Schema, Schema) {
    (V::Args::json_schema(generator), V::Report::json_schema(generator))
}
