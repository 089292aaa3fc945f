//! What an operation takes to decide, on records in memory: one that looks at its own record, and those that look around.

use std::collections::BTreeSet;
use std::hint::black_box;

use criterion::{BenchmarkId, Criterion};
use git_coord::base::Seed;
use git_coord::ops::{self, Context, Operation, claim, close, note, task};
use git_coord::query::{Signs, Tracked};
use git_coord::state::memory::Memory;

use crate::tasks;

const SIZES: [usize; 2] = [100, 10_000];

pub(crate) fn benches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("operations");
    for size in SIZES {
        let mut records = Memory::default();
        (0..size).for_each(|number| records.put(tasks::task(number)));
        let context = context();
        for (name, operation) in operations() {
            group.bench_with_input(BenchmarkId::new(name, size), &operation, |bencher, operation| {
                bencher.iter(|| ops::apply(black_box(operation), &records, &context).expect("not refused"));
            });
        }
    }
    group.finish();
}

fn operations() -> [(&'static str, Operation); 4] {
    let (task, title) = (tasks::id(4), "One more task".to_owned());
    [
        ("task new", Operation::TaskNew(task::New { title, ..task::New::default() })),
        ("note", Operation::Note(note::Note { task: task.clone(), text: "Seen.".into(), ..note::Note::default() })),
        ("claim", Operation::Claim(claim::Claim { task: task.clone(), ..claim::Claim::default() })),
        ("done", Operation::Done(close::Done { task, ..close::Done::default() })),
    ]
}

fn context() -> Context {
    Context {
        now: tasks::later(),
        agent: "ada".into(),
        session: None,
        correlation: None,
        seed: Seed::from_text("bench"),
        held: BTreeSet::new(),
        signs: Signs::default(),
        ttl_minutes: 30,
        overlap: Default::default(),
        tracked: Tracked::default(),
    }
}
