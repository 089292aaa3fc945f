//! Who answers for what is pushed to a server: by a signature, where signatures are required, and by being one of those who
//! may change what is protected (`records::protection`).
//!
//! The rules are those of the state before the push, so that nobody allows himself anything. Who it is comes from the
//! signature of each commit, or from the server that knows who pushes; never from what a commit says of its author.

use super::Session;
use super::settings::{is_signing_required, pusher_variable};
use super::trust::{Verdict, not_signed};
use crate::base::{Error, Result, text};
use crate::records::protection::{self, Rule, Who};
use crate::store::{Commit, Oid};

impl Session {
    /// Refuses a head with a commit that is new and that nobody answers for who has to.
    ///
    /// # Errors
    /// `not_signed`, `protected`, `bad_policy`, `bad_setting`; as [`verdicts`](Self::verdicts).
    pub(super) fn check_answered(&self, old: Option<Oid>, new: Oid) -> Result<()> {
        let is_required = is_signing_required(self.store().config())?;
        let rules = old.map(|old| self.rules_at(old)).transpose()?.unwrap_or_default();
        // Rules that nobody can read would let nothing pass from then on.
        self.rules_at(new)?;
        if !is_required && rules.is_empty() {
            return Ok(());
        }
        let pusher = self.pusher()?;
        let mut commits: Vec<Commit> = self.store().log_since(new, old)?.collect::<Result<_>>()?;
        commits.reverse();
        for (commit, verdict) in commits.iter().zip(self.verdicts(&commits)?) {
            let judged = match verdict {
                _ if is_required && !verdict.is_trusted() => Err(not_signed(commit, &verdict)),
                // What is made again from what was judged before it is nobody's.
                Verdict::Recomputed => Ok(()),
                _ => self.check_allowed(commit, &verdict, &rules, pusher.as_deref()),
            };
            if judged.is_err() && self.is_new(commit.id, old)? {
                return judged;
            }
        }
        Ok(())
    }

    fn rules_at(&self, commit: Oid) -> Result<Vec<Rule>> {
        protection::rules(self.snapshot_at(commit)?.settings())
    }

    /// Returns whom the server says it is that pushes; nothing where it says nothing, or nobody has told us where it does.
    fn pusher(&self) -> Result<Option<String>> {
        let variable = pusher_variable(self.store().config())?;
        let named = variable.and_then(|name| self.options().environment.text(&name).map(str::to_owned));
        Ok(named.filter(|name| !name.is_empty()))
    }

    /// Refuses a commit that changes what somebody else protects. All rules for a file must allow it.
    fn check_allowed(&self, commit: &Commit, verdict: &Verdict, rules: &[Rule], pusher: Option<&str>) -> Result<()> {
        let refused: Vec<&Rule> = rules.iter().filter(|rule| !is_one_of(&rule.who, verdict, pusher)).collect();
        if refused.is_empty() {
            return Ok(());
        }
        for path in self.changed_files(commit)? {
            let Some(rule) = refused.iter().find(|rule| rule.files.covers(&path)) else { continue };
            let (by, path) = (text::excerpt(&commit.author.name, 40), text::excerpt(&path, 200));
            let pushed = match pusher {
                Some(name) => format!("is pushed by {}", text::excerpt(name, 80)),
                None => "the server does not say who pushes".to_owned(),
            };
            let message = format!(
                "commit {} by {by} changes {path}, which is for {}; it {}, and {pushed}",
                commit.id,
                rule.words(),
                verdict.words()
            );
            let error =
                Error::invalid("protected", message).hint("who may change what: git coord config policy.protect");
            return Err(error.detail("commit", commit.id.to_string()).detail("path", path));
        }
        Ok(())
    }

    /// Returns the files in which a commit differs from any of its parents: one that joins two lines and is not made again
    /// has chosen between them.
    fn changed_files(&self, commit: &Commit) -> Result<Vec<String>> {
        let mut paths = Vec::new();
        for parent in &commit.parents {
            paths.extend(self.store().diff(Some(*parent), commit.id)?.into_iter().map(|change| change.path));
        }
        if commit.parents.is_empty() {
            paths.extend(self.store().diff(None, commit.id)?.into_iter().map(|change| change.path));
        }
        Ok(paths)
    }
}

/// Returns whether a commit is of one of these, or pushed by one of them.
fn is_one_of(who: &[Who], verdict: &Verdict, pusher: Option<&str>) -> bool {
    let signature = if let Verdict::Signed(signature) = verdict { Some(signature) } else { None };
    who.iter().any(|who| match who {
        Who::User(name) => pusher == Some(name.as_str()),
        Who::Signer(name) => signature.is_some_and(|signature| signature.signer == *name),
        // Hexadecimal digits are written in both cases; the fingerprints of ssh are not.
        Who::Key(key) => signature.is_some_and(|signature| {
            let is_hex = key.bytes().all(|byte| byte.is_ascii_hexdigit());
            signature.keys.iter().any(|known| known == key || is_hex && known.eq_ignore_ascii_case(key))
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Signature, Worth};

    #[test]
    fn only_a_good_signature_or_the_word_of_the_server_says_who_it_is() {
        let (commit, signer) = ("1".repeat(40).parse().expect("an id"), "ada@example.org".to_owned());
        let signature =
            Signature { commit, worth: Worth::Good, signer, keys: vec!["SHA256:Ab".to_owned(), "AB12".to_owned()] };
        let (good, unknown) = (Verdict::Signed(signature.clone()), Verdict::Unknown(signature));
        let is = |who: Who, verdict: &Verdict, pusher| is_one_of(&[who], verdict, pusher);
        assert!(is(Who::Signer("ada@example.org".into()), &good, None));
        assert!(is(Who::Key("SHA256:Ab".into()), &good, None) && !is(Who::Key("SHA256:ab".into()), &good, None));
        assert!(is(Who::Key("ab12".into()), &good, None));
        assert!(
            !is(Who::Signer("ada@example.org".into()), &unknown, None) && !is(Who::Key("AB12".into()), &unknown, None)
        );
        assert!(is(Who::User("ada".into()), &Verdict::Unsigned, Some("ada")));
        assert!(
            !is(Who::User("ada".into()), &Verdict::Unsigned, None)
                && !is(Who::User("ada@example.org".into()), &good, Some("eve"))
        );
    }
}
