//! `doctor`: what is wrong with the state here, and what to do.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::checks::{self, Finding};
use super::maintenance::maintenance;
use crate::base::Result;
use crate::commands::page::{Page, Style, plain, styled};
use crate::commands::verb::{Effect, Group, Report, Scene, Verb};
use crate::store::STATE_REF;

/// Check the state, the settings and the repository
///
/// Changes nothing. Answers with exit code 1 where something is wrong.
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {}

/// What is wrong here.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Answer {
    /// What was found.
    pub findings: Vec<Finding>,
    /// How many records were read.
    pub records: usize,
}

/// The verb.
pub struct Doctor;

impl Verb for Doctor {
    const NAME: &'static str = "doctor";
    const GROUP: Group = Group::SetUp;
    const EFFECT: Effect = Effect::Neither;
    type Args = Args;
    type Report = Answer;

    fn run(_: Args, scene: &Scene) -> Result<Answer> {
        let session = scene.session()?;
        let mut findings = Vec::new();
        checks::git(session, &mut findings);
        checks::settings(session, &mut findings);
        checks::locks(session, &mut findings);
        checks::places(session, &mut findings);
        maintenance(session, &mut findings);
        let mut records = 0;
        match session.store().tip() {
            Ok(None) => {
                findings.push(Finding::new("not_set_up", format!("{STATE_REF} does not exist")).hint("git coord init"))
            }
            Err(error) => findings.push(Finding::of(&error)),
            Ok(Some(tip)) => {
                checks::history(session, tip, &mut findings);
                match session.snapshot_at(tip).and_then(|snapshot| checks::records(session, &snapshot, &mut findings)) {
                    Ok(count) => records = count,
                    Err(error) => findings.push(Finding::of(&error)),
                }
            }
        }
        Ok(Answer { findings, records })
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
            page.line([styled(Style::Warn, &finding.code), plain(format!("  {}", finding.message))]);
            if let Some(hint) = &finding.hint {
                page.line([styled(Style::Dim, format!("    {hint}"))]);
            }
        }
    }

    fn exit(&self) -> u8 {
        u8::from(!self.findings.is_empty())
    }
}
