//! How git is had to pack: by a shell that outlives the command, and holds on to nothing of whoever called it.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use super::super::{STATE_REF, Store, fault};
use super::pile::SAMPLE;
use super::{Work, log};
use crate::base::{Result, Timestamp};

/// The shell's part. What it prints on its standard output, it does not: that is the lock, held until the last of them
/// ends. What git says goes to standard error, the log.
///
/// A background part reads no terminal. Pipes of a caller that came along under the numbers 3 to 9 are closed, so that
/// whoever waits for their end does not wait for us; the shell knows no names for higher ones.
const SCRIPT: &str = r#"
wait=$1 cut=$2 ref=$3 sample=$4
shift 4
count() { n=0; for name; do [ ! -e "$name" ] || n=$((n + 1)); done; echo $n; }
work() {
    [ -z "$cut" ] || git reflog expire --expire="$cut" --expire-unreachable="$cut" "$ref" || return
    git "$@"
}
{
    exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
    # Another git may have been packing.
    if work "$@" >&2 || { sleep 2; work "$@" >&2; }; then
        echo "done $(count objects/pack/*.pack) $(count $sample)" >&2
    else
        echo "failed $?" >&2
    fi
} &
[ -z "$wait" ] || wait
"#;

/// The reflog is cut when it is longer than this, to half of it: a `git gc` holds the ref for as long as it takes to
/// read all lines, and no writer is to wait that long. 2 MiB are twelve thousand changes or so.
const LONGEST_REFLOG: u64 = 2 << 20;

/// Starts the work. The lock lives as long as the shell.
pub(super) fn start(store: &Store, work: Work, lock: File, now: Timestamp) -> Result<()> {
    let mut log = log::begin(store, now)?;
    let wait = if waits(store)? { "wait" } else { "" };
    let cut = reflog_cut(store).map(|cut| cut.to_string()).unwrap_or_default();
    let said = log.try_clone().map_err(|err| fault::io("open the log of maintenance", err))?;
    let mut shell = Command::new("sh");
    let sample = SAMPLE.map(|folder| format!("objects/{folder}/[0-9a-f]*")).join(" ");
    shell.args(["-c", SCRIPT, "git-coord", wait, &cut, STATE_REF, &sample]).args(arguments(store, work));
    surround(&mut shell, store);
    shell.stdin(Stdio::null()).stdout(lock).stderr(said);
    // A group of its own: an interrupt at the terminal is for the command.
    let failure = match shell.process_group(0).status() {
        Ok(status) if status.success() => return Ok(()),
        Ok(status) => io::Error::other(format!("sh ended with {status}")),
        Err(err) => err,
    };
    // Whoever has called does not look at what comes of it; the doctor will tell.
    let _ = log.write_all(format!("cannot run sh: {failure}\nfailed 127\n").as_bytes());
    Err(fault::io("run sh", failure))
}

/// The words for git. They make no file outside the object folder, whatever is configured, and what is acknowledged is as
/// durable in its new place as it was in its old one.
fn arguments(store: &Store, work: Work) -> Vec<&'static str> {
    let mut words = Vec::new();
    if store.files.is_durable {
        words.extend(["-c", "core.fsync=committed", "-c", "core.fsyncMethod=fsync"]);
    }
    match work {
        Work::Pack => {
            words.extend(["repack", "--geometric=2", "-d", "-l", "-n", "-q", "--no-write-bitmap-index"]);
            // An index over several packs goes with the first pack that it lists, unless it is written anew.
            if store.places.objects_dir.join("pack/multi-pack-index").exists() {
                words.push("--write-midx");
            }
        }
        Work::Collect => {
            words.extend(["gc", "--quiet"]);
            // Whoever has set another time of grace prunes by himself: it may be none, which is no time for writers.
            if store.config.text("gc.pruneExpire").is_some() {
                words.push("--no-prune");
            }
        }
    }
    words
}

/// Gives the shell the repository and nothing else of what git or a hook of it has told this process.
fn surround(shell: &mut Command, store: &Store) {
    let is_kept = |name: &str| !name.starts_with("GIT_") || name.starts_with("GIT_CONFIG") || name == "GIT_EXEC_PATH";
    let kept = store.environment.iter().filter(|(name, _)| name.to_str().is_none_or(is_kept));
    shell.env_clear().envs(kept);
    let places = &store.places;
    // A linked worktree may be gone before git is done.
    let git_dir = if places.common_dir.join("HEAD").exists() { &places.common_dir } else { &places.git_dir };
    shell.env("GIT_DIR", git_dir).env("GIT_COMMON_DIR", &places.common_dir).current_dir(&places.common_dir);
    shell.env("LC_ALL", "C");
}

/// Returns whether the command is to wait for the end, as git's commands do where they are told so.
fn waits(store: &Store) -> Result<bool> {
    let detach = match store.config.boolean("maintenance.autoDetach")? {
        Some(detach) => Some(detach),
        None => store.config.boolean("gc.autoDetach")?,
    };
    Ok(detach == Some(false))
}

/// Returns before which moment lines of the reflog are dropped; nothing where it is short, kept by tables, or the user
/// has said how long such lines are to be kept.
fn reflog_cut(store: &Store) -> Option<Timestamp> {
    const KEY: &str = "reflogExpire";
    let is_told = store.config.text(&format!("gc.{KEY}")).is_some()
        || store.config.subsections("gc").iter().any(|of| store.config.text(&format!("gc.{of}.{KEY}")).is_some());
    if is_told {
        return None;
    }
    let mut file = File::open(store.places.common_dir.join("logs").join(STATE_REF)).ok()?;
    let length = file.metadata().ok()?.len();
    if length <= LONGEST_REFLOG {
        return None;
    }
    file.seek(SeekFrom::Start(length / 2)).ok()?;
    let mut middle = Vec::new();
    file.take(64 << 10).read_to_end(&mut middle).ok()?;
    let middle = String::from_utf8_lossy(&middle);
    middle.lines().skip(1).find_map(moment)
}

/// Returns when the move was made that a line of a reflog tells of.
fn moment(line: &str) -> Option<Timestamp> {
    let (facts, _) = line.split_once('\t')?;
    let seconds = facts.rsplit_once("> ")?.1.split(' ').next()?;
    seconds.parse().ok().map(Timestamp::from_seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_reflog_says_when() {
        let line = "00 11 A > B <a@b> 1767323045 +0000\tcoord: Add > 5 +0000";
        assert_eq!(moment(line), Some(Timestamp::from_seconds(1_767_323_045)));
        assert_eq!(moment("half a line"), None);
    }
}
