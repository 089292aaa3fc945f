//! What the people and agents of a world write, and the list of all of it.
//!
//! Most values hold a mark that nobody else writes, so that it can be looked for in the end; others come from a small
//! pool, so that values meet, leave and come back.

use git_coord::base::{Id, Timestamp, id};
use git_coord::merge::MERGER;
use git_coord::records::conflict::{self, CONFLICT};
use git_coord::records::message::MESSAGE;
use git_coord::records::reads::READS;
use git_coord::records::task::{Status, Step, TASK};
use git_coord::records::{Config, Conflict, Message, Reads, Record, Stamp, Task, Typed, codec, stamps};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::world::{Name, World};

/// One thing that somebody does.
#[derive(Debug, Clone)]
pub(crate) enum Write {
    Create,
    /// The same import on whatever machine.
    Import,
    Title(&'static str),
    MarkedTitle,
    Sprint(Option<&'static str>),
    Lifecycle(&'static str),
    Begin,
    Label(&'static str),
    MarkedLabel,
    Question,
    DropQuestion,
    TurnQuestions,
    Step(&'static str),
    DropStep(&'static str),
    TurnSteps,
    Gate(&'static str, &'static str),
    DropGate(&'static str),
    Extra(&'static str),
    Unknown,
    Line(usize),
    DropLine(usize),
    Remove,
    Send,
    Read,
    ReadTogether,
    Policy(&'static str),
    Plain(&'static str),
    DropPlain(&'static str),
    Garble,
    Resolve,
}

/// Something that was written: a mark in a part, or, without one, that what was there is no longer meant to be.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) commit: Name,
    pub(crate) path: String,
    /// The part; what adds to a part has a name of its own behind `=`. `*` is all there is at the path.
    pub(crate) part: String,
    pub(crate) mark: Option<String>,
}

/// The value that somebody gave a single-valued part, and its stamp.
#[derive(Debug, Clone)]
pub(crate) struct Scalar {
    pub(crate) commit: Name,
    pub(crate) path: String,
    pub(crate) part: &'static str,
    pub(crate) value: Option<Value>,
    pub(crate) stamp: Stamp,
}

/// A world with those who write in it.
#[derive(Clone)]
pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) entries: Vec<Entry>,
    pub(crate) scalars: Vec<Scalar>,
    /// How often somebody began a task, by its path.
    pub(crate) begun: Vec<(String, Name)>,
    /// Who writes at each replica.
    names: [&'static str; 5],
    skews: Vec<i64>,
    tick: i64,
}

/// Two replicas whose people go by one name, so that two of their writes may have one stamp.
pub(crate) const SHARED_NAMES: [&str; 5] = ["ada", "bob", "ada", "bob", "ada"];

/// A name for each.
pub(crate) const OWN_NAMES: [&str; 5] = ["ada", "bob", "cyd", "dan", "eve"];

/// The two tasks of every scene.
pub(crate) const TASKS: [&str; 2] = ["a", "b"];

/// All writes, the odd ones rarely.
pub(crate) fn any_write() -> impl Strategy<Value = Write> {
    prop_oneof![
        8 => edit(),
        2 => odd(),
    ]
}

/// Writes after which every record is still there and can be read.
pub(crate) fn edit() -> impl Strategy<Value = Write> {
    let name = || select(&["s1", "s2"][..]);
    prop_oneof![
        2 => select(&["x", "y", "z"][..]).prop_map(Write::Title),
        1 => Just(Write::MarkedTitle),
        1 => select(&[None, Some("one"), Some("two")][..]).prop_map(Write::Sprint),
        2 => select(&["pending", "in_progress", "blocked", "completed", "hooked"][..]).prop_map(Write::Lifecycle),
        1 => Just(Write::Begin),
        2 => select(&["p", "q", "r"][..]).prop_map(Write::Label),
        1 => Just(Write::MarkedLabel),
        1 => Just(Write::Question),
        1 => Just(Write::DropQuestion),
        1 => Just(Write::TurnQuestions),
        2 => name().prop_map(Write::Step),
        1 => name().prop_map(Write::DropStep),
        1 => Just(Write::TurnSteps),
        2 => (name(), name()).prop_map(|(gate, figure)| Write::Gate(gate, figure)),
        1 => name().prop_map(Write::DropGate),
        1 => name().prop_map(Write::Extra),
        1 => Just(Write::Unknown),
        2 => (0usize..8).prop_map(Write::Line),
        1 => (0usize..8).prop_map(Write::DropLine),
        1 => name().prop_map(Write::Policy),
        1 => Just(Write::Send),
        1 => Just(Write::Read),
        1 => Just(Write::ReadTogether),
    ]
}

fn odd() -> impl Strategy<Value = Write> {
    let path = || select(&["notes/x", "notes", "artifacts/task/a/log.txt", "memory/ada/k.md", "conflicts"][..]);
    prop_oneof![
        2 => Just(Write::Create),
        2 => Just(Write::Import),
        2 => Just(Write::Remove),
        1 => path().prop_map(Write::Plain),
        1 => path().prop_map(Write::DropPlain),
        1 => Just(Write::Garble),
        2 => Just(Write::Resolve),
    ]
}

impl Scene {
    /// Makes a scene in which each replica has both tasks.
    pub(crate) fn new(replicas: usize, names: [&'static str; 5]) -> Self {
        let mut world = World::new(replicas);
        let at = Timestamp::from_millis(1_000);
        let task = |id: &str| {
            let mut task = Task::new(Id::parse(id).expect("an id"), at, "ada");
            task.title = "x".into();
            task.labels = ["p", "q"].map(str::to_owned).into();
            task.questions = ["one?", "two?", "three?"].map(str::to_owned).into();
            task.steps = ["s1", "s2", "s3"].map(|name| Step { name: name.into(), ..Step::default() }).into();
            task.body = "line 1\nline 2\nline 3\nline 4\n".into();
            (TASK.path(id), Some(codec::encode(&task).expect("small")))
        };
        let first = world.write(0, TASKS.map(task).into(), at);
        world.heads.fill(first);
        let skews = [0, 86_400_000, -86_400_000, 0, 1].into_iter().cycle().take(replicas).collect();
        Scene { world, entries: Vec::new(), scalars: Vec::new(), begun: Vec::new(), names, skews, tick: 0 }
    }

    /// Lets somebody at a replica do something with one of the tasks; what cannot be done there is not done.
    pub(crate) fn act(&mut self, replica: usize, task: usize, write: &Write) {
        self.tick += 1;
        // Clocks that differ by days, and are slow enough for two writes at one moment.
        let now = Timestamp::from_millis(200_000_000_000 + self.tick / 3 + self.skews[replica]);
        let by = self.names[replica];
        let (path, mark) = (TASK.path(TASKS[task]), format!("<{}>", self.tick));
        let head = self.world.heads[replica];
        let known = self.world.bytes(head, &path);
        let before = known.as_ref().and_then(|bytes| codec::decode::<Task>(bytes).ok());
        let mut act = Act { mark: mark.clone(), told: Vec::new(), now, by, has_begun: false };
        let edits = match write {
            Write::Create | Write::Import if known.is_none() => vec![act.create(&path, TASKS[task], write)],
            Write::Remove if known.is_some() => {
                act.told.push((path.clone(), "*".into(), None));
                vec![(path.clone(), None)]
            }
            Write::Garble if known.is_some() => {
                act.told.push((path.clone(), "*".into(), Some(mark.clone())));
                vec![(path.clone(), Some(format!("---\nkind: task\ntitle: {mark}\n").into_bytes()))]
            }
            Write::Send | Write::Read | Write::ReadTogether => act.messages(&self.world, head, write),
            Write::Policy(name) => act.policy(&self.world, head, name),
            Write::Plain(path) | Write::DropPlain(path) => act.plain(&self.world, head, path, write),
            Write::Resolve => act.resolve(&self.world, head),
            write => match &before {
                Some(before) => act.edit(&path, before, write),
                None => Vec::new(),
            },
        };
        if edits.is_empty() {
            return;
        }
        let after = edits.iter().find(|(other, _)| *other == path).and_then(|(_, bytes)| bytes.clone());
        let commit = self.world.write(replica, edits, now);
        let told = act.told.into_iter();
        self.entries.extend(told.map(|(path, part, mark)| Entry { commit, path, part, mark }));
        if act.has_begun {
            self.begun.push((path.clone(), commit));
        }
        let after = after.and_then(|bytes| codec::decode::<Task>(&bytes).ok());
        if let (Some(before), Some(after)) = (before, after) {
            self.note_scalars(commit, &path, &before, &after);
        }
    }

    fn note_scalars(&mut self, commit: Name, path: &str, before: &Task, after: &Task) {
        for part in ["title", "sprint", "lifecycle", "later"] {
            let stamp = stamps::of_part(after, part);
            if stamp != stamps::of_part(before, part) {
                let value = scalar(after, part);
                self.scalars.push(Scalar { commit, path: path.to_owned(), part, value, stamp });
            }
        }
    }
}

/// Returns the value of a single-valued part.
pub(crate) fn scalar(task: &Task, part: &str) -> Option<Value> {
    let map = task.to_map();
    match part {
        "lifecycle" => Some(json!([map.get("status"), map.get("summary")])),
        part => map.get(part).cloned(),
    }
}

/// One act, before it is a commit.
struct Act {
    mark: String,
    /// Paths, parts and marks for the list.
    told: Vec<(String, String, Option<String>)>,
    now: Timestamp,
    by: &'static str,
    has_begun: bool,
}

type Edits = Vec<(String, Option<Vec<u8>>)>;

impl Act {
    fn create(&mut self, path: &str, id: &str, write: &Write) -> (String, Option<Vec<u8>>) {
        let id = Id::parse(id).expect("an id");
        let task = match write {
            Write::Import => Task { title: "imported".into(), ..Task::new(id, Timestamp::from_millis(500), "import") },
            _ => {
                self.told.push((path.to_owned(), "title".into(), Some(self.mark.clone())));
                Task { title: self.mark.clone(), ..Task::new(id, self.now, self.by) }
            }
        };
        (path.to_owned(), Some(codec::encode(&task).expect("small")))
    }

    /// Notes that a part now holds the mark of this act.
    fn mark(&mut self, path: &str, part: impl Into<String>) -> String {
        self.told.push((path.to_owned(), part.into(), Some(self.mark.clone())));
        self.mark.clone()
    }

    /// Notes that what was in a part is not there any more.
    fn drop(&mut self, path: &str, part: impl Into<String>) {
        self.told.push((path.to_owned(), part.into(), None));
    }

    fn edit(&mut self, path: &str, before: &Task, write: &Write) -> Edits {
        let mut task = before.clone();
        match write {
            Write::Title(title) => {
                (*title).clone_into(&mut task.title);
                self.drop(path, "title");
            }
            Write::MarkedTitle => task.title = self.mark(path, "title"),
            Write::Sprint(sprint) => task.sprint = sprint.map(str::to_owned),
            Write::Lifecycle(status) => {
                task.status = Status::from(*status);
                task.summary = Some(self.mark(path, "lifecycle"));
            }
            Write::Begin => {
                task.epoch += 1;
                task.attempts += 1;
                self.has_begun = true;
            }
            Write::Label(label) => {
                if !task.labels.remove(*label) {
                    task.labels.insert((*label).to_owned());
                }
            }
            Write::MarkedLabel => {
                let mark = format!("labels={}", self.mark);
                task.labels.insert(self.mark(path, mark));
            }
            Write::Question => {
                let mark = format!("questions={}", self.mark);
                task.questions.insert(task.questions.len() / 2, self.mark(path, mark));
            }
            Write::DropQuestion if !task.questions.is_empty() => {
                let dropped = task.questions.remove(task.questions.len() / 2);
                self.drop(path, format!("questions={dropped}"));
            }
            Write::TurnQuestions => task.questions.reverse(),
            _ => self.edit_parts(path, &mut task, write),
        }
        if !stamps::mark(before, &mut task, self.now, self.by) {
            self.told.clear();
            return Vec::new();
        }
        vec![(path.to_owned(), Some(codec::encode(&task).expect("small")))]
    }

    fn edit_parts(&mut self, path: &str, task: &mut Task, write: &Write) {
        match write {
            Write::Step(name) => {
                let mark = self.mark(path, format!("steps/{name}"));
                let known = task.steps.iter_mut().find(|step| step.name == *name);
                let rest = [("note".to_owned(), json!(mark))].into();
                match known {
                    Some(step) => step.rest = rest,
                    None => task.steps.push(Step { name: (*name).into(), rest, ..Step::default() }),
                }
            }
            Write::DropStep(name) => {
                task.steps.retain(|step| step.name != *name);
                self.drop(path, format!("steps/{name}"));
            }
            Write::TurnSteps => task.steps.reverse(),
            Write::Gate(name, figure) => {
                // Whoever sets one figure sets none of the others.
                let mark = self.mark(path, format!("gates/{name}/{figure}"));
                let gate = task.gates.entry((*name).to_owned()).or_default();
                gate.figures.insert((*figure).to_owned(), json!(mark));
            }
            Write::DropGate(name) => {
                task.gates.remove(*name);
                for figure in ["s1", "s2"] {
                    self.drop(path, format!("gates/{name}/{figure}"));
                }
            }
            Write::Extra(name) => {
                let mark = self.mark(path, format!("extra/k/{name}"));
                let inner = task.extra.entry("k".to_owned()).or_insert_with(|| json!({}));
                inner[*name] = json!(mark);
            }
            Write::Unknown => {
                let mark = self.mark(path, "later");
                task.rest.insert("later".into(), json!({ "x": mark }));
            }
            Write::Line(at) => {
                let mark = format!("body={}", self.mark);
                let mark = self.mark(path, mark);
                let mut lines: Vec<String> = task.body.split_inclusive('\n').map(str::to_owned).collect();
                lines.insert((*at).min(lines.len()), format!("{mark}\n"));
                task.body = lines.concat();
            }
            Write::DropLine(at) => {
                let mut lines: Vec<String> = task.body.split_inclusive('\n').map(str::to_owned).collect();
                if *at < lines.len() {
                    let line = lines.remove(*at);
                    self.drop(path, format!("body={}", line.trim_end()));
                }
                task.body = lines.concat();
            }
            _ => {}
        }
    }

    fn messages(&mut self, world: &World, head: Name, write: &Write) -> Edits {
        let linked = |path: &&String| path.starts_with("inbox/bob/");
        match write {
            Write::Send => {
                let id = id::ulid_of(self.now, &self.mark);
                let mut message = Message::new(id.clone(), self.now, self.by);
                message.from = self.by.into();
                message.to = ["bob".to_owned()].into();
                message.timestamp = self.now;
                message.body = self.mark(&MESSAGE.path(&id), "*");
                let bytes = codec::encode(&message).expect("small");
                let link = format!("inbox/bob/{id}.md");
                self.told.push((link.clone(), "*".into(), Some(self.mark.clone())));
                vec![(MESSAGE.path(&id), Some(bytes.clone())), (link, Some(bytes))]
            }
            Write::Read => match world.files(head).keys().find(linked) {
                Some(link) => {
                    self.drop(link, "*");
                    vec![(link.clone(), None)]
                }
                None => Vec::new(),
            },
            _ => {
                let Some(path) = world.files(head).keys().find(|path| path.starts_with("messages/")) else {
                    return Vec::new();
                };
                let message: Message = codec::decode(&world.bytes(head, path).expect("there")).expect("a message");
                let path = READS.path(&message.id);
                let known = world.bytes(head, &path).and_then(|bytes| codec::decode(&bytes).ok());
                let before = known.unwrap_or_else(|| Reads::of(&message));
                let mut after = before.clone();
                let mark = format!("readers={}", self.mark);
                after.readers.insert(self.mark(&path, mark));
                stamps::mark(&before, &mut after, self.now, self.by);
                vec![(path, Some(codec::encode(&after).expect("small")))]
            }
        }
    }

    fn policy(&mut self, world: &World, head: Name, name: &str) -> Edits {
        let path = "coordination.yaml";
        let bytes = world.bytes(head, path).expect("settings are never removed");
        let mut settings = Config::decode(&bytes).expect("settings that can be read");
        let mark = self.mark(path, format!("policy/{name}"));
        settings.policy.insert(name.to_owned(), json!(mark));
        vec![(path.to_owned(), Some(settings.encode().expect("small")))]
    }

    fn plain(&mut self, world: &World, head: Name, path: &str, write: &Write) -> Edits {
        let is_there = world.files(head).contains_key(path);
        match write {
            // Whoever removes a conflict knows what is in it.
            Write::Plain("conflicts") if world.files(head).keys().any(|path| path.starts_with("conflicts/")) => {
                Vec::new()
            }
            Write::Plain(path) => {
                let mut edits = vec![((*path).to_owned(), Some(format!("{}\u{0}", self.mark).into_bytes()))];
                self.mark(path, "*");
                // A file where a folder was, and a folder where a file was.
                let in_the_way =
                    |other: &&String| other.starts_with(&format!("{path}/")) || path.starts_with(&format!("{other}/"));
                for other in world.files(head).keys().filter(in_the_way) {
                    self.drop(other, "*");
                    edits.push((other.clone(), None));
                }
                edits
            }
            _ if is_there => {
                self.drop(path, "*");
                vec![(path.to_owned(), None)]
            }
            _ => Vec::new(),
        }
    }

    fn resolve(&mut self, world: &World, head: Name) -> Edits {
        let conflicts = world.files(head).keys().filter(|path| path.starts_with("conflicts/"));
        let mut open = conflicts.filter_map(|path| {
            let conflict: Conflict = codec::decode(&world.bytes(head, path)?).ok()?;
            (conflict.status == conflict::Status::Open && conflict.created_by == MERGER).then_some(conflict)
        });
        let Some(before) = open.next() else { return Vec::new() };
        let mut after = before.clone();
        after.status = conflict::Status::Resolved;
        after.chosen = before.values.keys().next().cloned();
        after.resolved_at = Some(self.now.max(before.updated_at));
        after.resolved_by = Some(self.by.to_owned());
        stamps::mark(&before, &mut after, self.now, self.by);
        vec![(CONFLICT.path(&before.id), Some(codec::encode(&after).expect("small")))]
    }
}

/// Reads a record of a kind from a commit.
pub(crate) fn read<T: Typed>(world: &World, commit: Name, path: &str) -> Option<T> {
    codec::decode(&world.bytes(commit, path)?).ok()
}
