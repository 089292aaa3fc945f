//! The results as Markdown tables and as JSON.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::aims;
use crate::crowd::Crowd;
use crate::day::Day;
use crate::growth::Growth;
use crate::machine::Machine;
use crate::memory::Peak;
use crate::one_winner::Claims;
use crate::pairs::Paired;
use crate::race::Race;

/// How much other work on the machine may take before the figures are called noisy, in percent.
const QUIET: f64 = 5.0;

/// All that came out.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Results {
    pub(crate) machine: Machine,
    pub(crate) pairs: Vec<Paired>,
    pub(crate) peaks: Vec<Peak>,
    pub(crate) growths: Vec<Growth>,
    pub(crate) days: Vec<Day>,
    pub(crate) crowds: Vec<Crowd>,
    pub(crate) claims: Vec<Claims>,
    #[serde(default)]
    pub(crate) races: Vec<Race>,
}

impl Results {
    pub(crate) fn json(&self) -> String {
        serde_json::to_string_pretty(self).expect("results can be written as JSON") + "\n"
    }

    /// Takes in what came out of another run on the same machine.
    pub(crate) fn absorb(&mut self, other: Results) {
        assert!(self.machine.is_of(&other.machine), "results of another program or machine cannot be told together");
        let percent = [self.machine.others_percent, other.machine.others_percent];
        self.machine.others_percent = percent.into_iter().flatten().reduce(f64::max);
        self.pairs.extend(other.pairs);
        self.peaks.extend(other.peaks);
        self.growths.extend(other.growths);
        self.days.extend(other.days);
        self.crowds.extend(other.crowds);
        self.claims.extend(other.claims);
        self.races.extend(other.races);
    }

    /// Puts the rows in the order of the sizes.
    pub(crate) fn sort(&mut self) {
        self.pairs.sort_by_key(|row| row.size);
        self.peaks.sort_by_key(|row| row.size);
        self.growths.sort_by_key(|row| row.size);
        self.days.sort_by_key(|row| row.size);
        self.crowds.sort_by_key(|row| row.size);
        self.claims.sort_by_key(|row| row.size);
        self.races.sort_by_key(|row| row.size);
    }

    /// Returns what must never be, whatever the machine.
    pub(crate) fn faults(&self) -> Vec<String> {
        let lost = self.crowds.iter().filter(|crowd| crowd.lost > 0);
        let lost = lost.map(|crowd| {
            format!(
                "{} acknowledged changes of {} processes on {} tasks are lost",
                crowd.lost, crowd.workers, crowd.size
            )
        });
        let inexact = self.claims.iter().filter(|claims| claims.exact != claims.rounds);
        let inexact = inexact.map(|claims| {
            let other = claims.first_other.as_deref().unwrap_or_default();
            format!("{} of {} claims were not won exactly once {other}", claims.rounds - claims.exact, claims.rounds)
        });
        let unpublished = self.races.iter().filter(|race| race.lost > 0);
        let unpublished = unpublished.map(|race| {
            format!("{} confirmed claims of {} clones over {} are not at the remote", race.lost, race.clones, race.over)
        });
        lost.chain(inexact).chain(unpublished).collect()
    }

    pub(crate) fn markdown(&self) -> String {
        let mut text = self.head();
        if !self.pairs.is_empty() {
            text += &self.pairs_table();
        }
        if !self.peaks.is_empty() {
            text += &self.peaks_table();
        }
        if !self.growths.is_empty() {
            text += &self.growths_table();
        }
        if !self.days.is_empty() {
            text += &self.days_table();
        }
        if !self.crowds.is_empty() {
            text += &self.crowds_table();
        }
        if !self.claims.is_empty() {
            text += &self.claims_table();
        }
        if !self.races.is_empty() {
            text += &races_table(&self.races);
        }
        text.trim_end().to_owned()
    }

    fn head(&self) -> String {
        let machine = &self.machine;
        let mut text = format!(
            "{}: {}, {}, {}, {} × {}, {}.",
            machine.date,
            machine.git_coord,
            machine.git,
            machine.system,
            machine.cores,
            machine.processor,
            machine.file_system
        );
        let counts: BTreeSet<usize> = self.pairs.iter().map(|row| row.samples_ms.len()).collect();
        if !counts.is_empty() {
            let counts: Vec<String> = counts.iter().rev().map(usize::to_string).collect();
            let _ = write!(text, " {} pairs of runs per row.", counts.join(" or "));
        }
        match machine.others_percent {
            Some(percent) if percent > QUIET => {
                let _ = write!(text, " **Noisy: other work took {percent} % of the processors meanwhile.**");
            }
            Some(percent) => {
                let _ = write!(text, " Other work took {percent} % of the processors meanwhile.");
            }
            None => {}
        }
        for warning in &machine.warnings {
            let _ = write!(text, " **Not what is shipped: {warning}.**");
        }
        text + "\n\n"
    }

    fn pairs_table(&self) -> String {
        let mut text = "| tasks | work | against | ratio | p10–p90 | ms, p99 | ms against, p99 | aim | |\n\
                        |--:|---|---|--:|--:|--:|--:|--:|---|\n"
            .to_owned();
        for row in &self.pairs {
            let (ratio, ours, theirs) = (row.ratio, row.command_ms, row.reference_ms);
            let (aim, verdict) = match row.aim {
                Some(aim) => (format!("≤ {aim:.1}"), if ratio.median <= aim { "met" } else { "missed" }),
                None => ("–".to_owned(), ""),
            };
            let _ = writeln!(
                text,
                "| {} | {} | {} | {:.2} | {:.2}–{:.2} | {:.1}, {:.1} | {:.1}, {:.1} | {aim} | {verdict} |",
                thousands(row.size),
                row.work,
                row.against,
                ratio.median,
                ratio.p10,
                ratio.p90,
                ours.median,
                ours.p99,
                theirs.median,
                theirs.p99,
            );
        }
        text + "\n"
    }

    fn peaks_table(&self) -> String {
        let mut text = "| tasks | work | MB at the peak | aim | |\n|--:|---|--:|--:|---|\n".to_owned();
        for row in &self.peaks {
            let (aim, verdict) = match row.aim {
                Some(aim) => (format!("≤ {aim:.0}"), if row.megabytes <= aim { "met" } else { "missed" }),
                None => ("–".to_owned(), ""),
            };
            let _ =
                writeln!(text, "| {} | {} | {:.1} | {aim} | {verdict} |", thousands(row.size), row.work, row.megabytes);
        }
        text + "\n"
    }

    fn growths_table(&self) -> String {
        let mut text = "| tasks | changes | loose files | of one change: bytes at once (on disk) | after maintenance \
                        | after gc | aim | | maintained by itself, changes (runs) | of one change: bytes | loose files at \
                        the most | aim | |\n|--:|--:|--:|--:|--:|--:|--:|---|--:|--:|--:|--:|---|\n"
            .to_owned();
        for row in &self.growths {
            let each = |bytes: u64| bytes as f64 / row.changes as f64;
            let (at_once, maintained) = (row.grown.at_once, each(row.grown.maintained.bytes));
            let aim = aims::BYTES_OF_A_CHANGE;
            let verdict = if maintained <= aim { "met" } else { "missed" };
            let automatic = row.automatic;
            let each_automatic = automatic.grown.bytes as f64 / automatic.changes as f64;
            let is_kept = each_automatic <= aim && automatic.loose_at_most <= aims::LOOSE_AT_MOST;
            let kept = if is_kept { "met" } else { "missed" };
            let _ = writeln!(
                text,
                "| {} | {} | {} | {:.0} ({:.0}) | {maintained:.0} | {:.0} | ≤ {aim:.0} | {verdict} | {} ({}) | {each_automatic:.0} | {} | \
                 ≤ {} | {kept} |",
                thousands(row.size),
                row.changes,
                at_once.loose,
                each(at_once.bytes),
                each(at_once.on_disk),
                each(row.grown.collected.bytes),
                thousands(automatic.changes),
                automatic.runs,
                thousands(automatic.loose_at_most as usize),
                thousands(aims::LOOSE_AT_MOST as usize),
            );
        }
        text + "\n"
    }

    fn days_table(&self) -> String {
        let mut text =
            "| tasks | signs of life | changes | messages | commits | aim | | loose files | bytes at once (on \
                        disk) | after maintenance | after gc |\n|--:|--:|--:|--:|--:|--:|---|--:|--:|--:|--:|\n"
                .to_owned();
        for row in &self.days {
            let grown = &row.grown;
            let aim = aims::COMMITS_OF_A_DAY;
            let verdict = if row.commits <= aim { "met" } else { "missed" };
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} | {} | ≤ {aim} | {verdict} | {} | {} ({}) | {} | {} |",
                thousands(row.size),
                row.signs,
                row.changes,
                row.messages,
                row.commits,
                grown.at_once.loose,
                thousands(grown.at_once.bytes as usize),
                thousands(grown.at_once.on_disk as usize),
                thousands(grown.maintained.bytes as usize),
                thousands(grown.collected.bytes as usize),
            );
        }
        text + "\n"
    }

    fn crowds_table(&self) -> String {
        let mut text = "| tasks | processes | changes | per second | relative to one | ms p50 | p99 | p99/p50 | lost \
                        | failed | aims |\n|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|\n"
            .to_owned();
        for row in &self.crowds {
            let _ = writeln!(
                text,
                "| {} | {} | {} | {:.0} | {:.2} ({:.2}–{:.2}) | {:.1} | {:.1} | {:.1} | {} | {} | {} |",
                thousands(row.size),
                row.workers,
                row.acknowledged,
                row.per_second.median,
                row.relative.median,
                row.relative.p10,
                row.relative.p90,
                row.ms.median,
                row.ms.p99,
                row.ms.p99 / row.ms.median,
                row.lost,
                row.failed,
                row.verdict,
            );
        }
        text + "\n"
    }

    fn claims_table(&self) -> String {
        let mut text =
            "| tasks | processes | rounds | exactly one winner | won | refused (3) | other ends | ms p50, p99 \
                        | aim |\n|--:|--:|--:|--:|--:|--:|--:|--:|---|\n"
                .to_owned();
        for row in &self.claims {
            let verdict = if row.exact == row.rounds { "met" } else { "missed" };
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} | {} | {} | {} | {:.1}, {:.1} | {verdict} |",
                thousands(row.size),
                row.claimants,
                row.rounds,
                row.exact,
                row.winners,
                row.refused,
                row.others,
                row.ms.median,
                row.ms.p99,
            );
        }
        text + "\n"
    }
}

fn races_table(races: &[Race]) -> String {
    let mut text = "| tasks | over | clones | claims | tries per claim | claims per second | ms p50 | p99 | others were first (7) | failed | lost |\n\
                    |--:|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n"
        .to_owned();
    for row in races {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {:.2} | {:.1} | {:.1} | {:.1} | {} | {} | {} |",
            thousands(row.size),
            row.over,
            row.clones,
            row.confirmed,
            row.tries,
            row.per_second,
            row.ms.median,
            row.ms.p99,
            row.busy,
            row.failed,
            row.lost,
        );
    }
    text + "\n"
}

fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let parts: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|part| std::str::from_utf8(part).expect("digits")).collect();
    parts.join(",")
}

/// Reads the results of another run.
pub(crate) fn read(file: &Path) -> Results {
    let text = std::fs::read_to_string(file).expect("the results can be read");
    serde_json::from_str(&text).expect("they are results of this benchmark")
}

/// Replaces what stands between the two marks of a page.
pub(crate) fn put_into(page: &Path, table: &str) {
    let text = std::fs::read_to_string(page).expect("the page can be read");
    let (before, rest) = text.split_once("<!-- results -->\n").expect("the page has the mark `<!-- results -->`");
    let (_, after) = rest.split_once("<!-- end -->").expect("the page has the mark `<!-- end -->`");
    let text = format!("{before}<!-- results -->\n{table}\n<!-- end -->{after}");
    std::fs::write(page, text).expect("the page can be written");
}
