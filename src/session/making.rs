//! One change on its way to a commit: decided on the last commit of a chain, and put on top of it.

use super::{Identity, Outcome, Session, TreeSnapshot, lower, precondition};
use crate::base::{Result, text};
use crate::ops::Context;
use crate::query::Signs;
use crate::query::stale::SignKey;
use crate::records::Config;
use crate::records::protection::{self, Rule, Who};
use crate::records::task::Claim;
use crate::state::event::{self, Origin};
use crate::state::{Changeset, Event, Warning};
use crate::store::{Chain, Content, Edit, NewCommit, Oid, Person, Signing, Writer, is_signing};

/// Who wants a change, besides what its context says: the same for us and for one whose work we do.
#[derive(Debug, Clone)]
pub(super) struct Asker {
    pub(super) author: Person,
    pub(super) committer: Person,
    pub(super) if_match: Option<String>,
    /// Whose claims it remembers.
    pub(super) worktree: String,
}

/// A change that was decided, and its commit where it needs one.
pub(super) struct Made {
    changes: Changeset,
    commit: Option<Oid>,
    events: Vec<Event>,
}

impl Session {
    /// Returns who asks, where it is we.
    pub(super) fn asker(&self, identity: &Identity) -> Asker {
        Asker {
            author: identity.author.clone(),
            committer: identity.committer.clone(),
            if_match: self.options().if_match.clone(),
            worktree: self.machine().worktree(),
        }
    }

    /// Decides a change on the last commit of a chain, and makes its commit. The signs of life that it gives are noted:
    /// should it not land, they are those of a process that lives, and of a claim that is none.
    ///
    /// # Errors
    /// The refusal; then the chain is as it was.
    pub(super) fn make(
        &self,
        writer: &Writer<'_>,
        chain: &mut Chain,
        asker: &Asker,
        context: &Context,
        decide: impl FnOnce(&TreeSnapshot<'_>) -> Result<Changeset>,
    ) -> Result<Made> {
        let head = chain.head().ok_or_else(super::not_set_up)?;
        let snapshot = self.snapshot_on(head)?;
        let mut changes = decide(&snapshot)?;
        precondition::check(asker.if_match.as_deref(), &snapshot, &changes)?;
        if changes.is_empty() {
            self.keep_alive(changes.holds(), asker, context);
            return Ok(Made { changes, commit: None, events: Vec::new() });
        }
        changes.warnings.extend(self.protected(snapshot.settings(), &changes)?);
        let edits = lower::lower(&changes)?;
        let mut differences = lower::differences(&snapshot, &changes);
        for (difference, edit) in differences.iter_mut().zip(&edits) {
            difference.blob = self.name_of(edit)?;
        }
        // Told before it has a name, which its message is a part of.
        let mut events = event::events(&differences, &origin(String::new(), &changes, context));
        let machine = self.machine().of(&asker.worktree);
        // Crash after this: the worktree remembers a claim that was never made, which is the id of nothing.
        for claim in changes.holds() {
            machine.hold(&context.agent, &claim.id, context.now)?;
        }
        let new = NewCommit {
            expected: Some(head),
            parents: vec![head],
            base: Some(head),
            edits,
            author: asker.author.clone(),
            author_time: context.now,
            committer: asker.committer.clone(),
            commit_time: context.now.max(self.store().commit(head)?.commit_time),
            message: lower::message(&changes.subject, &events, context),
            reflog: String::new(),
            signing: Signing::AsSet,
        };
        let commit = writer.add(chain, new)?;
        self.keep_alive(changes.holds(), asker, context);
        event::name(&mut events, &commit.to_string());
        Ok(Made { changes, commit: Some(commit), events })
    }

    /// Says so where a change is about what only those may change who sign, and this will not be signed.
    fn protected(&self, agreed: &Config, changes: &Changeset) -> Result<Option<Warning>> {
        // Rules that nobody can read are for `config` to tell.
        let rules = protection::rules(agreed).unwrap_or_default();
        if rules.is_empty() || is_signing(self.store().config())? {
            return Ok(None);
        }
        let is_open = |rule: &Rule| rule.who.iter().any(|who| matches!(who, Who::User(_)));
        let covers = |path: &String| rules.iter().find(|rule| !is_open(rule) && rule.files.covers(path));
        Ok(changes.edits().keys().find_map(|path| Some((path, covers(path)?))).map(|(path, rule)| {
            let message = format!("{path} is for {}, and this is not signed: a server may refuse it", rule.words());
            Warning::new("protected", message)
        }))
    }

    /// Returns the name of the file that an edit makes.
    fn name_of(&self, edit: &Edit) -> Result<Option<String>> {
        match &edit.content {
            None => Ok(None),
            Some(Content::Bytes(bytes)) => self.store().name_of(bytes).map(|id| Some(id.to_string())),
            Some(Content::Existing(id)) => Ok(Some(id.to_string())),
        }
    }

    /// Notes that the asker is alive, and which claims it holds.
    ///
    /// Nothing here may fail the change: a sign that cannot be noted only ages the claim.
    pub(super) fn keep_alive<'c>(&self, holds: impl IntoIterator<Item = &'c Claim>, asker: &Asker, context: &Context) {
        let machine = self.machine().of(&asker.worktree);
        let (agent, session) = (&context.agent, context.session.as_deref().unwrap_or_default());
        let _ = machine.note_sign(SignKey::Session { agent, session }, agent, context.now);
        for claim in holds {
            let _ = machine.note_sign(Signs::key(claim), agent, context.now);
            let _ = machine.hold(agent, &claim.id, context.now);
        }
    }

    /// Forgets the claims that are over, once that has landed.
    pub(super) fn let_go<'c>(&self, ends: impl IntoIterator<Item = &'c Claim>, asker: &Asker) {
        for over in ends {
            self.machine().of(&asker.worktree).let_go(&over.agent, &over.id);
        }
    }
}

impl Made {
    /// Adds the signs of life that it was.
    pub(super) fn note(&self, signs: &mut Signs, context: &Context) {
        let (agent, session) = (&context.agent, context.session.as_deref().unwrap_or_default());
        signs.note(SignKey::Session { agent, session }, agent, context.now);
        for claim in self.changes.holds() {
            signs.note(Signs::key(claim), agent, context.now);
        }
    }

    /// Returns the claims that are over by it.
    pub(super) fn ends(&self) -> impl Iterator<Item = &Claim> {
        self.changes.ends()
    }

    /// Returns the line for the reflog.
    pub(super) fn reflog(&self) -> String {
        text::one_line(&self.changes.subject)
    }

    /// Returns how many files it changes.
    pub(super) fn files(&self) -> usize {
        self.changes.edits().len()
    }

    /// Returns the claims that the asker holds with it, and their tasks.
    pub(super) fn held(&self) -> Vec<(String, Claim)> {
        let held = |part: &&Changeset| {
            let (claim, about) = (part.holds.clone()?, part.about.as_ref()?);
            Some((about.id().to_string(), claim))
        };
        self.changes.all_parts().iter().filter_map(held).collect()
    }

    /// Returns whether it is a commit.
    pub(super) fn is_commit(&self) -> bool {
        self.commit.is_some()
    }

    /// Returns what came of it, once it has landed.
    pub(super) fn outcome(&self, context: &Context) -> Outcome {
        Outcome { commit: self.commit, events: self.events.clone(), ..Outcome::of(&self.changes, context) }
    }
}

/// Returns who did what is told, in a commit.
pub(super) fn origin(commit: String, changes: &Changeset, context: &Context) -> Origin {
    Origin {
        commit,
        agent: context.agent.clone(),
        session: context.session.clone(),
        correlation_id: context.correlation.clone(),
        at: context.now,
        rotation: changes.rotation,
    }
}
