//! A reader of the form that the emitter writes, and of no other.
//!
//! Nearly every file is in that form, and reading it takes a tenth of what a YAML parser needs. This reader judges
//! nothing: what it does not know at once it gives back, and the parser says whether it is a record, and what is wrong
//! with it. So the one thing it must never do is read something else than the parser does; a property test holds that.
//! It knows the lines of the emitter one by one: every function here has its twin there.

use std::borrow::Cow;
use std::fmt;

use serde::de::value::{BorrowedStrDeserializer, StringDeserializer};
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::emit::{is_plain_byte, is_printable, is_word};
use super::limits::LONGEST_KEY;

/// How deep this reader goes. What is deeper is left to the parser.
const DEEP: usize = 16;

/// How many keys that are in no order are compared with each other.
const MANY: usize = 128;

/// Reads front matter without the field `kind`, which must hold `kind`; nothing where it is not in the canonical form,
/// or not what the struct wants.
pub(super) fn read<T: DeserializeOwned>(text: &str, kind: &str) -> Option<T> {
    let mut reader = Reader { text, at: 0, depth: 0, has_kind: false };
    let value = T::deserialize(Document { reader: &mut reader, kind }).ok()?;
    (reader.has_kind && reader.at == text.len()).then_some(value)
}

/// That a text is left to the parser. Why is not asked: the parser says it better.
#[derive(Debug)]
struct Odd;

impl fmt::Display for Odd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not in the canonical form")
    }
}

impl std::error::Error for Odd {}

impl Error for Odd {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Odd
    }
}

type Read<T> = Result<T, Odd>;

struct Reader<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
    has_kind: bool,
}

/// A value that stands within a line.
enum Scalar<'t> {
    Text(Cow<'t, str>),
    Positive(u64),
    Negative(i64),
    Bool(bool),
}

impl<'t> Reader<'t> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn eat(&mut self, token: &str) -> bool {
        let is_there = self.text.as_bytes()[self.at..].starts_with(token.as_bytes());
        if is_there {
            self.at += token.len();
        }
        is_there
    }

    fn expect(&mut self, token: &str) -> Read<()> {
        if self.eat(token) { Ok(()) } else { Err(Odd) }
    }

    /// By how much the line that begins here is indented; nothing at the end.
    fn indent(&self) -> Option<usize> {
        let bytes = &self.text.as_bytes()[self.at..];
        let indent = bytes.iter().take_while(|&&byte| byte == b' ').count();
        (!bytes.is_empty()).then_some(indent)
    }

    /// Whether another entry of a block that is indented by `indent` begins here.
    fn goes_on(&self, indent: usize) -> Read<bool> {
        match self.indent() {
            Some(found) if found == indent => Ok(true),
            Some(found) if found > indent => Err(Odd),
            _ => Ok(false),
        }
    }

    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<T> {
        if self.depth == DEEP {
            return Err(Odd);
        }
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    /// A scalar; what stands behind it is for the caller.
    fn scalar(&mut self) -> Read<Scalar<'t>> {
        if self.eat("\"") {
            return self.quoted().map(Scalar::Text);
        }
        let rest = self.rest();
        let length = rest.bytes().take_while(|byte| is_plain_byte(*byte)).count();
        let word = &rest[..length];
        self.at += length;
        match word.as_bytes() {
            [first, ..] if first.is_ascii_alphabetic() && !word.ends_with(' ') => match word {
                "true" => Ok(Scalar::Bool(true)),
                "false" => Ok(Scalar::Bool(false)),
                _ if is_word(word) => Err(Odd),
                _ => Ok(Scalar::Text(Cow::Borrowed(word))),
            },
            [b'-', digits @ ..] if is_number(digits) && digits != b"0" => {
                word.parse().map(Scalar::Negative).map_err(|_| Odd)
            }
            digits if is_number(digits) => word.parse().map(Scalar::Positive).map_err(|_| Odd),
            _ => Err(Odd),
        }
    }

    /// A quoted text behind its first quote.
    fn quoted(&mut self) -> Read<Cow<'t, str>> {
        let mut unescaped = String::new();
        loop {
            let rest = self.rest();
            let length = rest.find(['"', '\\', '\n']).ok_or(Odd)?;
            let part = &rest[..length];
            if !are_printable(part) {
                return Err(Odd);
            }
            self.at += length;
            if self.eat("\"") {
                if unescaped.is_empty() {
                    return Ok(Cow::Borrowed(part));
                }
                unescaped.push_str(part);
                return Ok(Cow::Owned(unescaped));
            }
            unescaped.push_str(part);
            unescaped.push(self.escaped()?);
        }
    }

    fn escaped(&mut self) -> Read<char> {
        const PLAIN: [(&str, char); 5] = [("\\\"", '"'), ("\\\\", '\\'), ("\\n", '\n'), ("\\r", '\r'), ("\\t", '\t')];
        if let Some((_, c)) = PLAIN.into_iter().find(|(token, _)| self.eat(token)) {
            return Ok(c);
        }
        self.expect("\\u")?;
        let digits = self.rest().get(..4).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let digits = digits.ok_or(Odd)?;
        self.at += 4;
        u32::from_str_radix(digits, 16).ok().and_then(char::from_u32).ok_or(Odd)
    }

    fn key(&mut self) -> Read<Cow<'t, str>> {
        let start = self.at;
        let Scalar::Text(key) = self.scalar()? else { return Err(Odd) };
        if self.at - start > LONGEST_KEY {
            return Err(Odd);
        }
        self.expect(":")?;
        Ok(key)
    }

    /// A text of several lines, behind the `|` and indented by `indent`.
    fn block(&mut self, indent: usize) -> Read<String> {
        let keeps = self.eat("+");
        let strips = !keeps && self.eat("-");
        self.expect("\n")?;
        let (mut text, mut newlines) = (String::new(), 0);
        loop {
            if self.eat("\n") {
                newlines += 1;
                continue;
            }
            if self.indent().is_none_or(|found| found < indent) {
                break;
            }
            let (line, _) = self.rest()[indent..].split_once('\n').ok_or(Odd)?;
            if !are_printable(line) || line.ends_with(' ') || text.is_empty() && (newlines > 0 || line.starts_with(' '))
            {
                return Err(Odd);
            }
            text.extend(std::iter::repeat_n('\n', newlines));
            text.push_str(line);
            newlines = 1;
            self.at += indent + line.len() + 1;
        }
        match newlines {
            0 => return Err(Odd),
            1 if strips => {}
            1 => text.push('\n'),
            _ if keeps => text.extend(std::iter::repeat_n('\n', newlines)),
            _ => return Err(Odd),
        }
        Ok(text)
    }
}

/// Whether bytes are the digits of a number that 64 bits hold, whatever its sign.
fn is_number(digits: &[u8]) -> bool {
    matches!(digits, [b'0'] | [b'1'..=b'9', ..]) && digits.len() <= 18 && digits.iter().all(u8::is_ascii_digit)
}

fn are_printable(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~')) || text.chars().all(is_printable)
}

/// The whole front matter.
struct Document<'r, 't, 'k> {
    reader: &'r mut Reader<'t>,
    kind: &'k str,
}

impl<'de> Deserializer<'de> for Document<'_, 'de, '_> {
    type Error = Odd;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        visitor.visit_map(Pairs::new(self.reader, 0, Some(self.kind)))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// What stands behind a colon or a dash.
struct Value<'r, 't> {
    reader: &'r mut Reader<'t>,
    /// By how much the line of the key or dash is indented.
    indent: usize,
    /// Whether it stands behind a dash, where a map may begin on the same line.
    is_item: bool,
}

impl<'de> Value<'_, 'de> {
    /// Entries on the lines below.
    fn below<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        let indent = self.indent + 2;
        if !self.reader.goes_on(indent)? {
            return Err(Odd);
        }
        let is_list = self.reader.text.as_bytes().get(self.reader.at + indent) == Some(&b'-');
        self.reader.nested(|reader| match is_list {
            true => visitor.visit_seq(Items { reader, indent }),
            false => visitor.visit_map(Pairs::new(reader, indent, None)),
        })
    }

    fn brackets<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        self.reader.nested(|reader| {
            let mut brackets = Brackets { reader, count: 0, is_closed: false };
            let value = visitor.visit_seq(&mut brackets)?;
            if !brackets.is_closed {
                brackets.reader.expect("]")?;
            }
            brackets.reader.expect("\n")?;
            Ok(value)
        })
    }

    fn inline<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        let start = self.reader.at;
        let scalar = self.reader.scalar()?;
        if self.is_item && self.reader.peek() == Some(b':') {
            self.reader.at = start;
            let indent = self.indent + 2;
            return self
                .reader
                .nested(|reader| visitor.visit_map(Pairs { is_here: true, ..Pairs::new(reader, indent, None) }));
        }
        self.reader.expect("\n")?;
        visit(scalar, visitor)
    }
}

fn visit<'de, V: Visitor<'de>>(scalar: Scalar<'de>, visitor: V) -> Read<V::Value> {
    match scalar {
        Scalar::Text(Cow::Borrowed(text)) => visitor.visit_borrowed_str(text),
        Scalar::Text(Cow::Owned(text)) => visitor.visit_string(text),
        Scalar::Positive(number) => visitor.visit_u64(number),
        Scalar::Negative(number) => visitor.visit_i64(number),
        Scalar::Bool(bool) => visitor.visit_bool(bool),
    }
}

impl<'de> Deserializer<'de> for Value<'_, 'de> {
    type Error = Odd;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        if self.reader.eat("\n") {
            return self.below(visitor);
        }
        self.reader.expect(" ")?;
        match self.reader.peek() {
            Some(b'[') => {
                self.reader.at += 1;
                self.brackets(visitor)
            }
            Some(b'{') => {
                self.reader.expect("{}\n")?;
                visitor.visit_map(serde::de::value::MapDeserializer::new(std::iter::empty::<(&str, &str)>()))
            }
            Some(b'|') => {
                self.reader.at += 1;
                let text = self.reader.block(self.indent + 2)?;
                visitor.visit_string(text)
            }
            _ => self.inline(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Read<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// An element between brackets.
struct Word<'t>(Scalar<'t>);

impl<'de> Deserializer<'de> for Word<'de> {
    type Error = Odd;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        visit(self.0, visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Read<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

struct Brackets<'r, 't> {
    reader: &'r mut Reader<'t>,
    count: usize,
    is_closed: bool,
}

impl<'de> SeqAccess<'de> for &mut Brackets<'_, 'de> {
    type Error = Odd;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Read<Option<S::Value>> {
        if self.is_closed || self.reader.eat("]") {
            self.is_closed = true;
            return Ok(None);
        }
        if self.count > 0 {
            self.reader.expect(", ")?;
        }
        self.count += 1;
        let scalar = self.reader.scalar()?;
        seed.deserialize(Word(scalar)).map(Some)
    }
}

struct Items<'r, 't> {
    reader: &'r mut Reader<'t>,
    indent: usize,
}

impl<'de> SeqAccess<'de> for Items<'_, 'de> {
    type Error = Odd;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Read<Option<S::Value>> {
        if !self.reader.goes_on(self.indent)? {
            return Ok(None);
        }
        self.reader.at += self.indent;
        self.reader.expect("-")?;
        let item = Value { reader: self.reader, indent: self.indent, is_item: true };
        seed.deserialize(item).map(Some)
    }
}

struct Pairs<'r, 't, 'k> {
    reader: &'r mut Reader<'t>,
    indent: usize,
    /// Whether the first entry begins in the middle of a line.
    is_here: bool,
    /// The kind that must be named among the entries; nothing further in.
    kind: Option<&'k str>,
    /// The keys as long as they are few, and the greatest: most maps are in order, and then it is enough.
    seen: Vec<Cow<'t, str>>,
    greatest: Option<usize>,
}

impl<'r, 't, 'k> Pairs<'r, 't, 'k> {
    fn new(reader: &'r mut Reader<'t>, indent: usize, kind: Option<&'k str>) -> Self {
        Pairs { reader, indent, is_here: false, kind, seen: Vec::new(), greatest: None }
    }

    /// Notes a key, and refuses one that was there before.
    fn note(&mut self, key: Cow<'t, str>) -> Read<()> {
        let is_greater = self.greatest.is_none_or(|at| self.seen[at] < key);
        if !is_greater && (self.seen.len() > MANY || self.seen.contains(&key)) {
            return Err(Odd);
        }
        if is_greater {
            self.greatest = Some(self.seen.len());
        }
        self.seen.push(key);
        Ok(())
    }

    fn key(&mut self) -> Read<Option<Cow<'t, str>>> {
        if !std::mem::take(&mut self.is_here) {
            if !self.reader.goes_on(self.indent)? {
                return Ok(None);
            }
            self.reader.at += self.indent;
        }
        let key = self.reader.key()?;
        self.note(key.clone())?;
        Ok(Some(key))
    }
}

impl<'de> MapAccess<'de> for Pairs<'_, 'de, '_> {
    type Error = Odd;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Read<Option<S::Value>> {
        while let Some(key) = self.key()? {
            match (&*key, self.kind) {
                ("kind", Some(kind)) => {
                    self.reader.expect(" ")?;
                    let named = self.reader.scalar()?;
                    self.reader.expect("\n")?;
                    if !matches!(named, Scalar::Text(named) if named == kind) {
                        return Err(Odd);
                    }
                    self.reader.has_kind = true;
                }
                ("body", Some(_)) => return Err(Odd),
                _ => {
                    return match key {
                        Cow::Borrowed(key) => seed.deserialize(BorrowedStrDeserializer::new(key)),
                        Cow::Owned(key) => seed.deserialize(StringDeserializer::new(key)),
                    }
                    .map(Some);
                }
            }
        }
        Ok(None)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Read<S::Value> {
        seed.deserialize(Value { reader: self.reader, indent: self.indent, is_item: false })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Map, Value, json};

    use super::super::emit::{self, Order};
    use super::super::read::parsed;
    use super::read;
    use crate::records::Task;

    const TASK: &str = r#"kind: task
id: t1
title: "A title: with \u0007 and \"quotes\""
type: task
status: in_progress
priority: P1
labels:
  - a
  - "no"
references: [x, "1"]
steps:
  - name: wire
    done: true
  - name: try it
    done: false
gates:
  pytest:
    status: passed
claim:
  id: c1
  agent: ada
  epoch: 3
  at: "2026-01-02T03:04:05.678Z"
  ttl_minutes: 30
summary: |
  Two
    lines

  and one
extra:
  beads:
    a:
      - x: 17
        "y": -4
      -
        - [b]
        - []
    z: [1, "1", true]
    empty: {}
created_at: "2026-01-02T03:04:05.678Z"
created_by: ada
updated_at: "2026-01-02T03:04:05.678Z"
updated_by: ada
edited:
  title: ["2026-01-02T03:04:05.678Z", dev-1]
"#;

    /// Reads a text in both ways, and returns whether the canonical reader took it.
    fn agrees(text: &str) -> bool {
        let task = read::<Task>(text, "task");
        if let Some(task) = &task {
            assert_eq!(Some(task), parsed::<Task>(text, "task").ok().as_ref(), "as a task: {text}");
        }
        let map = read::<Map<String, Value>>(text, "task");
        if let Some(map) = &map {
            assert_eq!(Some(map), parsed::<Map<String, Value>>(text, "task").ok().as_ref(), "as a map: {text}");
        }
        task.is_some() || map.is_some()
    }

    fn emitted(fields: &Map<String, Value>) -> Option<String> {
        let mut map = Map::from_iter([("kind".to_owned(), json!("task"))]);
        map.extend(
            fields
                .iter()
                .filter(|(key, _)| !matches!(key.as_str(), "kind" | "body"))
                .map(|(k, v)| (k.clone(), v.clone())),
        );
        emit::document(&map, |_| Order::Given).ok()
    }

    /// Whether values are of the sorts that the canonical reader reads.
    fn is_ordinary(value: &Value) -> bool {
        match value {
            Value::Null => false,
            Value::Number(number) => {
                number.as_i64().is_some_and(|number| number.unsigned_abs() < 1_000_000_000_000_000_000)
            }
            Value::Array(items) => items.iter().all(is_ordinary),
            Value::Object(map) => map.values().all(is_ordinary),
            _ => true,
        }
    }

    fn text() -> impl Strategy<Value = String> {
        let words = [
            "no", "null", "true", "~", "1e3", "007", "- a", "a: b", "a #b", "|", "x ", " x", "", "\n", "a\nb", "a\n\n",
        ];
        prop_oneof![
            3 => "[a-z][a-z0-9 _./@+-]{0,12}",
            2 => any::<String>(),
            1 => "[ -~\n\t\r\u{85}\u{2028}\u{feff}é😀]{0,12}",
            2 => proptest::sample::select(words.to_vec()).prop_map(str::to_owned),
        ]
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            4 => text().prop_map(Value::from),
            1 => any::<bool>().prop_map(Value::from),
            1 => any::<i64>().prop_map(Value::from),
            1 => (-20_i64..20).prop_map(Value::from),
            1 => any::<u64>().prop_map(Value::from),
            1 => any::<f64>().prop_map(Value::from),
            1 => Just(Value::Null),
        ];
        leaf.prop_recursive(5, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::btree_map(text(), inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    fn fields() -> impl Strategy<Value = Map<String, Value>> {
        proptest::collection::btree_map(text(), value(), 0..6).prop_map(|map| map.into_iter().collect())
    }

    /// What is done to a text: at a place, so many bytes are replaced by another text.
    fn edits() -> impl Strategy<Value = Vec<(proptest::sample::Index, usize, String)>> {
        let pieces = [
            "",
            " ",
            "  ",
            "\n",
            "\n\n",
            "-",
            "- ",
            ":",
            ": ",
            "a",
            "a: b\n",
            "  a: b\n",
            "\"",
            "\\",
            "[",
            "]",
            "[]",
            "{}",
            ", ",
            "|",
            "|-\n",
            "|+\n",
            "#",
            " #",
            "\t",
            "\r",
            "~",
            "1",
            "0",
            "-0",
            "1.5",
            "&a",
            "*a",
            "!t",
            "---\n",
            "...\n",
            "é",
            "\u{2028}",
            "'",
            "?",
            ">",
            "%",
            "kind: task\n",
            "body: x\n",
            "id: t2\n",
            "<<",
            "\\ud800",
            "\\x41",
            "null",
            "true",
        ];
        let piece = proptest::sample::select(pieces.to_vec()).prop_map(str::to_owned);
        proptest::collection::vec((any::<proptest::sample::Index>(), 0..4_usize, piece), 1..3)
    }

    fn edited(text: &str, edits: &[(proptest::sample::Index, usize, String)]) -> String {
        let mut chars: Vec<char> = text.chars().collect();
        for (at, length, piece) in edits {
            let at = at.index(chars.len() + 1);
            let end = (at + length).min(chars.len());
            chars.splice(at..end, piece.chars());
        }
        chars.into_iter().collect()
    }

    #[test]
    fn a_whole_record_is_read_as_the_parser_reads_it() {
        assert!(agrees(TASK));
        assert!(read::<Task>(TASK, "task").is_some());
        assert!(read::<Task>(TASK, "agent").is_none(), "another kind");
        assert!(read::<Task>(&TASK.replace("kind: task\n", ""), "task").is_none(), "no kind");
    }

    #[test]
    fn many_keys_in_no_order_are_left_to_the_parser() {
        let lines: Vec<String> = (0..300).rev().map(|n| format!("m{n:03}: x\n")).collect();
        assert!(!agrees(&format!("kind: task\n{}", lines.concat())));
        let lines: Vec<String> = (0..300).map(|n| format!("m{n:03}: x\n")).collect();
        assert!(agrees(&format!("kind: task\n{}", lines.concat())));
        assert!(!agrees(&format!("kind: task\n{}m000: x\n", lines.concat())), "twice");
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_the_emitter_writes_is_read_without_the_parser(fields in fields()) {
            if let Some(text) = emitted(&fields) {
                let is_taken = agrees(&text);
                let is_ordinary = fields.iter().all(|(key, value)| matches!(key.as_str(), "kind" | "body") || is_ordinary(value));
                prop_assert!(is_taken || !is_ordinary, "left to the parser: {text}");
            }
        }

        #[test]
        fn what_is_nearly_canonical_is_never_read_as_something_else(fields in fields(), edits in edits(), more in edits()) {
            agrees(&edited(TASK, &edits));
            if let Some(text) = emitted(&fields) {
                agrees(&edited(&text, &more));
            }
        }
    }
}
