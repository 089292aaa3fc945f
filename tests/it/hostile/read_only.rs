//! What may be read and not written: the whole repository, or a part of it.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;

use super::{Whole, can_mount, is_refusal, is_well, mounted, with_a_task};
use crate::harness::{Answer, Repo};

/// Runs a call in a repository of which a folder is mounted read-only; nothing where this machine mounts nothing.
#[track_caller]
fn call(repo: &Repo, folder: &str, words: &str) -> Option<Answer> {
    can_mount().then(|| {
        let bind = format!("mount --bind '{folder}' '{folder}' && mount -o remount,ro,bind '{folder}'");
        mounted(repo, &format!("{bind} || exit 99; cd . && cd '{}'; coord {words}", repo.path.display()))
    })
}

#[test]
fn a_read_only_repository_answers_and_refuses_to_change() {
    let repo = with_a_task();
    repo.ok(&["claim", "T-1", "--agent", "bob"]);
    let before = Whole::of(&repo);
    let folder = repo.path.display().to_string();
    for words in super::READS.iter().filter(|words| words[0] != "ready") {
        let Some(answer) = call(&repo, &folder, &words.join(" ")) else { return };
        assert_eq!(answer.exit(), 0, "{answer}");
        assert_eq!(answer.stderr, "", "{answer}");
    }
    for words in ["ready", "next", "inbox", "doctor"] {
        let answer = call(&repo, &folder, words).expect("it mounts");
        assert_eq!(answer.exit(), i32::from(words != "doctor"), "{answer}");
    }
    for words in ["note T-1 x", "task new x", "claim T-1 --force", "heartbeat", "done T-1 --force", "send bob x"] {
        let answer = call(&repo, &folder, &format!("{words} --json")).expect("it mounts");
        is_refusal(&answer, 128, "read_only");
        let hint = "check who owns the repository and whether its file system is writable";
        assert_eq!(answer.error()["hint"], hint, "{answer}");
    }
    assert_eq!(Whole::of(&repo), before);
    is_well(&repo);
}

#[test]
fn a_part_that_is_read_only_changes_nothing() {
    for part in ["objects", "refs", "logs", "coord"] {
        let repo = with_a_task();
        let before = Whole::of(&repo);
        let folder = repo.path.join(".git").join(part).display().to_string();
        let Some(refused) = call(&repo, &folder, "note T-1 x --json") else { return };
        is_refusal(&refused, 128, "read_only");
        let read = call(&repo, &folder, "show T-1 --json").expect("it mounts");
        assert_eq!(read.exit(), 0, "{read}");
        assert_eq!(Whole::of(&repo), before, "{part}");
        is_well(&repo);
    }
}

#[test]
fn a_repository_that_is_read_only_is_not_set_up() {
    let repo = Repo::plain();
    let folder = repo.path.display().to_string();
    let Some(refused) = call(&repo, &folder, "init --json") else { return };
    is_refusal(&refused, 128, "read_only");
    assert_eq!(repo.tip(), None);
    repo.ok(&["init"]);
}

/// The bits that bind everybody but root: the test becomes somebody else where it may.
#[test]
fn a_folder_without_the_right_to_write_is_called_read_only() {
    let repo = with_a_task();
    let is_root = rustix::process::geteuid().is_root();
    let before = Whole::of(&repo);
    let coord = repo.common_dir().join("coord");
    let bits = |mode| std::fs::set_permissions(&coord, Permissions::from_mode(mode)).expect("our own folder");
    let lock = coord.join("lock");
    std::fs::remove_file(&lock).expect("a file");
    bits(0o555);
    // Where somebody else can run it, too.
    let program = repo.machine.root().join("program");
    // Copied by another process: a program that this one has open for writing, if only in a child that is about to be
    // something else, cannot be started.
    let copied = std::process::Command::new("cp").arg(env!("CARGO_BIN_EXE_git-coord")).arg(&program).status();
    assert!(copied.expect("cp starts").success());
    let mut command = repo.command(&program.to_string_lossy());
    command.args(["note", "T-1", "x", "--json"]);
    if is_root {
        use std::os::unix::process::CommandExt;
        let nobody = 65534;
        let way_in = Permissions::from_mode(0o755);
        std::fs::set_permissions(repo.machine.root(), way_in).expect("our own folder");
        command.uid(nobody).gid(nobody).env("GIT_CONFIG_COUNT", "1");
        command.env("GIT_CONFIG_KEY_0", "safe.directory").env("GIT_CONFIG_VALUE_0", "*");
    }
    let output = command.output().expect("the program starts");
    bits(0o755);
    let said = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(output.status.code(), Some(128), "{said}");
    assert!(said.contains("\"read_only\""), "{said}");
    assert_eq!(Whole::of(&repo), before);
    is_well(&repo);
}
