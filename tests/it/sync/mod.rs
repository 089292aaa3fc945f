//! Real clones, real remotes: what `sync` and plain git bring together, and what stands in the way.

mod claims;
mod fleet;
mod folding;
mod hostile;
mod killed;
mod mangled;
mod network;
mod places;
mod presence;
mod races;
mod remotes;
mod together;
mod watch;

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

use serde_json::Value;

use crate::harness::Repo;

/// A bare repository, and laptops that are clones of it.
pub(crate) struct Team {
    pub(crate) remote: Repo,
    pub(crate) laptops: Vec<Repo>,
}

impl Team {
    /// Makes a remote without any state, and clones that are not set up.
    pub(crate) fn new(laptops: usize) -> Team {
        let first = Repo::plain();
        first.clone_to("remote.git", &["--bare"]);
        let remote = first.at(first.machine.root().join("remote.git"));
        let laptops = (0..laptops).map(|n| remote.clone_to(&format!("laptop-{n}"), &[])).collect();
        Team { remote, laptops }
    }

    /// The same, with the state of the first laptop in all.
    pub(crate) fn set_up(laptops: usize) -> Team {
        let team = Team::new(laptops);
        team.laptops[0].ok(&["init"]);
        team.laptops[0].ok(&["task", "new", "Shared", "--id", "T-1"]);
        team.laptops[0].ok(&["sync"]);
        for laptop in &team.laptops[1..] {
            assert_eq!(laptop.data(&["init"])["state"], "adopted");
        }
        team
    }

    fn tips(&self) -> Vec<String> {
        self.laptops.iter().chain([&self.remote]).filter_map(Repo::tip).collect()
    }

    /// All have the same state, and git finds nothing wrong with any of it.
    #[track_caller]
    pub(crate) fn assert_equal(&self) {
        let tips = self.tips();
        assert_eq!(tips.len(), self.laptops.len() + 1);
        assert!(tips.iter().all(|tip| *tip == tips[0]), "{tips:#?}");
        self.laptops.iter().chain([&self.remote]).for_each(Repo::fsck_strict);
    }
}

/// The remote of a team behind http, by git's own program; goes with this.
pub(crate) struct Server {
    process: Child,
    port: String,
    pub(crate) url: String,
}

impl Server {
    /// Nothing where there is no Python.
    pub(crate) fn of(team: &Team) -> Option<Server> {
        Server::at(team, &team.remote, "127.0.0.1")
    }

    /// The same, started from this folder, and heard under this address.
    fn at(team: &Team, from: &Repo, address: &str) -> Option<Server> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/sync/http_backend.py");
        let mut python = from.command("python3");
        python.arg(script).arg(team.remote.machine.root()).arg(address).stdout(Stdio::piped());
        let mut process = python.spawn().ok()?;
        let mut port = String::new();
        BufReader::new(process.stdout.take()?).read_line(&mut port).expect("a port");
        team.remote.git(&["config", "http.receivepack", "true"]);
        let port = port.trim().to_owned();
        Some(Server { process, url: format!("http://{address}:{port}/remote.git"), port })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Syncs, and returns what was done with the one remote.
#[track_caller]
pub(crate) fn synced(repo: &Repo) -> Value {
    let data = repo.data(&["sync"]);
    assert_eq!(data["remotes"].as_array().map(Vec::len), Some(1), "{data}");
    assert_eq!(data["commit"].as_str(), repo.tip().as_deref());
    data["remotes"][0].clone()
}

/// Returns the ids of all tasks.
#[track_caller]
pub(crate) fn tasks(repo: &Repo) -> Vec<String> {
    let data = repo.data(&["task", "list", "--limit", "10000"]);
    let mut ids: Vec<String> = data["items"]
        .as_array()
        .expect("items")
        .iter()
        .filter_map(|task| task["id"].as_str())
        .map(str::to_owned)
        .collect();
    ids.sort();
    ids
}

/// Returns how many conflicts the tip holds.
fn conflicts(repo: &Repo) -> usize {
    repo.files().keys().filter(|path| path.starts_with("conflicts/")).count()
}
