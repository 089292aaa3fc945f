//! Every field of every kind, as the table of kinds lists them: written at random, and held against what its rule says.
//!
//! The records of a world are of one kind. One was there before the replicas parted; the other each of them has made by
//! itself under one id. The conflict has no row here: `converge` and `claims` are about it.

use std::collections::{BTreeMap, BTreeSet};

use git_coord::base::{Id, Timestamp};
use git_coord::records::conflict::{self, CONFLICT, text_of};
use git_coord::records::field::COMMON;
use git_coord::records::record::AnyRecord;
use git_coord::records::{
    Agent, Conflict, Decision, Field, KINDS, Kind, Message, Reads, Record, Rule, Sprint, Stamp, StatusEntry, Task,
    codec, stamps,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};

use super::converge::{in_a_ring, in_pairs, lockstep, nothing_is_lost};
use super::world::{Name, World};
use super::writes::{Entry, OWN_NAMES, Scalar, Scene, read};

/// Something that happens; a write is to a record, to one of the chosen fields, and with a number that decides the rest.
#[derive(Debug, Clone)]
enum Event {
    Write(usize, bool, usize, u8),
    Pull(usize, usize),
    Lockstep,
}

const REPLICAS: usize = 3;

fn events(fields: usize, most: usize) -> impl Strategy<Value = Vec<Event>> {
    let one = prop_oneof![
        10 => (0..REPLICAS, any::<bool>(), 0..fields, any::<u8>()).prop_map(|(a, b, c, d)| Event::Write(a, b, c, d)),
        4 => (0..REPLICAS, 0..REPLICAS).prop_map(|(who, from)| Event::Pull(who, from)),
        1 => Just(Event::Lockstep),
    ];
    vec(one, 6..most)
}

fn kinds() -> Vec<&'static Kind> {
    KINDS.iter().copied().filter(|kind| *kind != &CONFLICT).collect()
}

/// The fields of a kind that anybody can write again.
fn writable(kind: &'static Kind) -> Vec<&'static Field> {
    let own = kind.fields.iter().map(|field| field.name).chain(["body"]);
    let fields = own.collect::<BTreeSet<_>>().into_iter().filter_map(|name| kind.field(name));
    fields.filter(|field| field.rule != Rule::Immutable).collect()
}

/// The fields that are written once.
fn immutable(kind: &'static Kind) -> impl Iterator<Item = &'static str> {
    kind.fields.iter().filter(|field| field.rule == Rule::Immutable).map(|field| field.name)
}

/// The name under which a field is stamped, where it has one value.
fn single(field: &Field) -> Option<&'static str> {
    match field.rule {
        Rule::Scalar => Some(field.name),
        Rule::Unit(unit) => Some(unit),
        _ => None,
    }
}

/// A scene about one kind.
struct Play {
    scene: Scene,
    kind: &'static Kind,
    fields: Vec<&'static Field>,
    tick: i64,
    /// The greatest value that anybody gave a field of that rule, by path and field.
    greatest: BTreeMap<(String, &'static str), Value>,
    /// How often somebody counted.
    counted: BTreeMap<&'static str, u64>,
    /// Who made the record that all made, and with which mark.
    made: Vec<(Stamp, String)>,
}

impl Play {
    fn new(kind: &'static Kind, fields: Vec<&'static Field>) -> Self {
        let scene = Scene::new(REPLICAS, OWN_NAMES);
        let tick = 0;
        let mut play =
            Play { scene, kind, fields, tick, greatest: BTreeMap::new(), counted: BTreeMap::new(), made: Vec::new() };
        let common = play.make(0, false);
        play.scene.world.heads.fill(common);
        (0..REPLICAS).for_each(|who| {
            play.make(who, true);
        });
        play
    }

    fn path(&self, is_apart: bool) -> String {
        let id = if is_apart { "01KAHD4V2M0000000000000001" } else { "01KAHD4V2M0000000000000000" };
        self.kind.path(id)
    }

    fn next(&mut self, who: usize) -> (Timestamp, String) {
        self.tick += 1;
        let skew = [0, 86_400_000, -86_400_000][who];
        (Timestamp::from_millis(1_700_000_000_000 + self.tick / 2 + skew), format!("<{}>", self.tick))
    }

    /// Makes one of the two records, with a mark in all that is written once.
    fn make(&mut self, who: usize, is_apart: bool) -> Name {
        let (at, mark) = self.next(who);
        let (path, by) = (self.path(is_apart), OWN_NAMES[who]);
        let id = path.rsplit('/').next().and_then(|name| Id::parse(name.trim_end_matches(".md")).ok()).expect("an id");
        let mut map = fresh(self.kind, id, at, by).to_map();
        let mut body = String::from("one\ntwo\nthree\nfour\n");
        for name in immutable(self.kind) {
            match name {
                "body" => body.clone_from(&mark),
                name => drop(map.insert(name.to_owned(), once(name, at, &mark, self.tick))),
            }
        }
        let record = (self.kind.build)(map, &body).expect("a record");
        let commit =
            self.scene.world.write(who, vec![(path.clone(), Some(codec::encode(record.as_ref()).expect("small")))], at);
        if immutable(self.kind).next().is_some() {
            self.tell(commit, &path, "made".to_owned(), Some(mark.clone()));
        }
        let parts: BTreeSet<&'static str> = self.kind.fields.iter().filter_map(single).collect();
        for part in parts {
            let value = value_of(self.kind, record.as_ref(), part);
            if value.is_some() {
                let stamp = Stamp(at, by.to_owned());
                self.scene.scalars.push(Scalar { commit, path: path.clone(), part, value, stamp });
            }
        }
        if is_apart {
            self.made.push((Stamp(at, by.to_owned()), mark));
        }
        commit
    }

    fn tell(&mut self, commit: Name, path: &str, part: String, mark: Option<String>) {
        self.scene.entries.push(Entry { commit, path: path.to_owned(), part, mark });
    }

    fn write(&mut self, who: usize, is_apart: bool, field: usize, roll: u8) {
        if self.fields.is_empty() {
            return;
        }
        let (now, mark) = self.next(who);
        let field = self.fields[field % self.fields.len()];
        let path = self.path(is_apart);
        let bytes = self.scene.world.bytes(self.scene.world.heads[who], &path).expect("nobody removes it");
        let before = (self.kind.decode)(&bytes).expect("a record");
        let mut change = Change { map: before.to_map(), body: before.body().to_owned(), told: Vec::new() };
        change.apply(field, &mark, roll, self.tick);
        let after = (self.kind.build)(change.map, &change.body).expect("a record");
        let Some(after) = (self.kind.mark)(&before, &after, now, OWN_NAMES[who]).expect("of the kind") else { return };
        let file = codec::encode(after.as_ref()).expect("small");
        let commit = self.scene.world.write(who, vec![(path.clone(), Some(file))], now);
        change.told.into_iter().for_each(|(part, mark)| self.tell(commit, &path, part, mark));
        let written = after.to_map().get(field.name).cloned();
        match (field.rule, written) {
            (Rule::Max, Some(value)) => {
                let greatest = self.greatest.entry((path, field.name)).or_insert(value.clone());
                if order(&value) > order(greatest) {
                    *greatest = value;
                }
            }
            (Rule::Counter, _) if !is_apart => *self.counted.entry(field.name).or_default() += 1,
            _ => {
                if let Some(part) = single(field) {
                    let (value, stamp) =
                        (value_of(self.kind, after.as_ref(), part), stamps::of_part(after.as_ref(), part));
                    self.scene.scalars.push(Scalar { commit, path, part, value, stamp });
                }
            }
        }
    }

    fn run(&mut self, events: &[Event]) {
        for event in events {
            match *event {
                Event::Write(who, is_apart, field, roll) => self.write(who, is_apart, field, roll),
                Event::Pull(who, from) => {
                    let theirs = self.scene.world.heads[from];
                    self.scene.world.pull(who, theirs);
                }
                Event::Lockstep => lockstep(&mut self.scene.world),
            }
        }
    }

    /// Lets all exchange in both ways, and holds what they end with against the rules. Returns the worlds.
    fn judge(&self, seed: u64) -> [Scene; 2] {
        let (mut ring, mut pairs) = (self.scene.clone(), self.scene.clone());
        let heads = [in_a_ring(&mut ring.world), in_pairs(&mut pairs.world, seed)];
        for (scene, head) in [(&ring, heads[0]), (&pairs, heads[1])] {
            nothing_is_lost(scene, head);
            for is_apart in [false, true] {
                self.rules_hold(scene, head, is_apart);
            }
        }
        [ring, pairs]
    }

    fn rules_hold(&self, scene: &Scene, head: Name, is_apart: bool) {
        let path = self.path(is_apart);
        let record = (self.kind.decode)(&scene.world.bytes(head, &path).expect("there")).expect("a record");
        let map = record.to_map();
        let parts: BTreeSet<&'static str> = self.kind.fields.iter().filter_map(single).collect();
        for part in parts {
            self.latest_wins(scene, head, &record, part);
        }
        // Two that never change and were made apart are not mixed, so the greatest is that of one of them.
        let is_mixed = !is_apart || !self.kind.is_immutable();
        for ((_, field), value) in self.greatest.iter().filter(|((other, _), _)| is_mixed && *other == path) {
            assert_eq!(map.get(*field), Some(value), "{field} is the greatest");
        }
        self.what_was_taken_out_is_out(scene, &path, &map);
        if !is_apart {
            for (field, count) in &self.counted {
                assert_eq!(map.get(*field), Some(&json!(count)), "{field} was counted by all");
            }
            return;
        }
        let (first, mark) = self.made.iter().min().expect("all made it");
        assert_eq!((record.created_at(), map["created_by"].as_str()), (first.0, Some(first.1.as_str())), "made first");
        for name in immutable(self.kind) {
            let value = if name == "body" { json!(record.body()) } else { map[name].clone() };
            let tick = mark.trim_matches(['<', '>']).parse().expect("a number");
            assert_eq!(value, once(name, first.0, mark, tick), "{name} is of the record that was made first");
        }
    }

    /// An element of a set or a list that somebody took out is in it no more: nobody here puts one in twice.
    fn what_was_taken_out_is_out(&self, scene: &Scene, path: &str, map: &Map<String, Value>) {
        for entry in scene.entries.iter().filter(|entry| entry.path == path && entry.mark.is_none()) {
            let Some((field, element)) = entry.part.split_once('=').filter(|(field, _)| *field != "body") else {
                continue;
            };
            let is_in = map.get(field).and_then(Value::as_array).is_some_and(|found| found.contains(&json!(element)));
            assert!(!is_in, "{element} is in {field} again");
        }
    }

    /// The value of the greatest stamp stands in the record; the others were known to who wrote after them, or are kept.
    fn latest_wins(&self, scene: &Scene, head: Name, record: &AnyRecord, part: &'static str) {
        let path = self.kind.path(record.id());
        let mut written: Vec<&Scalar> = scene.scalars.iter().filter(|it| it.path == path && it.part == part).collect();
        let bytes = |value: &Option<Value>| text_of(value.as_ref().unwrap_or(&Value::Null));
        written.sort_by_key(|it| (it.stamp.clone(), bytes(&it.value)));
        let value = value_of(self.kind, record.as_ref(), part);
        let last = written.last().map(|it| it.value.clone());
        assert_eq!(value, last.flatten(), "{part} of {path}");
        let id = conflict::id_of(&format!("{}/{}", self.kind.name, record.id()), part);
        let kept: Option<Conflict> = read(&scene.world, head, &CONFLICT.path(&id));
        for write in written.iter().filter(|it| it.value != value) {
            let is_later = |one: &Scalar, other: &Scalar| {
                one.commit != other.commit && scene.world.is_behind(one.commit, other.commit)
            };
            let alike = written.iter().filter(|it| it.value == write.value);
            let is_known = alike.into_iter().any(|it| written.iter().any(|other| is_later(it, other)));
            let value = write.value.clone().unwrap_or_default();
            let is_inside = kept.as_ref().is_some_and(|kept| kept.values.values().any(|it| it.value == value));
            let beside = conflict::value_path(&id, &conflict::hash_of(&value));
            let is_kept = is_inside || scene.world.files(head).contains_key(&beside);
            assert!(is_known || is_kept, "{:?} of {part} of {path} is lost", write.value);
        }
    }
}

/// One write of a field, before it is a record.
struct Change {
    map: Map<String, Value>,
    body: String,
    told: Vec<(String, Option<String>)>,
}

impl Change {
    fn apply(&mut self, field: &Field, mark: &str, roll: u8, tick: i64) {
        let name = field.name;
        match field.rule {
            Rule::Scalar | Rule::Unit(_) => self.value(name, mark, roll, tick),
            Rule::Set | Rule::List => self.elements(name, mark, roll, field.rule == Rule::List),
            Rule::Keyed(key) => self.keyed(name, key, mark, roll),
            Rule::Map => self.member(name, mark, roll),
            Rule::Max if name == "heartbeat" => {
                let at = Timestamp::from_millis(1_700_000_000_000 + i64::from(roll) * 1_000);
                let before = self.map.get(name).cloned();
                let value = before.into_iter().chain([json!(at)]).max_by_key(order);
                self.map.extend(value.map(|value| (name.to_owned(), value)));
            }
            Rule::Max | Rule::Counter => {
                let step = if field.rule == Rule::Max { 1 + u64::from(roll % 3) } else { 1 };
                let before = self.map.get(name).and_then(Value::as_u64).unwrap_or_default();
                self.map.insert(name.to_owned(), json!(before + step));
            }
            Rule::Text => self.line(mark, roll),
            Rule::Stamp | Rule::Min | Rule::Immutable => unreachable!("nobody writes it again"),
        }
    }

    fn value(&mut self, name: &str, mark: &str, roll: u8, tick: i64) {
        let is_needed = ["title", "type", "status", "priority"].contains(&name);
        if roll.is_multiple_of(5) && !is_needed {
            self.map.shift_remove(name);
            return;
        }
        let word = if roll.is_multiple_of(3) { ["x", "y"][usize::from(roll % 2)] } else { mark };
        let value = match name {
            "claim" => {
                let at = Timestamp::from_millis(tick);
                json!({"id": mark, "agent": "ada", "epoch": tick, "at": at, "ttl_minutes": 30})
            }
            "estimate_minutes" => json!(tick),
            "estimated_completion" | "defer_until" => json!(Timestamp::from_millis(tick)),
            name if name.ends_with("_at") => json!(Timestamp::from_millis(tick)),
            _ => json!(word),
        };
        self.map.insert(name.to_owned(), value);
    }

    fn elements(&mut self, name: &str, mark: &str, roll: u8, is_list: bool) {
        let mut elements = self.map.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
        match roll % 4 {
            0 if !elements.is_empty() => {
                let gone = elements.remove(usize::from(roll / 4) % elements.len());
                self.told.push((format!("{name}={}", gone.as_str().unwrap_or_default()), None));
            }
            1 if is_list => elements.reverse(),
            _ => {
                elements.insert(usize::from(roll / 4) % (elements.len() + 1), json!(mark));
                self.told.push((format!("{name}={mark}"), Some(mark.to_owned())));
            }
        }
        self.map.insert(name.to_owned(), Value::Array(elements));
    }

    fn keyed(&mut self, name: &str, key: &str, mark: &str, roll: u8) {
        let mut elements = self.map.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
        let own = ["k1", "k2"][usize::from(roll / 8) % 2];
        let part = format!("{name}/{own}");
        match roll % 5 {
            0 => {
                elements.retain(|element| element[key] != own);
                self.told.push((part, None));
            }
            1 => elements.reverse(),
            _ => {
                match elements.iter_mut().find(|element| element[key] == own) {
                    Some(element) => element["note"] = json!(mark),
                    None => elements.push(json!({ key: own, "note": mark })),
                }
                self.told.push((part, Some(mark.to_owned())));
            }
        }
        self.map.insert(name.to_owned(), Value::Array(elements));
    }

    fn member(&mut self, name: &str, mark: &str, roll: u8) {
        let own = ["k1", "k2"][usize::from(roll / 8) % 2];
        let mut members = self.map.get(name).and_then(Value::as_object).cloned().unwrap_or_default();
        let part = format!("{name}/{own}");
        if roll.is_multiple_of(5) {
            members.shift_remove(own);
            self.told.push((part, None));
        } else {
            members.insert(own.to_owned(), json!({ "note": mark }));
            self.told.push((part, Some(mark.to_owned())));
        }
        self.map.insert(name.to_owned(), Value::Object(members));
    }

    fn line(&mut self, mark: &str, roll: u8) {
        let mut lines: Vec<String> = self.body.split_inclusive('\n').map(str::to_owned).collect();
        if roll.is_multiple_of(4) && !lines.is_empty() {
            let gone = lines.remove(usize::from(roll / 4) % lines.len());
            self.told.push((format!("body={}", gone.trim_end()), None));
        } else {
            lines.insert(usize::from(roll / 4) % (lines.len() + 1), format!("{mark}\n"));
            self.told.push((format!("body={mark}"), Some(mark.to_owned())));
        }
        self.body = lines.concat();
    }
}

/// A record of a kind as it is when somebody has made it.
fn fresh(kind: &Kind, id: Id, at: Timestamp, by: &str) -> Box<dyn Record> {
    match kind.name {
        "task" => Box::new(Task { title: "x".into(), ..Task::new(id, at, by) }),
        "sprint" => Box::new(Sprint { title: "x".into(), ..Sprint::new(id, at, by) }),
        "status" => Box::new(StatusEntry::new(id, at, by)),
        "message" => Box::new(Message::new(id, at, by)),
        "agent" => Box::new(Agent::new(id, at, by)),
        "decision" => Box::new(Decision { title: "x".into(), ..Decision::new(id, at, by) }),
        "reads" => Box::new(Reads::new(id, at, by)),
        other => panic!("say here how a {other} is made"),
    }
}

/// What stands in a field that is written once.
fn once(name: &str, at: Timestamp, mark: &str, tick: i64) -> Value {
    match name {
        "timestamp" => json!(at),
        "ttl_minutes" => json!(tick),
        "to" | "references" => json!([mark]),
        "metadata" | "extra" => json!({ "k": mark }),
        _ => json!(mark),
    }
}

/// The value of a field, or the values of a unit that are there.
fn value_of(kind: &Kind, record: &dyn Record, part: &str) -> Option<Value> {
    let map = record.to_map();
    let members = kind.fields.iter().filter(|field| field.rule != Rule::Scalar && single(field) == Some(part));
    let members: Vec<&str> = members.map(|field| field.name).collect();
    if members.is_empty() {
        return map.get(part).cloned();
    }
    let object: Map<String, Value> =
        members.into_iter().filter_map(|name| Some((name.to_owned(), map.get(name)?.clone()))).collect();
    (!object.is_empty()).then_some(Value::Object(object))
}

fn order(value: &Value) -> (u64, String) {
    (value.as_u64().unwrap_or_default(), value.as_str().unwrap_or_default().to_owned())
}

/// The fields that both sides of a merge had changed to something else.
fn contested(world: &World, kind: &'static Kind) -> BTreeSet<&'static str> {
    let names: BTreeSet<&'static str> = kind.fields.iter().chain(COMMON).map(|field| field.name).collect();
    let mut found = BTreeSet::new();
    for (base, ours, theirs) in world.merged() {
        for path in world.files(ours).keys().filter(|path| path.starts_with(kind.folder())) {
            let of = |commit: Name| {
                let record = (kind.decode)(&world.bytes(commit, path)?).ok()?;
                let mut map = record.to_map();
                map.insert("body".into(), record.body().into());
                Some(map)
            };
            let (Some(ours), Some(theirs)) = (of(ours), of(theirs)) else { continue };
            let base = base.and_then(of).unwrap_or_default();
            let is_contested = |name: &&&str| {
                let [base, ours, theirs] = [&base, &ours, &theirs].map(|map| map.get(**name));
                ours != theirs && ours != base && theirs != base
            };
            found.extend(names.iter().filter(is_contested));
        }
    }
    found
}

/// Every field is written at once on several replicas, in histories that are the same on every run.
#[test]
fn every_field_of_every_kind_is_fought_over_and_its_rule_holds() {
    let mut runner = TestRunner::deterministic();
    let mut most_bases = 0;
    for kind in kinds() {
        let mut found = BTreeSet::new();
        let mut choices: Vec<Vec<&'static Field>> = writable(kind).into_iter().map(|field| vec![field]).collect();
        if choices.is_empty() {
            // What never changes is fought over when it is made.
            choices.push(Vec::new());
        }
        for fields in choices {
            for case in 0..8 {
                let events = events(1, 20).new_tree(&mut runner).expect("a history").current();
                let mut play = Play::new(kind, fields.clone());
                play.run(&events);
                let ended = play.judge(case);
                found.extend(ended.iter().flat_map(|scene| contested(&scene.world, kind)));
                most_bases = ended.iter().map(|scene| scene.world.most_bases).fold(most_bases, usize::max);
                if fields.iter().all(|field| found.contains(field.name)) {
                    break;
                }
            }
        }
        let own = kind.fields.iter().map(|field| field.name);
        let wanted: BTreeSet<&str> = own.chain(["body", "created_at", "created_by"]).collect();
        let missing: Vec<_> = wanted.difference(&found).collect();
        assert!(missing.is_empty(), "{}: nobody fought over {missing:?}", kind.name);
    }
    assert!(most_bases > 1, "no lines met twice");
}

/// A kind, some of its fields, what happens to them, and a seed.
fn any_play() -> impl Strategy<Value = (usize, Vec<usize>, Vec<Event>, u64)> {
    (0..kinds().len(), vec(any::<usize>(), 1..5), events(4, 40), any::<u64>())
}

proptest! {
    #![proptest_config(super::tried(24))]

    #[test]
    fn fields_of_one_record_do_not_disturb_each_other((kind, fields, events, seed) in any_play()) {
        let kind = kinds()[kind];
        let writable = writable(kind);
        let chosen = fields.iter().filter_map(|field| writable.get(field % writable.len().max(1)).copied());
        let mut play = Play::new(kind, chosen.collect());
        play.run(&events);
        play.judge(seed);
    }
}
