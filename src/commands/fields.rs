//! The fields of any record as rows for people: the name, and beside it the value in as many lines as it wants.

use serde_json::Value;

use super::page::{Page, Span, Style, plain, styled};
use crate::base::text;
use crate::records::record::Record;
use crate::records::{Kind, Rule};

/// The most characters of one value, of one element and of one line that are shown.
const LONGEST: usize = 400;

/// The most characters of a line that stands beside its name.
const WIDEST: usize = 76;

/// Fields that a heading shows already, or that say nothing to a person.
const SHOWN_ELSEWHERE: &[&str] = &[
    "steps",
    "gates",
    "kind",
    "id",
    "title",
    "status",
    "severity",
    "priority",
    "type",
    "claim",
    "created_at",
    "created_by",
    "updated_at",
    "updated_by",
    "edited",
    "from",
    "timestamp",
];

/// Adds all fields of a record that are not empty and that no heading has shown; long texts below the others.
pub fn fields(page: &mut Page, record: &dyn Record) {
    let map = record.to_map();
    let shown = map.iter().filter(|(name, _)| !SHOWN_ELSEWHERE.contains(&name.as_str()));
    let (long, short): (Vec<_>, Vec<_>) = shown.partition(|(_, value)| is_long(value));
    page.table(short.into_iter().flat_map(|(name, value)| rows(record.kind(), name, value)).collect());
    for (name, value) in long {
        page.heading(name);
        match value {
            Value::String(value) => page.text(2, value),
            value => value.as_array().into_iter().flatten().filter_map(Value::as_str).for_each(|item| {
                page.text(2, &format!("- {item}"));
            }),
        }
    }
}

/// Returns whether a text, or one in a list of texts, would be cut beside its name.
fn is_long(value: &Value) -> bool {
    match value {
        Value::String(value) => value.lines().any(|line| line.chars().count() > WIDEST),
        Value::Array(items) => items.iter().all(Value::is_string) && items.iter().any(is_long),
        _ => false,
    }
}

/// A row for each line of a value; only the first has the name.
fn rows(kind: &'static Kind, name: &str, value: &Value) -> Vec<Vec<Span>> {
    let lines = lines(kind.field(name).map(|field| field.rule), value);
    let name = |n: usize| if n == 0 { format!("  {name}") } else { String::new() };
    lines.into_iter().enumerate().map(|(n, line)| vec![styled(Style::Dim, name(n)), plain(line)]).collect()
}

fn lines(rule: Option<Rule>, value: &Value) -> Vec<String> {
    match (rule, value) {
        (_, Value::String(value)) => {
            value.trim_end().lines().map(|line| text::excerpt(line, LONGEST)).collect::<Vec<_>>()
        }
        (Some(Rule::Keyed(key)), Value::Array(items)) => items.iter().map(|item| element(key, item)).collect(),
        // What never changes and has several elements is a set as well: the recipients of a message.
        (Some(Rule::Set | Rule::Immutable), value @ Value::Array(_)) => vec![in_line(value)],
        (_, Value::Array(items)) => items.iter().map(|item| format!("- {}", in_line(item))).collect(),
        (_, Value::Object(map)) => {
            map.iter().map(|(key, value)| format!("{}: {}", text::excerpt(key, 60), in_line(value))).collect()
        }
        (_, value) => vec![in_line(value)],
    }
}

/// An element of a keyed list: its name, and its other members behind it.
fn element(key: &str, item: &Value) -> String {
    let others = item.as_object().into_iter().flatten().filter(|(name, _)| *name != key);
    let others: Vec<String> = others.map(|(name, value)| format!("{name} {}", in_line(value))).collect();
    let name = item[key].as_str().map_or_else(|| in_line(&item[key]), |name| text::excerpt(name, 120));
    if others.is_empty() { format!("- {name}") } else { format!("- {name}: {}", others.join(", ")) }
}

/// A value on one line: texts as they are, lists of texts with commas, all else as JSON.
pub fn in_line(value: &Value) -> String {
    match value {
        Value::String(value) => text::excerpt(value, LONGEST),
        Value::Array(items) if items.iter().all(Value::is_string) => {
            let items = items.iter().filter_map(Value::as_str).map(|item| text::excerpt(item, 120));
            items.collect::<Vec<_>>().join(", ")
        }
        other => text::excerpt(&other.to_string(), LONGEST),
    }
}
