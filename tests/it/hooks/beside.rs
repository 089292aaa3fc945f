//! Beside the hooks of others: scripts of the user, and programs that look after hooks.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::Value;

use super::{files_of, plain_with_old_git, standing};
use crate::harness::Repo;
use crate::sync::{Team, synced};

/// Returns what is said of a hook.
#[track_caller]
fn told(repo: &Repo, hook: &str) -> Value {
    let hooks = repo.coord(&["hooks", "install"]).json().run().data()["hooks"].clone();
    hooks.as_array().expect("hooks").iter().find(|item| item["hook"] == hook).expect("a hook").clone()
}

fn script(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    std::fs::write(path, text).expect("a script");
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).expect("an executable script");
}

/// Adds what we were told to, as a user would.
fn add(item: &Value, before: &str) {
    let path = Path::new(item["place"].as_str().expect("a place"));
    let held = std::fs::read_to_string(path).unwrap_or_else(|_| before.to_owned());
    script(path, &format!("{held}{}", item["add"].as_str().expect("lines")));
}

/// A laptop beside another one that has published a task, and that has fetched it.
fn fetched() -> (Team, Repo) {
    let team = Team::set_up(2);
    let two = team.laptops[1].clone();
    two.ok(&["hooks", "uninstall"]);
    super::with_git_that_knows(&two, false);
    team.laptops[0].ok(&["task", "new", "Of one", "--id", "T-one"]);
    synced(&team.laptops[0]);
    two.git(&["fetch", "--quiet"]);
    (team, two)
}

#[test]
fn a_script_of_the_user_runs_as_before_and_ours_after_it() {
    let (team, two) = fetched();
    let path = two.common_dir().join("hooks/post-checkout");
    for text in [
        "#!/bin/sh\necho \"$#:$3:${GIT_COORD_CHAINED-none}\" >> own\nexit 0\n",
        "echo \"$#:$3:${GIT_COORD_CHAINED-none}\" >> own",
        "#!/bin/bash -eu\nset -o pipefail\necho \"$#:$3:${GIT_COORD_CHAINED-none}\" >> own\nexec true\n",
    ] {
        script(&path, text);
        two.ok(&["hooks", "install"]);
        assert_eq!(standing(&two)["post-checkout"], "block", "{text}");
        two.git(&["update-ref", "refs/coord/main", "refs/coord/main@{0}"]);
        two.git(&["checkout", "--quiet", "-B", "topic"]);
        assert_eq!(std::fs::read_to_string(two.path.join("own")).expect("it ran"), "3:1:none\n", "once, and told all");
        std::fs::remove_file(two.path.join("own")).expect("a file");
        two.ok(&["hooks", "uninstall"]);
        std::fs::remove_file(&path).expect("a script");
    }
    assert_eq!(two.tip(), team.remote.tip());
}

#[test]
fn a_script_of_the_user_that_fails_fails_as_before() {
    let (team, two) = fetched();
    script(&two.common_dir().join("hooks/post-checkout"), "#!/bin/sh\necho own >&2\nexit 7\n");
    two.ok(&["hooks", "install"]);
    let output = two.try_git(&["checkout", "--quiet", "-b", "topic"]);
    assert_eq!(output.status.code(), Some(1), "git's way to say so");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "own\n");
    let hook = two.common_dir().join("hooks/post-checkout").to_string_lossy().into_owned();
    assert_eq!(two.call(&hook, &["a", "b", "1"]).run().exit(), 7);
    assert_eq!(two.tip(), team.remote.tip(), "git has checked it out all the same, and so ours is done too");
}

#[test]
fn a_script_of_the_user_runs_without_the_program_too() {
    let (_team, two) = fetched();
    script(&two.common_dir().join("hooks/post-checkout"), "#!/bin/sh\necho own > own\n");
    two.ok(&["hooks", "install"]);
    std::fs::remove_file(two.machine.root().join("bin/git-coord")).expect("a link");
    two.git(&["checkout", "--quiet", "-b", "topic"]);
    assert!(two.path.join("own").exists());
}

#[test]
fn what_husky_looks_after_is_added_to_by_hand() {
    for folder in [".husky", ".husky/_"] {
        let (team, two) = fetched();
        two.git(&["config", "core.hooksPath", folder]);
        std::fs::create_dir_all(two.path.join(folder)).expect("a folder");
        let item = told(&two, "post-checkout");
        assert_eq!(item["state"], "by_hand");
        assert_eq!(item["place"], two.path.join(".husky/post-checkout").to_string_lossy().as_ref());
        assert_eq!(files_of(&two.path.join(folder)).len(), 0, "nothing is written into the work tree");
        add(&item, "#!/bin/sh\n");
        // As husky has git find the script.
        if folder == ".husky/_" {
            script(&two.path.join(".husky/_/post-checkout"), "#!/bin/sh\nexec sh -e .husky/post-checkout \"$@\"\n");
        }
        assert_eq!(standing(&two)["post-checkout"], "written");
        two.git(&["checkout", "--quiet", "-b", "topic"]);
        assert_eq!(two.tip(), team.remote.tip());
        two.coord(&["hooks", "uninstall"]).expect(1);
        assert_eq!(
            std::fs::read_to_string(two.path.join(".husky/post-checkout")).expect("a script").lines().count(),
            2
        );
    }
}

#[test]
fn what_lefthook_and_pre_commit_look_after_is_added_to_their_files() {
    let repo = plain_with_old_git();
    repo.ok(&["init", "--no-hooks"]);
    let hook = repo.common_dir().join("hooks/post-rewrite");
    script(&hook, "#!/bin/sh\ncall_lefthook run \"post-rewrite\" \"$@\"\n");
    std::fs::write(repo.path.join(".lefthook.yml"), "").expect("a file");
    let item = told(&repo, "post-rewrite");
    assert_eq!(item["place"], repo.path.join(".lefthook.yml").to_string_lossy().as_ref());
    assert_eq!(item["why"], "it belongs to lefthook");
    let lines = "post-rewrite:\n  commands:\n    git-coord:\n      run: git coord hook post-rewrite {0}\n      \
                 use_stdin: true\n";
    assert_eq!(item["add"], lines);
    add(&item, "");
    assert_eq!(standing(&repo)["post-rewrite"], "written");

    script(&hook, "#!/usr/bin/env bash\n# File generated by pre-commit: https://pre-commit.com\n");
    let item = told(&repo, "post-rewrite");
    assert_eq!(item["place"], repo.path.join(".pre-commit-config.yaml").to_string_lossy().as_ref());
    add(&item, "repos:\n");
    let text = std::fs::read_to_string(repo.path.join(".pre-commit-config.yaml")).expect("a file");
    let hooks = &serde_json::to_value(serde_yaml::from_str::<serde_yaml::Value>(&text).expect("YAML")).expect("JSON");
    let hook = &hooks["repos"][0]["hooks"][0];
    assert_eq!((&hook["entry"], &hook["stages"][0]), (&"git coord hook post-rewrite".into(), &"post-rewrite".into()));
    assert_eq!(standing(&repo)["post-rewrite"], "written");
}

#[test]
fn the_hooks_of_all_repositories_of_the_user_are_left_alone() {
    let repo = plain_with_old_git();
    let folder = repo.machine.home().join("hooks");
    repo.git(&["config", "--global", "core.hooksPath", "~/hooks"]);
    script(&folder.join("post-merge"), "#!/bin/sh\n");
    let before = files_of(&folder);
    let init = repo.data(&["init"]);
    assert_eq!((&init["hooks"], &init["warnings"][0]["code"]), (&serde_json::json!([]), &"hooks_by_hand".into()));
    assert_eq!(files_of(&folder), before);
    let item = told(&repo, "post-merge");
    assert_eq!(item["place"], folder.join("post-merge").to_string_lossy().as_ref());
    add(&item, "");
    assert_eq!(standing(&repo)["post-merge"], "written");
}

#[test]
fn a_folder_of_hooks_in_the_git_dir_is_the_repositorys_own() {
    let repo = plain_with_old_git();
    repo.git(&["config", "core.hooksPath", ".git/own-hooks"]);
    repo.ok(&["init"]);
    assert!(standing(&repo).values().all(|state| state == "file"));
    assert_eq!(files_of(&repo.common_dir().join("own-hooks")).len(), standing(&repo).len());
    repo.git(&["config", "--unset", "core.hooksPath"]);
    repo.ok(&["hooks", "install"]);
    repo.git(&["config", "core.hooksPath", "/dev/null"]);
    repo.ok(&["hooks", "uninstall"]);
    repo.git(&["config", "--unset", "core.hooksPath"]);
    assert!(standing(&repo).values().all(|state| state == "missing"), "those where git does not look go too");
}
