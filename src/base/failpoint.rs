//! Places in the write path where a test can make the program die, fail or wait.
//!
//! Without the cargo feature `testing` every call is an empty inline function. With it the variable
//! `GIT_COORD_FAILPOINT` names one or more points and what happens there, separated by commas:
//! `ref-rename.before=kill`, `object-write.after:3=error` (the third hit), `log-append.before=sleep:200`,
//! `object-write.before=full`.

#[cfg(not(feature = "testing"))]
use std::io;

macro_rules! steps {
    ($($name:literal),* $(,)?) => {
        /// Every failpoint: one before and one after each step of the write path, in the order of the steps.
        pub const ALL: &[&str] = &[$(concat!($name, ".before"), concat!($name, ".after")),*];
    };
}

steps![
    "coord-mkdir",
    "queue-open",
    "queue-lock",
    "line-open",
    "queue-mkdir",
    "ask-create",
    "ask-write",
    "ask-withdraw",
    "ask-drop",
    "ask-clear",
    "ask-take",
    "object-mkdir",
    "object-create",
    "object-write",
    "object-sync",
    "object-rename",
    "object-syncdir",
    "freshen",
    "pack-mkdir",
    "packing-note",
    "pack-create",
    "pack-write",
    "index-create",
    "index-write",
    "pack-sync",
    "index-sync",
    "pack-keep",
    "pack-rename",
    "index-rename",
    "pack-syncdir",
    "next-unlink",
    "next-create",
    "next-write",
    "next-sync",
    "landing-create",
    "landing-write",
    "queue-record",
    "ref-mkdir",
    "ref-lock",
    "next-drop",
    "log-mkdir",
    "log-append",
    "ref-rename",
    "ref-syncdir",
    "ref-git",
    "ref-unlock",
    "queue-acknowledge",
    "ask-answer",
    "landing-drop",
    "pack-clear",
    "pack-unkeep",
    "packing-drop",
    "sync-open",
    "sync-fetch",
    "sync-inflight",
    "sync-push",
    "sync-take-in",
    "sync-note",
];

/// Stands before a step: what happens here leaves the step undone.
///
/// # Errors
/// The one that a test asked for.
#[cfg(not(feature = "testing"))]
#[inline]
pub fn before(_step: &'static str) -> io::Result<()> {
    Ok(())
}

/// Stands after a step: what happens here leaves the step done and the next one undone.
///
/// # Errors
/// The one that a test asked for.
#[cfg(not(feature = "testing"))]
#[inline]
pub fn after(_step: &'static str) -> io::Result<()> {
    Ok(())
}

#[cfg(feature = "testing")]
pub use armed::{after, before};

#[cfg(feature = "testing")]
mod armed {
    use std::collections::BTreeMap;
    use std::io;
    use std::sync::{Mutex, OnceLock, PoisonError};
    use std::time::Duration;

    use super::ALL;

    struct Trap {
        point: String,
        nth: u32,
        action: String,
    }

    /// Stands before a step: what happens here leaves the step undone.
    ///
    /// # Errors
    /// The one that a test asked for.
    pub fn before(step: &'static str) -> io::Result<()> {
        hit(step, "before")
    }

    /// Stands after a step: what happens here leaves the step done and the next one undone.
    ///
    /// # Errors
    /// The one that a test asked for.
    pub fn after(step: &'static str) -> io::Result<()> {
        hit(step, "after")
    }

    fn hit(step: &'static str, side: &str) -> io::Result<()> {
        let traps = traps();
        if traps.is_empty() {
            return Ok(());
        }
        let point = format!("{step}.{side}");
        assert!(ALL.contains(&point.as_str()), "failpoint {point} is missing in ALL");
        let count = count(&point);
        match traps.iter().find(|trap| trap.point == point && (trap.nth == 0 || trap.nth == count)) {
            Some(trap) => spring(trap),
            None => Ok(()),
        }
    }

    fn traps() -> &'static [Trap] {
        static TRAPS: OnceLock<Vec<Trap>> = OnceLock::new();
        TRAPS.get_or_init(|| {
            let text = std::env::var("GIT_COORD_FAILPOINT").unwrap_or_default();
            text.split(',').filter(|part| !part.is_empty()).map(parse).collect()
        })
    }

    fn parse(text: &str) -> Trap {
        let (place, action) = text.split_once('=').expect("GIT_COORD_FAILPOINT is point=action");
        let (point, nth) = match place.split_once(':') {
            Some((point, nth)) => (point, nth.parse().expect("the hit of a failpoint is a number")),
            None => (place, 0),
        };
        assert!(ALL.contains(&point), "no failpoint is called {point}");
        Trap { point: point.to_owned(), nth, action: action.to_owned() }
    }

    fn count(point: &str) -> u32 {
        static HITS: Mutex<BTreeMap<String, u32>> = Mutex::new(BTreeMap::new());
        let mut hits = HITS.lock().unwrap_or_else(PoisonError::into_inner);
        let count = hits.entry(point.to_owned()).or_insert(0);
        *count += 1;
        *count
    }

    fn spring(trap: &Trap) -> io::Result<()> {
        match trap.action.as_str() {
            "kill" => {
                let me = rustix::process::getpid();
                rustix::process::kill_process(me, rustix::process::Signal::KILL)?;
                unreachable!("a process does not outlive its SIGKILL");
            }
            "error" => Err(io::Error::other(format!("failpoint {}", trap.point))),
            "full" => Err(rustix::io::Errno::NOSPC.into()),
            "readonly" => Err(rustix::io::Errno::ROFS.into()),
            other => {
                let millis = other.strip_prefix("sleep:").and_then(|ms| ms.parse().ok());
                std::thread::sleep(Duration::from_millis(millis.expect("kill, error, full, readonly or sleep:<ms>")));
                Ok(())
            }
        }
    }
}
