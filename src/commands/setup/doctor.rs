//! `doctor`: what is wrong with the state here, what to do, and doing it.

use std::path::Path;

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::checks::{self, Finding};
use crate::base::Result;
use crate::commands::page::{Page, Style, plain, styled};
use crate::commands::verb::{Effect, Group, Report, Scene, Verb};
use crate::session::Session;
use crate::session::mend::{self, Mended, Remedy};

/// How often is looked again: what was damaged can hide what is wrong behind it.
const ROUNDS: usize = 3;

/// Check the state, the settings and the repository
///
/// Changes nothing without `--fix`. Answers with exit code 1 where something is wrong, or stays so. What is mended, and
/// what that costs, is written down in docs/recovery.md.
///
/// Example: git coord doctor --fix --dry-run
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// Mend what can be mended; what was there before is kept in coord/backup
    #[arg(long)]
    fix: bool,
    /// Only say what --fix would do, and what it would cost
    #[arg(long, requires = "fix")]
    dry_run: bool,
}

/// What is wrong here, and what has become of it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Answer {
    /// What was found.
    pub findings: Vec<Finding>,
    /// How many records were read.
    pub records: usize,
    /// What mending has cost, or would.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<Lost>,
    /// The commits that are in history no longer, or would be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lost_commits: Vec<LostCommit>,
    /// The folder in which what was there before is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backup: Option<String>,
    #[serde(skip)]
    is_mending: bool,
}

/// A record that is not what it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Lost {
    /// `kind/id`; the path of a file that is no record; or, with `/` at its end, that of a folder of which nobody can tell
    /// what has changed in it.
    pub record: String,
    /// The commit whose version is there now; null where nothing is left.
    pub since: Option<String>,
    #[serde(skip)]
    words: String,
}

/// A commit that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LostCommit {
    /// Its id.
    pub commit: String,
    /// What it did, as far as it or the reflog can say.
    pub subject: Option<String>,
}

/// The verb.
pub struct Doctor;

impl Verb for Doctor {
    const NAME: &'static str = "doctor";
    const GROUP: Group = Group::SetUp;
    const EFFECT: Effect = Effect::Neither;
    type Args = Args;
    type Report = Answer;

    fn run(args: Args, scene: &Scene) -> Result<Answer> {
        let session = scene.opened()?;
        let (findings, records) = checks::all(session);
        let mut answer = Answer::of(findings, records, args.fix);
        if args.dry_run {
            answer.add(session.would_mend(&remedies(&answer.findings))?);
        } else if args.fix {
            mend(scene, session, &mut answer)?;
        }
        Ok(answer)
    }
}

fn remedies(findings: &[Finding]) -> Vec<Remedy> {
    findings.iter().filter(|finding| !finding.fixed).filter_map(|finding| finding.remedy.clone()).collect()
}

/// Mends, and looks again, until nothing more can be mended. What is found no longer is mended.
fn mend(scene: &Scene, session: &Session, answer: &mut Answer) -> Result<()> {
    let mut tried: Vec<Remedy> = Vec::new();
    let mut again = None;
    for _ in 0..ROUNDS {
        let due: Vec<Remedy> =
            remedies(&answer.findings).into_iter().filter(|remedy| !tried.contains(remedy)).collect();
        if due.is_empty() {
            break;
        }
        let mended = again.as_ref().unwrap_or(session).mend(&due, answer.backup.as_deref().map(Path::new));
        for (remedy, error) in &mended.failed {
            let concerned = answer.findings.iter_mut().filter(|finding| finding.remedy.as_ref() == Some(remedy));
            concerned.for_each(|finding| finding.say_why_not(error));
        }
        answer.add(mended);
        tried.extend(due);
        // Opened anew: settings and objects may be others now.
        let (left, records) = checks::all(again.insert(Session::open(scene.options().clone())?));
        answer.records = records;
        answer.look_again(left);
    }
    Ok(())
}

impl Answer {
    fn of(findings: Vec<Finding>, records: usize, is_mending: bool) -> Self {
        let (lost, lost_commits) = (Vec::new(), Vec::new());
        Answer { findings, records, lost, lost_commits, backup: None, is_mending }
    }

    fn add(&mut self, mended: Mended) {
        self.lost.extend(mended.lost.iter().map(Lost::of));
        let gone = mended.gone.into_iter();
        self.lost_commits
            .extend(gone.map(|gone| LostCommit { commit: gone.commit.to_string(), subject: gone.subject }));
        self.backup = self.backup.take().or_else(|| mended.backup.map(|path| path.display().to_string()));
    }

    /// Compares with what is found now: what is not among it is mended, and what is new is added.
    fn look_again(&mut self, left: Vec<Finding>) {
        let is_same = |a: &Finding, b: &Finding| a.code == b.code && a.message == b.message;
        for finding in &mut self.findings {
            finding.fixed = finding.remedy.is_some()
                && !left.iter().any(|left| left.code == finding.code && left.remedy == finding.remedy);
        }
        // What had no remedy and is gone has been a sign of something else.
        self.findings.retain(|finding| finding.fixed || left.iter().any(|left| is_same(left, finding)));
        for found in left {
            if !self.findings.iter().any(|known| is_same(known, &found)) {
                self.findings.push(found);
            }
        }
    }

    fn is_fixed(&self) -> bool {
        self.findings.iter().all(|finding| finding.fixed)
    }
}

impl Lost {
    fn of(lost: &mend::Lost) -> Self {
        Lost { record: lost.record.clone(), since: lost.since.map(|id| id.to_string()), words: lost.words() }
    }
}

impl Report for Answer {
    fn text(&self, page: &mut Page) {
        if self.findings.is_empty() {
            page.line([
                styled(Style::Good, "Nothing is wrong"),
                styled(Style::Dim, format!("  {} records read", self.records)),
            ]);
        }
        for finding in &self.findings {
            let style = if finding.fixed { Style::Good } else { Style::Warn };
            page.line([styled(style, &finding.code), plain(format!("  {}", finding.message))]);
            match (&finding.fix, &finding.hint) {
                (Some(_), _) if finding.fixed => page.line([styled(Style::Dim, "    mended")]),
                (Some(fix), _) => page.line([styled(Style::Dim, format!("    --fix {fix}"))]),
                (None, Some(hint)) => page.line([styled(Style::Dim, format!("    {hint}"))]),
                (None, None) => {}
            }
        }
        for lost in &self.lost {
            page.line([styled(Style::Bad, "lost"), plain(format!("  {}", lost.words))]);
        }
        for lost in &self.lost_commits {
            let subject = lost.subject.as_deref().unwrap_or("nobody knows what it did");
            page.line([styled(Style::Bad, "lost"), plain(format!("  commit {}: {subject}", lost.commit))]);
        }
        if let Some(backup) = &self.backup {
            page.line([styled(Style::Dim, format!("What was there before is kept in {backup}"))]);
        }
        if !self.is_mending && self.findings.iter().any(|finding| finding.fix.is_some()) {
            page.line([styled(Style::Dim, "git coord doctor --fix --dry-run shows what mending would cost")]);
        }
    }

    fn exit(&self) -> u8 {
        u8::from(!self.is_fixed())
    }
}
