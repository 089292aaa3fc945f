//! One new task against a shell script that does the same with the plumbing of git, on a ref of its own.
//!
//! The script is spared whatever can be spared: it gets the record, its place and the other entries of the four trees
//! (shard, shard, `tasks`, root) as files that are made before it starts. What is left are seven starts of git.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::aims::Aim;
use crate::pairs::Row;
use crate::place::{Repo, STATE};

const REF: &str = "refs/bench/plumbing";

const SCRIPT: &str = include_str!("plumbing.sh");

/// What makes git wait for the disk too. `git mktree` does not heed it, so the trees stay unsynced all the same.
const DURABLE: [(&str, &str); 3] =
    [("GIT_CONFIG_COUNT", "1"), ("GIT_CONFIG_KEY_0", "core.fsync"), ("GIT_CONFIG_VALUE_0", "all")];

pub(crate) fn rows<'r>(repo: &'r Repo<'r>) -> Vec<Row<'r>> {
    let work = "task new";
    let new = |_| repo.coord(["task", "new", "Say why an input is refused"]);
    let plain = |n| script(repo, n);
    let durable = |n| {
        let mut command = script(repo, 1_000_000 + n);
        command.envs(DURABLE);
        command
    };
    vec![
        Row {
            work,
            against: "plumbing script",
            aim: Some(Aim::Plumbing),
            command: Box::new(new),
            reference: Box::new(plain),
        },
        Row {
            work,
            against: "plumbing script, core.fsync=all",
            aim: None,
            command: Box::new(new),
            reference: Box::new(durable),
        },
    ]
}

/// Prepares the n-th new task and returns the command that adds it.
fn script(repo: &Repo<'_>, n: usize) -> Command {
    let file = repo.path.join("plumbing.sh");
    if !file.exists() {
        std::fs::write(&file, SCRIPT).expect("the script can be written");
        repo.run(repo.git(["update-ref", REF, STATE]));
    }
    let folder = repo.path.join(format!("plumbing-{n}"));
    std::fs::create_dir(&folder).expect("a new folder");
    // An odd factor: the shards of successive tasks are far apart, and all different.
    let hash = n.wrapping_mul(40_503) % 65_536;
    let (outer, inner) = (format!("{:02x}", hash / 256), format!("{:02x}", hash % 256));
    let id = format!("plumbing-{n:07}");
    std::fs::write(folder.join("record"), record(&id)).expect("the record can be written");
    entries(repo, &folder, "root", "", "tasks");
    entries(repo, &folder, "tasks", "tasks", &outer);
    entries(repo, &folder, "outer", &format!("tasks/{outer}"), &inner);
    entries(repo, &folder, "inner", &format!("tasks/{outer}/{inner}"), "");
    let tip = repo.run(repo.git(["rev-parse", REF]));
    let folder = folder.into_os_string().into_string().expect("a folder with a plain name");
    repo.sh(&file, [folder, format!("{id}.md"), outer, inner, REF.to_owned(), tip])
}

/// Writes down the entries of a tree without the one that will be replaced; none where there is no such tree.
fn entries(repo: &Repo<'_>, folder: &Path, name: &str, path: &str, replaced: &str) {
    let listing = repo.try_run(repo.git(["ls-tree", &format!("{REF}:{path}")])).unwrap_or_default();
    let kept = listing.lines().filter(|line| line.split_once('\t').is_some_and(|(_, name)| name != replaced));
    let text: String = kept.map(|line| format!("{line}\n")).collect();
    let file: PathBuf = folder.join(name);
    std::fs::write(file, text).expect("the entries can be written");
}

/// The same bytes as `task new` writes, but for the id and the moment.
fn record(id: &str) -> String {
    format!(
        "---\nkind: task\nid: {id}\ntitle: Say why an input is refused\ntype: task\nstatus: pending\npriority: P2\n\
         created_at: \"2026-01-02T03:04:05.678Z\"\ncreated_by: bench\nupdated_at: \"2026-01-02T03:04:05.678Z\"\n\
         updated_by: bench\n---\n\n"
    )
}
