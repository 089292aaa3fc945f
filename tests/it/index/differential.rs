//! Every question, asked of the index and of the records themselves, on random states and after random changes.

use std::collections::{BTreeMap, BTreeSet};

use git_coord::base::{Id, Timestamp, id};
use git_coord::query::derive::{self, DERIVING};
use git_coord::query::lists::Lists;
use git_coord::records::message::{MESSAGE, Type, Urgency};
use git_coord::records::reads::READS;
use git_coord::records::recipient::Recipient;
use git_coord::records::status::{STATUS, Severity, Word};
use git_coord::records::task::{Claim, Priority, Status, TASK};
use git_coord::records::{Config, KINDS, Kind, Message, Position, Reads, Record, StatusEntry, Task, Term, codec};
use git_coord::session::{Options, Session, TreeSnapshot};
use git_coord::state::search::{Document, Query};
use git_coord::state::{End, Page, Paging, Select, Snapshot};
use git_coord::store::Edit;
use proptest::prelude::*;

use crate::store::fixture::{Repo, publish, remove, set};

/// What becomes of one file; nothing removes it, and `None` inside makes it unreadable.
#[derive(Debug, Clone)]
enum Row {
    Task(usize, Option<Option<Parts>>),
    Message(usize, Option<Option<Said>>),
    Status(usize, Option<(usize, usize, Option<usize>, i64)>),
    Link(usize, usize, bool),
    Read(usize, bool),
    Stranger(bool),
}

#[derive(Debug, Clone)]
struct Parts {
    parent: Option<usize>,
    on: BTreeSet<usize>,
    status: usize,
    until: Option<i64>,
    priority: usize,
    label: usize,
    is_claimed: bool,
}

#[derive(Debug, Clone)]
struct Said {
    kind: usize,
    thread: Option<usize>,
    asked: Option<usize>,
    from: usize,
    is_urgent: bool,
}

/// What happens between two looks at the records.
#[derive(Debug, Clone)]
struct Step {
    rows: Vec<Vec<Row>>,
    /// What becomes of the file of the index: nothing, or it is gone.
    is_lost: bool,
}

const TO: [&str; 3] = ["Bob", "all", "role:reviewer"];
const NAMES: [&str; 2] = ["ada", "Bob"];

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

fn ulid(n: usize) -> Id {
    id::ulid_of(at(1_000 + n as i64), &format!("m{n}"))
}

fn parts() -> impl Strategy<Value = Parts> {
    let links = (prop::option::of(0..9usize), prop::collection::btree_set(0..9usize, 0..3));
    let state = (0..6usize, prop::option::weighted(0.3, 0..9i64), 0..6usize, 0..3usize, any::<bool>());
    (links, state).prop_map(|((parent, on), (status, until, priority, label, is_claimed))| Parts {
        parent,
        on,
        status,
        until,
        priority,
        label,
        is_claimed,
    })
}

fn said() -> impl Strategy<Value = Said> {
    let links = (0..6usize, prop::option::of(0..9usize), prop::option::of(0..6usize));
    (links, 0..2usize, any::<bool>()).prop_map(|((kind, thread, asked), from, is_urgent)| Said {
        kind,
        thread,
        asked,
        from,
        is_urgent,
    })
}

fn row() -> impl Strategy<Value = Row> {
    let readable = |strategy| prop::option::weighted(0.85, prop::option::weighted(0.9, strategy));
    let reported = (0..6usize, 0..3usize, prop::option::of(0..9usize), 0..4i64);
    prop_oneof![
        6 => (0..9usize, readable(parts().boxed())).prop_map(|(n, task)| Row::Task(n, task)),
        3 => (0..6usize, prop::option::weighted(0.85, prop::option::weighted(0.9, said())))
            .prop_map(|(n, said)| Row::Message(n, said)),
        2 => (6..10usize, prop::option::weighted(0.85, reported)).prop_map(|(n, entry)| Row::Status(n, entry)),
        1 => (0..6usize, 0..3usize, any::<bool>()).prop_map(|(n, to, there)| Row::Link(n, to, there)),
        1 => (0..6usize, any::<bool>()).prop_map(|(n, there)| Row::Read(n, there)),
        1 => any::<bool>().prop_map(Row::Stranger),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let commits = prop::collection::vec(prop::collection::vec(row(), 1..12), 1..4);
    (commits, prop::bool::weighted(0.1)).prop_map(|(rows, is_lost)| Step { rows, is_lost })
}

fn task(n: usize, parts: &Parts) -> Task {
    let name = |n: usize| format!("t{n}");
    let mut task = Task::new(Id::parse(&name(n)).expect("an id"), at(n as i64 % 3), "ada");
    let statuses = [
        Status::Pending,
        Status::Deferred,
        Status::Blocked,
        Status::Completed,
        Status::InProgress,
        Status::Other("pinned".into()),
    ];
    let priorities =
        [Priority::P0, Priority::P1, Priority::P2, Priority::P3, Priority::P4, Priority::Other("soon".into())];
    task.title = name(n);
    task.parent = parts.parent.map(name);
    task.depends_on = parts.on.iter().copied().map(name).collect();
    task.status = statuses[parts.status].clone();
    task.priority = priorities[parts.priority].clone();
    task.defer_until = parts.until.map(at);
    task.labels = [["red", "green", "blue"][parts.label].to_owned()].into();
    task.sprint = parts.parent.map(|n| format!("s{}", n % 2));
    task.assignee = Some(NAMES[n % 2].to_owned());
    task.claim = parts.is_claimed.then(|| Claim {
        id: format!("c{n}"),
        agent: NAMES[n % 2].to_owned(),
        session: None,
        epoch: 1,
        at: at(1),
        ttl_minutes: 30,
        paths: Vec::new(),
        over: None,
        rest: BTreeMap::new(),
    });
    task
}

fn message(n: usize, said: &Said) -> Message {
    let mut message = Message::new(ulid(n), at(0), "ada");
    let types = [Type::Question, Type::Blocker, Type::Completion, Type::Response, Type::Approval, Type::Chat];
    message.from = NAMES[said.from].to_owned();
    message.r#type = types[said.kind].clone();
    message.body = format!("about t{}", said.thread.unwrap_or(0));
    message.thread = said.thread.map(|n| format!("t{n}"));
    message.references = said.asked.map(|n| ulid(n).to_string()).into_iter().collect();
    message.to = [TO[n % 3].to_owned()].into();
    message.priority = if said.is_urgent { Urgency::Urgent } else { Urgency::Normal };
    message
}

fn entry(n: usize, (word, severity, task, moment): (usize, usize, Option<usize>, i64)) -> StatusEntry {
    let words = [Word::Started, Word::InProgress, Word::Blocked, Word::Complete, Word::Handoff, Word::Failed];
    let mut entry = StatusEntry::new(ulid(n), at(0), "ada");
    entry.agent = NAMES[n % 2].to_owned();
    entry.timestamp = at(moment);
    entry.status = words[word].clone();
    entry.severity = [Severity::Info, Severity::Warn, Severity::Blocker][severity].clone();
    entry.task = task.map(|n| format!("t{}", n % 4));
    entry.sprint = task.is_none().then(|| "s1".to_owned());
    entry
}

fn file(path: String, record: &dyn Record) -> Edit {
    set(&path, codec::encode(record).expect("a record"))
}

fn edit(row: &Row) -> Edit {
    let broken = |path: String, id: &str| set(&path, format!("---\nkind: task\nid: {id}\ntitle: [t1\n---\n"));
    match row {
        Row::Task(n, None) => remove(&TASK.path(&format!("t{n}"))),
        Row::Task(n, Some(None)) => broken(TASK.path(&format!("t{n}")), "t1"),
        Row::Task(n, Some(Some(parts))) => {
            let task = task(*n, parts);
            file(TASK.path(&task.id), &task)
        }
        Row::Message(n, None) => remove(&MESSAGE.path(&ulid(*n))),
        Row::Message(n, Some(None)) => broken(MESSAGE.path(&ulid(*n)), "t1"),
        Row::Message(n, Some(Some(said))) => {
            let message = message(*n, said);
            file(MESSAGE.path(&message.id), &message)
        }
        Row::Status(n, None) => remove(&STATUS.path(&ulid(*n))),
        Row::Status(n, Some(reported)) => {
            let entry = entry(*n, *reported);
            file(STATUS.path(&entry.id), &entry)
        }
        Row::Link(n, to, is_there) => {
            let path = Recipient::parse(TO[*to]).expect("a recipient").path(&ulid(*n));
            if *is_there { set(&path, "a link") } else { remove(&path) }
        }
        Row::Read(n, is_there) => {
            let reads = Reads::of(&Message::new(ulid(*n), at(0), "ada"));
            let path = READS.path(&reads.id);
            if *is_there { file(path, &reads) } else { remove(&path) }
        }
        Row::Stranger(is_there) => {
            if *is_there {
                set("strange/file.txt", "who knows")
            } else {
                remove("strange/file.txt")
            }
        }
    }
}

/// Returns a list page by page, as a reader would go through it.
fn pages<T: Clone>(ask: impl Fn(&Paging) -> Page<T>) -> Vec<(Vec<T>, usize, Option<String>)> {
    let mut paging = Paging { limit: 3, cursor: None };
    let mut pages = Vec::new();
    loop {
        let page = ask(&paging);
        pages.push((page.items, page.total, page.next_cursor.clone()));
        match page.next_cursor {
            Some(cursor) if pages.len() < 20 => paging.cursor = Some(cursor),
            _ => return pages,
        }
    }
}

/// Returns questions that some records answer: each of their terms alone, and some together.
fn questions(snapshot: &dyn Snapshot, kind: &'static Kind) -> Vec<Select> {
    let records = snapshot.scan(kind).expect("records");
    let terms: BTreeSet<Term> = records.iter().flat_map(kind.terms).collect();
    let alone: Vec<Term> = terms.into_iter().collect();
    let mut questions = vec![Select::all(), Select::with(Term::new("sprint", "nowhere"))];
    questions.extend(alone.iter().map(|term| Select::with(term.clone())));
    questions.extend(alone.windows(2).map(|two| Select::all().and_any(two.iter().cloned())));
    questions.extend(alone.windows(3).map(|three| Select::with(three[0].clone()).and(three[2].clone())));
    let some = alone.iter().step_by(3).cloned();
    questions.extend(alone.first().map(|first| Select::all().and_any(some).and(first.clone())));
    questions
}

fn compare(fast: &TreeSnapshot<'_>, slow: &TreeSnapshot<'_>) {
    for kind in KINDS.iter().copied() {
        for wanted in questions(slow, kind) {
            for end in [End::First, End::Last] {
                let ask = |snapshot: &TreeSnapshot<'_>| {
                    pages(|paging| snapshot.select(kind, &wanted, paging, end).expect("a page"))
                };
                assert_eq!(ask(fast), ask(slow), "{kind:?} {wanted:?} {end:?}");
            }
            let under = |snapshot: &TreeSnapshot<'_>| snapshot.under(kind, &wanted).expect("ids");
            assert_eq!(under(fast), under(slow), "{kind:?} {wanted:?}");
            let count = |snapshot: &TreeSnapshot<'_>| snapshot.count(kind, &wanted).expect("a count");
            assert_eq!(count(fast), count(slow), "{kind:?} {wanted:?}");
        }
        for start in ["", "t", "t1", "0", "zzz"] {
            let starting = |snapshot: &TreeSnapshot<'_>| snapshot.starting(kind, start).expect("ids");
            assert_eq!(starting(fast), starting(slow), "{kind:?} {start}");
        }
        let broken = |snapshot: &TreeSnapshot<'_>| {
            let mut broken = snapshot.broken(kind).expect("ids");
            broken.sort();
            (broken, snapshot.broken_naming(kind, "t1").expect("ids"))
        };
        assert_eq!(broken(fast), broken(slow), "{kind:?}");
    }
    assert_eq!(fast.count_unreadable().expect("a count"), slow.unreadable().expect("a list").len());
    compare_lists(fast, slow);
}

fn compare_lists(fast: &TreeSnapshot<'_>, slow: &TreeSnapshot<'_>) {
    let sprints = ["s0", "s1", "s2"].map(|sprint| Term::new(derive::SPRINT_BLOCKED, sprint));
    let flags = derive::NAMES.iter().filter(|name| **name != derive::SPRINT_BLOCKED).map(|name| Term::flag(name));
    let terms: Vec<Term> = flags.chain(sprints).collect();
    for kind in DERIVING {
        for term in &terms {
            let ask = |snapshot: &TreeSnapshot<'_>| -> Vec<(Vec<Position>, usize, Option<String>)> {
                let lists = Lists::of(snapshot);
                pages(|paging| lists.page(kind, term, paging).expect("a page"))
            };
            assert_eq!(ask(fast), ask(slow), "{kind:?} {term:?}");
            let count = |snapshot: &TreeSnapshot<'_>| Lists::of(snapshot).count(kind, term).expect("a count");
            assert_eq!(count(fast), count(slow), "{kind:?} {term:?}");
        }
    }
    for now in [0, 4, 99] {
        let ready = |snapshot: &TreeSnapshot<'_>| {
            let lists = Lists::of(snapshot);
            pages(|paging| lists.ready(at(now), paging).expect("a page"))
        };
        assert_eq!(ready(fast), ready(slow), "at {now}");
        let first =
            |snapshot: &TreeSnapshot<'_>| Lists::of(snapshot).first_ready(at(now), |_| Ok(true)).expect("a task");
        assert_eq!(first(fast), first(slow), "at {now}");
    }
    let blocked = |snapshot: &TreeSnapshot<'_>| {
        let lists = Lists::of(snapshot);
        pages(|paging| lists.blocked(paging).expect("a page"))
    };
    assert_eq!(blocked(fast), blocked(slow));
}

fn session(repo: &Repo) -> Session {
    let options = Options {
        cwd: repo.path.clone(),
        // So that even a small state is put down in several runs.
        environment: repo.environment.clone().with("GIT_COORD_TEST_RUN", "7"),
        agent: Some("ada".to_owned()),
        session: None,
        at: None,
        dry_run: false,
        if_match: None,
        offline: false,
    };
    Session::open(options).expect("a session")
}

/// The order is another one without an index; what is found is the same.
fn compare_words(session: &Session, slow: &TreeSnapshot<'_>) {
    for words in ["t1", "t* blue", "x", "\"t1\"", "nothing"] {
        let query = Query::parse(words).expect(words);
        let hits = session.search(&query, KINDS, 0, 1_000).expect("an answer");
        let found: BTreeSet<(&str, Id)> = hits.hits.iter().map(|hit| (hit.kind.name, hit.id.clone())).collect();
        let scanned = KINDS.iter().filter(|kind| kind.companion_of.is_none()).flat_map(|kind| {
            slow.scan(kind).expect("records").into_iter().filter(|record| query.fits(&Document::of(record.as_ref())))
        });
        let wanted: BTreeSet<(&str, Id)> = scanned.map(|record| (record.kind().name, record.id().clone())).collect();
        assert_eq!(found, wanted, "{words}");
        assert_eq!(hits.total, wanted.len(), "{words}");
    }
}

/// Compares in a session of its own, as each command has one, and at times in one that has seen the state before.
fn look(repo: &Repo) {
    let session = session(repo);
    let slow = session.snapshot_at(session.tip().expect("a tip")).expect("a snapshot");
    compare(&session.snapshot().expect("a snapshot"), &slow);
    compare_words(&session, &slow);
    assert!(repo.path.join(".git/coord/index.sqlite").is_file(), "the index was used");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn the_index_answers_as_the_records_do(steps in prop::collection::vec(step(), 1..6)) {
        let repo = Repo::init(&[]);
        let store = repo.open();
        publish(&store, vec![set("coordination.yaml", Config::default().encode().expect("settings"))]);
        for Step { rows, is_lost } in steps {
            let old = session(&repo);
            let before = old.snapshot().expect("a snapshot");
            before.count(&TASK, &Select::all()).expect("a count");
            for rows in &rows {
                publish(&store, rows.iter().map(edit).collect());
            }
            if is_lost {
                std::fs::remove_file(repo.path.join(".git/coord/index.sqlite")).expect("an index");
            }
            look(&repo);
            // Whoever began before the changes is still answered as of then.
            let commit = before.commit();
            compare(&before, &old.snapshot_at(commit).expect("a snapshot"));
        }
    }
}

/// A few in every run; `PROPTEST_CASES` asks for more.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(6)
}
