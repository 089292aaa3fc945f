//! `apply`: does what the lines of a file say, in one commit or not at all.

use std::collections::{BTreeMap, BTreeSet};

use clap::Args as ClapArgs;
use schemars::{JsonSchema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::input::{Input, Opened};
use super::long;
use crate::base::{Error, Progress, Result, text};
use crate::commands::VERBS;
use crate::commands::page::{Page, Style, plain, styled};
use crate::commands::schema::required_of;
use crate::commands::together::{Counts, Named, Names, Part, carry_out};
use crate::commands::verb::{Effect, Group, Report, Row, Scene, Verb};
use crate::commands::write::Desk;
use crate::commands::written::{Listed, MOST_LISTED, Receipt};
use crate::ops::Operation;
use crate::session::resolve::short;
use crate::session::{Outcome, Session};
use crate::state::Warning;
use crate::transfer::lines::{BadLines, objects};

/// Do what the lines of a file say, in one commit or not at all
///
/// A line is a JSON object: `op` is a verb that writes, the other keys are its flags and arguments, `as` is a name that
/// later lines use as "$name" wherever an id is asked for. A JSON array of such objects will do as well.
///
/// Example: {"op":"task new","as":"parser","title":"Wire the parser"}
/// {"op":"claim","id":"$parser"}
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The file to read; `-` is standard input
    #[arg(value_name = "FILE")]
    pub file: String,
}

/// The most bytes of a file whose lines are held in memory all at once, which is quicker, and can be done by whoever holds the
/// lock: several times what one process asks another to do.
const LITTLE: usize = 256 << 10;

/// What was done.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Answer {
    #[serde(flatten)]
    #[allow(missing_docs)]
    pub listed: Listed,
    /// The ids of the records that have a name in the file.
    pub names: BTreeMap<String, String>,
    #[serde(flatten)]
    #[allow(missing_docs)]
    pub receipt: Receipt,
    #[serde(skip)]
    done: String,
    #[serde(skip)]
    named: Vec<(String, String)>,
}

/// A line of the file.
pub(super) struct Line {
    pub(super) part: Part,
    fields: Map<String, Value>,
}

/// The verb.
pub struct Apply;

impl Verb for Apply {
    const NAME: &'static str = "apply";
    const GROUP: Group = Group::Exchange;
    const EFFECT: Effect = Effect::Writes;
    type Args = Args;
    type Report = Answer;

    fn run(args: Args, scene: &Scene) -> Result<Answer> {
        let session = scene.session()?;
        session.tip()?;
        match Input::open_or_read(&args.file, little(session))? {
            Opened::Little(bytes) => at_once(session, &bytes, scene.progress()),
            Opened::Much(input) => long::carry_through(session, &input, scene.progress()),
        }
    }
}

/// Returns how many bytes a file has at the most that is held in memory as a whole.
fn little(session: &Session) -> usize {
    let wanted = |name| session.options().environment.text(name).and_then(|text| text.parse().ok());
    let wanted = if cfg!(feature = "testing") { wanted("GIT_COORD_TEST_LITTLE") } else { None };
    wanted.unwrap_or(LITTLE)
}

fn at_once(session: &Session, bytes: &[u8], progress: &dyn Progress) -> Result<Answer> {
    let lines = read(bytes)?;
    let mut counts = Counts::default();
    lines.iter().for_each(|line| counts.add(line.part.row.name));
    let plan = |line: &Line, names: &Names, desk: &Desk<'_>| line.plan(names, desk);
    let (outcome, names) = carry_out(session, &subject(&counts), &lines, |line| &line.part, plan, progress)?;
    Ok(Answer::new(&outcome, names, &counts))
}

/// Returns the subject of the commit.
pub(super) fn subject(counts: &Counts) -> String {
    match counts.total() {
        1 => format!("Apply {counts}"),
        several => format!("Apply {several} operations: {counts}"),
    }
}

impl Line {
    /// Makes the operation of the line.
    ///
    /// # Errors
    /// `unknown_name`; and what its verb has against it.
    pub(super) fn plan(&self, names: &Names, desk: &Desk<'_>) -> Result<Operation> {
        let fields = named(Value::Object(self.fields.clone()), names)?;
        let plan = self.part.row.plan.ok_or_else(|| Error::usage("no verb that writes"))?;
        (plan.from_json)(fields, desk)
    }
}

impl Answer {
    /// Makes the answer of an outcome.
    pub(super) fn new(outcome: &Outcome, names: Names, counts: &Counts) -> Self {
        let shown = |(name, named): (&String, &Named)| (name.clone(), short(named.kind, &named.id));
        Answer {
            listed: Listed::of(outcome),
            receipt: Receipt::of(outcome),
            named: names.iter().take(MOST_LISTED).map(shown).collect(),
            names: names.into_iter().map(|(name, named)| (name, named.id.into())).collect(),
            done: counts.to_string(),
        }
    }
}

impl Report for Answer {
    fn text(&self, page: &mut Page) {
        if self.receipt.tell_draft(page) {
            return;
        }
        page.say(match (self.done.is_empty(), &self.receipt.commit) {
            (true, _) => "Nothing to apply".to_owned(),
            (_, None) => format!("As it was: {}", self.done),
            (_, Some(_)) => format!("Applied {}", self.done),
        });
        let row = |(name, id): &(String, String)| vec![plain(format!("  ${name}")), styled(Style::Id, id)];
        page.table(self.named.iter().map(row).collect());
        if self.names.len() > self.named.len() {
            page.say(format!("… and {} more names", self.names.len() - self.named.len()));
        }
    }

    fn warnings(&self) -> &[Warning] {
        &self.receipt.warnings
    }

    fn is_receipt(&self) -> bool {
        self.receipt.dry_run.is_none()
    }
}

/// Reads the lines of a file: JSON lines, or one JSON array.
///
/// # Errors
/// `bad_line` (5), with all that is wrong.
fn read(bytes: &[u8]) -> Result<Vec<Line>> {
    let (mut lines, mut bad) = (Vec::new(), BadLines::default());
    let (mut known, mut verbs) = (BTreeSet::new(), Verbs::default());
    let mut take =
        |unit: &str, number: usize, object: Result<Map<String, Value>, String>, bad: &mut BadLines| match object
            .and_then(|object| line(format!("{unit} {number}"), object, &mut known, &mut verbs))
        {
            Ok(line) => lines.push(line),
            Err(why) => bad.add(number, why),
        };
    match serde_json::from_slice::<Value>(bytes) {
        Ok(Value::Array(items)) => {
            bad.are_items();
            for (index, item) in items.into_iter().enumerate() {
                take("item", index + 1, object_of(item), &mut bad);
            }
        }
        _ => objects(bytes).for_each(|(number, object)| take("line", number, object, &mut bad)),
    }
    bad.finish("apply")?;
    Ok(lines)
}

/// Returns an item of an array as the object that it should be.
///
/// # Errors
/// That it is none.
pub(super) fn object_of(item: Value) -> Result<Map<String, Value>, String> {
    if let Value::Object(object) = item { Ok(object) } else { Err("it is no object".to_owned()) }
}

/// Makes a line of an object, with the names of those before it.
///
/// # Errors
/// What is wrong with it, in words.
pub(super) fn line(
    place: String,
    object: Map<String, Value>,
    known: &mut BTreeSet<String>,
    verbs: &mut Verbs,
) -> Result<Line, String> {
    let line = Line::of(place, object)?;
    let name = &line.part.name;
    let taken = name.as_ref().filter(|name| !known.insert((*name).clone()));
    if let Some(name) = taken {
        return Err(format!("the name ${name} stands for another line already"));
    }
    verbs.check_fields(line.part.row, &line.fields)?;
    Ok(line)
}

impl Line {
    /// Makes a line of an object, which is not looked at beside others.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(super) fn of(place: String, mut object: Map<String, Value>) -> Result<Line, String> {
        let Some(Value::String(op)) = object.shift_remove("op") else { return Err("`op` must name a verb".to_owned()) };
        let shown = text::excerpt(&op, 40);
        let row = VERBS.iter().find(|row| row.name == op).ok_or_else(|| format!("there is no verb «{shown}»"))?;
        if row.plan.is_none() {
            return Err(format!("«{shown}» cannot be applied: it is no single write"));
        }
        let name = match object.shift_remove("as") {
            None => None,
            Some(Value::String(name)) if is_name(&name) => Some(name),
            Some(_) => return Err("`as` must be a name: a letter, then letters, digits, _ or -".to_owned()),
        };
        Ok(Line { part: Part { place, row, name }, fields: object })
    }
}

/// What the verbs of the lines so far take: told by their schemas, which take long to draw.
#[derive(Default)]
pub(super) struct Verbs {
    fields: BTreeMap<&'static str, Fields>,
}

/// The fields of the lines of one verb.
struct Fields {
    known: Vec<String>,
    required: Vec<String>,
}

impl Fields {
    fn of(row: &Row) -> Fields {
        let (schema, _) = (row.schemas)(&mut SchemaGenerator::default());
        let known = schema.get("properties").and_then(|known| known.as_object()).into_iter().flat_map(Map::keys);
        Fields { known: known.cloned().collect(), required: required_of(row) }
    }
}

impl Verbs {
    /// Checks that all fields are arguments of the verb, and that those it cannot do without are there.
    fn check_fields(&mut self, row: &'static Row, fields: &Map<String, Value>) -> Result<(), String> {
        let Fields { known, required } = self.fields.entry(row.name).or_insert_with(|| Fields::of(row));
        if let Some(odd) = fields.keys().find(|field| !known.contains(field)) {
            let (known, odd) = (known.join(", "), text::excerpt(odd, 40));
            return Err(format!("«{}» takes no «{odd}», only: {known}", row.name));
        }
        match required.iter().find(|name| !fields.contains_key(*name)) {
            Some(name) => Err(format!("«{}» needs «{name}»", row.name)),
            None => Ok(()),
        }
    }
}

fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}

/// Puts the ids in the place of the names that stand for them: of texts that are `$name` and nothing else. `$$` in front
/// stands for one `$`.
///
/// # Errors
/// `unknown_name` (5).
fn named(value: Value, names: &Names) -> Result<Value> {
    Ok(match value {
        Value::String(text) => Value::String(match text.strip_prefix('$') {
            Some(rest) if rest.starts_with('$') => rest.to_owned(),
            Some(name) if is_name(name) => match names.get(name) {
                Some(named) => named.id.to_string(),
                None => return Err(unknown(name, names)),
            },
            _ => text,
        }),
        Value::Array(items) => Value::Array(items.into_iter().map(|item| named(item, names)).collect::<Result<_>>()?),
        Value::Object(map) => {
            Value::Object(map.into_iter().map(|(key, item)| Ok((key, named(item, names)?))).collect::<Result<_>>()?)
        }
        other => other,
    })
}

/// Returns the names that a line uses and that none before it has.
pub(super) fn unknown_names(fields: &Map<String, Value>, known: &BTreeSet<String>) -> Vec<String> {
    let texts = fields.values().flat_map(|value| match value {
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        value => value.as_str().into_iter().collect::<Vec<_>>(),
    });
    let names = texts.filter_map(|text| text.strip_prefix('$')).filter(|name| is_name(name));
    names.filter(|name| !known.contains(*name)).map(str::to_owned).collect()
}

fn unknown(name: &str, names: &Names) -> Error {
    let known: Vec<String> = names.keys().take(10).map(|name| format!("${name}")).collect();
    let error = Error::invalid("unknown_name", format!("no line before has the name ${name}"));
    let error = if known.is_empty() { error } else { error.hint(format!("names so far: {}", known.join(", "))) };
    error.hint(format!("for the text itself, write $${name}"))
}
