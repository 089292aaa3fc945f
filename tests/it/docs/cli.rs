//! `docs/cli.md`, made from the table of verbs, and its list of error codes, those of the catalogue.

use std::collections::BTreeSet;
use std::fmt::Write;

use clap::Command;
use git_coord::commands::VERBS;
use git_coord::commands::verb::Row;
use git_coord::records::Kind;
use schemars::SchemaGenerator;
use serde_json::Value;

use super::assert_page;

const INTRODUCTION: &str = "\
# The command line

<!-- Made from the table of verbs. UPDATE_DOCS=1 cargo test --test it docs -->

`git coord VERB …`; `git coord -h` lists all verbs, `git coord VERB -h` helps with one. A text that is `-` is read from
standard input. Where an id is asked for, its shortest unique beginning is enough, four characters at least;
`kind/id` names a record whose id another kind has too.

## Flags of every verb

They stand before or after the verb.

| flag | what it does |
|---|---|
| `--agent NAME` | Act as this agent; else `GIT_COORD_AGENT`, else `coord.agent`, else the name of git's author |
| `--session ID` | Act in this session of the agent; else `GIT_COORD_SESSION` |
| `--json` | Answer in JSON |
| `-q`, `--quiet` | Say nothing of what was done, and no warnings; answers are still printed |
| `-v`, `--verbose` | Name the commit and what happened, on standard error |
| `--color WHEN` | `always`, `auto`, `never`; else `color.coord`, `color.ui`, `NO_COLOR`, `CLICOLOR_FORCE` |
| `--no-pager` | Show nothing in a pager; else `pager.coord`, `GIT_PAGER`, `core.pager`, `PAGER`, on a terminal only |

## Flags of what a verb does

They too stand before or after the verb.

| verbs | flag | what it does |
|---|---|---|
| that read | `--at REV` | Answer as of a moment: a time (`2026-01-02`, `2026-01-02T03:04:05Z`), how long ago (`2h`), a commit of the state, or `~3` for three commits before the tip |
| that write | `--dry-run` | Write nothing; show what would be different, as a difference of files |
| that write | `--if-match ID` | Write only where `ID` is still the last commit of the state, or the blob of the record (`data.blob` of `show`); else exit code 3 |
| that list | `--limit N` | At most so many items, 50 unless told |
| that list | `--cursor CURSOR` | Go on after the page before, from its `next_cursor` |
| that list or show | `--stamps` | Show when each part was changed, and by whom |

## Output

Standard output is data, standard error everything else. With `--json` the answer is one object on one line,

    {\"schema\":\"coord/1\",\"data\":{…}}

and an error is one object on standard error:

    {\"schema\":\"coord/1\",\"error\":{\"code\":\"claim_held\",\"message\":\"…\",\"hint\":\"…\",\"hints\":[…],\"retryable\":false,\"details\":{…}}}

`code` is a stable word, `hint` the first of `hints`, `retryable` says that the same command may succeed later. `export`
and `schema` print bare what they are about, with `--json` too. Fields of records are those of the files:
[data-model.md](data-model.md). Readers must expect fields that they do not know.

All of it has JSON Schemas, draft 2020-12, which `git coord schema` lists and prints: `task` and every other kind of record,
`record` for a line of `export json`, `event`, `error`, `config`, `answer VERB` for what a verb answers, `operation` or
`operation VERB` for a line of `apply`. Each stands alone, and every answer is what its schema says.

";

pub(crate) const EXIT_CODES: &[(&str, &str)] = &[
    ("0", "Done"),
    ("1", "A negative answer: `ready`, `next` and `inbox` have nothing, `doctor` has findings, `validate` faults"),
    ("2", "The command line makes no sense"),
    ("3", "A conflict: somebody else was first"),
    ("4", "What was named is not there, or the name fits several things"),
    ("5", "The input is malformed, or a rule forbids it"),
    ("6", "A remote could not be reached, or refused"),
    ("7", "Busy: a lock or a retry limit; try again"),
    ("128", "No repository, not set up, or nothing can be done"),
    ("141", "The reader of the output went away"),
];

#[test]
fn the_reference_is_that_of_the_program() {
    let mut page = INTRODUCTION.to_owned();
    page.push_str(&exit_codes());
    page.push_str(&shared());
    page.push_str(&contents());
    let mut group = None;
    for row in VERBS {
        if group != Some(row.group) {
            group = Some(row.group);
            writeln!(page, "## {}\n", row.group.heading()).expect("memory");
        }
        page.push_str(&verb(row));
    }
    assert_page("docs/cli.md", &format!("{}\n", page.trim_end()));
}

fn exit_codes() -> String {
    let codes = crate::errors::met();
    let mut text =
        "## Exit codes and error codes\n\n| exit | what it means | codes of errors |\n|---|---|---|\n".to_owned();
    for (exit, meaning) in EXIT_CODES {
        let of_exit = codes.iter().filter(|(of, _)| of.to_string() == *exit);
        let codes: Vec<String> = of_exit.map(|(_, code)| format!("`{code}`")).collect();
        writeln!(text, "| {exit} | {meaning} | {} |", codes.join(" ")).expect("memory");
    }
    text + "\n[errors.md](errors.md) says when each of them comes, and what to do then.\n\nA process that a signal ended has 128 and the number of the signal, as 130 for an interrupt.\n\n"
}

/// What answers have in common, described once.
fn shared() -> String {
    let row = VERBS.iter().find(|row| row.name == "task new").expect("a verb that writes");
    let (report, definitions) = report(row);
    let mut rows = Vec::new();
    fields(&report, &definitions, "", &mut rows);
    let mut text = "## What verbs that write answer\n\n".to_owned();
    text.push_str(&table("`data`", &rows));
    text.push_str("## Warnings\n\nThey stand on standard error too.\n\n");
    text.push_str(&table("`warnings[]`", &definition("Warning", &definitions)));
    text.push_str("## Events\n\n");
    text.push_str(&table("`events[]`", &definition("Event", &definitions)));
    text
}

fn definition(name: &str, definitions: &Value) -> Vec<String> {
    let mut rows = Vec::new();
    for (name, property) in definitions[name]["properties"].as_object().expect("properties") {
        row(name, property, definitions, &mut rows);
        if name == "changes" {
            fields(resolved(&property["items"], definitions), definitions, "changes[].", &mut rows);
        }
    }
    rows
}

fn table(of: &str, rows: &[String]) -> String {
    format!("| {of} | type | what it is |\n|---|---|---|\n{}\n\n", rows.join("\n"))
}

fn report(row: &Row) -> (Value, Value) {
    let mut generator = SchemaGenerator::default();
    let (_, report) = (row.schemas)(&mut generator);
    let definitions = serde_json::to_value(generator.definitions()).expect("JSON");
    (serde_json::to_value(report).expect("JSON"), definitions)
}

fn contents() -> String {
    let mut text = "## All verbs\n\n| verb | what it does |\n|---|---|\n".to_owned();
    for row in VERBS {
        let about = command(row).get_about().map(ToString::to_string).unwrap_or_default();
        writeln!(text, "| [`{}`](#{}) | {about} |", row.name, anchor(row.name)).expect("memory");
    }
    text + "\n"
}

fn anchor(name: &str) -> String {
    format!("git-coord-{}", name.replace(' ', "-"))
}

fn command(row: &Row) -> Command {
    (row.augment)(Command::new(row.name).bin_name(format!("git coord {}", row.name)))
}

fn verb(row: &Row) -> String {
    let mut command = command(row);
    command.build();
    let mut text = format!("### `git coord {}`\n\n", row.name);
    let about = command.get_long_about().or(command.get_about()).map(ToString::to_string).unwrap_or_default();
    let mut paragraphs: Vec<String> = about.split("\n\n").map(str::to_owned).collect();
    paragraphs[0].push('.');
    for paragraph in &paragraphs {
        match paragraph.strip_prefix("Example: ") {
            Some(example) => writeln!(text, "    $ {example}\n").expect("memory"),
            None => writeln!(text, "{paragraph}\n").expect("memory"),
        }
    }
    writeln!(text, "    {}\n", usage(&command)).expect("memory");
    let shown = command.get_arguments().filter(|arg| !arg.is_hide_set() && arg.get_id() != "help");
    let rows: Vec<String> = shown.map(argument).collect();
    if !rows.is_empty() {
        writeln!(text, "| argument | what it is |\n|---|---|\n{}\n", rows.join("\n")).expect("memory");
    }
    text + &answer(row)
}

fn usage(command: &Command) -> String {
    let mut words = vec![command.get_bin_name().unwrap_or_default().to_owned()];
    for arg in command.get_positionals() {
        let name = arg.get_value_names().and_then(|names| names.first()).map(ToString::to_string).unwrap_or_default();
        let several = if arg.get_num_args().is_some_and(|count| count.max_values() > 1) { "…" } else { "" };
        words.push(if arg.is_required_set() { format!("{name}{several}") } else { format!("[{name}{several}]") });
    }
    if command.get_opts().next().is_some() || command.get_arguments().any(|arg| is_flag(arg) && arg.get_id() != "help")
    {
        words.push("[FLAGS]".to_owned());
    }
    words.join(" ")
}

fn is_flag(arg: &clap::Arg) -> bool {
    arg.get_long().is_some() && !arg.get_action().takes_values()
}

fn argument(arg: &clap::Arg) -> String {
    let value = arg.get_value_names().and_then(|names| names.first()).map(ToString::to_string).unwrap_or_default();
    let name = match arg.get_long() {
        None => value,
        Some(long) if arg.get_num_args().is_some_and(|count| count.takes_values() && count.min_values() == 0) => {
            format!("--{long}[={value}]")
        }
        Some(long) if arg.get_action().takes_values() => format!("--{long} {value}"),
        Some(long) => format!("--{long}"),
    };
    let help = arg.get_long_help().or(arg.get_help()).map(ToString::to_string).unwrap_or_default();
    let default: Vec<String> =
        arg.get_default_values().iter().map(|value| value.to_string_lossy().into_owned()).collect();
    let default = if default.is_empty() || is_flag(arg) { String::new() } else { format!(" ({})", default.join(", ")) };
    format!("| `{name}` | {}{default} |", help.replace('\n', " "))
}

/// The fields of `data`, one level into lists and objects of its own.
fn answer(row: &Row) -> String {
    let (report, definitions) = report(row);
    if report["title"] == "Written" {
        return "Answers [what verbs that write answer](#what-verbs-that-write-answer).\n\n".to_owned();
    }
    let mut rows = Vec::new();
    for schema in alternatives(&report) {
        fields(schema, &definitions, "", &mut rows);
    }
    let mut seen = BTreeSet::new();
    rows.retain(|row| row.split('|').nth(1).is_some_and(|name| seen.insert(name.to_owned())));
    if rows.is_empty() { String::new() } else { table("`data`", &rows) }
}

fn alternatives(schema: &Value) -> Vec<&Value> {
    match schema["anyOf"].as_array() {
        Some(several) => several.iter().collect(),
        None => vec![schema],
    }
}

fn fields(schema: &Value, definitions: &Value, above: &str, rows: &mut Vec<String>) {
    let schema = resolved(schema, definitions);
    // An item that is a record and a little more.
    let kind = kind_of(schema).and_then(Kind::find);
    let is_more = |name: &str| kind.is_none_or(|kind| kind.field(name).is_none());
    let properties = schema["properties"].as_object().into_iter().flatten();
    for (name, property) in properties.filter(|(name, _)| is_more(name)) {
        row(&format!("{above}{name}"), property, definitions, rows);
        let target = resolved(property, definitions);
        let is_list = target["type"] == "array";
        let of = if is_list { resolved(&target["items"], definitions) } else { target };
        // A record is described in data-model.md; an event and a warning above.
        let is_told = is_event(of) || name == "warnings" || is_record(property, of, definitions);
        if above.is_empty() && of["properties"].is_object() && !is_told {
            let inner = if is_list { format!("{name}[].") } else { format!("{name}.") };
            fields(of, definitions, &inner, rows);
        }
    }
    if kind.is_some() && !above.is_empty() {
        rows.push(format!("| `{above}…` | | the fields of the record, without its text |"));
    }
}

fn row(name: &str, property: &Value, definitions: &Value, rows: &mut Vec<String>) {
    let target = resolved(property, definitions);
    let kind = match target["type"] == "array" {
        true => format!("list of {}", type_of(resolved(&target["items"], definitions))),
        false => type_of(target),
    };
    let or_null = if is_nullable(property) { " or null" } else { "" };
    let meaning = property["description"].as_str().or(target["description"].as_str()).unwrap_or_default();
    rows.push(format!("| `{name}` | {kind}{or_null} | {} |", meaning.replace('\n', " ")));
}

/// Returns the kind of which a schema says that the value is.
fn kind_of(schema: &Value) -> Option<&str> {
    schema["properties"]["kind"]["const"].as_str()
}

/// Returns whether a field is a record or a list of them, and not an item that has more.
fn is_record(property: &Value, schema: &Value, definitions: &Value) -> bool {
    let plain = kind_of(schema).is_some_and(|kind| definitions.get(kind) == Some(schema));
    plain || property["description"].as_str().is_some_and(|about| about.starts_with("A record of any kind"))
}

fn is_event(schema: &Value) -> bool {
    let has = |name: &str| schema["properties"].get(name).is_some();
    has("correlation_id") && has("changes")
}

fn is_nullable(schema: &Value) -> bool {
    let is_null = |value: &Value| value == "null" || value["type"] == "null";
    ["type", "anyOf"].iter().any(|key| schema[*key].as_array().is_some_and(|types| types.iter().any(is_null)))
}

fn resolved<'a>(schema: &'a Value, definitions: &'a Value) -> &'a Value {
    let reference = schema["$ref"]
        .as_str()
        .or_else(|| schema["anyOf"].as_array().into_iter().flatten().find_map(|one| one["$ref"].as_str()));
    let name = reference.and_then(|reference| reference.rsplit('/').next());
    name.and_then(|name| definitions.get(name)).unwrap_or(schema)
}

fn type_of(schema: &Value) -> String {
    if is_event(schema) {
        return "[event](#events)".to_owned();
    }
    if schema["title"] == "Warning"
        || schema["description"].as_str().is_some_and(|of| of.starts_with("Something the user"))
    {
        return "[warning](#warnings)".to_owned();
    }
    let is_any = schema["description"].as_str().is_some_and(|about| about.starts_with("A record of any kind"));
    if let Some(kind) = is_any.then_some("record").or(kind_of(schema)) {
        return kind.to_owned();
    }
    let word = match &schema["type"] {
        Value::String(word) => word.as_str(),
        Value::Array(words) => words.iter().filter_map(Value::as_str).find(|word| *word != "null").unwrap_or("value"),
        _ if schema["oneOf"].as_array().is_some_and(|of| of.iter().any(|one| one["type"] == "object")) => "object",
        _ if schema["enum"].is_array() || schema["oneOf"].is_array() => "string",
        _ => "value",
    };
    match word {
        "string" if schema["format"] == "date-time" => "time",
        "string" => "text",
        "boolean" => "true or false",
        "integer" => "number",
        "array" => return format!("list of {}", type_of(&schema["items"])),
        other => other,
    }
    .to_owned()
}
