//! Reading and writing one record.

use std::hint::black_box;

use criterion::{Criterion, Throughput};
use git_coord::records::{Task, codec};

use crate::tasks;

pub(crate) fn benches(criterion: &mut Criterion) {
    let (bytes, task) = (tasks::stored(3), tasks::task(3));
    let mut group = criterion.benchmark_group("codec");
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function("decode a task", |bencher| {
        bencher.iter(|| codec::decode::<Task>(black_box(&bytes)).expect("a task"));
    });
    group.bench_function("encode a task", |bencher| {
        bencher.iter(|| codec::encode(black_box(&task)).expect("bytes"));
    });
    group.finish();
}
