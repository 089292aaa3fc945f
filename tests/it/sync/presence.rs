//! Signs of life: told on a ref of their own, heard at each look, and never a commit of the state.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use git_coord::base::Timestamp;
use git_coord::query::stale::SignKey;
use git_coord::session::{Environment, Options, Session};
use serde_json::Value;

use super::Team;
use crate::harness::{Answer, Call, Repo};

/// Noon of the first day, when everything here begins.
const NOON: i64 = 1_767_355_200;

fn moment(minute: i64) -> String {
    Timestamp::from_seconds(NOON + minute * 60).to_string()
}

/// Returns a call at a minute after noon, on the clock of who calls.
fn at(repo: &Repo, minute: i64, words: &[&str]) -> Call {
    repo.coord(words).json().env("GIT_COORD_TEST_NOW", moment(minute))
}

#[track_caller]
fn sync(repo: &Repo, minute: i64) -> Answer {
    at(repo, minute, &["sync"]).expect(0)
}

/// What of presence is at the remote: the commits, by replica.
fn told(team: &Team) -> BTreeMap<String, String> {
    let refs = team.remote.git(&["for-each-ref", "--format=%(refname:lstrip=3) %(objectname)", "refs/coord/presence/"]);
    refs.lines().filter_map(|line| line.split_once(' ')).map(|(name, id)| (name.to_owned(), id.to_owned())).collect()
}

fn replica(repo: &Repo) -> String {
    std::fs::read_to_string(repo.common_dir().join("coord/replica")).expect("an id").trim().to_owned()
}

/// What a replica tells, as plain git shows it.
fn signs(team: &Team, replica: &str) -> Vec<Value> {
    let text = team.remote.git(&["show", &format!("refs/coord/presence/{replica}:signs.jsonl")]);
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn objects(repo: &Repo) -> usize {
    repo.git(&["cat-file", "--batch-check", "--batch-all-objects"]).lines().count()
}

fn stale(repo: &Repo, minute: i64) -> Vec<String> {
    let data = at(repo, minute, &["stale"]).expect(0).data();
    let items = data["items"].as_array().expect("items").iter();
    items.map(|item| item["id"].as_str().expect("an id").to_owned()).collect()
}

fn presence(repo: &Repo, minute: i64, agent: &str) -> String {
    let data = at(repo, minute, &["agent", "list"]).expect(0).data();
    let items = data["items"].as_array().expect("items");
    let item = items.iter().find(|item| item["id"] == agent).expect(agent);
    item["presence"].as_str().expect("a word").to_owned()
}

/// Two laptops, of which the first one's agent holds T-1, as the second one has not seen yet.
fn holder_and_reader() -> (Team, Repo, Repo) {
    let team = Team::set_up(2);
    let [holder, reader] = team.laptops.as_slice() else { panic!("two laptops") };
    let (holder, reader) = (holder.clone(), reader.clone());
    at(&holder, -60, &["agent", "new", "bob"]).expect(0);
    at(&holder, 0, &["claim", "T-1", "--agent", "bob"]).expect(0);
    sync(&holder, 0);
    (team, holder, reader)
}

/// Opens a session in this process, to give many signs of life without a process for each.
fn session(repo: &Repo) -> Session {
    let command = repo.command("git");
    let set = command.get_envs().filter_map(|(name, value)| Some((name, value?)));
    let options = Options {
        cwd: repo.path.clone(),
        environment: set.fold(Environment::default(), |known, (name, value)| known.with(name, value)),
        agent: Some("ada".to_owned()),
        session: None,
        at: None,
        dry_run: false,
        if_match: None,
        offline: false,
    };
    Session::open(options).expect("a session")
}

#[test]
fn two_hundred_agents_with_a_sign_a_minute_for_an_hour_add_no_commit_and_few_objects() {
    const CLONES: usize = 4;
    let team = Team::set_up(CLONES);
    let sessions: Vec<Session> = team.laptops.iter().map(session).collect();
    team.laptops.iter().for_each(|laptop| drop(sync(laptop, -1)));
    let (tip, commits, before) = (team.remote.tip(), team.remote.commit_count(), objects(&team.remote));
    let mut seen: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for minute in 0..60 {
        for (clone, session) in sessions.iter().enumerate() {
            for agent in (0..200).filter(|agent| agent % CLONES == clone) {
                let name = format!("agent-{agent}");
                let key = SignKey::Session { agent: &name, session: "s" };
                let now = Timestamp::from_seconds(NOON + minute * 60);
                session.machine().note_sign(key, &name, now).expect("noted");
            }
        }
        if minute % 2 == 0 {
            team.laptops.iter().for_each(|laptop| drop(sync(laptop, minute)));
            for (replica, id) in told(&team) {
                seen.entry(replica).or_default().insert(id);
            }
        }
    }
    assert_eq!((team.remote.tip(), team.remote.commit_count()), (tip.clone(), commits));
    assert!(team.laptops.iter().all(|laptop| laptop.tip() == tip));
    // Half an hour is how long a claim lives, so each clone tells once in ten minutes: at 0, 10, 20, 30, 40 and 50.
    assert_eq!(seen.values().map(BTreeSet::len).collect::<Vec<_>>(), [6; CLONES]);
    assert_eq!(objects(&team.remote) - before, 6 * CLONES * 3, "a file, a tree and a commit for each");
    for laptop in &team.laptops {
        let told = signs(&team, &replica(laptop));
        let last = told.iter().filter(|sign| sign["session"] == "s").map(|sign| sign["at"].as_str());
        assert_eq!(last.filter(|at| *at == Some(moment(50).as_str())).count(), 50);
        laptop.fsck_strict();
    }
}

#[test]
fn nothing_is_told_again_that_was_told() {
    let (team, holder, _) = holder_and_reader();
    let first = told(&team);
    assert_eq!(first.keys().collect::<Vec<_>>(), [&replica(&holder)]);
    let told_of = signs(&team, &replica(&holder));
    let claim = told_of.iter().find(|sign| sign["claim"].is_string()).expect("the claim");
    assert_eq!((&claim["agent"], &claim["at"]), (&"bob".into(), &moment(0).into()));
    assert!(told_of.iter().any(|sign| sign["agent"] == "bob" && sign["claim"].is_null()), "{told_of:?}");
    sync(&holder, 100);
    assert_eq!(told(&team), first, "there is nothing else to tell");
    at(&holder, 101, &["heartbeat", "--agent", "bob"]).expect(0);
    sync(&holder, 101);
    let second = told(&team);
    assert_ne!(second, first);
    at(&holder, 110, &["heartbeat", "--agent", "bob"]).expect(0);
    sync(&holder, 110);
    assert_eq!(told(&team), second, "not yet");
    sync(&holder, 111);
    assert_ne!(told(&team), second);
    assert_eq!(holder.git(&["rev-list", "--count", &told(&team)[&replica(&holder)]]), "1", "it has no parent");
    // Where claims live for an hour, it is told half as often.
    holder.git(&["config", "coord.ttl", "60"]);
    let third = told(&team);
    at(&holder, 130, &["heartbeat", "--agent", "bob"]).expect(0);
    sync(&holder, 130);
    assert_eq!(told(&team), third);
    sync(&holder, 131);
    assert_ne!(told(&team), third);
}

#[test]
fn a_holder_elsewhere_is_silent_only_after_two_looks_that_are_far_enough_apart() {
    let (_team, holder, reader) = holder_and_reader();
    sync(&reader, 5);
    assert_eq!((presence(&reader, 500, "bob").as_str(), stale(&reader, 500)), ("unknown", vec![]));
    let refused = at(&reader, 34, &["claim", "T-1", "--takeover", "--agent", "eve"]).expect(3);
    assert_eq!(refused.error_code(), "not_stale");
    assert!(refused.stderr.contains("too little was heard"), "{refused}");
    // That was a look too, as a takeover begins with one: half an hour after the first it is enough.
    sync(&reader, 35);
    assert_eq!((presence(&reader, 35, "bob").as_str(), stale(&reader, 35)), ("stale", vec!["T-1".to_owned()]));
    // It gives a sign, which arrives before it is replaced.
    at(&holder, 36, &["heartbeat", "--agent", "bob"]).expect(0);
    sync(&holder, 36);
    let refused = at(&reader, 37, &["claim", "T-1", "--takeover", "--agent", "eve"]).expect(3);
    assert!(refused.stderr.contains("and it is alive"), "{refused}");
    assert_eq!((presence(&reader, 66, "bob").as_str(), stale(&reader, 66)), ("busy", vec![]));
    assert_eq!(presence(&reader, 68, "bob"), "unknown", "nobody has looked since");
    let taken = at(&reader, 70, &["claim", "T-1", "--takeover", "--agent", "eve"]).expect(0).data();
    assert_eq!((&taken["claim"]["agent"], &taken["claim"]["epoch"]), (&"eve".into(), &2.into()));
    // The claim of this machine is as old as its own sign, whatever the looks at the remote say of the state.
    sync(&reader, 90);
    assert_eq!((stale(&reader, 100), stale(&reader, 101)), (vec![], vec!["T-1".to_owned()]));
}

#[test]
fn clocks_that_are_a_day_apart_do_not_matter() {
    for day in [-1440, 1440] {
        let (_team, holder, reader) = holder_and_reader();
        sync(&reader, day);
        at(&holder, 20, &["heartbeat", "--agent", "bob"]).expect(0);
        sync(&holder, 20);
        sync(&reader, day + 20);
        assert_eq!(presence(&reader, day + 49, "bob"), "busy", "{day}");
        sync(&reader, day + 49);
        assert_eq!(stale(&reader, day + 49), Vec::<String>::new(), "{day}");
        sync(&reader, day + 50);
        assert_eq!(stale(&reader, day + 50), ["T-1"], "{day}");
        at(&reader, day + 50, &["next", "--claim", "--takeover", "--agent", "eve"]).expect(0);
    }
}

#[test]
fn what_was_heard_may_be_lost_and_then_less_is_known() {
    let (_team, _, reader) = holder_and_reader();
    for damage in [None, Some(""), Some("{\"claims\":7}"), Some("nonsense")] {
        sync(&reader, 5);
        sync(&reader, 40);
        assert_eq!(stale(&reader, 40), ["T-1"]);
        let seen = reader.common_dir().join("coord/seen");
        match damage {
            None => std::fs::remove_file(seen).expect("a file"),
            Some(text) => std::fs::write(seen, text).expect("a file"),
        }
        assert_eq!((presence(&reader, 41, "bob").as_str(), stale(&reader, 41)), ("unknown", vec![]), "{damage:?}");
        sync(&reader, 42);
        assert_eq!(presence(&reader, 100, "bob"), "unknown");
        std::fs::remove_file(reader.common_dir().join("coord/seen")).expect("a file");
    }
}

#[test]
fn what_a_holder_does_is_a_sign_where_the_remote_wants_no_presence() {
    let (team, holder, reader) = holder_and_reader();
    let refs = "case \"$1\" in refs/coord/presence/*) echo 'no signs here' >&2; exit 1;; esac\n";
    team.remote.hook("update", &format!("#!/bin/sh\n{refs}"));
    let before = told(&team);
    sync(&reader, 1);
    at(&holder, 20, &["step", "T-1", "design", "--agent", "bob"]).expect(0);
    let answer = sync(&holder, 20);
    let warnings = answer.data()["warnings"].clone();
    assert_eq!((&warnings[0]["code"], warnings.as_array().map(Vec::len)), (&"presence_not_told".into(), Some(1)));
    assert!(warnings[0]["message"].as_str().is_some_and(|text| text.contains("no signs here")), "{warnings}");
    assert_eq!((told(&team), team.remote.tip()), (before, holder.tip()), "the state went all the same");
    // It is not asked again before it is time to.
    at(&holder, 21, &["heartbeat", "--agent", "bob"]).expect(0);
    assert_eq!(sync(&holder, 21).data()["warnings"], Value::Array(vec![]));
    sync(&reader, 31);
    assert_eq!((presence(&reader, 32, "bob").as_str(), stale(&reader, 32)), ("busy", vec![]));
    sync(&reader, 61);
    assert_eq!(stale(&reader, 61), ["T-1"]);
}

#[test]
fn what_is_done_in_a_session_is_a_sign_for_all_claims_of_it() {
    let team = Team::set_up(2);
    let [holder, reader] = team.laptops.as_slice() else { panic!("two laptops") };
    at(holder, 0, &["claim", "T-1", "--agent", "bob", "--session", "s1"]).expect(0);
    sync(holder, 0);
    sync(reader, 0);
    team.remote.hook("update", "#!/bin/sh\ncase \"$1\" in refs/coord/presence/*) exit 1;; esac\n");
    for (minute, session, is_sign) in [(29, "s2", false), (61, "s1", true)] {
        at(holder, minute, &["send", "ada", "Hello", "--agent", "bob", "--session", session]).expect(0);
        sync(holder, minute);
        sync(reader, minute + 1);
        assert_eq!(stale(reader, minute + 1).is_empty(), is_sign, "{session}");
    }
}

#[test]
fn junk_in_presence_is_passed_over() {
    let (team, _, reader) = holder_and_reader();
    let remote = &team.remote;
    let file = |name: &str, bytes: &[u8]| {
        std::fs::write(remote.path.join(name), bytes).expect("a file");
        remote.git(&["hash-object", "-w", &remote.path.join(name).to_string_lossy()])
    };
    let commit = |listing: String| {
        std::fs::write(remote.path.join("listing"), listing).expect("a file");
        let mut mktree = remote.command("git");
        let listing = std::fs::File::open(remote.path.join("listing")).expect("a file");
        let made = mktree.args(["mktree", "--missing"]).stdin(listing).output().expect("git runs");
        let tree = String::from_utf8(made.stdout).expect("an id");
        remote.git(&["commit-tree", tree.trim(), "-m", "Signs"])
    };
    let large = file("large", &b"{\"agent\":\"bob\",\"at\":\"2026-01-02T13:00:00Z\"}\n".repeat(50_000));
    let odd =
        file("odd", b"\xff\xfe\n{\"agent\":7}\n[[[[\n{\"agent\":\"a\\u0000b\",\"at\":\"2026-01-02T13:00:00Z\"}\n");
    let ahead = file("ahead", b"{\"agent\":\"bob\",\"at\":\"9999-01-01T00:00:00Z\"}\n");
    let refs = [
        ("large", commit(format!("100644 blob {large}\tsigns.jsonl\n"))),
        ("odd", commit(format!("100644 blob {odd}\tsigns.jsonl\n"))),
        ("ahead", commit(format!("100644 blob {ahead}\tsigns.jsonl\n"))),
        ("link", commit(format!("120000 blob {odd}\tsigns.jsonl\n"))),
        ("none", commit(String::new())),
        ("blob", odd.clone()),
        ("a/b", commit(String::new())),
        ("state", remote.git(&["rev-parse", "refs/coord/main"])),
    ];
    for (name, id) in &refs {
        remote.git(&["update-ref", &format!("refs/coord/presence/{name}"), id]);
    }
    let commits = reader.commit_count();
    for minute in [5, 40] {
        let answer = sync(&reader, minute);
        assert_eq!(answer.data()["warnings"], Value::Array(vec![]), "{answer}");
    }
    assert_eq!(reader.commit_count(), commits + 2, "only what the holder has done came");
    assert_eq!(stale(&reader, 40), ["T-1"]);
    // It is not fetched again and again.
    let log = reader.machine.root().join("trace");
    at(&reader, 41, &["sync"]).env("GIT_TRACE", &log).expect(0);
    let trace = std::fs::read_to_string(&log).expect("a trace");
    assert!(trace.contains("ls-remote") && !trace.contains("git fetch"), "{trace}");
}

#[test]
fn a_clone_that_was_copied_gets_an_id_of_its_own_and_neither_loses_its_signs() {
    let (team, holder, reader) = holder_and_reader();
    at(&holder, 0, &["task", "new", "Another", "--id", "T-2"]).expect(0);
    copy(&holder.path, &holder.machine.root().join("copy"));
    let twin = holder.at(holder.machine.root().join("copy"));
    assert_eq!(replica(&holder), replica(&twin));
    sync(&reader, 10);
    for minute in [10, 20, 30, 40] {
        at(&holder, minute, &["heartbeat", "--agent", "bob"]).expect(0);
        sync(&holder, minute);
        at(&twin, minute, &["heartbeat", "--agent", "eve"]).expect(0);
        sync(&twin, minute);
        sync(&reader, minute + 1);
        assert_eq!(presence(&reader, minute + 1, "bob"), "busy", "{minute}");
    }
    assert_ne!(replica(&holder), replica(&twin));
    let replicas: BTreeSet<String> = [&holder, &twin].map(replica).into_iter().collect();
    assert_eq!(told(&team).into_keys().collect::<BTreeSet<_>>(), replicas);
    for (repo, agent) in [(&holder, "bob"), (&twin, "eve")] {
        let told = signs(&team, &replica(repo));
        assert!(told.iter().any(|sign| sign["agent"] == agent && sign["at"] == moment(40)), "{told:?}");
        let own = repo.git(&["for-each-ref", "--format=%(refname:lstrip=3)", "refs/coord/presence/"]);
        assert_eq!(own, replica(repo), "no other replica's ref is written");
    }
}

#[test]
fn a_takeover_looks_first_and_where_it_cannot_nobody_is_replaced() {
    let (_team, _, reader) = holder_and_reader();
    sync(&reader, 5);
    sync(&reader, 40);
    assert_eq!(stale(&reader, 40), ["T-1"]);
    let url = reader.git(&["config", "remote.origin.url"]);
    reader.git(&["config", "remote.origin.url", "/nowhere/at/all"]);
    for words in [&["claim", "T-1", "--takeover"][..], &["next", "--claim", "--takeover"]] {
        assert_eq!(at(&reader, 41, words).expect(6).error_code(), "fetch_failed");
    }
    reader.git(&["config", "remote.origin.url", &url]);
    at(&reader, 41, &["claim", "T-1", "--takeover", "--agent", "eve"]).expect(0);
}

#[test]
fn signs_go_where_the_state_goes() {
    let team = Team::new(2);
    for laptop in &team.laptops {
        laptop.git(&["config", "coord.remotePrefix", "refs/heads/coord/"]);
        laptop.ok(&["init"]);
    }
    let [one, two] = team.laptops.as_slice() else { panic!("two laptops") };
    at(one, 0, &["task", "new", "Shared", "--id", "T-1"]).expect(0);
    at(one, 0, &["claim", "T-1", "--agent", "bob"]).expect(0);
    sync(one, 0);
    let name = format!("refs/heads/coord/presence/{}", replica(one));
    assert_eq!(team.remote.git(&["for-each-ref", "--format=%(refname)", "refs/heads/coord/presence/"]), name);
    assert_eq!(told(&team).len(), 0);
    sync(two, 0);
    at(one, 20, &["heartbeat", "--agent", "bob"]).expect(0);
    sync(one, 20);
    sync(two, 40);
    assert_eq!(stale(two, 40), Vec::<String>::new());
    sync(two, 70);
    assert_eq!(stale(two, 70), ["T-1"]);
}

#[test]
fn where_refs_are_in_a_table_signs_are_told_and_heard_too() {
    let (team, _, _) = holder_and_reader();
    let reader = team.remote.clone_to("table", &["--ref-format=reftable"]);
    reader.ok(&["init"]);
    sync(&reader, 5);
    at(&reader, 5, &["task", "new", "Of the table", "--id", "T-2"]).expect(0);
    at(&reader, 5, &["claim", "T-2", "--agent", "eve"]).expect(0);
    sync(&reader, 5);
    assert!(signs(&team, &replica(&reader)).iter().any(|sign| sign["agent"] == "eve"));
    sync(&reader, 34);
    assert_eq!(stale(&reader, 35), Vec::<String>::new());
    sync(&reader, 35);
    assert_eq!(stale(&reader, 35), ["T-1"]);
}

#[test]
fn without_the_remote_of_the_team_everybody_is_here() {
    let (_team, _, reader) = holder_and_reader();
    sync(&reader, 5);
    reader.git(&["config", "coord.remote", "gone"]);
    assert_eq!(stale(&reader, 40), ["T-1"]);
    reader.git(&["config", "--unset", "coord.remote"]);
    at(&reader, 40, &["claim", "T-1", "--takeover", "--agent", "eve"]).expect(0);
}

#[test]
fn without_asking_the_remote_what_was_heard_before_decides() {
    let (_team, _, reader) = holder_and_reader();
    sync(&reader, 5);
    let takeover = ["claim", "T-1", "--takeover", "--offline", "--agent", "eve"];
    assert_eq!(at(&reader, 40, &takeover).expect(3).error_code(), "not_stale");
    sync(&reader, 40);
    at(&reader, 41, &takeover).expect(0);
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).expect("a new folder");
    for entry in from.read_dir().expect("a folder").map(|entry| entry.expect("an entry")) {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        match from.is_dir() {
            true => copy(&from, &to),
            false => assert!(std::fs::copy(&from, &to).is_ok(), "{}", from.display()),
        }
    }
}
