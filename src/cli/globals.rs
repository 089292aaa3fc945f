//! The flags that every verb takes, before it or after it.

use anstream::ColorChoice;
use clap::{Args, ValueEnum};

use crate::commands::verb::Scene;
use crate::render::Look;
use crate::session::GitConfig;

/// The flags that every verb takes.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct Globals {
    /// Act as this agent
    #[arg(long, global = true, value_name = "NAME", help_heading = "Everywhere")]
    pub(super) agent: Option<String>,
    /// Act in this session of the agent
    #[arg(long, global = true, value_name = "ID", help_heading = "Everywhere")]
    pub(super) session: Option<String>,
    /// Answer in JSON
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub(super) json: bool,
    /// Ask no remote for anything; claims are then provisional
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub(super) offline: bool,
    /// Say nothing of what was done, and no warnings
    #[arg(short, long, global = true, help_heading = "Everywhere")]
    pub(super) quiet: bool,
    /// Say more of what was done
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = "Everywhere")]
    pub(super) verbose: u8,
    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", help_heading = "Everywhere")]
    pub(super) color: Option<When>,
    /// Show nothing in a pager
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub(super) no_pager: bool,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum When {
    /// Always
    Always,
    /// On a terminal
    Auto,
    /// Never
    Never,
}

/// The flags above that take a value, for finding the verb among the words of a command line.
pub(super) const WITH_VALUE: &[&str] = &["--agent", "--session", "--color"];

/// The flags above that take none.
pub(super) const SWITCHES: &[&str] =
    &["--json", "--offline", "-q", "--quiet", "-v", "--verbose", "--no-pager", "-h", "--help"];

impl Globals {
    /// Returns how answers are to be shown, as the flags say, else git's configuration.
    pub(super) fn look(&self, scene: &Scene) -> Look {
        if self.json {
            return Look { json: true, quiet: self.quiet, color: ColorChoice::Never, pager: None, said_by: "" };
        }
        let config = scene.opened().ok().map(|session| session.store().config());
        Look { json: false, quiet: self.quiet, color: self.color(config), pager: self.pager(config), said_by: "" }
    }

    fn color(&self, config: Option<&GitConfig>) -> ColorChoice {
        match self.color {
            Some(When::Always) => return ColorChoice::Always,
            Some(When::Never) => return ColorChoice::Never,
            Some(When::Auto) => return ColorChoice::Auto,
            None => {}
        }
        let setting = config.and_then(|config| config.text("color.coord").or_else(|| config.text("color.ui")));
        match setting.as_deref() {
            Some("always") => ColorChoice::Always,
            Some("never" | "false" | "no" | "off") => ColorChoice::Never,
            _ => ColorChoice::Auto,
        }
    }

    /// git's order: GIT_PAGER, core.pager, PAGER, less; and `pager.coord` says whether at all, or which.
    fn pager(&self, config: Option<&GitConfig>) -> Option<String> {
        let own = config.and_then(|config| config.text("pager.coord"));
        if self.no_pager || matches!(own.as_deref(), Some("false" | "no" | "off")) {
            return None;
        }
        let own = own.filter(|pager| !matches!(pager.as_str(), "true" | "yes" | "on" | ""));
        let variable = |name: &str| std::env::var(name).ok();
        let pager = own
            .or_else(|| variable("GIT_PAGER"))
            .or_else(|| config.and_then(|config| config.text("core.pager")))
            .or_else(|| variable("PAGER"))
            .unwrap_or_else(|| "less".to_owned());
        (!pager.is_empty() && pager != "cat").then_some(pager)
    }
}
