//! `gate`: writes down what a check of the work said.

use clap::Args as ClapArgs;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::base::{Error, Result, text};
use crate::commands::page::{Style, plain, styled};
use crate::commands::verb::Group;
use crate::commands::write::{Desk, Write};
use crate::commands::written::Written;
use crate::ops::Operation;
use crate::ops::progress;
use crate::records::task::TASK;
use crate::session::Outcome;
use crate::session::resolve::short;
use serde_json::Value;
use std::collections::BTreeMap;

/// Write down what a check of the work said
///
/// Example: git coord gate t7k2m pytest --status failed passed=27 failed=1
#[derive(Debug, Default, ClapArgs, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Args {
    /// The task
    #[arg(value_name = "ID")]
    pub id: String,

    /// The check: pytest, clippy, or any name
    #[arg(value_name = "NAME")]
    pub name: String,
    /// What it said: passed, failed or not_run
    #[arg(long, value_name = "STATUS")]
    pub status: String,
    /// Figures of the check, as errors=3 or coverage_percent=87.5
    #[arg(value_name = "FIGURE=N")]
    pub figures: Vec<String>,
    /// The id of the claim you hold
    #[arg(long, value_name = "ID")]
    pub claim_id: Option<String>,
    /// Change a task that somebody else holds
    #[arg(long)]
    pub force: bool,
}

/// The verb.
pub struct Gate;

impl Write for Gate {
    const NAME: &'static str = "gate";
    const GROUP: Group = Group::Task;
    const OPERATION: fn(progress::Gate) -> Operation = Operation::Gate;
    type Args = Args;
    type Input = progress::Gate;
    type Report = Written;

    fn plan(args: Args, desk: &Desk<'_>) -> Result<progress::Gate> {
        Ok(progress::Gate {
            task: desk.task(&args.id)?,
            name: args.name,
            status: args.status,
            figures: figures(&args.figures)?,
            claim_id: args.claim_id,
            force: args.force,
        })
    }

    fn tell(input: &Self::Input, outcome: &Outcome) -> Written {
        let task = styled(Style::Id, short(&TASK, &input.task));
        Written::new(outcome, [plain(format!("{} of ", input.name)), task, plain(format!(": {}", input.status))])
    }
}

/// Splits `FIGURE=N`.
fn figures(pairs: &[String]) -> Result<BTreeMap<String, Value>> {
    let figure = |pair: &String| {
        let number = |text: &str| text.parse::<serde_json::Number>().ok();
        match pair.split_once('=').map(|(name, text)| (name.trim(), number(text.trim()))) {
            Some((name, Some(number))) if !name.is_empty() => Ok((name.to_owned(), Value::Number(number))),
            _ => Err(Error::usage(format!("a figure is FIGURE=N with a number, not «{}»", text::excerpt(pair, 40)))),
        }
    };
    pairs.iter().map(figure).collect()
}
