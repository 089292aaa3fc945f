//! Having a whole state again where objects of it, or its ref, are damaged.
//!
//! What the ref names is what is wanted. Where it names nothing, the reflog, the last acknowledged tip, other refs, and at
//! last all commits that are there, are asked, in this order, for a commit of the state. The history of that commit is made again without what cannot be
//! read (`store::rescue`), and on top of it stands a commit that says what was lost. Objects that git still knows of, or
//! that the remote has, are not lost.

use std::collections::HashMap;

use super::lost::{self, Lost, LostCommit};
use super::{Mended, short};
use crate::base::{Error, Kind as ErrorKind, Result};
use crate::records::{Config, config};
use crate::session::{Identity, Session, recover, setup};
use crate::store::rescue::{Backup, Fate, Replay, Seen, Trace};
use crate::store::{Commit, Content, Edit, Maker, NewCommit, Oid, Published, STATE_REF, Signing, Writer};

/// The most losses that are written into the message of a commit.
const MOST_TOLD: usize = 50;

/// What there is, and what is to be made of it.
struct Plan<'s> {
    seen: Seen,
    replay: Replay<'s>,
    reflog: Vec<Trace>,
    /// What is to be had of the wanted commit.
    base: Oid,
    /// Others whose changes have to be joined with it: those that a commit had joined that is gone.
    others: Vec<Oid>,
    /// The settings of the team, where those of the base make no sense.
    settings: Option<Vec<u8>>,
    lost: Vec<Lost>,
    gone: Vec<LostCommit>,
}

/// Says what a rescue would cost.
pub(super) fn foresee(session: &Session, mended: &mut Mended) -> Result<()> {
    let plan = plan(session)?;
    mended.lost = plan.lost;
    mended.gone = plan.gone;
    Ok(())
}

/// Has the ref name a whole state.
///
/// Crash on the way: before the move, a backup and objects that nothing refers to; after it, a reflog that leads to what is
/// gone, which the next look finds.
pub(super) fn carry_out(session: &Session, backup: &Backup<'_>, mended: &mut Mended) -> Result<()> {
    let store = session.store();
    let mut writer = store.lock(session.settings().lock_timeout)?;
    let mut plan = plan(session)?;
    backup.keep_ref(&plan.seen)?;
    if open_packs(session, backup)? {
        plan = self::plan(session)?;
    }
    if plan.replay.has_gaps() && fetch_again(session, &plan, backup) {
        plan = self::plan(session)?;
    }
    backup.keep_objects(&mut plan.replay)?;
    backup.keep("README", plan.told().as_bytes())?;
    backup.set_aside(&plan.replay)?;
    let _written = plan.replay.write()?;
    let tip = plan.make_tip(session, &writer)?;
    if plan.seen != Seen::Names(tip) {
        let committer = session.mender().committer;
        let at = session.now().max(store.commit(tip)?.commit_time);
        match writer.replace(&plan.seen, tip, &committer, at, &format!("coord: rescue {}", short(plan.base)))? {
            Published::Landed(_) => {}
            Published::Moved => return Err(moved()),
        }
    }
    join(session, &mut writer, tip, &plan.others)?;
    writer.clear_reflog(&mut plan.replay)?;
    if !plan.gone.is_empty() {
        store.renew_commit_graph()?;
    }
    mended.lost = plan.lost;
    mended.gone = plan.gone;
    Ok(())
}

/// Joins what was acknowledged, as far as it can be read, with a state whose history it is not in.
pub(super) fn bring_back(session: &Session, backup: &Backup<'_>, mended: &mut Mended) -> Result<()> {
    let store = session.store();
    let mut writer = store.lock(session.settings().lock_timeout)?;
    let (Some(lost), tip) = (writer.acknowledged(), session.tip()?) else { return Ok(()) };
    let (mut replay, bases) = left_of(session, lost, mended)?;
    if replay.has_gaps() {
        backup.keep_ref(&Seen::Names(lost))?;
        backup.keep_objects(&mut replay)?;
        backup.set_aside(&replay)?;
    }
    let _written = replay.write()?;
    join(session, &mut writer, tip, &bases)?;
    writer.acknowledge_present()?;
    writer.clear_reflog(&mut replay)
}

/// Takes out of the reflog what is not whole.
pub(super) fn clear_reflog(session: &Session, backup: &Backup<'_>) -> Result<()> {
    let mut writer = session.store().lock(session.settings().lock_timeout)?;
    backup.keep_ref(&session.store().look_at_ref()?)?;
    let (mut replay, _) = begin(session, &session.store().reflog()?)?;
    writer.clear_reflog(&mut replay)?;
    backup.keep_objects(&mut replay)?;
    backup.set_aside(&replay)
}

/// Says what it would cost to join what was acknowledged last with the state.
pub(super) fn foresee_lost_tip(session: &Session, mended: &mut Mended) -> Result<()> {
    match session.store().last_acknowledged() {
        Some(lost) => left_of(session, lost, mended).map(drop),
        None => Ok(()),
    }
}

/// Returns what is to be had of a commit, and notes what is lost of it.
fn left_of<'s>(session: &'s Session, wanted: Oid, mended: &mut Mended) -> Result<(Replay<'s>, Vec<Oid>)> {
    let reflog = session.store().reflog()?;
    let (mut replay, _) = begin(session, &reflog)?;
    let bases = state_of(&mut replay, wanted)?.unwrap_or_default();
    if let Some(base) = bases.first() {
        mended.lost.extend(lost::name(&mut replay, wanted, Some(*base))?);
    }
    mended.gone.extend(lost::commits(&mut replay, &reflog)?);
    Ok((replay, bases))
}

fn begin<'s>(session: &'s Session, reflog: &[Trace]) -> Result<(Replay<'s>, Oid)> {
    let mut told: HashMap<Oid, Vec<Oid>> = HashMap::new();
    // Only we move it forward each time; where somebody has moved it by hand, what it was does not lead to what it became.
    for trace in reflog.iter().filter(|trace| trace.message.starts_with("coord: ")) {
        told.entry(trace.new).or_insert_with(|| trace.old.into_iter().collect());
    }
    let mut replay = Replay::new(session.store(), told);
    let root = replay.know(&setup::root()?)?;
    Ok((replay, root))
}

fn plan(session: &Session) -> Result<Plan<'_>> {
    let store = session.store();
    let (seen, reflog) = (store.look_at_ref()?, store.reflog()?);
    let (mut replay, root) = begin(session, &reflog)?;
    let (wanted, bases) = choose(session, &mut replay, &seen, &reflog, root)?;
    let base = bases[0];
    // What the reflog leads to is kept too, as far as it is there.
    for trace in &reflog {
        replay.fate(trace.new)?;
    }
    let settings = sensible_settings(&mut replay, base)?;
    let lost = lost::name(&mut replay, wanted, Some(base))?;
    let gone = lost::commits(&mut replay, &reflog)?;
    Ok(Plan { seen, replay, reflog, base, others: bases[1..].to_vec(), settings, lost, gone })
}

/// Returns the commit that is wanted, and what is to be had of it.
fn choose(
    session: &Session,
    replay: &mut Replay<'_>,
    seen: &Seen,
    reflog: &[Trace],
    root: Oid,
) -> Result<(Oid, Vec<Oid>)> {
    let store = session.store();
    let acknowledged = match store.last_acknowledged() {
        Some(id) => state_of(replay, id)?.map(|bases| (id, bases)),
        None => None,
    };
    if let Seen::Names(tip) = seen
        && let Some(mut bases) = state_of(replay, *tip)?
    {
        // Git may have lost it before anything was damaged.
        if let Some((_, promised)) = &acknowledged
            && !replay.follows(promised[0], bases[0])?
        {
            bases.push(promised[0]);
        }
        return Ok((*tip, bases));
    }
    for trace in reflog {
        let Some(bases) = state_of(replay, trace.new)? else { continue };
        // A line of the reflog may be of a move that did not happen. It must not stand in the way of one that did.
        let keeps_word = match &acknowledged {
            Some((_, promised)) => replay.follows(promised[0], bases[0])?,
            None => true,
        };
        if keeps_word {
            return Ok((trace.new, bases));
        }
    }
    if let Some(found) = acknowledged {
        return Ok(found);
    }
    for (_, id) in store.other_refs()? {
        if let Some(bases) = state_of(replay, id)? {
            return Ok((id, bases));
        }
    }
    // Nothing refers to it any more, but it may be there.
    let holds_a_state = |commit: &Commit| {
        store.tree(commit.id).and_then(|tree| tree.find(config::PATH)).is_ok_and(|found| found.is_some())
    };
    for id in store.any_commits(holds_a_state)? {
        if let Some(bases) = state_of(replay, id)? {
            return Ok((id, bases));
        }
    }
    // The first commit can be made anywhere.
    replay.fate(root)?;
    Ok((root, vec![root]))
}

/// Returns what is to be had of a commit; nothing where that is no state.
fn state_of(replay: &mut Replay<'_>, id: Oid) -> Result<Option<Vec<Oid>>> {
    let bases = match replay.fate(id)? {
        Fate::Whole => vec![id],
        Fate::Remade(new) => vec![new],
        Fate::Gone(bases) => bases,
    };
    let Some(first) = bases.first() else { return Ok(None) };
    Ok(replay.find(*first, config::PATH)?.map(|_| bases))
}

/// Returns settings of the team that make sense, where those of a commit do not: the latest before it.
fn sensible_settings(replay: &mut Replay<'_>, tip: Oid) -> Result<Option<Vec<u8>>> {
    let mut at = Some(tip);
    while let Some(id) = at {
        let bytes = replay.file(id, config::PATH)?;
        if let Some(bytes) = bytes {
            match Config::decode(&bytes) {
                Ok(_) => return Ok((id != tip).then_some(bytes)),
                // Of a later version: it makes sense to somebody.
                Err(error) if error.code() == "unsupported_format" && id == tip => return Ok(None),
                Err(_) => {}
            }
        }
        at = replay.commit(id)?.parents.first().copied();
    }
    Config::default().encode().map(Some)
}

/// Has git open the packs again that it cannot. Returns whether there were any.
fn open_packs(session: &Session, backup: &Backup<'_>) -> Result<bool> {
    let closed = session.store().closed_packs()?;
    closed.iter().try_for_each(|pack| session.store().open_pack(pack, backup))?;
    Ok(!closed.is_empty())
}

/// Asks the remote for all it has of the state, where something is missing here that it may have. Returns whether it
/// has answered; where not, what is here has to do.
fn fetch_again(session: &Session, plan: &Plan<'_>, backup: &Backup<'_>) -> bool {
    let store = session.store();
    let Some(remote) = setup::chosen_remote(&store.remotes()) else { return false };
    let has_had_some = matches!(store.tracking_tip(&remote), Ok(Some(_)));
    // Git would not write a whole object where the file of a broken one is.
    has_had_some && backup.set_aside(&plan.replay).is_ok() && store.fetch_state_again(&remote).is_ok()
}

/// Brings in what a commit had joined that is gone.
fn join(session: &Session, writer: &mut Writer<'_>, tip: Oid, others: &[Oid]) -> Result<()> {
    let mut tip = tip;
    for other in others {
        if session.store().is_ancestor(*other, tip)? {
            continue;
        }
        tip = recover::bring_in(session, writer, tip, *other)?.ok_or_else(moved)?;
    }
    Ok(())
}

fn moved() -> Error {
    Error::new(ErrorKind::Busy, "retry_limit", format!("cannot rescue the state: {STATE_REF} is being moved"))
        .hint("try again")
}

impl Plan<'_> {
    /// Makes the commit that says what was lost; where nothing was, there is nothing to say.
    fn make_tip(&self, session: &Session, writer: &Writer<'_>) -> Result<Oid> {
        if self.lost.is_empty() && self.settings.is_none() {
            return Ok(self.base);
        }
        let Identity { author, committer, agent, .. } = session.mender();
        let edits = self
            .settings
            .iter()
            .map(|bytes| Edit { path: config::PATH.to_owned(), content: Some(Content::Bytes(bytes.clone().into())) });
        writer.make(&NewCommit {
            expected: None,
            parents: vec![self.base],
            base: Some(self.base),
            edits: edits.collect(),
            author,
            author_time: session.now(),
            committer,
            commit_time: session.now().max(session.store().commit(self.base)?.commit_time),
            message: format!("{}\n\nCoord-Agent: {agent}\n", self.told()),
            reflog: String::new(),
            signing: Signing::AsSet,
        })
    }

    fn told(&self) -> String {
        let mut text = "Rescue the state: what could not be read is lost\n".to_owned();
        let losses = self.lost.iter().map(Lost::words);
        let commits = self.gone.iter().map(|gone| {
            let subject = gone.subject.as_deref().unwrap_or("nobody knows what it did");
            format!("commit {}: gone ({subject})", short(gone.commit))
        });
        let settings = self.settings.iter().map(|_| format!("{}: made no sense, and is an older one", config::PATH));
        let all: Vec<String> = losses.chain(commits).chain(settings).collect();
        let more = all.len().saturating_sub(MOST_TOLD);
        if !all.is_empty() {
            text.push('\n');
        }
        all.iter()
            .take(MOST_TOLD)
            .for_each(|line| text.push_str(&format!("- {}\n", crate::base::text::one_line(line))));
        if more > 0 {
            text.push_str(&format!("- and {more} more\n"));
        }
        if let Seen::Broken { why, .. } = &self.seen {
            text.push_str(&format!("\nBefore, {}.\n", crate::base::text::one_line(why)));
        }
        if self.reflog.is_empty() {
            text.push_str("\nThere was no reflog.\n");
        }
        text.trim_end().to_owned()
    }
}
