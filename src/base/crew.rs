//! Work that several threads do side by side, and whose results come in the order of the work.

use std::collections::VecDeque;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::Result;

/// Returns how many threads can work at the same time here.
pub fn hands() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Takes jobs from `next` until there are none, has them done, and gives the results to `take` in the order of the jobs.
/// `worker` makes for each thread what does its jobs.
///
/// No more than a few jobs and results for each thread are there at a time. With one thread all is done in the caller's.
///
/// # Errors
/// The first of `next` or `take`, after which no more is asked of either.
pub fn in_order<J, D, W>(
    threads: usize,
    mut next: impl FnMut() -> Result<Option<J>>,
    worker: impl Fn() -> W + Sync,
    mut take: impl FnMut(D) -> Result<()>,
) -> Result<()>
where
    J: Send,
    D: Send,
    W: FnMut(J) -> D,
{
    if threads < 2 {
        let mut work = worker();
        while let Some(job) = next()? {
            take(work(job))?;
        }
        return Ok(());
    }
    let (orders, waiting) = mpsc::sync_channel::<Order<J, D>>(threads);
    let waiting = Mutex::new(waiting);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| serve(&waiting, worker()));
        }
        let answer = lead(threads, orders, &mut next, &mut take);
        // Where the work ends early, what still waits need not be done.
        waiting.lock().unwrap_or_else(PoisonError::into_inner).try_iter().for_each(drop);
        answer
    })
}

/// A job, and where its result goes.
type Order<J, D> = (J, SyncSender<D>);

fn serve<J, D>(waiting: &Mutex<Receiver<Order<J, D>>>, mut work: impl FnMut(J) -> D) {
    loop {
        let order = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((job, answer)) = order else { return };
        // Nobody listens any more where the whole has failed.
        let _ = answer.send(work(job));
    }
}

fn lead<J, D>(
    threads: usize,
    orders: SyncSender<Order<J, D>>,
    next: &mut impl FnMut() -> Result<Option<J>>,
    take: &mut impl FnMut(D) -> Result<()>,
) -> Result<()> {
    let mut given: VecDeque<Receiver<D>> = VecDeque::new();
    let mut is_done = false;
    loop {
        while !is_done && given.len() < 2 * threads {
            let Some(job) = next()? else {
                is_done = true;
                break;
            };
            let (answer, listen) = mpsc::sync_channel(1);
            orders.send((job, answer)).expect("the threads work until there are no more orders");
            given.push_back(listen);
        }
        let Some(first) = given.pop_front() else { return Ok(()) };
        take(first.recv().expect("a thread that panics ends the program"))?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Error;

    fn doubled(threads: usize, upto: u32, most: usize) -> (Result<()>, Vec<u32>) {
        let (mut numbers, mut done) = (0..upto, Vec::new());
        let take = |number: u32| {
            if done.len() == most {
                return Err(Error::usage("enough"));
            }
            done.push(number);
            Ok(())
        };
        // The first jobs take longest, so that they are overtaken.
        let work = || |number: u32| (0..(upto - number) * 100).fold(number * 2, |sum, more| sum + more - more);
        let answer = in_order(threads, || Ok(numbers.next()), work, take);
        (answer, done)
    }

    #[test]
    fn results_come_in_the_order_of_the_jobs() {
        for threads in [1, 2, 7] {
            let (answer, done) = doubled(threads, 300, 1000);
            assert!(answer.is_ok());
            assert_eq!(done, (0..300).map(|number| number * 2).collect::<Vec<_>>(), "{threads}");
            assert!(doubled(threads, 0, 0).1.is_empty());
        }
    }

    #[test]
    fn an_error_ends_the_work() {
        for threads in [1, 4] {
            let (answer, done) = doubled(threads, 10_000, 5);
            assert_eq!(answer.map_err(|error| error.code()), Err("usage"));
            assert_eq!(done, [0, 2, 4, 6, 8]);
            let answer = in_order(threads, || Err(Error::usage("no jobs")), || |job: u32| job, |_| Ok(()));
            assert!(answer.is_err());
        }
    }
}
