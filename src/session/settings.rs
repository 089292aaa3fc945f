//! The settings of this machine, from git's own configuration: `coord.*`.

use std::time::Duration;

use super::identity;
use crate::base::{Error, Result, text};
use crate::query::overlap::Policy;
use crate::store::{self, Config};

/// The settings of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `coord.agent`: who asks, where the command does not say.
    pub agent: Option<String>,
    /// `coord.ttl`: how long a claim lives without a sign of life, in minutes.
    pub ttl_minutes: u64,
    /// `coord.remote`: the remote that all publish to.
    pub remote: Option<String>,
    /// `coord.syncTimeout`: for how long a sync tries again when others publish at the same time.
    pub sync_timeout: Duration,
    /// `coord.publishEvery`: how often a process that keeps running publishes what was written here.
    pub publish_every: Duration,
    /// `coord.lockTimeout`: how long a writer waits for its turn.
    pub lock_timeout: Duration,
    /// `coord.fence`: what is done about commits of a claim that is no longer held, where they are pushed.
    pub fence: Policy,
    /// `coord.publishOnPush`: whether a push of the user publishes the state too.
    pub publish_on_push: PublishOnPush,
    /// `coord.pushBudget`: how long that may take.
    pub push_budget: Duration,
    /// `coord.overlap`: what is done about a claim whose paths overlap with those of another one.
    pub overlap: Policy,
    /// `coord.offlineClaims`: whether a claim is made, provisionally, where the remote cannot be reached.
    pub offline_claims: bool,
}

/// Whether a push of the user publishes the state too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PublishOnPush {
    /// It does not.
    Off,
    /// It does, and where that does not work the user is told.
    #[default]
    Try,
    /// It does, and is refused where that does not work.
    Require,
}

/// A setting of this machine: its row in what `config` lists and in the documentation.
pub struct Setting {
    /// Its key in git's configuration.
    pub key: &'static str,
    /// What holds where it is not set; empty where nothing does.
    pub default: &'static str,
    /// What it decides.
    pub meaning: &'static str,
    /// Refuses a configuration in which its value makes no sense, as whoever uses the setting reads it.
    pub check: fn(&Config) -> Result<()>,
}

/// All settings of this machine.
pub const SETTINGS: &[Setting] = &[
    Setting {
        key: "coord.agent",
        default: "",
        meaning: "The name of the agent, where neither `--agent` nor `GIT_COORD_AGENT` gives one",
        check: |config| agent(config).map_or(Ok(()), |name| identity::check_name(&name)),
    },
    Setting {
        key: "coord.fence",
        default: "warn",
        meaning: "What becomes of a push with commits made under a claim that is no longer held: `refuse`, `warn` or `off`",
        check: |config| fence(config).map(drop),
    },
    Setting {
        key: "coord.fsync",
        default: "on",
        meaning: "Whether what was acknowledged survives a power cut; `off` is faster",
        check: |config| store::is_durable(config).map(drop),
    },
    Setting {
        key: "coord.lockTimeout",
        default: "30s",
        meaning: "How long a writer waits for its turn before it gives up with exit code 7",
        check: |config| lock_timeout(config).map(drop),
    },
    Setting {
        key: "coord.maintenance",
        default: "on",
        meaning: "Whether git packs in the background what writes have left; `gc.auto=0` and `maintenance.auto=false` turn it off too",
        check: |config| store::is_maintained(config).map(drop),
    },
    Setting {
        key: "coord.offlineClaims",
        default: "refuse",
        meaning: "What becomes of a claim where the remote cannot be reached: `refuse`, with exit code 6, or `allow`, and it is provisional",
        check: |config| offline_claims(config).map(drop),
    },
    Setting {
        key: "coord.overlap",
        default: "refuse",
        meaning: "What becomes of a claim whose `--paths` overlap with those of another living one, and of a push of such files: `refuse`, `warn` or `off`",
        check: |config| overlap(config).map(drop),
    },
    Setting {
        key: "coord.publishEvery",
        default: "10s",
        meaning: "How often `sync --watch` publishes what was written here, and asks for what others have published; claims do not wait for it",
        check: |config| publish_every(config).map(drop),
    },
    Setting {
        key: "coord.publishOnPush",
        default: "try",
        meaning: "Whether `git push` publishes the state too: `try`, `require` (the push is refused where that does not work) or `off`",
        check: |config| publish_on_push(config).map(drop),
    },
    Setting {
        key: "coord.pusher",
        default: "",
        meaning: "The environment variable in which a server says who pushes, such as `REMOTE_USER` or `GL_USERNAME`, for `policy.protect`; name none that whoever pushes can set",
        check: |config| pusher_variable(config).map(drop),
    },
    Setting {
        key: "coord.pushBudget",
        default: "10s",
        meaning: "How long `git push` waits at most for the state to be published",
        check: |config| push_budget(config).map(drop),
    },
    Setting {
        key: "coord.remote",
        default: "",
        meaning: "The remote that the team publishes to, which `sync` asks where it is told no other; `init` sets it",
        check: |_| Ok(()),
    },
    Setting {
        key: "coord.remotePrefix",
        default: "refs/coord/",
        meaning: "Under which prefix the remote keeps the state, for hosts that refuse other refs",
        check: |config| store::remote_prefix(config).map(drop),
    },
    Setting {
        key: "coord.requireSigned",
        default: "off",
        meaning: "Whether only what is signed is taken in, by `sync` and other commands here, and by `pre-receive` on a server: `on` or `off`",
        check: |config| is_signing_required(config).map(drop),
    },
    Setting {
        key: "coord.sign",
        default: "off",
        meaning: "Whether commits are signed, by git's own settings for how and with which key: `on` or `off`",
        check: |config| store::is_signing(config).map(drop),
    },
    Setting {
        key: "coord.syncTimeout",
        default: "60s",
        meaning: "For how long `sync` tries again when others publish at the same time, before it gives up with exit code 7; and how long it waits for a remote that says nothing, at least 5s",
        check: |config| sync_timeout(config).map(drop),
    },
    Setting {
        key: "coord.ttl",
        default: "30",
        meaning: "How long a claim lives without a sign of life: minutes, or a duration like `2h`",
        check: |config| ttl(config).map(drop),
    },
];

impl Setting {
    /// Returns the row of the setting with this key; case plays no part in it, as in git.
    pub fn find(key: &str) -> Option<&'static Setting> {
        SETTINGS.iter().find(|setting| setting.key.eq_ignore_ascii_case(key))
    }
}

impl Settings {
    /// Reads the settings.
    ///
    /// # Errors
    /// `bad_setting` for a value that makes no sense.
    pub fn read(config: &Config) -> Result<Self> {
        store::is_durable(config)?;
        store::is_maintained(config)?;
        store::is_signing(config)?;
        Ok(Settings {
            agent: agent(config),
            ttl_minutes: ttl(config)?,
            remote: remote(config),
            lock_timeout: lock_timeout(config)?,
            publish_every: publish_every(config)?,
            sync_timeout: sync_timeout(config)?,
            fence: fence(config)?,
            publish_on_push: publish_on_push(config)?,
            push_budget: push_budget(config)?,
            overlap: overlap(config)?,
            offline_claims: offline_claims(config)?,
        })
    }

    /// Reads the settings, and takes the default for what makes no sense: for what sets it right.
    pub fn tolerant(config: &Config) -> Self {
        Settings {
            agent: agent(config),
            ttl_minutes: ttl(config).unwrap_or(TTL_MINUTES),
            remote: remote(config),
            lock_timeout: lock_timeout(config).unwrap_or(LOCK_TIMEOUT),
            publish_every: publish_every(config).unwrap_or(PUBLISH_EVERY),
            sync_timeout: sync_timeout(config).unwrap_or(SYNC_TIMEOUT),
            fence: fence(config).unwrap_or(Policy::Warn),
            publish_on_push: publish_on_push(config).unwrap_or_default(),
            push_budget: push_budget(config).unwrap_or(PUSH_BUDGET),
            overlap: overlap(config).unwrap_or_default(),
            offline_claims: offline_claims(config).unwrap_or_default(),
        }
    }
}

const TTL_MINUTES: u64 = 30;
const PUBLISH_EVERY: Duration = Duration::from_secs(10);
const LOCK_TIMEOUT: Duration = Duration::from_secs(30);
const SYNC_TIMEOUT: Duration = Duration::from_secs(60);
const PUSH_BUDGET: Duration = Duration::from_secs(10);

fn agent(config: &Config) -> Option<String> {
    config.text("coord.agent").filter(|agent| !agent.is_empty())
}

fn remote(config: &Config) -> Option<String> {
    config.text("coord.remote").filter(|remote| !remote.is_empty())
}

fn ttl(config: &Config) -> Result<u64> {
    config.text("coord.ttl").map_or(Ok(TTL_MINUTES), |text| parse_minutes("coord.ttl", &text))
}

fn lock_timeout(config: &Config) -> Result<Duration> {
    config.text("coord.lockTimeout").map_or(Ok(LOCK_TIMEOUT), |text| parse_duration("coord.lockTimeout", &text))
}

fn publish_every(config: &Config) -> Result<Duration> {
    config.text("coord.publishEvery").map_or(Ok(PUBLISH_EVERY), |text| parse_pause("coord.publishEvery", &text))
}

fn sync_timeout(config: &Config) -> Result<Duration> {
    config.text("coord.syncTimeout").map_or(Ok(SYNC_TIMEOUT), |text| parse_duration("coord.syncTimeout", &text))
}

fn offline_claims(config: &Config) -> Result<bool> {
    match config.text("coord.offlineClaims").as_deref().map(str::trim) {
        None | Some("refuse") => Ok(false),
        Some("allow") => Ok(true),
        Some(text) => Err(bad("coord.offlineClaims", text, "must be refuse or allow")),
    }
}

fn publish_on_push(config: &Config) -> Result<PublishOnPush> {
    const KEY: &str = "coord.publishOnPush";
    match config.text(KEY).as_deref().map(str::trim) {
        None | Some("try") => Ok(PublishOnPush::Try),
        Some("off") => Ok(PublishOnPush::Off),
        Some("require") => Ok(PublishOnPush::Require),
        Some(text) => Err(bad(KEY, text, "must be try, require or off")),
    }
}

fn push_budget(config: &Config) -> Result<Duration> {
    config.text("coord.pushBudget").map_or(Ok(PUSH_BUDGET), |text| parse_duration("coord.pushBudget", &text))
}

fn fence(config: &Config) -> Result<Policy> {
    config.text("coord.fence").map_or(Ok(Policy::Warn), |text| parse_policy("coord.fence", &text))
}

/// Reads `coord.requireSigned`.
///
/// # Errors
/// `bad_setting`.
pub fn is_signing_required(config: &Config) -> Result<bool> {
    const KEY: &str = "coord.requireSigned";
    let text = config.text(KEY).unwrap_or_default();
    config.boolean(KEY).map(|is_on| is_on.unwrap_or(false)).map_err(|_| bad(KEY, &text, "is neither on nor off"))
}

/// Reads `coord.pusher`: the variable in which a server says who pushes.
///
/// # Errors
/// `bad_setting` where that is no name of a variable.
pub fn pusher_variable(config: &Config) -> Result<Option<String>> {
    const KEY: &str = "coord.pusher";
    let Some(name) = config.text(KEY).filter(|name| !name.is_empty()) else { return Ok(None) };
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_name { Ok(Some(name)) } else { Err(bad(KEY, &name, "is not the name of a variable")) }
}

fn overlap(config: &Config) -> Result<Policy> {
    config.text("coord.overlap").map_or(Ok(Policy::default()), |text| parse_policy("coord.overlap", &text))
}

/// Reads a time to live as whole minutes, at least one: `90m`, `2h`, or a bare number of minutes.
///
/// # Errors
/// `bad_setting`, naming `what`.
pub fn parse_minutes(what: &str, text: &str) -> Result<u64> {
    let minutes = match text.trim().parse::<u64>() {
        Ok(minutes) => minutes,
        Err(_) => parse_duration(what, text)?.as_secs() / 60,
    };
    if minutes == 0 || minutes > 60 * 24 * 366 {
        return Err(bad(what, text, "must be from a minute to a year"));
    }
    Ok(minutes)
}

/// Reads how long to wait before something is done again: from a tenth of a second to a day.
///
/// # Errors
/// `bad_setting`, naming `what`.
pub fn parse_pause(what: &str, text: &str) -> Result<Duration> {
    const BOUNDS: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(24 * 3600));
    let pause = parse_duration(what, text)?;
    match (BOUNDS.0..=BOUNDS.1).contains(&pause) {
        true => Ok(pause),
        false => Err(bad(what, text, "must be from 100ms to a day")),
    }
}

fn parse_policy(key: &str, text: &str) -> Result<Policy> {
    match text.trim() {
        "refuse" => Ok(Policy::Refuse),
        "warn" => Ok(Policy::Warn),
        "off" => Ok(Policy::Off),
        _ => Err(bad(key, text, "must be refuse, warn or off")),
    }
}

fn parse_duration(what: &str, text: &str) -> Result<Duration> {
    humantime::parse_duration(text.trim()).map_err(|_| bad(what, text, "is not a duration like 90s, 30m or 2h"))
}

fn bad(what: &str, value: &str, rule: &str) -> Error {
    let error = Error::invalid("bad_setting", format!("{what} is «{}», which {rule}", text::excerpt(value, 40)));
    // What is no setting of git is an option, whose verb knows more.
    if what.starts_with("coord.") { error.hint(format!("git coord config {what}")) } else { error }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_to_live_is_minutes_or_a_duration() {
        for (text, minutes) in [("30", 30), ("90m", 90), ("2h", 120), ("1day", 1440), ("90s", 1)] {
            assert_eq!(parse_minutes("--ttl", text).expect(text), minutes);
        }
        for text in ["", "0", "10s", "soon", "-5", "99999999999999999999", "5000days"] {
            assert_eq!(parse_minutes("--ttl", text).expect_err(text).code(), "bad_setting");
        }
    }

    #[test]
    fn a_pause_is_neither_none_nor_for_ever() {
        assert_eq!(parse_pause("--watch", "2s").expect("a pause"), Duration::from_secs(2));
        for text in ["0s", "99ms", "2days", "", "often", "-1s"] {
            assert_eq!(parse_pause("--watch", text).expect_err(text).code(), "bad_setting");
        }
    }

    #[test]
    fn an_overlap_is_refused_warned_of_or_passed_over() {
        assert_eq!(parse_policy("coord.overlap", " warn ").expect("a policy"), Policy::Warn);
        assert_eq!(parse_policy("coord.overlap", "").expect_err("no policy").code(), "bad_setting");
    }
}
