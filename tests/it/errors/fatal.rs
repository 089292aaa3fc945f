//! Nothing can be done here or now: exit codes 7 and 128.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;

use super::{Row, row, way};
use crate::harness::Repo;

pub(super) fn rows() -> Vec<Row> {
    [busy(), repositories(), state(), machine(), git()].into_iter().flatten().collect()
}

fn busy() -> Vec<Row> {
    vec![
        row(
            7,
            "queue_full",
            "Other writers of this machine have kept the lock for longer than `coord.lockTimeout`.",
            [way("note T-1 x").after("git config coord.lockTimeout 50ms").holding(|repo| {
                let gate = File::options().write(true).open(repo.common_dir().join("coord/lock")).expect("the lock");
                gate.lock().expect("the lock of the queue");
                gate
            })],
        ),
        row(
            7,
            "ref_locked",
            "Another git process holds the lock of the ref, or one that died left it.",
            [
                way("note T-1 x").given(lock_the_ref),
                way("note T-1 x").given(lock_the_ref).given(|repo| repo.hook("reference-transaction", "#!/bin/sh\n")),
            ],
        ),
        row(
            7,
            "retry_limit",
            "Another program moved the ref each time before this one could.",
            [way("note T-1 x")
                .after("git config coord.lockTimeout 50ms")
                .given(|repo| repo.hook("reference-transaction", "#!/bin/sh\n"))
                .given(|repo| {
                    wrap_git(
                        repo,
                        "case \"$*\" in *update-ref*--stdin*)\n\
                         tree=$(\"$git\" rev-parse 'refs/coord/main^{tree}')\n\
                         next=$(\"$git\" commit-tree -m other -p refs/coord/main \"$tree\")\n\
                         \"$git\" update-ref refs/coord/main \"$next\" ;;\nesac",
                    );
                })
                .while_others_write()],
        ),
    ]
}

fn repositories() -> Vec<Row> {
    vec![
        row(
            128,
            "not_a_repository",
            "The folder is in no git repository.",
            [
                way("ready").nowhere(),
                way("ready").env("GIT_DIR", "nowhere"),
                way("ready")
                    .nowhere()
                    .given(|repo| fs::write(repo.path.join(".git"), "gitdir: gone\n").expect("a file")),
            ],
        ),
        row(
            128,
            "not_set_up",
            "The repository has no coordination state.",
            [way("ready").not_set_up(), way("task new x").not_set_up()],
        ),
        row(
            128,
            "unsupported_repository",
            "The repository has a format that this version does not know.",
            [
                way("ready").after("git config core.repositoryFormatVersion 1").after("git config extensions.x true"),
                way("ready").after("git config core.repositoryFormatVersion 7"),
            ],
        ),
        row(
            128,
            "dubious_ownership",
            "The repository belongs to somebody else, and `safe.directory` does not name it.",
            [way("ready").env("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")],
        ),
        row(
            128,
            "unsafe_repository",
            "The bare repository was only found, and `safe.bareRepository` wants it to be named.",
            [way("ready").nowhere().given(|repo| {
                repo.git(&["init", "--quiet", "--bare", "."]);
                repo.ok(&["init"]);
                repo.git(&["config", "--global", "safe.bareRepository", "explicit"]);
            })],
        ),
        row(
            128,
            "bad_config",
            "Git's configuration cannot be read, or contradicts itself.",
            [
                way("ready").after("git config core.sharedRepository 0007"),
                way("note T-1 x").after("git config core.filesRefLockTimeout soon"),
                way("ready").env("GIT_CONFIG_PARAMETERS", "'broken"),
            ],
        ),
    ]
}

fn state() -> Vec<Row> {
    vec![
        row(
            128,
            "damaged",
            "What the ref names cannot be read, or is no coordination state.",
            [
                way("ready").given(|repo| fs::write(repo.common_dir().join("refs/coord/main"), "x\n").expect("a ref")),
                way("ready").given(|repo| drop(repo.git(&["update-ref", "refs/coord/main", "HEAD"]))),
                way("ready").given(|repo| drop(repo.plant("coordination.yaml", b"garbage"))),
            ],
        ),
        row(
            128,
            "left_out",
            "A part of the state is not here: this partial clone has left it out.",
            [way("show T-1").given(|repo| {
                with_a_server(repo);
                repo.git(&["config", "remote.origin.promisor", "true"]);
                let blob = repo.git(&["rev-parse", &format!("refs/coord/main:{}", repo.task_path("T-1"))]);
                let (folder, file) = blob.trim().split_at(2);
                fs::remove_file(repo.common_dir().join("objects").join(folder).join(file)).expect("a blob");
            })],
        ),
        row(
            128,
            "shallow",
            "History ends too early, as in a shallow clone, to tell whether the tip holds all that was acknowledged.",
            [way("note T-1 x").given(cut_short)],
        ),
        row(
            128,
            "newer_format",
            "The state was written by a newer version, in a format that this one does not know.",
            [way("ready").given(|repo| drop(repo.plant("coordination.yaml", b"kind: config\nformat: 2\n")))],
        ),
        row(
            128,
            "newer_rules",
            "A newer version has merged on one of two sides, by rules that this one does not know.",
            [way("note T-1 x").given(|repo| {
                // What was acknowledged is not behind it.
                let mut merge = repo.command("git");
                merge.args(["commit-tree", "-m", "Merge\n\nCoord-Merge: 99", "-p", "refs/coord/main~1"]);
                merge.args(["-p", "refs/coord/main~2", "refs/coord/main^{tree}"]);
                let merge = merge.env("GIT_AUTHOR_NAME", "git-coord merge").output().expect("git runs").stdout;
                repo.git(&["update-ref", "refs/coord/main", String::from_utf8(merge).expect("UTF-8").trim()]);
            })],
        ),
        row(
            128,
            "ref_clash",
            "The ref cannot be made: another stands where its folder has to be.",
            [way("init").not_set_up().after("git update-ref refs/coord HEAD")],
        ),
        row(
            128,
            "refused_by_hook",
            "A hook of the repository did not let the ref move.",
            [way("note T-1 x").given(|repo| repo.hook("reference-transaction", "#!/bin/sh\nexit 1\n"))],
        ),
        row(
            128,
            "ref_refused",
            "Git did not move the ref, and says why.",
            [way("note T-1 x")
                .given(|repo| repo.hook("reference-transaction", "#!/bin/sh\n"))
                .given(|repo| wrap_git(repo, "case \"$*\" in *update-ref*) echo no >&2; exit 1 ;; esac"))],
        ),
    ]
}

fn machine() -> Vec<Row> {
    vec![
        row(
            128,
            "no_identity",
            "Nothing says who is asking: no flag, no variable, no setting, no author name.",
            [way("note T-1 x").env("GIT_CONFIG_GLOBAL", "/dev/null").env("EMAIL", "")],
        ),
        row(
            128,
            "disk_full",
            "There is no room left to write.",
            [way("note T-1 x").env("GIT_COORD_FAILPOINT", "object-write.before=full")],
        ),
        row(
            128,
            "read_only",
            "The repository may not be written to.",
            [way("note T-1 x").env("GIT_COORD_FAILPOINT", "object-write.before=readonly")],
        ),
        row(
            128,
            "io",
            "A file cannot be read or written; the cause says why.",
            [
                way("note T-1 x").env("GIT_COORD_FAILPOINT", "object-write.before=error"),
                way("export json no/such/folder/file"),
                way("import json .git"),
            ],
        ),
        row(
            128,
            "output",
            "The answer cannot be written to standard output.",
            [way("ready >/dev/full").through_a_shell()],
        ),
    ]
}

fn git() -> Vec<Row> {
    vec![
        row(
            128,
            "no_git",
            "Git is needed for this, and cannot be run.",
            [
                way("demo").env("PATH", "/nowhere"),
                way("init").after("git config --unset-all log.excludeDecoration").env("PATH", "/nowhere"),
            ],
        ),
        row(
            128,
            "no_tracked_files",
            "Git cannot say which files it tracks, by which overlaps of reserved paths are found.",
            [way("claim T-1 --paths src")
                .given(|repo| fs::write(repo.common_dir().join("index"), "garbage").expect("an index"))],
        ),
        row(
            128,
            "git_too_old",
            "The git that is installed is too old.",
            [way("init")
                .not_set_up()
                .given(|repo| wrap_git(repo, "[ \"$1\" = version ] && exec echo git version 2.20.1"))],
        ),
        row(
            128,
            "sign_failed",
            "A commit could not be signed, and `coord.sign` is on; the cause says why.",
            [way("note T-1 x").after("git config gpg.program no-such-program").after("git config coord.sign on")],
        ),
        row(
            128,
            "git_failed",
            "Git could not make the repository of the demo, or not say what signatures are worth.",
            [way("demo").given(|repo| wrap_git(repo, "[ \"$1\" = worktree ] && echo no >&2 && exit 1"))],
        ),
        row(
            128,
            "config_refused",
            "Git would not add to the repository's configuration.",
            [way("init")
                .after("git config --unset-all log.excludeDecoration")
                .given(|repo| fs::write(repo.common_dir().join("config.lock"), "").expect("a lock"))],
        ),
        row(
            128,
            "demo_failed",
            "The demo did not go as it should.",
            [way("demo").given(|repo| wrap_git(repo, "case \"$*\" in *config*--add*) exit 1 ;; esac"))],
        ),
    ]
}

/// Puts a server beside a repository, and all of the state on it.
fn with_a_server(repo: &Repo) {
    repo.git(&["init", "--quiet", "--bare", "../server"]);
    let url = format!("file://{}", repo.machine.root().join("server").display());
    repo.git(&["remote", "add", "origin", &url]);
    repo.git(&["push", "--quiet", "origin", "refs/coord/main"]);
}

/// Lets the ref follow a server whose newest commit alone is fetched.
pub(super) fn cut_short(repo: &Repo) {
    with_a_server(repo);
    let next = repo.git(&["commit-tree", "-m", "other", "-p", "refs/coord/main", "refs/coord/main^{tree}"]);
    repo.git(&["push", "--quiet", "origin", &format!("{}:refs/coord/main", next.trim())]);
    repo.git(&["fetch", "--quiet", "--depth=1", "origin", "+refs/coord/main:refs/coord/main"]);
}

fn lock_the_ref(repo: &Repo) {
    fs::write(repo.common_dir().join("refs/coord/main.lock"), "").expect("a lock");
}

/// Puts a git in front of the search path that does something else first.
fn wrap_git(repo: &Repo, script: &str) {
    let git = std::env::split_paths(&std::env::var_os("PATH").expect("PATH"))
        .map(|folder| folder.join("git"))
        .find(|path| path.is_file())
        .expect("git");
    let path = repo.machine.root().join("bin/git");
    fs::write(&path, format!("#!/bin/sh\ngit={}\n{script}\nexec \"$git\" \"$@\"\n", git.display())).expect("a script");
    fs::set_permissions(&path, Permissions::from_mode(0o755)).expect("a program");
}
