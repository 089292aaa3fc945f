//! Reserving paths with a claim, and what is said where somebody else has them.

use std::collections::BTreeSet;

use super::{Context, access};
use crate::base::{Error, Glob, Result, text};
use crate::query::lists;
use crate::query::overlap::{self, Overlap, Policy, Shared};
use crate::records::Task;
use crate::state::{Changeset, Snapshot, Warning};

/// The most warnings about overlaps.
const MOST_WARNINGS: usize = 5;

/// Returns the globs as they are stored, each once and in order, where they may be reserved for a task. By policy an
/// overlap is refused, or a warning for the changeset.
///
/// # Errors
/// `bad_glob` (5); `paths_overlap` (3) where another task has a living claim that reserves some of these paths. The
/// claims of the asker's own session are not in its way.
pub(super) fn reserve(snapshot: &dyn Snapshot, task: &Task, paths: &[String], context: &Context) -> Result<Reserved> {
    let globs: Vec<Glob> = paths.iter().map(|path| Glob::parse(path)).collect::<Result<_>>()?;
    let stored: BTreeSet<&str> = globs.iter().map(Glob::as_str).collect();
    let paths = stored.into_iter().map(str::to_owned).collect();
    if context.overlap == Policy::Off || globs.is_empty() {
        return Ok(Reserved { paths, warnings: Vec::new() });
    }
    let claimed = lists::claimed(snapshot)?;
    let others = overlap::reserving(claimed.iter(), &context.signs, context.now);
    let others =
        others.filter(|(other, claim)| other.id != task.id && !access::holds_for_claiming(context, claim, None));
    let overlaps = overlap::overlaps(&globs, others, &context.tracked);
    match (overlaps.first(), context.overlap) {
        (Some(first), Policy::Refuse) => Err(refusal(context, task, first, &overlaps)),
        _ => {
            let warning = |overlap| Warning::new("paths_overlap", in_words(overlap));
            Ok(Reserved { paths, warnings: overlaps.iter().take(MOST_WARNINGS).map(warning).collect() })
        }
    }
}

/// Paths that may be reserved.
#[derive(Debug, Clone, Default)]
pub(super) struct Reserved {
    /// The globs as they are stored.
    pub(super) paths: Vec<String>,
    warnings: Vec<Warning>,
}

impl Reserved {
    /// Adds to a changeset what the user should know.
    pub(super) fn tell(&self, changes: &mut Changeset) {
        changes.warnings.extend(self.warnings.iter().cloned());
    }
}

fn refusal(context: &Context, task: &Task, first: &Overlap<'_>, all: &[Overlap<'_>]) -> Error {
    let other = &first.task.id;
    let more = match all.len() {
        1 => String::new(),
        many => format!(", and with those of {} more", many - 1),
    };
    let error = Error::conflict("paths_overlap", format!("cannot claim {}: {}{more}", task.id, in_words(first)));
    let error = error
        .detail("task", other.as_str())
        .detail("agent", first.claim.agent.as_str())
        .detail("claim", first.claim.id.as_str())
        .detail("wanted", first.wanted.as_str())
        .detail("reserved", first.reserved.as_str())
        .detail("tasks", all.iter().map(|overlap| overlap.task.id.to_string()).collect::<Vec<_>>());
    let error = match &first.shared {
        Shared::Path(path) => error.detail("path", path.as_str()),
        Shared::Folder(folder) => error.detail("folder", folder.as_str()),
    };
    error.hint(access::tell_holder(context, first.claim, other)).hint(format!("git coord show {other}"))
}

/// Returns whose paths these are, and where they meet.
fn in_words(overlap: &Overlap<'_>) -> String {
    let (wanted, reserved) = (text::excerpt(&overlap.wanted, 60), text::excerpt(&overlap.reserved, 60));
    let agent = text::excerpt(&overlap.claim.agent, 40);
    let both = match &overlap.shared {
        Shared::Path(path) => format!("both cover {}", text::excerpt(path, 120)),
        Shared::Folder(folder) if folder.is_empty() => "both are for files to be made at the top".to_owned(),
        Shared::Folder(folder) => format!("both are for files to be made in {}", text::excerpt(folder, 120)),
    };
    format!("«{wanted}» overlaps with «{reserved}» of {}, held by {agent}: {both}", overlap.task.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::claim::{Claim, Over};
    use crate::ops::fixture::{World, code};
    use crate::ops::{Operation, next};
    use crate::query::Tracked;

    fn claim(task: &str, paths: &[&str]) -> Operation {
        Operation::Claim(with_paths(task, paths))
    }

    fn with_paths(task: &str, paths: &[&str]) -> Claim {
        Claim { task: task.into(), paths: paths.iter().map(|path| (*path).to_owned()).collect(), ..Claim::default() }
    }

    /// Ada holds `a` with `src/parser`, and Bob asks.
    fn world() -> World {
        let mut world = World::with_task("a");
        world.task("b");
        world.tracked = Tracked::new(vec!["src/parser/lexer.rs".into(), "src/main.rs".into()]);
        world.run(claim("a", &["src/parser/"])).expect("claimed");
        world.become_other("bob");
        world
    }

    #[test]
    fn paths_are_stored_in_one_form_each_once_and_in_order() {
        let mut world = World::with_task("a");
        world.run(claim("a", &["./src/", "docs/**", "src"])).expect("claimed");
        assert_eq!(world.get("a").claim.expect("a claim").paths, ["docs/**", "src"]);
        world.task("b");
        assert_eq!(code(world.run(claim("b", &["../x"]))), "bad_glob");
    }

    #[test]
    fn paths_of_another_living_claim_are_refused_and_the_refusal_says_whose() {
        let mut world = world();
        let error = world.run(claim("b", &["docs", "**/*.rs"])).expect_err("refused");
        assert_eq!((error.code(), error.kind().exit_code()), ("paths_overlap", 3));
        let said =
            "cannot claim b: «**/*.rs» overlaps with «src/parser» of a, held by ada: both cover src/parser/lexer.rs";
        assert_eq!(error.message(), said);
        assert_eq!(error.hints(), ["git coord send ada \"…\" --thread a", "git coord show a"]);
        assert!(world.get("b").claim.is_none());
        world.run(claim("b", &["src/main.rs"])).expect("no overlap");
    }

    #[test]
    fn force_takes_a_claim_and_never_the_paths_of_another() {
        let mut world = world();
        let forced = Claim { over: Over::Anybody, ..with_paths("b", &["src"]) };
        assert_eq!(code(world.run(Operation::Claim(forced))), "paths_overlap");
        let forced = Claim { over: Over::Anybody, ..with_paths("a", &["src"]) };
        world.run(Operation::Claim(forced)).expect("the paths of the claim that is replaced are free");
        assert_eq!(world.get("a").claim.expect("a claim").paths, ["src"]);
    }

    #[test]
    fn a_stale_claim_reserves_nothing_and_a_claim_without_paths_meets_nobody() {
        let mut world = world();
        world.task("c");
        world.run(claim("c", &[])).expect("it reserves nothing");
        world.wait(31 * 60);
        world.run(claim("b", &["src"])).expect("nobody alive has them");
    }

    #[test]
    fn by_policy_an_overlap_is_a_warning_or_nothing() {
        let mut world = world();
        world.overlap = Policy::Warn;
        let warnings = world.run(claim("b", &["src"])).expect("claimed").warnings;
        assert_eq!((warnings.len(), warnings[0].code.as_str()), (1, "paths_overlap"));
        world.task("c");
        world.overlap = Policy::Off;
        assert!(world.run(claim("c", &["src"])).expect("claimed").warnings.is_empty());
    }

    #[test]
    fn a_session_is_not_in_its_own_way() {
        let mut world = World::with_task("a");
        world.task("b");
        world.session = Some("s1".into());
        world.run(claim("a", &["src"])).expect("claimed");
        world.run(claim("b", &["src"])).expect("claimed");
        world.task("c");
        world.session = Some("s2".into());
        assert_eq!(code(world.run(claim("c", &["src"]))), "paths_overlap");
    }

    #[test]
    fn a_renewal_changes_the_paths_under_the_same_rule_and_keeps_them_where_none_are_given() {
        let mut world = world();
        world.session = Some("s1".into());
        world.run(claim("b", &["docs"])).expect("claimed");
        assert_eq!(code(world.run(claim("b", &["docs", "src"]))), "paths_overlap");
        assert!(world.run(claim("b", &["docs/"])).expect("as it is").is_empty());
        world.run(claim("b", &["notes"])).expect("changed");
        let claim_of = |world: &World| world.get("b").claim.expect("a claim");
        assert_eq!((claim_of(&world).paths, claim_of(&world).epoch), (vec!["notes".to_owned()], 1));
        world.wait(20 * 60);
        world.run(claim("b", &[])).expect("renewed");
        assert_eq!(claim_of(&world).paths, ["notes"]);
    }

    #[test]
    fn next_reserves_paths_too() {
        let mut world = world();
        let next =
            |path: &str| Operation::ClaimNext(next::Next { paths: vec![path.to_owned()], ..next::Next::default() });
        assert_eq!(code(world.run(next("src"))), "paths_overlap");
        world.run(next("docs")).expect("claimed");
        assert_eq!(world.get("b").claim.expect("a claim").paths, ["docs"]);
    }

    #[test]
    fn a_holder_that_no_message_can_reach_or_that_has_the_askers_name_gets_a_note() {
        let mut world = world();
        let mut task = world.get("a");
        task.claim.as_mut().expect("a claim").agent = "Ada L.\u{1b}[31m".into();
        world.put(task);
        let error = world.run(claim("b", &["src"])).expect_err("refused");
        assert_eq!(error.hints()[0], "git coord note a \"…\"");
        world.agent = "bob".into();
        let mut task = world.get("a");
        task.claim.as_mut().expect("a claim").agent = "bob".into();
        world.put(task);
        let own = world.run(claim("b", &["src"])).expect_err("refused");
        assert_eq!(own.hints()[0], "git coord note a \"…\"", "nobody is to write to itself");
        assert!(!error.message().contains('\u{1b}'));
    }
}
