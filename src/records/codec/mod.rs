//! Between a file and a record: YAML front matter, then a Markdown body, byte for byte.
//!
//! Reading goes through `scan`, a YAML parser and `read`, except where a file is just as the emitter writes it, which
//! `canonical` reads in a tenth of the time; writing is an emitter of our own, `emit`, so that the
//! same state has the same bytes whatever the version of the parser. A file is refused rather than read as something
//! else: what cannot be read stays as it is, what was read wrongly would be written back wrongly. The format is
//! `docs/data-model.md`.

mod canonical;
mod emit;
mod file;
pub mod limits;
mod read;
mod scan;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::record::{Record, Typed};
use crate::base::{Error, Result};
use limits::{LARGEST_FRONT_MATTER, LARGEST_RECORD};

/// Reads a file as a record of the kind `T`.
///
/// # Errors
/// `bad_record` where the file is not one, `too_large` where it is over a cap; see `docs/data-model.md`. The details
/// `line` and `field` name the place where they are known.
pub fn decode<T: Typed>(bytes: &[u8]) -> Result<T> {
    let what = T::KIND.name;
    let parts = file::split(text(what, bytes, LARGEST_RECORD)?).map_err(|fault| fault.error(what))?;
    within(what, "front matter", parts.front.len(), LARGEST_FRONT_MATTER)?;
    // The marker line stands above.
    let mut record: T = read::read(parts.front, what).map_err(|fault| fault.below(1).error(what))?;
    parts.body.clone_into(record.common_mut().body);
    record.validate()?;
    Ok(record)
}

/// Writes a record as a file, in the one canonical form.
///
/// # Errors
/// `too_large` where the file would be over a cap, `bad_record` where it could not be read again (a key that is too
/// long, values nested too deeply).
pub fn encode(record: &dyn Record) -> Result<Vec<u8>> {
    let kind = record.kind();
    let map = record.to_map();
    let order = |name: &str| emit::Order::of(kind.fields.iter().find(|field| field.name == name));
    let front = emit::document(&map, order).map_err(|fault| fault.error(kind.name))?;
    within(kind.name, "front matter", front.len(), LARGEST_FRONT_MATTER)?;
    let file = file::join(&front, record.body()).into_bytes();
    within(kind.name, "file", file.len(), LARGEST_RECORD)?;
    Ok(file)
}

/// Reads a file that is YAML from its first line to its last, with `kind: <kind>` in it.
///
/// # Errors
/// As [`decode`].
pub fn decode_yaml<T: DeserializeOwned>(kind: &str, bytes: &[u8]) -> Result<T> {
    let text = text(kind, bytes, LARGEST_FRONT_MATTER)?;
    read::read(text.strip_prefix('\u{feff}').unwrap_or(text), kind).map_err(|fault| fault.error(kind))
}

/// Writes a file that is YAML from its first line to its last.
///
/// # Errors
/// As [`encode`].
pub fn encode_yaml(kind: &str, map: &Map<String, Value>) -> Result<Vec<u8>> {
    let text = emit::document(map, |_| emit::Order::Sorted).map_err(|fault| fault.error(kind))?;
    within(kind, "file", text.len(), LARGEST_FRONT_MATTER)?;
    Ok(text.into_bytes())
}

fn text<'a>(what: &str, bytes: &'a [u8], most: usize) -> Result<&'a str> {
    within(what, "file", bytes.len(), most)?;
    std::str::from_utf8(bytes).map_err(|err| {
        let line = 1 + bytes[..err.valid_up_to()].iter().filter(|&&byte| byte == b'\n').count();
        Fault::at(line, "it is not valid UTF-8").error(what)
    })
}

fn within(what: &str, part: &str, size: usize, most: usize) -> Result<()> {
    if size <= most {
        return Ok(());
    }
    let message = format!("the {part} of a {what} must have at most {most} bytes, not {size}");
    Err(Error::invalid("too_large", message).detail("size", size).detail("most", most))
}

/// What is wrong with a file, before it is known which file that is.
#[derive(Debug, PartialEq, Eq)]
struct Fault {
    line: Option<usize>,
    field: Option<String>,
    rule: String,
    cause: Option<String>,
}

impl Fault {
    fn new(rule: &str) -> Self {
        Fault { line: None, field: None, rule: rule.to_owned(), cause: None }
    }

    fn at(line: usize, rule: &str) -> Self {
        Fault { line: Some(line), ..Fault::new(rule) }
    }

    /// Counts the lines above that the reader did not see.
    fn below(mut self, lines: usize) -> Self {
        self.line = self.line.map(|line| line + lines);
        self
    }

    fn error(self, what: &str) -> Error {
        let place = match (&self.line, &self.field) {
            (Some(line), Some(field)) => format!(" (line {line}, field `{}`)", crate::base::text::excerpt(field, 60)),
            (Some(line), None) => format!(" (line {line})"),
            (None, Some(field)) => format!(" (field `{}`)", crate::base::text::excerpt(field, 60)),
            (None, None) => String::new(),
        };
        let mut err = Error::invalid("bad_record", format!("cannot read the {what}: {}{place}", self.rule));
        if let Some(line) = self.line {
            err = err.detail("line", line);
        }
        if let Some(field) = self.field {
            err = err.detail("field", field);
        }
        match self.cause {
            Some(cause) => err.because(cause),
            None => err,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::base::{Id, Timestamp};
    use crate::records::task::{Claim, Gate, GateStatus, Status, Step};
    use crate::records::{Agent, Stamp, Task};

    const AT: &str = "created_at: \"2026-01-02T03:04:05.678Z\"\ncreated_by: ada\n\
                      updated_at: \"2026-01-02T03:04:05.678Z\"\nupdated_by: ada\n";

    fn task() -> Task {
        let at = "2026-01-02T03:04:05.678Z".parse().expect("a moment");
        Task { title: "Wire it".into(), ..Task::new(Id::parse("t1").expect("an id"), at, "ada") }
    }

    fn file(task: &Task) -> String {
        String::from_utf8(encode(task).expect("small")).expect("text")
    }

    /// Reads a task with these lines in its front matter.
    fn with(lines: &str) -> Result<Task> {
        decode(format!("---\nkind: task\nid: t1\n{lines}{AT}---\n").as_bytes())
    }

    fn refused(lines: &str) -> Error {
        let err = with(&format!("title: x\n{lines}")).expect_err(lines);
        assert_eq!(err.code(), "bad_record", "{lines}");
        err
    }

    #[test]
    fn a_record_has_this_file() {
        let at = Timestamp::from_millis(1_767_323_045_678);
        let mut task = task();
        task.labels = ["a", "no"].map(str::to_owned).into();
        task.steps = vec![Step { name: "wire".into(), ..Step::default() }];
        task.gates.insert("pytest".into(), Gate { status: GateStatus::Passed, ..Gate::default() });
        task.extra.insert("beads".into(), json!({"z": [1, "1"], "a": [{"y": null, "x": 1e300}, [["b"], []]]}));
        task.summary = Some("Two\nlines\n".into());
        task.edited.insert("title".into(), Stamp(at, "dev-1".into()));
        task.body = "Text.\n---\n".into();
        let text = r#"---
kind: task
id: t1
title: Wire it
type: task
status: pending
priority: P2
labels:
  - a
  - "no"
steps:
  - name: wire
    done: false
gates:
  pytest:
    status: passed
summary: |
  Two
  lines
extra:
  beads:
    a:
      - x: 1.0e+300
        "y": null
      -
        - [b]
        - []
    z: [1, "1"]
created_at: "2026-01-02T03:04:05.678Z"
created_by: ada
updated_at: "2026-01-02T03:04:05.678Z"
updated_by: ada
edited:
  title: ["2026-01-02T03:04:05.678Z", dev-1]
---
Text.
---

"#;
        assert_eq!(file(&task), text);
        let read: Task = decode(text.as_bytes()).expect("canonical");
        assert_eq!(read, task);
    }

    #[test]
    fn a_field_of_text_keeps_its_text() {
        let task =
            with("title: 1_000\nsprint: 1e3\nparent: 007\nassignee: yes\nlabels: [true, 1.50, 0x1F]\n").expect("text");
        assert_eq!(task.title, "1_000");
        assert_eq!((task.sprint.as_deref(), task.parent.as_deref()), (Some("1e3"), Some("007")));
        assert_eq!(task.assignee.as_deref(), Some("yes"));
        assert_eq!(task.labels, ["true", "1.50", "0x1F"].map(str::to_owned).into());
        assert_eq!(with("title: x\nsprint: ~\nparent:\nlabels:\n").expect("nothing"), with("title: x\n").expect("x"));
    }

    #[test]
    fn what_would_come_back_as_something_else_is_refused() {
        for lines in [
            "x: .nan\n",
            "x: -.inf\n",
            "x: 18446744073709551616\n",
            "x: [0.12345678901234567890]\n",
            "x: {1: a}\n",
            "x: {~: a}\n",
            "x: {true: a}\n",
            "x: !t a\n",
            "x: &a b\n",
            "x: {a: 1, a: 2}\n",
            "x: 1\nx: 2\n",
            "title: y\n",
            "x:\n  a: 1\n  'a': 2\n",
            "gates: {a: {status: passed, b: 1, b: 2}}\n",
            "1: a\n",
            "[a]: b\n",
            "body: x\n",
            "kind: task\n",
            "labels: [~]\n",
            "summary: !t x\n",
            "epoch: one\n",
            "epoch: -1\n",
            "steps: [{name: ~}]\n",
            "metrics: {a: {b: 1, b: 1}}\n",
            "claim: {id: c}\n",
            "edited: {title: [1]}\n",
            "due_at: soon\n",
            "...\n",
        ] {
            refused(lines);
        }
    }

    #[test]
    fn unknown_fields_and_words_are_kept() {
        let lines = "title: x\nstatus: hooked\nlater:\n  b: [1, -0.5, \"1\", null, true]\n  a: {}\nclaim: {id: c, agent: ada, epoch: 1,\
                     at: 2026-01-02T03:04:05Z, ttl_minutes: 30, room: 7}\n";
        let task = with(lines).expect("readable");
        assert_eq!(task.status, Status::Other("hooked".into()));
        assert_eq!(task.rest["later"], json!({"a": {}, "b": [1, -0.5, "1", null, true]}));
        let claim: &Claim = task.claim.as_ref().expect("a claim");
        assert_eq!(claim.rest["room"], 7);
        assert_eq!(decode::<Task>(&encode(&task).expect("small")).expect("canonical"), task);
    }

    #[test]
    fn a_file_of_another_kind_is_refused() {
        assert!(decode::<Agent>(&encode(&task()).expect("small")).is_err());
        let err = decode::<Task>(b"---\nid: t1\n---\n").expect_err("no kind");
        assert_eq!(err.code(), "bad_record");
    }

    #[test]
    fn a_fault_names_line_and_field() {
        let err = refused("due_at: soon\n");
        assert_eq!((&err.details()["line"], &err.details()["field"]), (&json!(5), &json!("due_at")));
        let err = refused("x: !t y\n");
        assert_eq!(err.details()["line"], 5);
        let err = decode::<Task>(b"---\nkind: task\n---\n\xff").expect_err("bytes");
        assert_eq!(err.details()["line"], 4);
    }

    #[test]
    fn caps_hold_for_reading_and_writing() {
        let mut task = task();
        task.body = "x".repeat(LARGEST_RECORD - encode(&task).expect("small").len());
        let file = encode(&task).expect("just fits");
        assert_eq!(file.len(), LARGEST_RECORD);
        assert_eq!(decode::<Task>(&file).expect("just fits"), task);
        task.body.push('x');
        assert_eq!(encode(&task).expect_err("a byte more").code(), "too_large");
        assert_eq!(decode::<Task>(&[file, b"x".to_vec()].concat()).expect_err("a byte more").code(), "too_large");
        task.body.clear();
        task.summary = Some("x".repeat(LARGEST_FRONT_MATTER));
        assert_eq!(encode(&task).expect_err("long").code(), "too_large");
        let err = with(&format!("title: x\nsummary: {}\n", "x".repeat(LARGEST_FRONT_MATTER))).expect_err("long");
        assert_eq!(err.code(), "too_large");
    }

    #[test]
    fn what_could_not_be_read_again_is_not_written() {
        let nested = |depth: usize| (0..depth).fold(json!("x"), |value, _| json!([value]));
        for wrap in [|value: Value| value, |value: Value| json!({ "k": value })] {
            let mut task = task();
            let depths = (1..40).map(|depth| {
                task.rest.insert("deep".into(), wrap(nested(depth)));
                encode(&task).map(|file| assert_eq!(decode::<Task>(&file).expect("written"), task)).is_ok()
            });
            let deepest = depths.take_while(|fits| *fits).count();
            assert!((30..32).contains(&deepest), "{deepest}");
        }
        let mut task = task();
        task.metrics.insert("k".repeat(limits::LONGEST_KEY), json!(1));
        assert_eq!(decode::<Task>(&encode(&task).expect("fits")).expect("written"), task);
        task.metrics.insert("k".repeat(limits::LONGEST_KEY + 1), json!(1));
        assert_eq!(encode(&task).expect_err("a byte more").code(), "bad_record");
    }
}
