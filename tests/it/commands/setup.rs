//! `init`, `whoami`, `doctor`, `demo`.

use super::{Transcript, assert_transcript};
use crate::harness::Repo;
use crate::hooks::with_git_that_knows;

#[test]
fn init_sets_up_once_and_says_what_it_did() {
    let mut script = Transcript::of(Repo::plain());
    script.run("init").run("init").run("init --json").run("init -q");
    assert_transcript!(script);
}

#[test]
fn init_takes_over_what_the_remote_has() {
    let origin = Transcript::with_tasks();
    let mut script = Transcript::of(origin.repo.clone_to("clone", &[]));
    script.run("init").run("init").run("task list");
    assert_transcript!(script);
}

#[test]
fn init_with_a_remote_that_does_not_answer_warns() {
    let repo = Repo::plain();
    repo.git(&["remote", "add", "origin", "../nowhere"]);
    let mut script = Transcript::of(repo);
    let answer = script.call("init").run();
    // The words of git about it differ from version to version.
    assert!(answer.stderr.starts_with("warning: origin could not be asked for its state"), "{answer}");
    assert_eq!(answer.exit(), 0);
    script.run("task list");
    assert_transcript!(script);
}

#[test]
fn whoami_tells_where_the_name_comes_from() {
    let mut script = Transcript::with_tasks();
    script.run("whoami");
    script.before("claim T-1");
    script.run("whoami").run("whoami --json").run("whoami --agent dev-1 --session s-7");
    let answer = script.call("whoami").env("GIT_COORD_AGENT", "dev-2").env("GIT_COORD_SESSION", "s-8").run();
    script.keep("$ GIT_COORD_AGENT=dev-2 GIT_COORD_SESSION=s-8 git coord whoami", &answer);
    script.repo.git(&["config", "coord.agent", "dev-3"]);
    script.say("git config coord.agent dev-3").run("whoami");
    assert_transcript!(script);
}

#[test]
fn whoami_works_before_init() {
    let mut script = Transcript::of(Repo::plain());
    script.run("whoami");
    assert_transcript!(script);
}

#[test]
fn names_that_nobody_can_have_are_refused() {
    let mut script = Transcript::with_tasks();
    script.run("note T-1 hello --agent all");
    script.run("note T-1 hello --agent 'role:reviewer'");
    script.run("note T-1 hello --agent 'two\nlines'");
    script.run("note T-1 hello --session 'two\nlines'");
    assert_transcript!(script);
}

#[test]
fn doctor_finds_nothing_where_nothing_is_wrong() {
    let mut script = Transcript::with_tasks();
    script.run("doctor").run("doctor --json");
    assert_transcript!(script);
}

#[test]
fn doctor_names_what_is_wrong() {
    let mut script = Transcript::of(Repo::plain());
    script.run("doctor");
    script.before("init");
    script.before("task new 'Found on the way' --id T-1 --discovered-from gone");
    script.repo.git(&["config", "--unset-all", "log.excludeDecoration"]);
    script.run("doctor").run("doctor --json");
    assert_transcript!(script);
}

#[test]
fn demo_plays_to_its_end_and_leaves_nothing_behind() {
    let repo = Repo::none().live();
    let folder = repo.machine.root().join("tmp");
    std::fs::create_dir(&folder).expect("a folder");
    let answer = repo.coord(&["demo"]).env("TMPDIR", &folder).expect(0);
    assert!(answer.stdout.contains("7 tasks, each done exactly once"), "{answer}");
    assert_eq!(answer.stderr, "");
    assert_eq!(std::fs::read_dir(&folder).expect("the folder").count(), 0, "the demo left something behind");
}

#[test]
fn doctor_names_what_is_passed_over_in_silence() {
    let mut script = Transcript::with_tasks();
    script.before("agent new dev-1");
    script.before("send dev-1 hello");
    let repo = &script.repo;
    repo.plant("inbox/dev-1/01KAHD4V2M0000000000000000.md", b"no message");
    repo.plant("inbox/@all/01KAHD4V2M0000000000000001.md", b"no message");
    repo.plant("inbox/@nobody/01KAHD4V2M0000000000000001.md", b"no message");
    repo.plant("agents/DEV-1.md", b"a twin");
    repo.plant_as("120000", "agents/link.md".as_ref(), b"dev-1.md");
    repo.plant_as("160000", "agents/module".as_ref(), b"");
    repo.plant_as("100644", std::os::unix::ffi::OsStrExt::from_bytes(b"agents/\xff.md"), b"");
    script.run("doctor").run("inbox --agent dev-1 --json").run("inbox --agent dev-1").run("agent list").run("whoami");
    assert_transcript!(script);
}

#[test]
fn what_a_hook_does_is_said_to_programs_only() {
    let mut script = Transcript::with_tasks();
    script.run("hook post-merge 0").run("hook post-merge 0 --json").run("hook pre-auto-gc");
    assert_transcript!(script);
}

#[test]
fn the_hooks_are_put_in_place_looked_at_and_taken_out() {
    let mut script = Transcript::of(Repo::plain());
    with_git_that_knows(&script.repo, false);
    script.before("init --no-hooks");
    script.run("hooks status").run("hooks install").run("hooks install -q").run("hooks status --json");
    script.run("hooks uninstall").run("hooks uninstall --json").run("hooks status now");
    script.repo.git(&["config", "core.hooksPath", ".husky/_"]);
    script.say("git config core.hooksPath .husky/_").run("hooks install").run("hooks install --json");
    script.run("hooks install now").run("hooks uninstall now");
    assert_transcript!(script);
}
