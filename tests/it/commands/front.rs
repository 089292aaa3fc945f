//! The command line in front of the verbs: help, flags for all, errors, pipes, colours, who asks.

use std::io::Read;
use std::process::Stdio;

use super::{Transcript, assert_transcript};
use crate::harness::Repo;

#[test]
fn the_overview_lists_all_verbs() {
    let mut script = Transcript::of(Repo::none());
    script.run("-h");
    let text = script.call("").expect(0).stdout;
    for line in ["--help", "help", "-h --agent x", "--json -h"] {
        assert_eq!(script.call(line).expect(0).stdout, text, "{line}");
    }
    let widest = text.lines().max_by_key(|line| line.chars().count()).expect("lines");
    assert!(widest.chars().count() <= 80, "{widest}");
    script.run("--version").run("task -h");
    assert_transcript!(script);
}

#[test]
fn git_finds_it_as_a_command_of_its_own() {
    let repo = Repo::set_up();
    repo.ok(&["task", "new", "Work", "--id", "T-1"]);
    assert_eq!(repo.git(&["coord", "ready"]), "T-1  P2  pending  Work");
    let path = repo.path.to_string_lossy().into_owned();
    assert_eq!(repo.at("..").git(&["-C", &path, "coord", "ready"]), "T-1  P2  pending  Work");
    assert_eq!(repo.at("..").git(&["--git-dir", &format!("{path}/.git"), "coord", "ready"]), "T-1  P2  pending  Work");
    let who = repo.git(&["-c", "coord.agent=dev-1", "coord", "whoami"]);
    assert!(who.starts_with("dev-1  from coord.agent"), "{who}");
}

#[test]
fn flags_for_all_stand_before_or_after_the_verb() {
    let script = Transcript::with_tasks();
    let before = script.before("--agent dev-1 --session s-1 --json whoami").stdout;
    assert_eq!(script.before("whoami --json --session s-1 --agent dev-1").stdout, before);
    assert_eq!(script.before("--json task list").stdout, script.before("task list --json").stdout);
    assert_eq!(script.before("task --json list").stdout, script.before("task list --json").stdout);
}

#[test]
fn a_command_line_that_makes_no_sense_is_refused() {
    let mut script = Transcript::with_tasks();
    for line in [
        "clam T-1",
        "task nwe Title",
        "task",
        "--json",
        "--agent dev-1",
        "--bogus",
        "--agent",
        "--color blue ready",
        "claim T-1 T-2",
        "claim --bogus --json",
        "ready --limit 0",
        "ready --limit many",
        "help nothing",
    ] {
        script.run(line);
    }
    assert_transcript!(script);
}

#[test]
fn texts_may_begin_with_a_dash_but_not_look_like_an_option() {
    let mut script = Transcript::with_tasks();
    script.run("note T-1 '-v is a flag'").run("note T-1 -x").run("note T-1 '--force is a flag'").run("note T-1 --frce");
    script.run_with("--frce\n", "note T-1 -").run_with("", "note T-1 -");
    script.run("note T-1 -- --force").run("note T-1 --json -- --json").run("task new X --body --frce");
    script.run("task edit T-1 --title --frce").run("thread T-1");
    let answer = script.call("note T-1 -").input("\u{0}").run();
    assert_eq!(answer.exit(), 0, "{answer}");
    assert_transcript!(script);
}

#[test]
fn a_text_that_is_too_large_or_no_text_is_refused() {
    let script = Transcript::with_tasks();
    let answer = script.call("task edit T-1 --body - --json").input("x".repeat(3 << 20)).run();
    assert_eq!((answer.exit(), answer.error_code().as_str()), (5, "too_large"), "{answer}");
    let mut command = script.repo.command("sh");
    let binary = env!("CARGO_BIN_EXE_git-coord");
    let output = command.args(["-c", &format!("printf '\\377' | {binary} note T-1 -")]).output().expect("a shell");
    assert_eq!(output.status.code(), Some(5));
    assert!(String::from_utf8_lossy(&output.stderr).contains("not UTF-8"));
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let script = Transcript::with_tasks();
    for line in ["task list", "task list --json", "show T-1", "export json", "log", "-h", "status"] {
        let mut command = script.repo.command(env!("CARGO_BIN_EXE_git-coord"));
        // Not Rust's way but that of a shell: the pipe has a reader, which is gone before anything is written.
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let child = command.args(line.split(' ')).stdout(writer).stderr(Stdio::piped()).spawn();
        let mut child = child.expect("the program");
        drop(command);
        let mut errors = String::new();
        child.stderr.take().expect("a pipe").read_to_string(&mut errors).expect("text");
        assert_eq!((child.wait().expect("its end").code(), errors.as_str()), (Some(141), ""), "{line}");
    }
}

#[test]
fn a_full_disk_behind_standard_output_is_an_error() {
    let script = Transcript::with_tasks();
    let full = std::fs::File::options().write(true).open("/dev/full").expect("/dev/full");
    let mut command = script.repo.command(env!("CARGO_BIN_EXE_git-coord"));
    let output = command.args(["task", "list"]).stdout(full).output().expect("the program");
    assert_eq!(output.status.code(), Some(128));
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("error: cannot write the answer to standard output"));
}

#[test]
fn colour_is_for_terminals_and_for_those_who_ask() {
    let script = Transcript::with_tasks();
    let has_colour = |line: &str| script.before(line).stdout.contains('\u{1b}');
    assert!(!has_colour("ready"));
    assert!(has_colour("ready --color always"));
    assert!(!has_colour("ready --color always --json"));
    script.repo.git(&["config", "color.coord", "always"]);
    assert!(has_colour("ready"));
    assert!(!has_colour("ready --color never"));
    assert!(!script.call("export json").expect(0).stdout.contains('\u{1b}'));
}

#[test]
fn without_any_identity_it_says_what_to_set() {
    let mut script = Transcript::with_tasks();
    for line in ["note T-1 x", "whoami", "ready", "status"] {
        let answer = script.call(line).env("HOME", "/nowhere").env("GIT_CONFIG_GLOBAL", "/dev/null").run();
        script.keep(&format!("$ HOME=/nowhere git coord {line}"), &answer);
    }
    let call = script.call("note T-1 x").env("HOME", "/nowhere").env("GIT_CONFIG_GLOBAL", "/dev/null");
    let answer = call.env("GIT_COORD_AGENT", "dev-1").run();
    script.keep("$ HOME=/nowhere GIT_COORD_AGENT=dev-1 git coord note T-1 x", &answer);
    script.run("log --limit 1");
    assert_transcript!(script);
}

#[test]
fn quiet_leaves_out_receipts_and_warnings_but_no_answers() {
    let mut script = Transcript::with_tasks();
    for line in
        ["task new x --sprint s-1 --id T-9 -q", "claim T-1 -q", "heartbeat -q", "send dev-1 hello -q", "init -q"]
    {
        script.run(line);
    }
    script.run("ready -q").run("next -q").run("claim T-1 -q").run("whoami -q").run("stale -q");
    assert_transcript!(script);
}

#[test]
fn verbose_adds_the_commit_and_what_happened() {
    let mut script = Transcript::with_tasks();
    script.run("claim T-1 -v").run("heartbeat -v").run("ready -v");
    assert_transcript!(script);
}

#[test]
fn settings_that_make_no_sense_are_named() {
    let mut script = Transcript::with_tasks();
    for (key, value) in [("coord.ttl", "soon"), ("coord.lockTimeout", "never"), ("coord.fsync", "perhaps")] {
        script.repo.git(&["config", key, value]);
        script.say(&format!("git config {key} {value}")).run("ready");
        script.repo.git(&["config", "--unset", key]);
    }
    assert_transcript!(script);
}

#[test]
fn a_repository_that_is_not_understood_is_refused() {
    let mut script = Transcript::with_tasks();
    script.repo.git(&["config", "core.repositoryFormatVersion", "1"]);
    script.repo.git(&["config", "extensions.fromTheFuture", "true"]);
    script.run("ready").run("note T-1 x --json");
    assert_transcript!(script);
}
