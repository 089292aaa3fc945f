//! `KIND show`: one record of a kind, by its id. It is the same for every kind; a kind says only what it is called.

use std::marker::PhantomData;

use clap::{Args as ClapArgs, Command};
use schemars::JsonSchema;
use serde::Deserialize;

use super::task::show::{Shown, shown};
use super::verb::{Group, Row, Scene, Verb, row};
use crate::base::Result;
use crate::records::Kind;
use crate::session::resolve;

/// What a kind says of the verb that shows one record of it.
pub trait Shows {
    /// The words that name the verb.
    const NAME: &'static str;
    /// Under which heading it is listed.
    const GROUP: Group;
    /// The kind.
    const KIND: &'static Kind;
    /// The line of help.
    const ABOUT: &'static str;
    /// More help; nothing where the line says it all.
    const MORE: Option<&'static str> = None;
}

/// Show a record, by its id
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The record: its id, or the start of it
    #[arg(value_name = "ID")]
    pub id: String,
    /// Show when each part was changed, and by whom
    #[arg(long)]
    pub stamps: bool,
}

/// The verb.
pub struct ShowOf<K>(PhantomData<K>);

impl<K: Shows> Verb for ShowOf<K> {
    const NAME: &'static str = K::NAME;
    const GROUP: Group = K::GROUP;
    type Args = Args;
    type Report = Shown;

    fn run(args: Args, scene: &Scene) -> Result<Shown> {
        let session = scene.session()?;
        let snapshot = session.snapshot()?;
        let id = resolve::one(&snapshot, K::KIND, &args.id)?;
        shown(session, &snapshot, K::KIND, &id, args.stamps)
    }
}

/// Returns the row of a verb that shows one record of a kind.
pub const fn show<K: Shows>() -> Row {
    Row { augment: augment::<K>, ..row::<ShowOf<K>>() }
}

fn augment<K: Shows>(command: Command) -> Command {
    let command = <Args as ClapArgs>::augment_args(command).about(K::ABOUT);
    match K::MORE {
        Some(more) => command.long_about(format!("{}\n\n{more}", K::ABOUT)),
        None => command.long_about(K::ABOUT),
    }
}
