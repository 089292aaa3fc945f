//! `verify`: whether the history of the state is what it says, and by whom.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::{Result, text};
use crate::commands::page::{Page, Style, plain, styled};
use crate::commands::verb::{Effect, Group, Report, Scene, Verb};
use crate::session::settings::is_signing_required;
use crate::session::trust::Verdict;
use crate::store::Commit;

/// Check signatures and merges in the history of the state
///
/// Git judges each signature, by the keys that it knows here. Merges, and what else every machine makes alike, are made again and
/// compared. Answers with exit code 1 where a signature is bad or a merge is not what its parents give; under coord.requireSigned
/// also where a commit is not signed, or by nobody who is known. docs/security.md says what that proves.
///
/// Example: git coord verify --since v1
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The commit whose history is checked; else the tip of the state
    #[arg(value_name = "REV")]
    pub rev: Option<String>,
    /// Only what is not in the history of this commit
    #[arg(long, value_name = "REV")]
    pub since: Option<String>,
}

/// The most commits that are named.
const MOST: usize = 50;

/// How many commits are checked at a time.
const AT_A_TIME: usize = 1000;

/// What was found.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Answer {
    /// The commit whose history was checked.
    pub commit: String,
    /// The commit whose history was left out.
    pub since: Option<String>,
    /// Whether every commit has to be signed here: `coord.requireSigned`.
    pub required: bool,
    /// How many commits were checked.
    pub checked: usize,
    #[serde(flatten)]
    #[allow(missing_docs)]
    pub counts: Counts,
    /// The commits that are wrong, the latest first; at most 50.
    pub wrong: Vec<Wrong>,
    /// How many commits are wrong.
    pub wrong_total: usize,
}

/// How many commits there are of each sort.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Counts {
    /// Signed by somebody who is known here.
    pub signed: usize,
    /// Not signed, and the same when they are made again.
    pub recomputed: usize,
    /// Not signed.
    pub unsigned: usize,
    /// Signed by nobody who is known here.
    pub unknown_key: usize,
    /// Of which the signature does not fit, or the key was revoked.
    pub bad: usize,
    /// Merges that are not what their parents give.
    pub differs: usize,
    /// Merges by rules that this version does not know.
    pub unknown_rules: usize,
}

/// A commit that is wrong.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Wrong {
    /// The commit.
    pub commit: String,
    /// `unsigned`, `unknown_key`, `bad`, `differs`, or `unknown_rules`.
    pub verdict: &'static str,
    /// Whom it names as its author, which anybody can write there.
    pub author: String,
    /// What it says that it does.
    pub subject: String,
    /// What is wrong with it, in words.
    pub text: String,
}

/// The verb.
pub struct Verify;

impl Verb for Verify {
    const NAME: &'static str = "verify";
    const GROUP: Group = Group::Remote;
    const EFFECT: Effect = Effect::Neither;
    type Args = Args;
    type Report = Answer;

    fn run(args: Args, scene: &Scene) -> Result<Answer> {
        let session = scene.opened()?;
        let tip = args.rev.as_deref().map_or_else(|| session.tip(), |rev| session.commit_at(rev))?;
        let since = args.since.as_deref().map(|rev| session.commit_at(rev)).transpose()?;
        let mut answer = Answer {
            commit: tip.to_string(),
            since: since.map(|since| since.to_string()),
            required: is_signing_required(session.store().config())?,
            checked: 0,
            counts: Counts::default(),
            wrong: Vec::new(),
            wrong_total: 0,
        };
        let mut commits = session.store().log_since(tip, since)?;
        scene.progress().begin("checking", None);
        loop {
            let some: Vec<Commit> = commits.by_ref().take(AT_A_TIME).collect::<Result<_>>()?;
            if some.is_empty() {
                break;
            }
            for (commit, verdict) in some.iter().zip(session.verdicts(&some)?) {
                answer.take(commit, &verdict);
            }
            scene.progress().advance(some.len() as u64);
        }
        scene.progress().end();
        Ok(answer)
    }
}

impl Answer {
    fn take(&mut self, commit: &Commit, verdict: &Verdict) {
        let (count, word) = self.counts.of(verdict);
        *count += 1;
        self.checked += 1;
        let is_wrong = match verdict {
            Verdict::Signed(_) | Verdict::Recomputed => false,
            Verdict::Bad(_) | Verdict::Differs => true,
            Verdict::Unsigned | Verdict::Unknown(_) | Verdict::UnknownRules(_) => self.required,
        };
        self.wrong_total += usize::from(is_wrong);
        if is_wrong && self.wrong.len() < MOST {
            self.wrong.push(Wrong {
                commit: commit.id.to_string(),
                verdict: word,
                author: text::excerpt(&commit.author.name, 60),
                subject: text::excerpt(&commit.subject(), 120),
                text: verdict.words(),
            });
        }
    }
}

impl Counts {
    fn of(&mut self, verdict: &Verdict) -> (&mut usize, &'static str) {
        match verdict {
            Verdict::Signed(_) => (&mut self.signed, "signed"),
            Verdict::Recomputed => (&mut self.recomputed, "recomputed"),
            Verdict::Unsigned => (&mut self.unsigned, "unsigned"),
            Verdict::Unknown(_) => (&mut self.unknown_key, "unknown_key"),
            Verdict::Bad(_) => (&mut self.bad, "bad"),
            Verdict::Differs => (&mut self.differs, "differs"),
            Verdict::UnknownRules(_) => (&mut self.unknown_rules, "unknown_rules"),
        }
    }

    fn told(&self) -> String {
        let all = [
            (self.signed, "signed"),
            (self.recomputed, "the same when made again"),
            (self.unsigned, "not signed"),
            (self.unknown_key, "signed with a key that is not known here"),
            (self.bad, "with a bad signature"),
            (self.differs, "merged to something else"),
            (self.unknown_rules, "merged by rules that are not known here"),
        ];
        let told = all.iter().filter(|(count, _)| *count > 0).map(|(count, words)| format!("{count} {words}"));
        told.collect::<Vec<_>>().join(", ")
    }
}

impl Report for Answer {
    fn text(&self, page: &mut Page) {
        let commits = if self.checked == 1 { "commit" } else { "commits" };
        let style = if self.wrong_total == 0 { Style::Good } else { Style::Bad };
        let head = match self.wrong_total {
            0 => format!("Nothing is wrong with {} {commits}", self.checked),
            1 => format!("1 of {} {commits} is wrong", self.checked),
            wrong => format!("{wrong} of {} {commits} are wrong", self.checked),
        };
        page.line([
            styled(style, head),
            plain(if self.checked == 0 { String::new() } else { format!(": {}", self.counts.told()) }),
        ]);
        for wrong in &self.wrong {
            page.line([
                styled(Style::Id, &wrong.commit[..10.min(wrong.commit.len())]),
                plain(format!("  by {} {}", wrong.author, wrong.text)),
                styled(Style::Dim, format!("  {}", wrong.subject)),
            ]);
        }
        if self.wrong_total > self.wrong.len() {
            page.line([styled(Style::Dim, format!("and {} more", self.wrong_total - self.wrong.len()))]);
        }
    }

    fn exit(&self) -> u8 {
        u8::from(self.wrong_total > 0)
    }
}
