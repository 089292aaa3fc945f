//! What git finds about the signatures of commits, by the keys that it knows here.

use std::time::Duration;

use super::git::{Answer, Call};
use super::{Oid, Store};
use crate::base::text::for_terminal;
use crate::base::{Error, Result, crew};

/// What a signature is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worth {
    /// It is of somebody who is known here.
    Good,
    /// It fits the commit, or may fit it, and is of nobody who is known here.
    Unknown,
    /// It does not fit the commit, or its key was revoked.
    Bad,
    /// Git sees none.
    None,
}

/// The signature of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The commit.
    pub commit: Oid,
    /// What it is worth.
    pub worth: Worth,
    /// Whose it is: of ssh the principal in the list of signers, else the user id of the key; empty where that is not known.
    pub signer: String,
    /// The fingerprints of the key: of gpg that of the primary key too. Empty where none is known.
    pub keys: Vec<String>,
}

/// How long git may take, and how long for each signature: it runs a program or two for each.
const LIMIT: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(1));

/// So many are for one git: more would cost more than they save.
const FEW: usize = 16;

/// What git prints of a commit.
const FORMAT: &str = "--format=%H%x00%G?%x00%GT%x00%GS%x00%GF%x00%GP";

impl Store {
    /// Returns the signatures of commits, in their order, as git judges them: one git for each processor, as each waits for
    /// the programs that it runs.
    ///
    /// # Errors
    /// `git_failed` with git's words, `timeout`.
    pub fn signatures(&self, commits: &[Oid]) -> Result<Vec<Signature>> {
        if commits.is_empty() {
            return Ok(Vec::new());
        }
        let words =
            ["--no-replace-objects", "-c", "log.showSignature=false", "-c", "core.quotePath=false", "log", "--stdin"];
        let words =
            [&words[..], &["--no-walk=unsorted", "--no-patch", "--no-color", "--encoding=UTF-8", FORMAT]].concat();
        let least = least_trust(self.config.text("gpg.minTrustLevel").as_deref());
        let parts = commits.chunks(commits.len().div_ceil(crew::hands()).max(FEW));
        let start = |part: &[Oid]| {
            let input: String = part.iter().map(|id| format!("{id}\n")).collect();
            let each = LIMIT.1.saturating_mul(u32::try_from(part.len()).unwrap_or(u32::MAX));
            Call::new(&words).input(input).within(LIMIT.0 + each).plain().start(self)
        };
        let started = parts.clone().map(start).collect::<Result<Vec<_>>>()?;
        // All are waited for at once: what one says must be read for it to go on.
        let answers: Vec<Result<Answer>> = std::thread::scope(|scope| {
            let waiting: Vec<_> = started.into_iter().map(|started| scope.spawn(|| started.answer())).collect();
            let ended = |_| Err(Error::fatal("internal", "git could not be waited for"));
            waiting.into_iter().map(|waiting| waiting.join().unwrap_or_else(ended)).collect()
        });
        let mut signatures = Vec::with_capacity(commits.len());
        for (part, answer) in parts.zip(answers) {
            signatures.extend(read(&answer?, part, least)?);
        }
        Ok(signatures)
    }
}

fn read(answer: &Answer, commits: &[Oid], least: usize) -> Result<Vec<Signature>> {
    let read: Vec<Signature> = answer.output.lines().filter_map(|line| parse(line, least)).collect();
    let is_whole = read.iter().map(|signature| signature.commit).eq(commits.iter().copied());
    if answer.is_success() && is_whole {
        return Ok(read);
    }
    let words = for_terminal(answer.errors.trim());
    Err(Error::fatal("git_failed", "git cannot say what the signatures are worth").because(words))
}

/// How far gpg trusts that a key is whose it says, from the least on.
const TRUST: &[&str] = &["undefined", "never", "marginal", "fully", "ultimate"];

/// Returns from which trust on a signature is good, as `git verify-commit` has it.
fn least_trust(setting: Option<&str>) -> usize {
    let setting = setting.unwrap_or(TRUST[0]).to_ascii_lowercase();
    // What cannot be understood, git refuses; here it lets nobody pass.
    TRUST.iter().position(|word| *word == setting).unwrap_or(TRUST.len())
}

fn parse(line: &str, least: usize) -> Option<Signature> {
    let mut words = line.split('\0');
    let mut next = || words.next();
    let (commit, letter, trust, signer) = (next()?.parse().ok()?, next()?, next()?, next()?.to_owned());
    let mut keys: Vec<String> =
        [next()?, next()?].into_iter().filter(|key| !key.is_empty()).map(str::to_owned).collect();
    keys.dedup();
    // Of gpg an unknown validity is that of a key in the ring which nobody has vouched for; of ssh the key is in no list.
    let is_listed = letter != "U" || !keys.iter().any(|key| key.starts_with("SHA256:"));
    let is_trusted = TRUST.iter().position(|word| *word == trust).is_some_and(|trust| trust >= least);
    let worth = match letter {
        "G" | "Y" | "U" if is_listed && is_trusted => Worth::Good,
        "B" | "R" => Worth::Bad,
        "N" => Worth::None,
        _ => Worth::Unknown,
    };
    Some(Signature { commit, worth, signer, keys })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worth(words: [&str; 3], least: usize) -> Worth {
        let id = "1".repeat(40);
        let line = [&id, words[0], words[1], "Ada", words[2], words[2]].join("\0");
        parse(&line, least).expect("a line").worth
    }

    #[test]
    fn a_signature_is_worth_what_verify_commit_says() {
        assert_eq!(worth(["G", "fully", "SHA256:x"], 0), Worth::Good);
        assert_eq!(worth(["U", "undefined", "SHA256:x"], 0), Worth::Unknown);
        assert_eq!(worth(["U", "undefined", "ABCD"], 0), Worth::Good);
        assert_eq!(worth(["U", "undefined", "ABCD"], least_trust(Some("Marginal"))), Worth::Unknown);
        assert_eq!(worth(["G", "ultimate", "ABCD"], least_trust(Some("nonsense"))), Worth::Unknown);
        assert_eq!(worth(["Y", "fully", "ABCD"], 0), Worth::Good);
        assert_eq!(worth(["X", "fully", "ABCD"], 0), Worth::Unknown);
        assert_eq!(worth(["E", "undefined", ""], 0), Worth::Unknown);
        assert_eq!(worth(["R", "fully", "ABCD"], 0), Worth::Bad);
        assert_eq!(worth(["B", "undefined", ""], 0), Worth::Bad);
        assert_eq!(worth(["N", "undefined", ""], 0), Worth::None);
    }

    #[test]
    fn a_key_is_named_once() {
        let line = format!("{}\0G\0fully\0ada@example.org\0SHA256:x\0", "1".repeat(40));
        let read = parse(&line, 0).expect("a line");
        assert_eq!((read.signer.as_str(), read.keys), ("ada@example.org", vec!["SHA256:x".to_owned()]));
        assert!(parse("nonsense", 0).is_none());
    }
}
