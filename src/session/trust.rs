//! Whether commits of the state are to be believed: by their signature, or because anybody can make them again.
//!
//! The first commit, merges, and the commits that put right what somebody has broken are the same on every machine. They
//! are made again here, without being written, and carry no signature. All else is somebody's word, and git judges
//! whose (`store::Worth`).

use super::Session;
use super::settings::is_signing_required;
use super::setup::root;
use super::unite::union;
use crate::base::{Error, Result, text};
use crate::merge::commit::rules_of;
use crate::merge::{MERGER, RULES};
use crate::store::{Commit, Maker, Oid, Signature, Worth};

/// How many signatures are looked at before it is asked whether all of them are good.
const AT_A_TIME: usize = 256;

/// What a commit is found to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Signed by somebody who is known here.
    Signed(Signature),
    /// Not signed, and the same when it is made again.
    Recomputed,
    /// Not signed.
    Unsigned,
    /// Signed by nobody who is known here.
    Unknown(Signature),
    /// Its signature does not fit, or its key was revoked.
    Bad(Signature),
    /// It says that it is a merge, and its parents merge to something else.
    Differs,
    /// It says that it is a merge by these rules, which this version does not know.
    UnknownRules(u32),
}

impl Verdict {
    /// Returns whether it is known who answers for the commit.
    pub fn is_trusted(&self) -> bool {
        matches!(self, Verdict::Signed(_) | Verdict::Recomputed)
    }

    /// Returns what is wrong with a commit that is not to be trusted, as the end of a sentence about it.
    pub fn words(&self) -> String {
        let key = |signature: &Signature| signature.keys.first().map(|key| text::excerpt(key, 80)).unwrap_or_default();
        match self {
            Verdict::Signed(signature) => format!("is signed by {}", text::excerpt(&signature.signer, 80)),
            Verdict::Recomputed => "is the same wherever it is made".to_owned(),
            Verdict::Unsigned => "is not signed".to_owned(),
            Verdict::Unknown(signature) if signature.keys.is_empty() => {
                "is signed by somebody who is not known here".to_owned()
            }
            Verdict::Unknown(signature) => format!("is signed with a key that is not known here, {}", key(signature)),
            Verdict::Bad(_) => "has a signature that is bad".to_owned(),
            Verdict::Differs => "is not what its parents merge to".to_owned(),
            Verdict::UnknownRules(rules) => {
                format!("is a merge by rules {rules}, and this version knows {RULES}")
            }
        }
    }
}

impl Session {
    /// Returns what commits are found to be, in their order. Git is asked once about all that are signed.
    ///
    /// # Errors
    /// `git_failed`, `timeout`; `shallow` where the parents of a merge are not here; `damaged`, `newer_format`.
    pub fn verdicts(&self, commits: &[Commit]) -> Result<Vec<Verdict>> {
        let signed: Vec<Oid> = commits.iter().filter(|commit| commit.is_signed).map(|commit| commit.id).collect();
        let mut signatures = self.store().signatures(&signed)?.into_iter();
        let mut verdict = |commit: &Commit| match commit.is_signed.then(|| signatures.next()).flatten() {
            None => self.unsigned_verdict(commit),
            Some(signature) => Ok(match signature.worth {
                Worth::Good => Verdict::Signed(signature),
                Worth::Bad => Verdict::Bad(signature),
                // That of a commit that has one: git says so too where it cannot look at it.
                Worth::Unknown | Worth::None => Verdict::Unknown(signature),
            }),
        };
        commits.iter().map(&mut verdict).collect()
    }

    fn unsigned_verdict(&self, commit: &Commit) -> Result<Verdict> {
        let store = self.store();
        let rehearsal = store.rehearsal();
        let is_merger = commit.author.name == MERGER;
        let again = match commit.parents[..] {
            // At the edge of a shallow clone the parents are not here.
            [] if store.is_shallow(commit.id)? => {
                return if is_merger { Err(store.ends_at(commit.id)) } else { Ok(Verdict::Unsigned) };
            }
            [] => rehearsal.make(&root()?)?,
            [parent] if is_merger => match self.mended(&rehearsal, parent)? {
                Some(again) => again,
                None => return Ok(Verdict::Unsigned),
            },
            [a, b] if is_merger => {
                if let Some(rules) =
                    rules_of(&commit.author.name, 2, &commit.trailers()).filter(|rules| *rules != RULES)
                {
                    return Ok(Verdict::UnknownRules(rules));
                }
                let again = rehearsal.make(&union(store, a, b)?.0)?;
                return Ok(if again == commit.id { Verdict::Recomputed } else { Verdict::Differs });
            }
            _ => return Ok(Verdict::Unsigned),
        };
        Ok(if again == commit.id { Verdict::Recomputed } else { Verdict::Unsigned })
    }

    /// Returns the first commit that puts a head right; nothing where nothing is wrong with it.
    fn mended(&self, maker: &dyn Maker, head: Oid) -> Result<Option<Oid>> {
        let faults = match self.faults_of(head, None) {
            Err(error) if error.code() == "not_a_state" => return Ok(None),
            faults => faults?,
        };
        if faults.is_empty() { Ok(None) } else { Ok(self.put_right(maker, head, &faults)?.first().copied()) }
    }

    /// Refuses a head where signatures are required and a commit behind it, and not behind what is `known`, is nobody's.
    ///
    /// # Errors
    /// `not_signed`, naming the commit; as [`verdicts`](Self::verdicts).
    pub fn check_signed(&self, head: Oid, known: Option<Oid>) -> Result<()> {
        if !is_signing_required(self.store().config())? {
            return Ok(());
        }
        let mut commits: Vec<Commit> = self.store().log_since(head, known)?.collect::<Result<_>>()?;
        commits.reverse();
        // What can be told without asking git about a signature is told first: somebody may have pushed very many.
        let (signed, unsigned): (Vec<Commit>, Vec<Commit>) = commits.into_iter().partition(|commit| commit.is_signed);
        for some in [unsigned.as_slice()].into_iter().chain(signed.chunks(AT_A_TIME)) {
            for (commit, verdict) in some.iter().zip(self.verdicts(some)?) {
                if !verdict.is_trusted() && self.is_new(commit.id, known)? {
                    return Err(not_signed(commit, &verdict));
                }
            }
        }
        Ok(())
    }

    /// Returns whether a commit that a walk took for new is: with clocks that went back a walk may pass by what is known.
    pub(super) fn is_new(&self, commit: Oid, known: Option<Oid>) -> Result<bool> {
        known.map_or(Ok(true), |known| Ok(!self.store().is_ancestor(commit, known)?))
    }
}

/// Makes the refusal of a commit that is not to be trusted.
pub(super) fn not_signed(commit: &Commit, verdict: &Verdict) -> Error {
    let by = text::excerpt(&commit.author.name, 40);
    let message = format!("commit {} by {by} {}, and coord.requireSigned is on", commit.id, verdict.words());
    Error::invalid("not_signed", message)
        .detail("commit", commit.id.to_string())
        .detail("author", by)
        .hint(format!("look at it: git log -1 --show-signature {}", commit.id))
}
