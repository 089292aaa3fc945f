//! Repositories of every sort, and the ways to name one: each works as git would, or is refused as git would.

use git_coord::commands::VERBS;

use crate::harness::{Repo, normalised};
use crate::verbs;

/// The first commit, the same on every machine.
const ROOT_SHA1: &str = "dd109c8e53842d555c92eb73eaab9f6d6ce3a93c";
const ROOT_SHA256: &str = "c29467b89e2fa2efcacb0721bee953c1958883581d073a5649869a5b6e93e317";

/// Does a little of everything, and has git look at it.
#[track_caller]
fn works(repo: &Repo) {
    assert_eq!(repo.data(&["init"])["state"], "created");
    repo.coord(&["task", "new", "First", "--id", "T-1", "--body", "-"]).input("Text\n").expect(0);
    repo.ok(&["task", "new", "Second", "--id", "T-2", "--depends-on", "T-1"]);
    assert_eq!(repo.data(&["next", "--claim"])["record"]["id"], "T-1");
    repo.ok(&["note", "T-1", "On it"]);
    repo.ok(&["done", "T-1", "Did it"]);
    assert_eq!(repo.data(&["ready"])["items"][0]["id"], "T-2");
    assert!(repo.task_file("T-1").contains("status: completed"));
    assert_eq!(repo.commit_count(), 6);
    assert_eq!(repo.reflog_length(), 6);
    assert_eq!(
        repo.git(&["rev-parse", "refs/coord/main@{5}"]),
        repo.git(&["rev-list", "--max-parents=0", "refs/coord/main"])
    );
    repo.fsck_strict();
}

#[test]
fn a_plain_repository() {
    works(&Repo::plain());
}

#[test]
fn a_repository_without_a_commit() {
    let repo = Repo::init(&[]);
    works(&repo);
    assert!(!repo.try_git(&["rev-parse", "--verify", "--quiet", "HEAD"]).status.success(), "HEAD was born");
}

#[test]
fn a_bare_repository() {
    works(&Repo::init(&["--bare"]));
}

#[test]
fn a_sha256_repository() {
    works(&Repo::init(&["--object-format=sha256"]));
}

#[test]
fn a_reftable_repository() {
    let Ok(repo) = Repo::try_init(&["--ref-format=reftable"]) else { return };
    works(&repo);
    assert!(!repo.path.join(".git/refs/coord").exists(), "a loose ref, which git never sees");
}

#[test]
fn a_sha256_reftable_repository() {
    let Ok(repo) = Repo::try_init(&["--ref-format=reftable", "--object-format=sha256"]) else { return };
    works(&repo);
}

#[test]
fn a_repository_with_a_reference_transaction_hook() {
    let repo = Repo::plain();
    repo.hook("reference-transaction", "#!/bin/sh\nwhile read line; do echo \"$1 $line\" >>.git/seen; done\n");
    works(&repo);
    let seen = std::fs::read_to_string(repo.path.join(".git/seen")).expect("the hook was asked");
    assert_eq!(seen.lines().filter(|line| line.starts_with("committed ")).count(), 6, "{seen}");
}

#[test]
fn a_hook_that_says_no_is_obeyed() {
    let repo = Repo::set_up();
    repo.hook("reference-transaction", "#!/bin/sh\n[ \"$1\" != prepared ]\n");
    assert_eq!(repo.refused(128, &["task", "new", "Refused"]), "refused_by_hook");
    assert_eq!(repo.commit_count(), 1);
}

#[test]
fn a_repository_whose_refs_are_packed() {
    let repo = Repo::plain();
    works(&repo);
    repo.git(&["gc", "--quiet"]);
    repo.ok(&["task", "new", "After", "--id", "T-3"]);
    assert_eq!(repo.commit_count(), 7);
    repo.fsck_strict();
}

#[test]
fn a_linked_worktree_shares_the_state() {
    let main = Repo::plain();
    let tree = main.worktree("tree");
    works(&tree);
    assert_eq!(main.data(&["task", "show", "T-1"])["record"]["status"], "completed");
    main.ok(&["task", "new", "From the main one", "--id", "T-3"]);
    tree.ok(&["claim", "T-3"]);
    assert_eq!(main.refused(3, &["claim", "T-3"]), "claim_held", "two worktrees are two owners");
    tree.ok(&["done", "T-3"]);
}

#[test]
fn a_submodule_has_a_state_of_its_own() {
    let inner = Repo::plain();
    let outer = inner.at(inner.machine.root().join("outer"));
    std::fs::create_dir(&outer.path).expect("a new folder");
    outer.git(&["init", "--quiet"]);
    outer.git(&["submodule", "add", "--quiet", &inner.path.to_string_lossy(), "sub"]);
    let sub = outer.at("sub");
    works(&sub);
    assert_eq!(outer.refused(128, &["task", "list"]), "not_set_up");
    assert_eq!(outer.tip(), None);
    assert!(inner.tip().is_some(), "the remote of the submodule has decided the claim");
}

#[test]
fn a_clone_that_borrows_objects() {
    let repo = Repo::set_up();
    let borrower = repo.clone_to("borrower", &["--shared"]);
    assert_eq!(borrower.data(&["init"])["state"], "adopted");
    borrower.ok(&["task", "new", "Own", "--id", "T-1"]);
    assert_eq!(borrower.commit_count(), 2);
    assert_eq!(repo.commit_count(), 1);
    borrower.fsck_strict();
}

#[test]
fn a_shared_repository_stays_writable_for_the_group() {
    use std::os::unix::fs::PermissionsExt;
    let repo = Repo::init(&["--shared=group"]);
    works(&repo);
    for path in ["refs/coord", "refs/coord/main", "logs/refs/coord/main", "coord", "coord/lock", "coord/heartbeats"] {
        let mode = repo.path.join(".git").join(path).metadata().expect(path).permissions().mode();
        assert_eq!(mode & 0o020, 0o020, "{path} has mode {mode:o}");
    }
}

#[test]
fn a_folder_below_the_top() {
    let repo = Repo::plain();
    std::fs::create_dir_all(repo.path.join("a/b")).expect("folders");
    works(&repo.at("a/b"));
}

#[test]
fn the_ways_to_name_a_repository() {
    let repo = Repo::set_up();
    let root = repo.at(repo.machine.root());
    let git_dir = repo.path.join(".git");
    let new = |id: &str| ["task", "new", "Named", "--id", id].map(str::to_owned);
    let call = |program: &str, front: &[&str], id: &str| {
        let words = new(id);
        let words: Vec<&str> = front.iter().copied().chain(words.iter().map(String::as_str)).collect();
        root.call(program, &words)
    };
    let ours = env!("CARGO_BIN_EXE_git-coord");
    call(ours, &[], "none").expect(128);
    call(ours, &[], "T-env").env("GIT_DIR", &git_dir).expect(0);
    call(ours, &[], "T-relative").env("GIT_DIR", "repo/.git").expect(0);
    call("git", &["-C", "repo", "coord"], "T-C").expect(0);
    call("git", &["--git-dir", "repo/.git", "coord"], "T-git-dir").expect(0);
    call("git", &["--git-dir=repo/.git", "--work-tree=repo", "coord"], "T-work-tree").expect(0);
    for id in ["T-env", "T-relative", "T-C", "T-git-dir", "T-work-tree"] {
        repo.task_file(id);
    }
    assert_eq!(repo.commit_count(), 6);
}

#[test]
fn settings_on_gits_command_line_count() {
    let repo = Repo::set_up();
    let who = |words: &[&str]| repo.call("git", words).json().expect(0).data()["agent"].clone();
    assert_eq!(who(&["-c", "coord.agent=visitor", "coord", "whoami"]), "visitor");
    assert_eq!(who(&["coord", "whoami"]), "Ada");
    repo.git(&["config", "coord.agent", "resident"]);
    assert_eq!(who(&["coord", "whoami"]), "resident");
    assert_eq!(who(&["-c", "coord.agent=visitor", "coord", "whoami"]), "visitor");
}

#[test]
fn an_unknown_extension_is_refused_as_git_refuses_it() {
    for (key, value) in [
        ("extensions.fromTheFuture", "1"),
        ("core.repositoryFormatVersion", "2"),
        ("extensions.objectFormat", "sha512"),
        ("extensions.refStorage", "sqlite"),
    ] {
        let repo = Repo::set_up();
        repo.git(&["config", "core.repositoryFormatVersion", "1"]);
        repo.git(&["config", key, value]);
        assert!(!repo.try_git(&["rev-parse", "HEAD"]).status.success(), "git itself takes {key}={value}");
        for words in [&["task", "list"][..], &["task", "new", "x"], &["init"]] {
            let code = repo.refused(128, words);
            assert!(["unsupported_repository", "bad_config"].contains(&code.as_str()), "{key}={value}: {code}");
        }
    }
}

#[test]
fn known_extensions_are_no_obstacle() {
    let repo = Repo::plain();
    repo.git(&["config", "core.repositoryFormatVersion", "1"]);
    repo.git(&["config", "extensions.worktreeConfig", "true"]);
    repo.git(&["config", "extensions.preciousObjects", "true"]);
    works(&repo);
}

#[test]
fn the_repository_of_somebody_else_is_refused_as_git_refuses_it() {
    let repo = Repo::set_up();
    // Only root can give a file away; others have git's own tests' way to say so.
    let is_root = rustix::process::geteuid().is_root();
    if is_root {
        let nobody = Some(rustix::fs::Uid::from_raw(65534));
        for path in [repo.path.clone(), repo.path.join(".git")] {
            rustix::fs::chown(&path, nobody, None).expect("root gives a folder away");
        }
    }
    let list = |words: &[&str]| {
        repo.call("git", words).env("GIT_TEST_ASSUME_DIFFERENT_OWNER", if is_root { "0" } else { "1" })
    };
    assert!(!list(&["status"]).run().is_ok(), "git itself takes it");
    let refused = list(&["coord", "task", "list"]).json().expect(128);
    assert_eq!(refused.error_code(), "dubious_ownership", "{refused}");
    list(&["coord", "task", "new", "x"]).expect(128);

    let path = repo.path.to_string_lossy().into_owned();
    // Not from the command line: whoever can be tricked into the folder can be tricked into that too.
    let global = repo.machine.home().join(".gitconfig");
    repo.git(&["config", "--file", &global.to_string_lossy(), "safe.directory", &path]);
    assert!(list(&["status"]).run().is_ok(), "git itself refuses it");
    list(&["coord", "task", "list"]).expect(0);
}

#[test]
fn every_verb_says_that_there_is_no_repository() {
    let repo = Repo::none();
    let said = repo.coord(&["task", "list"]).expect(128).stderr;
    insta::assert_snapshot!(normalised(&repo, &said), @r"
    error: <repo> is not in a git repository
    hint: run `git init` there, or change to a folder of a repository
    ");
    for row in verbs::rows().filter(|row| !["demo", "schema", "validate"].contains(&row.verb)) {
        let answer = row.call(&repo, "01KDYAK348VYHDKSTYD4F4V4WH").json().run();
        assert_eq!(answer.exit(), 128, "{answer}");
        assert_eq!(answer.error_code(), "not_a_repository", "{answer}");
    }
}

#[test]
fn every_verb_that_needs_state_says_that_there_is_none_and_what_to_type() {
    const FREE: [&str; 11] = [
        "init",
        "whoami",
        "doctor",
        "demo",
        "config",
        "schema",
        "validate",
        "hook",
        "hooks install",
        "hooks status",
        "hooks uninstall",
    ];
    let repo = Repo::plain();
    let mut asked = 0;
    for row in verbs::rows().filter(|row| !FREE.contains(&row.verb)) {
        let answer = row.call(&repo, "01KDYAK348VYHDKSTYD4F4V4WH").json().run();
        assert_eq!(answer.exit(), 128, "{answer}");
        let error = answer.error();
        assert_eq!(
            (error["code"].as_str(), error["hint"].as_str()),
            (Some("not_set_up"), Some("git coord init")),
            "{answer}"
        );
        asked += 1;
    }
    assert!(asked + FREE.len() >= VERBS.len(), "only {asked} verbs were asked");
    repo.ok(&["whoami"]);
    assert_eq!(repo.tip(), None);
}

#[test]
fn the_first_commit_is_the_same_on_every_machine() {
    for (options, pinned) in [(vec![], ROOT_SHA1), (vec!["--object-format=sha256"], ROOT_SHA256)] {
        let (one, other) = (Repo::init(&options), Repo::init(&options).live());
        other.git(&["config", "user.name", "Somebody Else"]);
        other.git(&["config", "coord.agent", "elsewhere"]);
        one.ok(&["init"]);
        other.coord(&["init"]).env("TZ", "Asia/Tokyo").env("LC_ALL", "de_DE.UTF-8").expect(0);
        assert_eq!((one.tip().as_deref(), other.tip().as_deref()), (Some(pinned), Some(pinned)));
        assert_eq!(
            one.git(&["log", "-1", "--format=%an <%ae> %at %cn <%ce> %ct %B", "refs/coord/main"]).trim_end(),
            "git-coord <git-coord@localhost> 0 git-coord <git-coord@localhost> 0 git coord"
        );
        assert_eq!(one.file("coordination.yaml"), "kind: config\nformat: 1");
    }
}

#[test]
fn init_done_twice_does_nothing_the_second_time() {
    let repo = Repo::plain();
    let first = repo.data(&["init"]);
    let config = std::fs::read(repo.path.join(".git/config")).expect("a configuration");
    let (tip, log) = (repo.tip(), repo.reflog_length());
    let second = repo.data(&["init"]);
    assert_eq!(second["state"], "existing");
    assert_eq!(second["configured"], serde_json::json!([]));
    assert_eq!(second["replica"], first["replica"]);
    assert_eq!((repo.tip(), repo.reflog_length()), (tip, log));
    assert_eq!(std::fs::read(repo.path.join(".git/config")).expect("a configuration"), config);
}

#[test]
fn init_completes_what_somebody_took_away() {
    let repo = Repo::set_up();
    repo.git(&["config", "--unset-all", "log.excludeDecoration"]);
    let again = repo.data(&["init"]);
    assert_eq!(again["configured"].as_array().map(Vec::len), Some(2), "{again}");
    assert_eq!(repo.data(&["init"])["configured"].as_array().map(Vec::len), Some(0));
}

/// A server with state, and a clone of it in which nothing has been done yet.
fn server_and_clone(options: &[&str], clone: &[&str]) -> (Repo, Repo) {
    let author = Repo::init(options);
    author.commit_a_file();
    author.ok(&["init"]);
    author.ok(&["task", "new", "On the server", "--id", "T-1"]);
    author.ok(&["task", "new", "And another", "--id", "T-2"]);
    let server = author.clone_to("server", &["--bare"]);
    server.git(&["config", "uploadpack.allowFilter", "true"]);
    author.git(&["push", "--quiet", &server.path.to_string_lossy(), "refs/coord/main"]);
    let path = server.machine.root().join("clone");
    let url = format!("file://{}", server.path.display());
    server.git(&[&["clone", "--quiet"], clone, &[url.as_str(), &path.to_string_lossy()]].concat());
    let clone = server.at(path);
    (server, clone)
}

#[test]
fn init_in_a_clone_adopts_what_the_remote_has() {
    for options in [&[][..], &["--object-format=sha256"]] {
        let (server, clone) = server_and_clone(options, &[]);
        assert_eq!(clone.refused(128, &["task", "list"]), "not_set_up");
        let done = clone.data(&["init"]);
        assert_eq!((done["state"].as_str(), done["remote"].as_str()), (Some("adopted"), Some("origin")), "{done}");
        assert_eq!(clone.tip(), server.tip());
        assert_eq!(clone.data(&["task", "list"])["total"], 2);
        let specs = clone.git(&["config", "--get-all", "remote.origin.fetch"]);
        assert!(specs.contains("+refs/coord/*:refs/coord-remotes/origin/*"), "{specs}");
        clone.git(&["fetch", "--quiet"]);
        clone.git(&["push", "--quiet"]);
        clone.ok(&["task", "new", "In the clone"]);
        clone.fsck_strict();
    }
}

#[test]
fn init_adopts_the_whole_history_in_shallow_and_partial_clones() {
    for options in [&["--depth=1"][..], &["--filter=blob:none"]] {
        let (server, clone) = server_and_clone(&[], options);
        assert_eq!(clone.data(&["init"])["state"], "adopted", "{options:?}");
        clone.git(&["remote", "remove", "origin"]);
        assert_eq!(clone.commit_count(), 3, "{options:?}");
        assert_eq!(clone.tip(), server.tip());
        for id in ["T-1", "T-2"] {
            clone.ok(&["show", id]);
        }
        clone.ok(&["log"]);
        clone.ok(&["task", "new", "Without the server"]);
    }
}

#[test]
fn init_before_the_remote_has_state_shares_the_root_with_it() {
    let author = Repo::plain();
    let clone = author.clone_to("clone", &[]);
    assert_eq!(clone.data(&["init"])["state"], "created");
    author.ok(&["init"]);
    assert_eq!(clone.tip(), author.tip());
    // No state there: an ordinary fetch must go on working.
    clone.git(&["fetch", "--quiet"]);
}

#[test]
fn init_where_both_sides_have_state_changes_nothing_and_says_so() {
    let (_server, clone) = server_and_clone(&[], &[]);
    clone.git(&["remote", "rename", "origin", "away"]);
    clone.git(&["config", "remote.away.url", "/nowhere"]);
    clone.ok(&["init"]);
    clone.ok(&["task", "new", "Here", "--id", "T-here"]);
    let (tip, url) = (clone.tip(), format!("{}/server", clone.machine.root().display()));
    clone.git(&["config", "remote.away.url", &url]);
    let done = clone.data(&["init"]);
    assert_eq!(done["state"], "existing");
    assert_eq!(done["warnings"][0]["code"], "remote_has_state", "{done}");
    assert_eq!(clone.tip(), tip);
}

#[test]
fn init_with_a_remote_that_cannot_be_reached_warns_and_goes_on() {
    let repo = Repo::plain();
    repo.git(&["remote", "add", "origin", "/nowhere/at/all"]);
    let done = repo.data(&["init"]);
    assert_eq!(done["state"], "created");
    assert_eq!(done["warnings"][0]["code"], "remote_unreachable", "{done}");
    repo.ok(&["task", "new", "Alone"]);
}

#[test]
fn init_with_several_remotes_asks_origin() {
    let (server, clone) = server_and_clone(&[], &[]);
    clone.git(&["remote", "add", "another", "/nowhere/at/all"]);
    let done = clone.data(&["init"]);
    assert_eq!(
        (done["state"].as_str(), done["warnings"].as_array().map(Vec::len)),
        (Some("adopted"), Some(0)),
        "{done}"
    );
    assert_eq!(clone.tip(), server.tip());
    let specs = clone.git(&["config", "--get-all", "remote.another.fetch"]);
    assert!(specs.contains("+refs/coord/*:refs/coord-remotes/another/*"), "{specs}");
}
