//! `sync --watch`: a sync again and again, of which is told what is new.
//!
//! What goes wrong is told once and tried again, with longer pauses; only what no later round can mend ends it. Of several
//! such processes in one clone one publishes for all: the others stand by, and one of them takes over when it ends.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::sync::{Answer, Failure, round};
use crate::base::{Error, Result};
use crate::commands::verb::{self, Scene};
use crate::session::Session;
use crate::session::settings::parse_pause;
use crate::store::Publisher;
use crate::sync;
use crate::sync::remotes::Asked;

/// The longest pause after what went wrong, where the usual one is not longer.
const LONGEST: Duration = Duration::from_secs(60);

/// Syncs until it is stopped; `pause` is empty where the settings say how often.
///
/// # Errors
/// `usage`, `bad_setting`; those of [`round`]; where nobody can be told any more.
pub(super) fn run(asked: &Asked, pause: &str, scene: &Scene) -> Result<Answer> {
    let usage = |why: &str| Error::usage(format!("sync --watch goes on until it is stopped, {why}"));
    let stage = scene.stage().ok_or_else(|| usage("and is for command lines only"))?;
    let pause = if pause.is_empty() { None } else { Some(parse_pause("--watch", pause)?) };
    if scene.opened()?.is_offline() {
        return Err(usage("and --offline asks no remote").hint("git coord sync --watch"));
    }
    let mut watch = Watch::default();
    loop {
        let began = Instant::now();
        // Opened anew: settings, remotes and the state may be others by now.
        let session = Session::open(scene.options().clone())?;
        let answer = watch.round(&session, asked)?;
        if let Some(news) = watch.news(answer) {
            stage.answer(&verb::Answer::of(news))?;
        }
        let pause = watch.pause(pause.unwrap_or(session.settings().publish_every));
        drop(session);
        std::thread::sleep(pause.saturating_sub(began.elapsed()));
    }
}

/// What is known from the rounds before.
#[derive(Default)]
struct Watch {
    /// The right to publish, by remote.
    publishers: BTreeMap<String, Publisher>,
    /// What was told last, as long as it is so.
    told: Told,
    /// How many rounds in a row have failed altogether.
    failures: u32,
    /// Whether anything was told.
    has_begun: bool,
}

/// What need not be told again while it stays as it is.
#[derive(Default, PartialEq, Eq)]
struct Told {
    failures: Vec<(String, Option<Failure>)>,
    standby: Vec<String>,
    warnings: Vec<String>,
}

impl Watch {
    fn round(&mut self, session: &Session, asked: &Asked) -> Result<Answer> {
        round(session, asked, |answer, session, remotes| {
            answer.is_watching = true;
            self.publishers.retain(|remote, _| remotes.contains(remote));
            for remote in remotes {
                if self.publishes_to(session, remote) {
                    answer.add(remote, sync::sync(session, remote));
                } else {
                    answer.standby.push(remote.clone());
                }
            }
            Ok(())
        })
    }

    fn publishes_to(&mut self, session: &Session, remote: &str) -> bool {
        if !self.publishers.contains_key(remote) {
            let right = session.store().publisher(remote);
            self.publishers.extend(right.map(|right| (remote.to_owned(), right)));
        }
        self.publishers.contains_key(remote)
    }

    /// Returns what is worth telling: what came of the first round, what came or went, and what is no longer as it was told.
    fn news(&mut self, answer: Answer) -> Option<Answer> {
        let told = Told {
            failures: answer.remotes.iter().map(|one| (one.remote.clone(), one.error.clone())).collect(),
            standby: answer.standby.clone(),
            warnings: answer.warnings.iter().map(|warning| warning.message.clone()).collect(),
        };
        let has_failed = !told.failures.is_empty() && told.failures.iter().all(|(_, error)| error.is_some());
        self.failures = if has_failed { self.failures.saturating_add(1) } else { 0 };
        let has_moved = answer.remotes.iter().any(|remote| remote.is_news()) || !answer.configured.is_empty();
        let is_news = has_moved || !self.has_begun || told != self.told;
        (self.told, self.has_begun) = (told, true);
        is_news.then_some(answer)
    }

    fn pause(&self, usual: Duration) -> Duration {
        usual.saturating_mul(1 << self.failures.min(16)).min(LONGEST.max(usual))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_while_nothing_works_and_never_below_the_usual_one() {
        let after = |failures, seconds| {
            let watch = Watch { failures, ..Watch::default() };
            watch.pause(Duration::from_secs(seconds)).as_secs()
        };
        assert_eq!([after(0, 10), after(1, 10), after(2, 10), after(3, 10), after(99, 10)], [10, 20, 40, 60, 60]);
        assert_eq!([after(0, 600), after(5, 600)], [600, 600]);
    }
}
