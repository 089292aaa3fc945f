//! A network for a team: each laptop and the remote in a network namespace of its own, a link from each laptop to the remote.
//! A link can really go down: what is sent then is not refused, it is not answered.
//!
//! No rights are needed where a user namespace may be made; where not, [`Network::of`] says so. Namespaces go with the
//! processes that hold them, and those end with this.

use std::io::Read as _;
use std::process::{Child, Command, Stdio};

use super::{Server, Team};

/// The namespaces, each held by a process that does nothing.
pub(super) struct Network {
    server: Child,
    laptops: Vec<Child>,
}

impl Network {
    /// Makes a network.
    ///
    /// # Errors
    /// The words of the program that could not do its part: it is not there, or it is not permitted.
    pub(super) fn of(laptops: usize) -> Result<Network, String> {
        let server = hold(&words(&["unshare", "--map-root-user", "--net"]))?;
        let mut network = Network { server, laptops: Vec::new() };
        run(&network.at_server(), "ip link set lo up")?;
        for n in 0..laptops {
            let inside = [network.at_server(), words(&["unshare", "--net"])].concat();
            network.laptops.push(hold(&inside)?);
            let laptop = network.at_laptop(n);
            let other = network.laptops[n].id();
            let card = format!("02:00:00:00:00:{n:02x}");
            let link = format!("ip link add to-{n} address {card} type veth peer name eth0 netns {other}");
            run(&network.at_server(), &link)?;
            run(&network.at_server(), &format!("ip addr add {}/24 dev to-{n}", server_address(n)))?;
            run(&network.at_server(), &format!("ip link set to-{n} up"))?;
            run(&laptop, "ip link set lo up")?;
            run(&laptop, &format!("ip addr add 10.77.{n}.2/24 dev eth0"))?;
            run(&laptop, "ip link set eth0 up")?;
            // As behind a router: that nobody is there is not found out by asking for the card of that address.
            run(&laptop, &format!("ip neigh add {} lladdr {card} dev eth0 nud permanent", server_address(n)))?;
        }
        Ok(network)
    }

    /// Returns what starts a program where the remote is.
    pub(super) fn at_server(&self) -> Vec<String> {
        enter(&self.server)
    }

    /// Returns what starts a program where the n-th laptop is.
    pub(super) fn at_laptop(&self, n: usize) -> Vec<String> {
        enter(&self.laptops[n])
    }

    /// Takes the link of a laptop down.
    #[track_caller]
    pub(super) fn cut(&self, n: usize) {
        run(&self.at_server(), &format!("ip link set to-{n} down")).expect("it was up");
    }

    /// Brings the link of a laptop up again.
    #[track_caller]
    pub(super) fn connect(&self, n: usize) {
        run(&self.at_server(), &format!("ip link set to-{n} up")).expect("it was down");
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for holder in self.laptops.iter_mut().chain([&mut self.server]) {
            let _ = holder.kill();
            let _ = holder.wait();
        }
    }
}

/// Returns the address of the remote for the n-th laptop.
pub(super) fn server_address(n: usize) -> String {
    format!("10.77.{n}.1")
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

fn enter(holder: &Child) -> Vec<String> {
    let id = holder.id().to_string();
    words(&["nsenter", "--preserve-credentials", "--user", "--net", "--target", &id])
}

/// Starts a process that holds what was made for it, and returns when it does.
fn hold(start: &[String]) -> Result<Child, String> {
    let mut command = Command::new(&start[0]);
    // It says so when it is there, and ends when nobody is there to listen to.
    command.args(&start[1..]).args(["sh", "-c", "echo; exec cat"]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("{start:?}: {error}"))?;
    let mut line = [0];
    match child.stdout.as_mut().expect("a pipe").read_exact(&mut line) {
        Ok(()) => Ok(child),
        Err(_) => {
            let _ = child.wait();
            Err(format!("{start:?} is not permitted"))
        }
    }
}

fn run(inside: &[String], line: &str) -> Result<(), String> {
    let output = Command::new(&inside[0])
        .args(&inside[1..])
        .args(line.split(' '))
        .output()
        .map_err(|error| format!("{line}: {error}"))?;
    if output.status.success() { Ok(()) } else { Err(format!("{line}: {}", String::from_utf8_lossy(&output.stderr))) }
}

/// Where no network can be made there is nothing to try.
#[test]
fn a_sync_over_a_link_that_comes_back_goes_on_and_writes_do_not_wait_for_it() {
    let team = Team::set_up(1);
    let Ok(network) = Network::of(1) else { return };
    let Some(server) = Server::at(&team, &team.remote.inside(network.at_server()), "0.0.0.0") else { return };
    let laptop = team.laptops[0].inside(network.at_laptop(0));
    laptop.git(&["config", "remote.origin.url", &format!("http://{}:{}/remote.git", server_address(0), server.port)]);
    network.cut(0);
    laptop.ok(&["note", "T-1", "Nobody has to be asked for this"]);
    let sync = laptop.coord(&["sync"]).start();
    network.connect(0);
    let answer = sync.wait();
    assert!(answer.is_ok(), "{answer}");
    assert_eq!(laptop.tip(), team.remote.tip());
}
