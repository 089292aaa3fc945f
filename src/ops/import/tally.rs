//! What an import did in the end: counts, warnings, and what is odd about the links of the tasks it took.

use serde::Serialize;

use super::{AGENT, BTreeMap, Fate, Intake, Links, MESSAGE, Result, TASK};
use crate::base::Id;
use crate::query::{Missing, cycles_among};
use crate::records::Task;
use crate::records::record::downcast;
use crate::state::{Snapshot, Warning};

/// The most cycles, missing targets and ended claims that warnings name one by one.
const MOST_NAMED: usize = 5;

/// The most cycles, tasks of one cycle and missing targets that are listed.
const MOST_LISTED: usize = 200;

/// What an import did, and what is odd about what it took.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Tally {
    /// Tasks that were not there.
    pub added: usize,
    /// Tasks that were there and older.
    pub updated: usize,
    /// Tasks that were there and the same.
    pub unchanged: usize,
    /// Tasks that were there and newer; they stay as they are.
    pub older: usize,
    /// Messages that were not there.
    pub messages: usize,
    /// Agent profiles that were not there or older.
    pub agents: usize,
    /// Records of other kinds that were not there or older.
    pub records: usize,
    /// Groups of tasks that wait for each other, with one that was in the source among them; at most 200, and of each at
    /// most 200 tasks.
    pub cycles: Vec<Vec<String>>,
    /// Links of tasks in the source to tasks that do not exist; at most 200.
    pub missing: Vec<Missing>,
}

impl Intake {
    /// Returns the counts and what the user should know, once all records were met. The links are those that there are
    /// when what was taken lies over the records of a moment.
    ///
    /// # Errors
    /// `id_taken` where an id differs from one that is there only in case; what cannot be read.
    pub fn finish(&mut self, before: &dyn Snapshot) -> Result<(Tally, Vec<Warning>)> {
        if let Some(taken) = self.taken.take() {
            return Err(taken);
        }
        let mut warnings = Vec::new();
        let ended = self.ended.values().cloned();
        warn_of(&mut warnings, "claim_ended", ended, self.ended.len());
        let mut tally = self.counted();
        let cycles = self.cycles(before)?;
        let groups = cycles.iter().map(|cycle| format!("these tasks wait for each other: {}", shown(cycle)));
        warn_of(&mut warnings, "cycle", groups, cycles.len());
        let missing = self.missing(before)?;
        let links = missing.iter();
        let links =
            links.map(|link| format!("{} names {} in {}, which does not exist", link.task, link.target, link.field));
        warn_of(&mut warnings, "missing_target", links, missing.len());
        tally.cycles = cycles;
        tally.cycles.truncate(MOST_LISTED);
        tally.cycles.iter_mut().for_each(|cycle| cycle.truncate(MOST_LISTED));
        tally.missing = missing;
        tally.missing.truncate(MOST_LISTED);
        Ok((tally, warnings))
    }

    /// Returns the line that says what an import did, for the commit.
    pub fn subject(&self, source: &str, tally: &Tally) -> String {
        let tasks = self.met.iter().filter(|met| *met.kind == TASK).count();
        let tasks = if tasks == 1 { "1 task".to_owned() } else { format!("{tasks} tasks") };
        format!("Import {tasks} from {source}: {} new, {} updated", tally.added, tally.updated)
    }

    fn counted(&self) -> Tally {
        let special = [&TASK, &MESSAGE, &AGENT];
        let is_put = |fate| matches!(fate, Fate::Added | Fate::Updated);
        let others = self.met.iter().filter(|met| !special.contains(&met.kind));
        Tally {
            added: self.count(&TASK, Fate::Added),
            updated: self.count(&TASK, Fate::Updated),
            unchanged: self.count(&TASK, Fate::Unchanged),
            older: self.count(&TASK, Fate::Older),
            messages: self.count(&MESSAGE, Fate::Added),
            agents: self.count(&AGENT, Fate::Added) + self.count(&AGENT, Fate::Updated),
            records: others.filter(|met| is_put(met.fate)).count(),
            ..Tally::default()
        }
    }

    fn has_task(&self, id: &str) -> bool {
        let place = Id::parse(id).ok().and_then(|id| self.place(&TASK, &id));
        place.is_some_and(|place| self.met[place].id.as_str() == id)
    }

    /// Cycles may go by tasks that were there before, of which only links are looked at.
    fn cycles(&self, before: &dyn Snapshot) -> Result<Vec<Vec<String>>> {
        let mut others: BTreeMap<String, Links> = BTreeMap::new();
        before.visit_holding(&TASK, &["parent:", "depends_on:"], &mut |record| {
            if let Some(task) = downcast::<Task>(&record).filter(|task| !self.has_met(&TASK, &task.id)) {
                others.insert(task.id.to_string(), Links::of(task));
            }
            Ok(())
        })?;
        let links = self.links.iter().chain(&others).map(|(id, links)| (id.as_str(), links)).collect();
        let exists = |id: &str| Ok(self.has_task(id) || before.contains(&TASK, id)?);
        let mut cycles = cycles_among(&links, exists)?;
        cycles.retain(|cycle| cycle.iter().any(|id| self.has_task(id)));
        Ok(cycles)
    }

    fn missing(&self, before: &dyn Snapshot) -> Result<Vec<Missing>> {
        let mut missing = Vec::new();
        for (task, links) in &self.links {
            missing.extend(links.missing(task, |id| Ok(self.has_task(id) || before.contains(&TASK, id)?))?);
        }
        Ok(missing)
    }
}

fn shown(cycle: &[String]) -> String {
    let more = cycle.len().saturating_sub(MOST_LISTED);
    let named = cycle[..cycle.len() - more].join(", ");
    if more > 0 { format!("{named} and {more} more") } else { named }
}

fn warn_of(warnings: &mut Vec<Warning>, code: &str, messages: impl Iterator<Item = String>, total: usize) {
    warnings.extend(messages.take(MOST_NAMED).map(|message| Warning::new(code, message)));
    if total > MOST_NAMED {
        warnings.push(Warning::new(code, format!("and {} more", total - MOST_NAMED)));
    }
}
