//! The vocabulary: one table of verbs, a folder per group, a file per verb.
//!
//! A verb turns arguments into one operation or one question and answers with a report; it prints nothing. The fronts
//! (command line now, others later), the help and `docs/cli.md` are all drawn from [`VERBS`].

pub mod args;
pub mod changes;
pub mod draft;
pub mod envelope;
pub mod fields;
pub mod page;
pub mod record;
pub mod show_of;
pub mod schema;
pub mod together;
pub mod verb;
pub mod write;
pub mod written;

pub mod setup;
pub mod task;
pub mod sprint;
pub mod message;
pub mod agent;
pub mod status;
pub mod knowledge;
pub mod history;
pub mod remote;
pub mod exchange;

use show_of::show;
use verb::{Row, row};
use write::{either, write};

/// All verbs, in the order in which help lists them.
pub const VERBS: &[Row] = &[
    row::<setup::init::Init>(),
    row::<setup::doctor::Doctor>(),
    row::<setup::demo::Demo>(),
    row::<setup::whoami::Whoami>(),
    either::<setup::config::Config, setup::config::Agreed>(),
    row::<setup::hooks::Install>(),
    row::<setup::hooks::Status>(),
    row::<setup::hooks::Uninstall>(),
    row::<setup::hook::Hook>(),
    row::<task::show::Show>(),
    write::<task::new::New>(),
    row::<task::list::List>(),
    show::<task::task_show::TaskShow>(),
    write::<task::edit::Edit>(),
    write::<task::move_to::MoveTo>(),
    write::<task::rm::Rm>(),
    write::<task::dep_add::DepAdd>(),
    write::<task::dep_rm::DepRm>(),
    row::<task::dep_tree::DepTree>(),
    row::<task::ready::Ready>(),
    row::<task::blocked::Blocked>(),
    row::<task::next::Next>(),
    write::<task::claim::Claim>(),
    write::<task::release::Release>(),
    write::<task::note::Note>(),
    write::<task::context::Context>(),
    write::<task::step::Step>(),
    write::<task::gate::Gate>(),
    write::<task::done::Done>(),
    write::<task::block::Block>(),
    write::<task::unblock::Unblock>(),
    write::<task::defer::Defer>(),
    write::<task::reopen::Reopen>(),
    write::<task::cancel::Cancel>(),
    row::<task::bulk::Bulk>(),
    write::<task::bug_report::BugReport>(),
    write::<sprint::new::New>(),
    show::<sprint::show::Show>(),
    row::<sprint::list::List>(),
    write::<sprint::edit::Edit>(),
    write::<sprint::start::Start>(),
    write::<sprint::close::Close>(),
    write::<message::send::Send>(),
    row::<message::inbox::Inbox>(),
    write::<message::read::Read>(),
    write::<message::reply::Reply>(),
    row::<message::thread::Thread>(),
    row::<message::list::List>(),
    show::<message::show::Show>(),
    write::<agent::new::New>(),
    show::<agent::show::Show>(),
    row::<agent::list::List>(),
    write::<agent::edit::Edit>(),
    either::<agent::log::Log, agent::log::Entry>(),
    row::<status::dashboard::Status>(),
    write::<status::post::Post>(),
    row::<status::list::List>(),
    row::<status::heartbeat::Heartbeat>(),
    row::<status::stale::Stale>(),
    write::<knowledge::decision_new::New>(),
    show::<knowledge::decision_show::Show>(),
    row::<knowledge::decision_list::List>(),
    row::<knowledge::search::Search>(),
    write::<knowledge::decision_edit::Edit>(),
    row::<history::log::Log>(),
    row::<history::events::Events>(),
    row::<history::undo::Undo>(),
    row::<history::archive::Archive>(),
    row::<remote::sync::Sync>(),
    row::<remote::verify::Verify>(),
    row::<remote::conflicts::List>(),
    row::<remote::conflicts_show::Show>(),
    write::<remote::resolve::Resolve>(),
    row::<exchange::apply::Apply>(),
    row::<exchange::import::Import>(),
    row::<exchange::export::Export>(),
    row::<exchange::schema::Schema>(),
    row::<exchange::validate::Validate>(),
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
