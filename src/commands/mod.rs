//! The vocabulary: one table of verbs, a folder per group, a file per verb.
//!
//! A verb turns arguments into one operation or one question and answers with a report; it prints nothing. The fronts
//! (command line now, others later), the help and `docs/cli.md` are all drawn from [`VERBS`].

pub mod args;
pub mod changes;
pub mod page;
pub mod record;
pub mod verb;
pub mod written;

pub mod setup;
pub mod task;
pub mod message;
pub mod agent;
pub mod status;
pub mod history;
pub mod exchange;

use verb::{Row, row};

/// All verbs, in the order in which help lists them.
pub const VERBS: &[Row] = &[
    row::<setup::init::Init>(),
    row::<setup::doctor::Doctor>(),
    row::<setup::demo::Demo>(),
    row::<setup::whoami::Whoami>(),
    row::<task::show::Show>(),
    row::<task::new::New>(),
    row::<task::list::List>(),
    row::<task::task_show::TaskShow>(),
    row::<task::edit::Edit>(),
    row::<task::move_to::MoveTo>(),
    row::<task::dep_add::DepAdd>(),
    row::<task::dep_rm::DepRm>(),
    row::<task::ready::Ready>(),
    row::<task::blocked::Blocked>(),
    row::<task::next::Next>(),
    row::<task::claim::Claim>(),
    row::<task::release::Release>(),
    row::<task::note::Note>(),
    row::<task::context::Context>(),
    row::<task::step::Step>(),
    row::<task::gate::Gate>(),
    row::<task::done::Done>(),
    row::<task::block::Block>(),
    row::<task::unblock::Unblock>(),
    row::<task::defer::Defer>(),
    row::<task::reopen::Reopen>(),
    row::<task::cancel::Cancel>(),
    row::<message::send::Send>(),
    row::<message::inbox::Inbox>(),
    row::<message::read::Read>(),
    row::<message::reply::Reply>(),
    row::<message::thread::Thread>(),
    row::<message::list::List>(),
    row::<message::show::Show>(),
    row::<agent::new::New>(),
    row::<agent::show::Show>(),
    row::<agent::list::List>(),
    row::<agent::edit::Edit>(),
    row::<status::dashboard::Status>(),
    row::<status::heartbeat::Heartbeat>(),
    row::<status::stale::Stale>(),
    row::<history::log::Log>(),
    row::<history::events::Events>(),
    row::<exchange::import::Import>(),
    row::<exchange::export::Export>(),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verb_has_its_own_name_and_a_line_of_help() {
        let mut seen = std::collections::BTreeSet::new();
        for verb in VERBS {
            assert!(seen.insert(verb.name), "{} stands twice", verb.name);
            let about =
                (verb.augment)(clap::Command::new("x")).get_about().map(ToString::to_string).unwrap_or_default();
            assert!(!about.is_empty() && !about.ends_with('.'), "{}: «{about}»", verb.name);
        }
    }
}
