//! What must hold of a repository that a power cut has left: asked of git and of the program.

use std::collections::BTreeSet;

use crate::harness::{Answer, Repo};

/// What was promised before the power was cut.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Promised {
    /// The commits whose writers were told that they had landed.
    pub(super) commits: BTreeSet<String>,
    /// Calls that show what was acknowledged: each must succeed.
    pub(super) shows: BTreeSet<&'static str>,
    /// Whether the repository was set up, settings and all.
    pub(super) is_set_up: bool,
}

/// How closely a repository is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Care {
    /// What goes wrong at first is seen at last: nothing is mended on the way.
    Enough,
    /// Each step is looked at by itself.
    Great,
}

/// Returns what is wrong with a repository, or what goes wrong when it is used.
pub(super) fn examine(repo: &Repo, promised: &Promised, care: Care) -> Result<(), String> {
    if care == Care::Great {
        match repo.tip() {
            None => require(promised.commits.is_empty(), || "the ref is gone".to_owned())?,
            Some(_) => keeps(repo, promised)?,
        }
        sound(repo)?;
        log_works(repo)?;
    }
    if care == Care::Great {
        let before = called(repo, "doctor --json", &[0, 1])?;
        let known: &[&str] = &["lock", "lost_ref", "missing_setting", "no_reflog", "no_replica", "not_set_up"];
        let odd = codes(&before).into_iter().find(|code| !known.contains(&code.as_str()));
        require(odd.is_none(), || format!("the doctor finds {odd:?}: {before}"))?;
        // What was never set up stays so.
        called(repo, "doctor --fix", if promised.is_set_up { &[0] } else { &[0, 1] })?;
    }
    for line in &promised.shows {
        called(repo, line, &[0])?;
    }
    if !promised.is_set_up {
        called(repo, "init", &[0])?;
    }
    called(repo, "task new Afterwards --id afterwards", &[0])?;
    keeps(repo, promised)?;
    sound(repo)?;
    called(repo, "doctor", &[0])?;
    if care == Care::Great {
        called(repo, "show afterwards", &[0])?;
        sound(repo)?;
    }
    Ok(())
}

fn keeps(repo: &Repo, promised: &Promised) -> Result<(), String> {
    let history = repo.try_git(&["rev-list", "refs/coord/main"]);
    let words = String::from_utf8_lossy(&history.stderr).into_owned();
    require(history.status.success(), || format!("git rev-list: {words}"))?;
    let history = String::from_utf8_lossy(&history.stdout).into_owned();
    let lost: Vec<_> = promised.commits.iter().filter(|id| !history.contains(id.as_str())).collect();
    require(lost.is_empty(), || format!("acknowledged and lost: {lost:?}"))
}

fn sound(repo: &Repo) -> Result<(), String> {
    let output = repo.try_git(&["fsck", "--strict", "--no-dangling", "--no-progress"]);
    let words = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    let odd = words.lines().find(|line| !line.starts_with("notice:"));
    require(output.status.success() && odd.is_none(), || format!("git fsck: {words}"))
}

fn log_works(repo: &Repo) -> Result<(), String> {
    if repo.tip().is_none() {
        return Ok(());
    }
    let output = repo.try_git(&["log", "-p", "--format=%H", "refs/coord/main"]);
    require(output.status.success(), || format!("git log: {}", String::from_utf8_lossy(&output.stderr)))
}

fn called(repo: &Repo, line: &str, exits: &[i32]) -> Result<Answer, String> {
    let answer = repo.coord(&line.split(' ').collect::<Vec<_>>()).run();
    if exits.contains(&answer.exit()) { Ok(answer) } else { Err(answer.to_string()) }
}

fn codes(answer: &Answer) -> Vec<String> {
    let findings = answer.data()["findings"].as_array().cloned().unwrap_or_default();
    findings.iter().filter_map(|finding| finding["code"].as_str()).map(str::to_owned).collect()
}

fn require(is_so: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if is_so { Ok(()) } else { Err(otherwise()) }
}
