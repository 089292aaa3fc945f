//! A fleet: clones with their own agents, clocks and networks, over one remote behind http. They write what they like, are
//! killed and cut off; afterwards all are equal, what was acknowledged is there, and no confirmed claim was ever displaced.
//!
//! Short where it is one test of many. `GIT_COORD_FLEET=clones,agents,seconds` makes it larger, and prints its figures;
//! `GIT_COORD_FLEET_SEED` has the agents choose as they did before, and `GIT_COORD_FLEET_KEEP` leaves the folder of it all. With
//! `GIT_COORD_FLEET_NET=1` each clone is in a network of its own, where that is permitted, and is cut off by a link that goes
//! down: what it asks then is not refused, but hangs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::network::{Network, server_address};
use super::{Server, Team};
use crate::harness::{Answer, Call, Repo};

/// Clocks of clones, in seconds beside the true one.
const SKEWS: &[&str] = &["0", "86400", "-86400", "3600"];

/// What somebody was told has happened.
#[derive(Debug, Clone)]
enum Told {
    Made(String),
    Said(String),
    Claimed {
        task: String,
        claim: String,
        agent: String,
        is_confirmed: bool,
    },
    Ended {
        task: String,
        claim: String,
        is_done: bool,
    },
    /// By who was killed on the way of ending it.
    Left(String),
}

/// Everything that was acknowledged, and how often what happened.
#[derive(Default)]
struct Ledger {
    told: Mutex<Vec<Told>>,
    counts: Mutex<BTreeMap<String, usize>>,
    /// The longest that a command of a verb took, in milliseconds.
    longest: Mutex<BTreeMap<String, u128>>,
}

impl Ledger {
    fn note(&self, told: Told) {
        lock(&self.told).push(told);
    }

    fn count(&self, what: &str) {
        *lock(&self.counts).entry(what.to_owned()).or_default() += 1;
    }

    fn took(&self, verb: &str, answer: &Answer, start: Instant) {
        let key = format!("{verb}, exit {}", answer.exit());
        let mut longest = lock(&self.longest);
        let longest = longest.entry(key).or_default();
        *longest = (*longest).max(start.elapsed().as_millis());
    }

    fn tasks(&self) -> Vec<String> {
        let made = |told: &Told| match told {
            Told::Made(task) => Some(task.clone()),
            _ => None,
        };
        lock(&self.told).iter().filter_map(made).collect()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A small generator of numbers: the choices of an agent can be repeated, what comes of them cannot.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).expect("a small number")
    }
}

/// One agent at its work.
struct Agent<'a> {
    clone: &'a Repo,
    skew: &'static str,
    name: String,
    dice: Dice,
    ledger: &'a Ledger,
    /// The task that it holds, and the claim.
    held: Option<(String, String)>,
    made: usize,
}

impl Agent<'_> {
    fn call(&self, words: &[&str]) -> Call {
        let session = format!("s-{}", self.name);
        let call = self.clone.coord(words).agent(&self.name).session(&session).json();
        call.env("GIT_COORD_CLOCK_SKEW", self.skew)
    }

    /// Runs a command, or kills it on its way; nothing where it was killed.
    fn run(&mut self, call: Call) -> Option<Answer> {
        let (verb, start) = (call.verb(), Instant::now());
        let mut running = call.start();
        if self.dice.roll(12) == 0 {
            let pause = u64::try_from(self.dice.roll(60)).expect("a small number");
            // The pause is the subject: a death at any moment.
            std::thread::sleep(Duration::from_millis(pause));
            running.kill();
        }
        let answer = running.wait();
        if answer.was_killed() {
            self.ledger.count("killed");
            return None;
        }
        let why = if answer.exit() > 4 { format!(", {}", answer.error_code()) } else { String::new() };
        self.ledger.count(&format!("exit {}{why}", answer.exit()));
        self.ledger.took(&verb, &answer, start);
        assert!([0, 1, 3, 4, 6, 7].contains(&answer.exit()), "{answer}");
        Some(answer)
    }

    fn work(&mut self, until: Instant) {
        while Instant::now() < until {
            match self.dice.roll(100) {
                0..15 => self.make(),
                15..30 => self.say(),
                30..70 if self.held.is_none() => self.take(false),
                70..78 if self.held.is_none() => self.take(true),
                30..78 => self.end(),
                _ => drop(self.run(self.call(&["sync"]))),
            }
        }
    }

    fn make(&mut self) {
        self.made += 1;
        let task = format!("T-{}-{}", self.name, self.made);
        if self.run(self.call(&["task", "new", "One of many", "--id", &task])).is_some_and(|answer| answer.is_ok()) {
            self.ledger.note(Told::Made(task));
        }
    }

    fn say(&mut self) {
        let tasks = self.ledger.tasks();
        if tasks.is_empty() {
            return;
        }
        self.made += 1;
        let (task, text) = (tasks[self.dice.roll(tasks.len())].clone(), format!("said-{}-{}-", self.name, self.made));
        if self.run(self.call(&["note", &task, &text])).is_some_and(|answer| answer.is_ok()) {
            self.ledger.note(Told::Said(text));
        }
    }

    fn take(&mut self, is_offline: bool) {
        let call = self.call(&["next", "--claim"]);
        let Some(answer) = self.run(if is_offline { call.option("--offline") } else { call }) else { return };
        if !answer.is_ok() {
            return;
        }
        let data = answer.data();
        let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
        let (task, claim) = (text(&data["record"]["id"]), text(&data["claim"]["id"]));
        let is_confirmed = data["claim"]["state"] == "confirmed";
        self.held = Some((task.clone(), claim.clone()));
        self.ledger.note(Told::Claimed { task, claim, agent: self.name.clone(), is_confirmed });
    }

    fn end(&mut self) {
        let Some((task, claim)) = self.held.take() else { return };
        let is_done = self.dice.roll(3) > 0;
        match self.run(self.call(&[if is_done { "done" } else { "release" }, &task])) {
            Some(answer) if answer.is_ok() => self.ledger.note(Told::Ended { task, claim, is_done }),
            Some(_) => {}
            // It may have come so far all the same.
            None => self.ledger.note(Told::Left(claim)),
        }
    }
}

/// The claim on a task in one file of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Held {
    id: String,
    agent: String,
    over: Option<String>,
}

impl Held {
    fn of(file: &str) -> Option<Held> {
        let block = file.lines().skip_while(|line| *line != "claim:").skip(1).take_while(|line| line.starts_with("  "));
        let fields: BTreeMap<&str, &str> = block.filter_map(|line| line.trim().split_once(": ")).collect();
        let over = fields.get("over").map(|over| (*over).to_owned());
        Some(Held { id: (*fields.get("id")?).to_owned(), agent: (*fields.get("agent")?).to_owned(), over })
    }
}

/// Every state that the remote has had, as what was told by its reflog.
struct Published<'r> {
    remote: &'r Repo,
    tips: Vec<String>,
    /// By task: at which tip its claim became which.
    claims: BTreeMap<String, Vec<(usize, Option<Held>)>>,
}

impl<'r> Published<'r> {
    fn of(remote: &'r Repo) -> Self {
        // Not by `git log -g`, which leaves out what it has shown.
        let log = fs::read_to_string(remote.path.join("logs/refs/coord/main")).expect("a reflog");
        let word = |line: &str, n: usize| line.split(' ').nth(n).expect("a commit").to_owned();
        let first = log.lines().next().map(|line| word(line, 0));
        let tips: Vec<String> = first.into_iter().chain(log.lines().map(|line| word(line, 1))).collect();
        let mut claims: BTreeMap<String, Vec<(usize, Option<Held>)>> = BTreeMap::new();
        for (at, pair) in tips.windows(2).enumerate() {
            let changed = remote.git(&["diff-tree", "-r", "--raw", "--no-renames", &pair[0], &pair[1], "--", "tasks"]);
            for line in changed.lines() {
                let (facts, path) = line.split_once('\t').expect("a path");
                let blob = facts.split(' ').nth(3).expect("a blob");
                let task = path.rsplit('/').next().expect("a name").trim_end_matches(".md").to_owned();
                let is_gone = blob.bytes().all(|byte| byte == b'0');
                let held = if is_gone { None } else { Held::of(&remote.git(&["cat-file", "blob", blob])) };
                let known = claims.entry(task).or_default();
                if known.last().and_then(|(_, held)| held.clone()) != held {
                    known.push((at + 1, held));
                }
            }
        }
        Published { remote, tips, claims }
    }

    /// Every claim that the remote has had.
    fn ids(&self) -> BTreeSet<&str> {
        self.claims.values().flatten().filter_map(|(_, held)| Some(held.as_ref()?.id.as_str())).collect()
    }

    /// No claim went but by its holder's own word or by who took it over knowingly, and none came back.
    fn assert_exclusive(&self) {
        for (task, claims) in &self.claims {
            let mut seen = BTreeSet::new();
            let mut before: Option<&Held> = None;
            for (at, held) in claims {
                if let Some(before) = before
                    && held.as_ref().is_none_or(|held| held.id != before.id)
                {
                    let is_over = held.as_ref().is_some_and(|held| held.over.as_ref() == Some(&before.id));
                    assert!(
                        is_over || self.was_ended(task, *at, before),
                        "{task}: {before:?} was displaced by {held:?}"
                    );
                }
                if let Some(held) = held.as_ref().filter(|held| before.is_none_or(|before| before.id != held.id)) {
                    assert!(seen.insert(held.id.clone()), "{task}: {held:?} came back");
                }
                before = held.as_ref();
            }
        }
    }

    /// Among the commits of one push there is one by the holder in which its claim ends.
    fn was_ended(&self, task: &str, at: usize, held: &Held) -> bool {
        let path = self.remote.task_path(task);
        let range = format!("{}..{}", self.tips[at - 1], self.tips[at]);
        let commits =
            self.remote.git(&["log", "--no-merges", "--full-history", "--format=%H %an", &range, "--", &path]);
        let claim_in = |commit: &str| {
            let output = self.remote.try_git(&["show", &format!("{commit}:{path}")]);
            Held::of(&String::from_utf8_lossy(&output.stdout)).map(|held| held.id)
        };
        commits.lines().any(|line| {
            let (commit, author) = line.split_once(' ').expect("an author");
            author == held.agent
                && claim_in(&format!("{commit}^")) == Some(held.id.clone())
                && claim_in(commit).as_ref() != Some(&held.id)
        })
    }
}

/// How clones are cut off.
enum Cuts<'a> {
    /// By an address at which nobody is.
    Address(&'a str),
    /// By their link.
    Link(&'a Network),
}

impl Cuts<'_> {
    fn cut(&self, clones: &[Repo], n: usize) {
        match self {
            Cuts::Address(_) => drop(clones[n].git(&["config", "remote.origin.url", "http://127.0.0.1:9/gone.git"])),
            Cuts::Link(network) => network.cut(n),
        }
    }

    fn connect(&self, clones: &[Repo], n: usize) {
        match self {
            Cuts::Address(url) => drop(clones[n].git(&["config", "remote.origin.url", url])),
            Cuts::Link(network) => network.connect(n),
        }
    }

    /// How long, in milliseconds, a network is gone at the most: where one that hangs is asked again, seconds pass.
    fn longest(&self) -> usize {
        match self {
            Cuts::Address(_) => 800,
            Cuts::Link(_) => 8_000,
        }
    }
}

/// Cuts clones off and connects them again, until the time is up. All are connected in the end.
fn trouble(clones: &[Repo], cuts: &Cuts<'_>, mut dice: Dice, until: Instant, ledger: &Ledger) {
    while Instant::now() < until {
        let n = dice.roll(clones.len());
        cuts.cut(clones, n);
        ledger.count("cut off");
        // The pauses are the subject: how long a network is gone.
        let pause = 200 + dice.roll(cuts.longest() - 200);
        std::thread::sleep(Duration::from_millis(u64::try_from(pause).expect("a small number")));
        cuts.connect(clones, n);
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Puts each clone into a network of its own, where that is wanted and permitted, with its address of the remote.
fn networked(team: &Team, clones: Vec<Repo>) -> Option<(Option<Network>, Server, Vec<Repo>)> {
    let wanted = std::env::var_os("GIT_COORD_FLEET_NET").is_some();
    let network = wanted.then(|| Network::of(clones.len()).expect("GIT_COORD_FLEET_NET: no network can be made"));
    let Some(network) = network else { return Some((None, Server::of(team)?, clones)) };
    let server = Server::at(team, &team.remote.inside(network.at_server()), "0.0.0.0")?;
    let inside = |(n, clone): (usize, Repo)| clone.inside(network.at_laptop(n));
    let clones = clones.into_iter().enumerate().map(inside).collect();
    Some((Some(network), server, clones))
}

fn size() -> (usize, usize, u64, bool) {
    let Ok(text) = std::env::var("GIT_COORD_FLEET") else { return (4, 2, 8, false) };
    let numbers: Vec<u64> = text.split(',').map(|number| number.parse().expect("a number")).collect();
    let [clones, agents, seconds] = numbers[..] else { panic!("GIT_COORD_FLEET is clones,agents,seconds") };
    (usize::try_from(clones).expect("a number"), usize::try_from(agents).expect("a number"), seconds, true)
}

#[test]
fn a_fleet_loses_nothing_and_no_confirmed_claim_is_displaced() {
    let (clones, agents, seconds, is_told) = size();
    let seed = std::env::var("GIT_COORD_FLEET_SEED").ok().and_then(|text| text.parse().ok());
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a time");
    let seed: u64 = seed.unwrap_or_else(|| u64::from(now.subsec_nanos()) | 1);
    println!("GIT_COORD_FLEET_SEED={seed}");
    let team = Team::set_up(clones);
    let live: Vec<Repo> = team.laptops.iter().map(Repo::live).collect();
    let Some((network, server, live)) = networked(&team, live) else { return };
    team.remote.git(&["config", "core.logAllRefUpdates", "always"]);
    for (n, clone) in live.iter().enumerate() {
        let own = || format!("http://{}:{}/remote.git", server_address(n), server.port);
        clone.git(&["config", "remote.origin.url", &network.as_ref().map_or_else(|| server.url.clone(), |_| own())]);
        clone.git(&["config", "coord.syncTimeout", "30s"]);
    }
    live[0].ok(&["sync"]);
    let ledger = Ledger::default();
    let until = Instant::now() + Duration::from_secs(seconds);
    std::thread::scope(|scope| {
        for (n, clone) in live.iter().enumerate() {
            for m in 0..agents {
                let name = format!("agent-{n}-{m}");
                let dice = Dice(seed.wrapping_mul(1 + (n * agents + m) as u64) | 1);
                let (skew, ledger) = (SKEWS[n % SKEWS.len()], &ledger);
                let mut agent = Agent { clone, skew, name, dice, ledger, held: None, made: 0 };
                scope.spawn(move || agent.work(until));
            }
        }
        let cuts = network.as_ref().map_or(Cuts::Address(&server.url), Cuts::Link);
        let (live, ledger) = (&live, &ledger);
        scope.spawn(move || trouble(live, &cuts, Dice(seed | 1), until, ledger));
    });
    // Twice: those who were first have to hear from those who were last. Some learn that they have lost a claim.
    for clone in live.iter().chain(&live) {
        let answer = clone.coord(&["sync"]).run();
        assert!([0, 3].contains(&answer.exit()), "{answer}");
    }
    team.assert_equal();
    if std::env::var_os("GIT_COORD_FLEET_KEEP").is_some() {
        // For whoever wants to look at what has become of it.
        println!("kept: {}", team.remote.machine.root().display());
        std::mem::forget(team.remote.machine.clone());
    }
    let published = Published::of(&team.remote);
    published.assert_exclusive();
    account(&team, &ledger, &published);
    for clone in &live {
        clone.assert_no_lock();
        let left = fs::read_dir(clone.common_dir().join("coord/inflight")).into_iter().flatten().count();
        assert_eq!(left, 0, "{} has claims that nobody has answered for", clone.path.display());
    }
    if is_told {
        let writes = team.remote.git(&["rev-list", "--count", "--no-merges", "refs/coord/main"]);
        let merges = team.remote.git(&["rev-list", "--count", "--merges", "refs/coord/main"]);
        println!("{clones} clones, {agents} agents each, {seconds} s: {:#?}", lock(&ledger.counts));
        println!("at the longest, in ms: {:#?}", lock(&ledger.longest));
        println!(
            "{} acknowledged, {} pushes, {writes} commits, {merges} merges",
            lock(&ledger.told).len(),
            published.tips.len()
        );
    }
}

/// Everything that was acknowledged is there, or who was told so was told of its loss.
fn account(team: &Team, ledger: &Ledger, published: &Published<'_>) {
    let clone = &team.laptops[0];
    let files = |pattern: &str, folder: &str| {
        let output = clone.try_git(&["grep", "-h", "-o", "-E", pattern, "refs/coord/main", "--", folder]);
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            *counts.entry(line.to_owned()).or_default() += 1;
        }
        counts
    };
    let said = files("said-agent-[0-9]+-[0-9]+-[0-9]+-", "messages");
    let lost = files("claim: c[a-z0-9]{13}", "messages");
    let tasks: BTreeSet<String> = super::tasks(clone).into_iter().collect();
    let told = lock(&ledger.told);
    let ended: BTreeSet<&str> = told
        .iter()
        .filter_map(|told| match told {
            Told::Ended { claim, .. } | Told::Left(claim) => Some(claim.as_str()),
            _ => None,
        })
        .collect();
    let ids = published.ids();
    let mut owners: BTreeMap<&str, &str> = BTreeMap::new();
    for one in told.iter() {
        match one {
            Told::Made(task) => assert!(tasks.contains(task), "{task} is lost"),
            Told::Said(text) => assert_eq!(said.get(text), Some(&1), "{text}"),
            Told::Claimed { task, claim, agent, is_confirmed } => {
                assert_eq!(owners.insert(claim, agent), None, "{claim} on {task} was given twice");
                let is_told = lost.contains_key(&format!("claim: {claim}"));
                match is_confirmed {
                    true => {
                        assert!(ids.contains(claim.as_str()), "{claim} on {task} was confirmed and never published")
                    }
                    false => {
                        let is_known = ids.contains(claim.as_str()) || is_told || ended.contains(claim.as_str());
                        let path = format!(":(glob)tasks/**/{task}.md");
                        let words = ["log", "--full-history", "--format=%h %p %an: %s", "refs/coord/main", "--", &path];
                        let past = || clone.git(&words);
                        assert!(is_known, "{agent} was never told that {claim} on {task} is lost:\n{}", past());
                    }
                }
                assert!(!(*is_confirmed && is_told), "{claim} on {task} was confirmed and then lost");
            }
            Told::Left(_) => {}
            Told::Ended { task, claim, is_done } => {
                if *is_done && ids.contains(claim.as_str()) {
                    let data = clone.data(&["show", task]);
                    assert_eq!(data["record"]["status"], "completed", "{task} was done under {claim}: {data}");
                }
            }
        }
    }
}
