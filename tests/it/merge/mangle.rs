//! States that somebody's broken or hostile program could have written: golden records, bent in the ways that files get
//! bent, at paths that are records' and at paths that are nobody's. The same number always makes the same states.

use std::collections::BTreeMap;

use git_coord::base::{Timestamp, id};
use git_coord::records::conflict::{self, CONFLICT};
use git_coord::records::message::MESSAGE;
use git_coord::records::{Config, Conflict, Kind, codec, config, kind};

use crate::records::golden;
use crate::records::strategies::TRAPS;

/// Paths and what lies there.
pub(crate) type State = BTreeMap<String, Vec<u8>>;

/// A small generator of numbers (splitmix64).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number below `sides`.
    pub(crate) fn roll(&mut self, sides: usize) -> usize {
        usize::try_from(self.next() % sides.max(1) as u64).expect("a small number")
    }

    fn one_of<'a, T: ?Sized>(&mut self, many: &[&'a T]) -> &'a T {
        many[self.roll(many.len())]
    }

    fn bytes(&mut self, most: usize) -> Vec<u8> {
        (0..self.roll(most + 1)).map(|_| self.next().to_le_bytes()[0]).collect()
    }
}

/// Values of every type of YAML, at the ends of their ranges, and what only looks like one.
const VALUES: &[&str] = &[
    "~",
    "null",
    "\"\"",
    "true",
    "0",
    "-1",
    "18446744073709551615",
    "18446744073709551616",
    "1.0e+300",
    "1e400",
    ".nan",
    "x",
    "'it''s'",
    "\"\\u202e\\u001b[31m\\0\"",
    "[]",
    "{}",
    "[a, [b, {c: [d]}]]",
    "{a: {b: {c: d}}}",
    "[{name: wire}, {name: wire, done: 1}, {done: true}, wire, ~]",
    "{pytest: failed, ruff: {status: 1}}",
    "\"0000-01-01T00:00:00.000Z\"",
    "\"9999-12-31T23:59:59.999Z\"",
    "\"+262142-12-31T23:59:59.999Z\"",
    "\"-262143-01-01T00:00:00.000Z\"",
    "2026-01-02",
    "\"2026-01-02T03:04:05.678+14:00\"",
    "&a [*a]",
    "*a",
    "!!binary aGVsbG8=",
    "!evil {a: b}",
    "|\n  a\n\n   b\n",
    ">-\n  a\n",
    "\n  a: 1\n  a: 2",
    "\n  - a\n  - a",
    "\n\tx",
];

/// Changes that make sense, if it is a task that is changed.
const EDITS: &[(&str, &[&str])] = &[
    ("title", &["a", "b", "c"]),
    ("status", &["pending", "completed", "hooked"]),
    ("priority", &["P0", "P1"]),
    ("labels", &["\n  - a", "\n  - a\n  - b", "\n  - b"]),
    ("questions", &["\n  - a", "\n  - b\n  - a", "\n  - b\n  - b"]),
    ("steps", &["\n  - name: a\n    done: false", "\n  - name: b\n    done: true\n  - name: a\n    done: true"]),
    ("gates", &["\n  a:\n    status: passed", "\n  a:\n    status: failed\n    x: 1\n  b:\n    status: passed"]),
    ("epoch", &["1", "18446744073709551615"]),
    ("attempts", &["1", "2", "18446744073709551615"]),
    ("claim", &["\n  id: c1\n  agent: ada\n  epoch: 1\n  at: \"2026-01-03T09:00:00.000Z\"\n  ttl_minutes: 30"]),
    ("readers", &["\n  - ada", "\n  - ada\n  - bob"]),
    ("later_0", &["a", "[a, {b: c}]", "{a: {b: c}}"]),
    ("updated_at", &["\"2026-01-05T00:00:00.000Z\"", "\"9999-12-31T23:59:59.999Z\""]),
    ("policy", &["\n  gates: [a]", "\n  gates: [a, b]\n  x: 1"]),
];

/// Lines as a body may have them.
const LINES: &[&str] = &["a", "b", "c", "", "---", "...", "\u{202e}x", "a\r", "\0", "<<<<<<< ours", "=======", "\t"];

/// Names of files that nobody of ours makes, and of such as begin like ours.
const ODD_PATHS: &[&str] = &[
    "tasks",
    "inbox/bob",
    "conflicts",
    "artifacts",
    "artifacts/task/T-TASK-01/report",
    "artifacts/task/T-TASK-01/a\nb",
    "artifacts/task/T-TASK-01/report/below",
    "notes/\u{1b}[31m",
    "notes/a\nb",
    "notes/\u{202e}x",
    "Tasks/x.md",
    "tasks/zz/zz/T-TASK-01.md",
    "agents/../x.md",
    "agents/.git/config",
    "agents/con.md",
    "agents/DEV-1.md",
    "memory/x/y.md",
    "schedules/daily.md",
];

/// Returns the path at which a file calls itself at home.
fn home(file: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(file).ok()?;
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    let id = field("id")?.trim_matches('"');
    Some(Kind::find(field("kind")?)?.path(id))
}

/// How many of the models are golden records.
const GOLDEN: usize = 11;

/// The golden records, and what is made of them: by path.
pub(crate) struct Models(Vec<(String, Vec<u8>)>);

impl Models {
    pub(crate) fn new() -> Models {
        let files = golden::names().into_iter().filter(|name| name != "coordination");
        let files = files.map(|name| golden::bytes(&format!("v1/{name}.md")));
        let mut models: Vec<(String, Vec<u8>)> = files.filter_map(|file| Some((home(&file)?, file))).collect();
        assert_eq!(models.len(), GOLDEN, "as many golden records as there are");
        let links: Vec<_> = models
            .iter()
            .filter_map(|(path, file)| {
                let (kind, id) = kind::locate(path)?;
                (kind == &MESSAGE).then(|| (format!("inbox/bob/{id}.md"), file.clone()))
            })
            .collect();
        models.extend(links);
        // Where conflicts about these will want to lie; fewer of them than of the others.
        for (path, _) in models.clone().into_iter().step_by(2) {
            let about = kind::locate(&path).map_or(path.clone(), |(kind, id)| format!("{}/{id}", kind.name));
            for field in ["*", "title"] {
                let id = conflict::id_of(&about, field);
                models.push((conflict::value_path(&id, &id::digest(field)), b"{}".to_vec()));
                let mut about_it = Conflict::new(id.clone(), Timestamp::EPOCH, "eve");
                (about_it.record, about_it.field) = (about.clone(), field.to_owned());
                models.push((CONFLICT.path(&id), codec::encode(&about_it).expect("small")));
            }
        }
        models.push((config::PATH.to_owned(), golden::bytes("v1/coordination.yaml")));
        Models(models)
    }

    /// Returns three states: one, and two that were made of it.
    pub(crate) fn states(&self, dice: &mut Dice) -> [State; 3] {
        let mut base = State::new();
        if dice.roll(8) > 0 {
            base.insert(config::PATH.to_owned(), golden::bytes("v1/coordination.yaml"));
        }
        for _ in 0..1 + dice.roll(4) {
            self.write(&mut base, dice);
        }
        let shared = base.keys().nth(dice.roll(base.len())).cloned();
        let mut sides = [base.clone(), base.clone()];
        for side in &mut sides {
            // Often both change the same file as people do.
            if let Some(file) = shared.as_ref().filter(|_| dice.roll(4) > 0).and_then(|path| side.get_mut(path)) {
                edit(file, dice);
            }
            for _ in 0..1 + dice.roll(4) {
                match dice.roll(4) {
                    0 => self.write(side, dice),
                    _ => self.rewrite(side, dice),
                }
            }
        }
        let [ours, theirs] = sides;
        [base, ours, theirs]
    }

    /// Puts some file somewhere.
    fn write(&self, state: &mut State, dice: &mut Dice) {
        // The golden ones stand first, and are what is wanted most.
        let most = if dice.roll(4) == 0 { self.0.len() } else { GOLDEN };
        let (home, model) = &self.0[dice.roll(most)];
        let path = match dice.roll(8) {
            0 => dice.one_of(ODD_PATHS).to_owned(),
            1 => self.0[dice.roll(self.0.len())].0.clone(),
            _ => home.clone(),
        };
        let mut file = model.clone();
        if dice.roll(4) == 0 {
            self.bend(&mut file, dice);
        }
        put(state, path, file);
    }

    /// Changes, moves or removes a file that is there.
    fn rewrite(&self, state: &mut State, dice: &mut Dice) {
        let Some(path) = state.keys().nth(dice.roll(state.len())).cloned() else { return };
        let mut file = state[&path].clone();
        match dice.roll(10) {
            0 => drop(state.remove(&path)),
            1 => put(state, format!("{path}/below"), file),
            2..7 => {
                for _ in 0..1 + dice.roll(2) {
                    edit(&mut file, dice);
                }
                put(state, path, file);
            }
            _ => {
                for _ in 0..1 + dice.roll(2) {
                    self.bend(&mut file, dice);
                }
                put(state, path, file);
            }
        }
    }

    /// Bends a file in one of the ways in which files get bent.
    fn bend(&self, file: &mut Vec<u8>, dice: &mut Dice) {
        let at = dice.roll(file.len() + 1);
        match dice.roll(20) {
            0 if at < file.len() => file[at] ^= 1 << dice.roll(8),
            1 => file.truncate(at),
            2 => drop(file.splice(at..at, dice.bytes(5))),
            3 => drop(file.splice(at..at, dice.one_of(TRAPS).bytes())),
            4 => drop(file.splice(0..0, *b"\xef\xbb\xbf")),
            5 => *file = lines(file).join(&b"\r\n"[..]),
            6 => *file = dice.bytes(400),
            7 => file.clear(),
            8 => {
                // The front of this and the body of another.
                let other = &self.0[dice.roll(self.0.len())].1;
                let rest = other[dice.roll(other.len() + 1)..].to_vec();
                file.truncate(at);
                file.extend(rest);
            }
            9 | 10 => on_lines(file, dice),
            11 => file.extend(format!("{}\n", dice.one_of(LINES)).bytes()),
            12 => stamp(file, dice),
            13 => field(file, dice.one_of(&["kind", "id", "format", "created_at", "updated_at"]), dice),
            14 => {
                let name = format!("later_{}", dice.roll(3));
                field(file, &name, dice);
            }
            _ => {
                let names: Vec<String> = names(file);
                let name = names.get(dice.roll(names.len())).cloned().unwrap_or_else(|| "title".to_owned());
                field(file, &name, dice);
            }
        }
    }
}

/// Puts a file there where a tree can hold it: not below a file, not where a folder is, and not below the place of a conflict,
/// as no head has it that was looked at.
fn put(state: &mut State, path: String, file: Vec<u8>) {
    let is_below = |one: &str, other: &str| one.strip_prefix(other).is_some_and(|rest| rest.starts_with('/'));
    state.retain(|other, _| !is_below(other, &path) && !is_below(&path, other));
    // What a newer version has written is never merged; there is a test of that.
    let is_newer = || Config::decode(&file).is_err_and(|error| error.code() == "unsupported_format");
    let is_in_the_way = path.starts_with("conflicts/") && path.ends_with("/below");
    if !is_in_the_way && (path != config::PATH || !is_newer()) {
        state.insert(path, file);
    }
}

fn lines(file: &[u8]) -> Vec<Vec<u8>> {
    file.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
}

/// Takes a line out, or puts it there twice, or elsewhere.
fn on_lines(file: &mut Vec<u8>, dice: &mut Dice) {
    let mut all = lines(file);
    let (from, to) = (dice.roll(all.len()), dice.roll(all.len()));
    match dice.roll(3) {
        0 => drop(all.remove(from)),
        1 => all.insert(to, all[from].clone()),
        _ => all.swap(from, to),
    }
    *file = all.join(&b"\n"[..]);
}

/// Returns the names of the fields at the top.
fn names(file: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(file);
    let name = |line: &str| {
        let (name, _) = line.split_once(':')?;
        name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_').then(|| name.to_owned())
    };
    text.lines().filter_map(name).collect()
}

/// Changes a field as somebody would, with or without a stamp; adds a line to the body.
fn edit(file: &mut Vec<u8>, dice: &mut Dice) {
    let (name, values) = EDITS[dice.roll(EDITS.len())];
    match dice.roll(4) {
        0 => file.extend(format!("{}\n", dice.one_of(LINES)).bytes()),
        1 => stamp(file, dice),
        _ => set(file, name, dice.one_of(values)),
    }
}

/// Gives a field another value, whatever it is; adds the field where it is not there.
fn field(file: &mut Vec<u8>, name: &str, dice: &mut Dice) {
    let value = match dice.roll(VALUES.len() + 6) {
        0 => format!("{}x{}", "[".repeat(dice.roll(60)), "]".repeat(dice.roll(60))),
        1 => format!("{}x", "- ".repeat(1 + dice.roll(60))),
        2 => "x".repeat(dice.roll(3) * 33_000),
        3 => format!("n{}", dice.roll(4)),
        4 => dice.roll(4).to_string(),
        5 => format!("[n{}, n{}]", dice.roll(4), dice.roll(4)),
        other => VALUES[other - 6].to_owned(),
    };
    set(file, name, &value);
}

/// Sets a field at the top to a text of YAML, in the place of what it had.
fn set(file: &mut Vec<u8>, name: &str, value: &str) {
    let mut all = lines(file);
    let start = format!("{name}:").into_bytes();
    let line = format!("{name}: {value}").into_bytes();
    match all.iter().position(|line| line.starts_with(&start)) {
        Some(at) => {
            let below = all[at + 1..].iter().take_while(|line| line.starts_with(b"  ")).count();
            all.splice(at..=at + below, [line]);
        }
        None => all.insert(1.min(all.len()), line),
    }
    *file = all.join(&b"\n"[..]);
}

/// Writes stamps as they may be, and now and then as they should not be.
fn stamp(file: &mut Vec<u8>, dice: &mut Dice) {
    const PARTS: &[&str] = &["title", "body", "lifecycle", "labels", "gates/a", "steps/a", "later_0", "later_1/x"];
    const ODD_PARTS: &[&str] = &["\"\"", "/", "a/b/c", "~"];
    const MOMENTS: &[&str] = &["\"2026-01-05T00:00:00.000Z\"", "\"2026-01-05T00:00:00.001Z\""];
    const ODD_MOMENTS: &[&str] = &[
        "\"9999-12-31T23:59:59.999Z\"",
        "\"0000-01-01T00:00:00.000Z\"",
        "\"1970-01-01T00:00:00.000Z\"",
        "\"+262142-12-31T23:59:59.999Z\"",
        "0",
    ];
    const PEOPLE: &[&str] = &["ada", "bob", "eve"];
    const ODD_PEOPLE: &[&str] = &["\"\"", "\"\\0\\u202e\"", "~", "[x]"];
    let mut value = String::new();
    for _ in 0..=dice.roll(2) {
        let mut pick = |plain: &[&'static str], odd: &[&'static str]| {
            let many = if dice.roll(8) == 0 { odd } else { plain };
            dice.one_of(many)
        };
        let (part, at, by) = (pick(PARTS, ODD_PARTS), pick(MOMENTS, ODD_MOMENTS), pick(PEOPLE, ODD_PEOPLE));
        value += &format!("\n  {part}: [{at}, {by}]");
    }
    set(file, "edited", &value);
}
