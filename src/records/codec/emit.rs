//! The canonical emitter: one state, one text.
//!
//! It writes the part of YAML that all readers of 1.1 and 1.2 understand alike. It knows no kinds: the order of the
//! fields is that of the map it is given.

use std::fmt::Write;

use serde_json::{Map, Number, Value};

use super::Fault;
use super::limits::{DEEPEST, LONGEST_KEY};
use crate::base::text::excerpt;
use crate::records::field::{Field, Rule};

/// In which order the keys of the maps in a field are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// The first maps as they are given, because a struct gave them their order; those within by key.
    Given,
    /// By key: the order in which they happen to stand means nothing.
    Sorted,
}

impl Order {
    /// Returns the order for a field by its row; unknown fields have none.
    pub(super) fn of(field: Option<&Field>) -> Self {
        match field.map(|field| field.rule) {
            Some(Rule::Unit(_) | Rule::Keyed(_)) => Order::Given,
            _ => Order::Sorted,
        }
    }
}

/// Writes a map as a YAML document without markers.
///
/// # Errors
/// A key that is too long to be found again, or values that are nested too deeply.
pub(super) fn document(map: &Map<String, Value>, order: impl Fn(&str) -> Order) -> Result<String, Fault> {
    let mut emitter = Emitter { out: String::with_capacity(512) };
    for (key, value) in map {
        emitter.top(key, value, order(key)).map_err(|fault| Fault { field: Some(key.clone()), ..fault })?;
    }
    Ok(emitter.out)
}

struct Emitter {
    out: String,
}

impl Emitter {
    /// A field: a list of scalars is a block here, and brackets further in.
    fn top(&mut self, key: &str, value: &Value, order: Order) -> Result<(), Fault> {
        self.key(key)?;
        match value {
            Value::Array(items) if !items.is_empty() => {
                self.out.push('\n');
                self.items(items, 2, 2, order)
            }
            value => self.after_key(value, 0, 1, order),
        }
    }

    /// What stands behind a key whose line is indented by `indent`, `depth` levels down.
    fn after_key(&mut self, value: &Value, indent: usize, depth: usize, order: Order) -> Result<(), Fault> {
        match value {
            Value::Array(items) if !items.iter().all(is_scalar) => {
                self.out.push('\n');
                self.items(items, indent + 2, depth + 1, order)
            }
            Value::Object(map) if !map.is_empty() => {
                self.out.push('\n');
                self.pairs(map, indent + 2, depth + 1, order, Start::Line)
            }
            value => {
                self.out.push(' ');
                self.inline(value, indent, depth)
            }
        }
    }

    /// The entries of a map, one to a line.
    fn pairs(
        &mut self,
        map: &Map<String, Value>,
        indent: usize,
        depth: usize,
        order: Order,
        start: Start,
    ) -> Result<(), Fault> {
        shallow(depth)?;
        let mut entries: Vec<_> = map.iter().collect();
        if order == Order::Sorted {
            entries.sort_unstable_by_key(|(key, _)| *key);
        }
        for (n, (key, value)) in entries.into_iter().enumerate() {
            if n > 0 || start == Start::Line {
                self.indent(indent);
            }
            self.key(key)?;
            self.after_key(value, indent, depth, Order::Sorted)?;
        }
        Ok(())
    }

    /// The elements of a list, one to a line.
    fn items(&mut self, items: &[Value], indent: usize, depth: usize, order: Order) -> Result<(), Fault> {
        shallow(depth)?;
        for item in items {
            self.indent(indent);
            self.out.push('-');
            match item {
                Value::Object(map) if !map.is_empty() => {
                    self.out.push(' ');
                    self.pairs(map, indent + 2, depth + 1, order, Start::Here)?;
                }
                item => self.after_key(item, indent, depth, order)?,
            }
        }
        Ok(())
    }

    /// A value that begins on the line of its key or dash.
    fn inline(&mut self, value: &Value, indent: usize, depth: usize) -> Result<(), Fault> {
        match value {
            Value::String(text) if is_block(text) => self.block(text, indent + 2),
            Value::Array(items) => {
                shallow(depth + 1)?;
                self.out.push('[');
                for (n, item) in items.iter().enumerate() {
                    self.out.push_str(if n > 0 { ", " } else { "" });
                    self.scalar(item);
                }
                self.out.push_str("]\n");
            }
            Value::Object(_) => {
                shallow(depth + 1)?;
                self.out.push_str("{}\n");
            }
            scalar => {
                self.scalar(scalar);
                self.out.push('\n');
            }
        }
        Ok(())
    }

    fn key(&mut self, key: &str) -> Result<(), Fault> {
        let start = self.out.len();
        self.text(key);
        if self.out.len() - start > LONGEST_KEY {
            let most = format!("the key `{}` has more than {LONGEST_KEY} bytes", excerpt(key, 40));
            return Err(Fault::new(&most));
        }
        self.out.push(':');
        Ok(())
    }

    fn scalar(&mut self, value: &Value) {
        match value {
            Value::String(text) => self.text(text),
            Value::Bool(bool) => self.out.push_str(if *bool { "true" } else { "false" }),
            Value::Number(number) => self.number(number),
            // Nothing else is a scalar.
            Value::Null | Value::Array(_) | Value::Object(_) => self.out.push_str("null"),
        }
    }

    /// YAML 1.1 sees a number in `1e300` only with a point and a sign: `1.0e+300`.
    fn number(&mut self, number: &Number) {
        let text = number.to_string();
        match text.split_once('e') {
            Some((mantissa, exponent)) if number.is_f64() => {
                let point = if mantissa.contains('.') { "" } else { ".0" };
                let sign = if exponent.starts_with(['+', '-']) { "" } else { "+" };
                self.write(format_args!("{mantissa}{point}e{sign}{exponent}"));
            }
            _ => self.out.push_str(&text),
        }
    }

    fn text(&mut self, text: &str) {
        if is_plain(text) {
            self.out.push_str(text);
        } else {
            self.quoted(text);
        }
    }

    fn quoted(&mut self, text: &str) {
        self.out.push('"');
        for c in text.chars() {
            match c {
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                '\n' => self.out.push_str("\\n"),
                '\r' => self.out.push_str("\\r"),
                '\t' => self.out.push_str("\\t"),
                c if is_printable(c) => self.out.push(c),
                // All that is not printable is below U+10000.
                c => self.write(format_args!("\\u{:04x}", u32::from(c))),
            }
        }
        self.out.push('"');
    }

    /// A text of several lines as it is, under `|`; the sign says how many newlines end it: none, one, or all there are.
    fn block(&mut self, text: &str, indent: usize) {
        let lines = text.strip_suffix('\n');
        self.out.push_str(match lines {
            None => "|-\n",
            Some(lines) if lines.ends_with('\n') => "|+\n",
            Some(_) => "|\n",
        });
        for line in lines.unwrap_or(text).split('\n') {
            if !line.is_empty() {
                self.indent(indent);
                self.out.push_str(line);
            }
            self.out.push('\n');
        }
    }

    fn indent(&mut self, indent: usize) {
        self.out.extend(std::iter::repeat_n(' ', indent));
    }

    fn write(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = self.out.write_fmt(text);
    }
}

/// Where the first entry of a map begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Start {
    /// On a line of its own.
    Line,
    /// Behind a dash.
    Here,
}

fn is_scalar(value: &Value) -> bool {
    !matches!(value, Value::Array(_) | Value::Object(_))
}

fn shallow(depth: usize) -> Result<(), Fault> {
    if depth > DEEPEST { Err(Fault::new("it is nested too deeply")) } else { Ok(()) }
}

/// Whether a text needs no quotes: no reader of YAML sees anything else in it.
fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.first().is_some_and(u8::is_ascii_alphabetic)
        && bytes.last() != Some(&b' ')
        && bytes.iter().copied().all(is_plain_byte)
        && !is_word(text)
}

/// Whether a byte may stand in a text without quotes.
pub(super) fn is_plain_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'_' | b'.' | b'/' | b'@' | b'+' | b'-')
}

/// Whether a text is one of the words to which some version of YAML, or some reader, gives a meaning of its own.
pub(super) fn is_word(text: &str) -> bool {
    const WORDS: [&str; 14] =
        ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "none", "nil", "inf", "infinity", "nan"];
    WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}

/// Whether a text may stand under `|`: several lines, the first not blank and not indented, no blanks at the end of a
/// line, nothing that would have to be escaped.
fn is_block(text: &str) -> bool {
    text.contains('\n')
        && !text.starts_with([' ', '\n'])
        && text.split('\n').all(|line| !line.ends_with(' '))
        && text.chars().all(|c| c == '\n' || is_printable(c))
}

/// Whether every reader of YAML takes a character as it is, inside quotes and in a block.
pub(super) fn is_printable(c: char) -> bool {
    !matches!(c,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}
