//! `sync --watch`: one process per clone publishes for all, and goes on whatever happens.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Stdio};

use serde_json::{Value, json};

use super::{Team, tasks};
use crate::harness::Repo;

/// A process that syncs again and again; killed with this.
struct Watcher {
    process: Child,
    lines: BufReader<ChildStdout>,
}

impl Watcher {
    fn of(laptop: &Repo) -> Watcher {
        let mut command = laptop.command(env!("CARGO_BIN_EXE_git-coord"));
        command.args(["sync", "--watch=100ms", "--json"]).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut process = command.spawn().expect("a process");
        let lines = BufReader::new(process.stdout.take().expect("a pipe"));
        Watcher { process, lines }
    }

    /// Waits for what is told next.
    fn next(&mut self) -> Value {
        let mut line = String::new();
        self.lines.read_line(&mut line).expect("a line");
        let answer: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert_eq!(answer["schema"], "coord/1");
        answer["data"].clone()
    }

    /// Waits for what fits.
    fn until(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
        loop {
            let told = self.next();
            if fits(&told) {
                return told;
            }
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn what_is_written_is_published_and_what_comes_is_told() {
    let team = Team::set_up(2);
    let [one, two] = [&team.laptops[0], &team.laptops[1]].map(Repo::live);
    let mut watcher = Watcher::of(&two);
    let first = watcher.next();
    assert_eq!((&first["remotes"][0]["went"], &first["remotes"][0]["error"]), (&json!(0), &Value::Null), "{first}");
    two.ok(&["task", "new", "Of two", "--id", "T-two"]);
    let told = watcher.next();
    assert_eq!((&told["remotes"][0]["went"], &told["remotes"][0]["published"]), (&json!(1), &json!(true)), "{told}");
    one.ok(&["sync"]);
    one.ok(&["task", "new", "Of one", "--id", "T-one"]);
    one.ok(&["sync"]);
    let told = watcher.next();
    assert_eq!((&told["remotes"][0]["came"], &told["remotes"][0]["went"]), (&json!(1), &json!(0)), "{told}");
    assert_eq!(told["commit"].as_str(), two.tip().as_deref());
    drop(watcher);
    assert_eq!(tasks(&two), ["T-1", "T-one", "T-two"]);
    team.assert_equal();
}

#[test]
fn of_several_in_one_clone_one_publishes_and_another_takes_over() {
    let team = Team::set_up(1);
    let laptop = team.laptops[0].live();
    let mut first = Watcher::of(&laptop);
    first.next();
    let mut second = Watcher::of(&laptop);
    let told = second.next();
    assert_eq!((&told["standby"], &told["remotes"]), (&json!(["origin"]), &json!([])), "{told}");
    laptop.ok(&["task", "new", "New", "--id", "T-2"]);
    assert_eq!(first.next()["remotes"][0]["went"], 1);
    // Killed: the kernel gives its right to the other one.
    drop(first);
    let told = second.next();
    assert_eq!((&told["standby"], &told["remotes"][0]["error"]), (&json!([]), &Value::Null), "{told}");
    laptop.ok(&["task", "new", "New", "--id", "T-3"]);
    assert_eq!(second.next()["remotes"][0]["went"], 1);
    team.assert_equal();
}

#[test]
fn what_goes_wrong_is_told_once_and_tried_again() {
    let team = Team::set_up(1);
    let laptop = team.laptops[0].live();
    let mut watcher = Watcher::of(&laptop);
    watcher.next();
    let url = laptop.git(&["config", "remote.origin.url"]);
    laptop.git(&["config", "remote.origin.url", "/nowhere/at/all"]);
    let told = watcher.next();
    assert_eq!(told["remotes"][0]["error"]["code"], "fetch_failed", "{told}");
    laptop.ok(&["task", "new", "New", "--id", "T-2"]);
    laptop.git(&["config", "remote.origin.url", &url]);
    let told = watcher.next();
    assert_eq!(
        (&told["remotes"][0]["error"], &told["remotes"][0]["went"]),
        (&Value::Null, &json!(1)),
        "the failure is told once: {told}"
    );
    team.assert_equal();
    // Only what no later round can mend ends it.
    laptop.git(&["remote", "remove", "origin"]);
    let told = watcher.until(|told| told["remotes"] == json!([]));
    assert_eq!(told["standby"], json!([]), "{told}");
    laptop.git(&["update-ref", "-d", "refs/coord/main"]);
    assert_eq!(watcher.process.wait().expect("an end").code(), Some(128));
}

#[test]
fn it_ends_with_its_reader_and_takes_nothing_that_makes_no_sense() {
    let team = Team::set_up(1);
    let laptop = team.laptops[0].live();
    let mut command = laptop.command("sh");
    let script = format!("'{}' sync --watch=100ms; echo $? >ended", env!("CARGO_BIN_EXE_git-coord"));
    let mut process = command.args(["-c", &script]).stdout(Stdio::piped()).spawn().expect("a process");
    let mut lines = BufReader::new(process.stdout.take().expect("a pipe"));
    let mut line = String::new();
    lines.read_line(&mut line).expect("a line");
    assert!(line.ends_with("Z  Synced with origin: nothing new\n"), "{line}");
    drop(lines);
    laptop.ok(&["task", "new", "New", "--id", "T-2"]);
    process.wait().expect("an end");
    assert_eq!(std::fs::read_to_string(laptop.path.join("ended")).expect("an exit code"), "141\n");
    for (words, exit, code) in [
        (&["sync", "--watch=0s"][..], 5, "bad_setting"),
        (&["sync", "--watch=soon"], 5, "bad_setting"),
        (&["sync", "--watch", "--offline"], 2, "usage"),
        (&["sync", "--watch", "nowhere"], 4, "no_such_remote"),
    ] {
        assert_eq!(laptop.refused(exit, words), code, "{words:?}");
    }
    laptop.git(&["config", "coord.publishEvery", "often"]);
    assert_eq!(laptop.refused(5, &["sync", "--watch"]), "bad_setting");
}
