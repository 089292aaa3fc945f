//! Heads that somebody has broken: one bad push stops nobody.

use std::ffi::OsStr;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::process::Stdio;

use super::{Team, synced, tasks};
use crate::harness::Repo;

/// The remote has a state of which the first laptop has made something odd with plain git.
fn pushed(odd: impl Fn(&Repo)) -> Team {
    let team = Team::set_up(3);
    let [one, two, _] = team.laptops.as_slice() else { panic!("three laptops") };
    one.ok(&["task", "new", "Of one", "--id", "T-one"]);
    odd(one);
    one.git(&["push", "--quiet", "--no-verify", "--force", "origin", "refs/coord/main"]);
    two.ok(&["task", "new", "Of two", "--id", "T-two"]);
    team
}

/// All others go on, and agree.
#[track_caller]
fn assert_goes_on(team: &Team, gone: &[&str]) {
    let [_, two, three] = team.laptops.as_slice() else { panic!("three laptops") };
    // One of them merges, the other only moves forward.
    synced(three);
    synced(two);
    synced(three);
    assert_eq!(two.tip(), three.tip());
    assert_eq!(two.tip(), team.remote.tip());
    assert_eq!(tasks(two), ["T-1", "T-one", "T-two"]);
    let paths = two.git(&["ls-tree", "-r", "--name-only", "--full-tree", "refs/coord/main"]);
    for path in gone {
        assert!(!paths.lines().any(|line| line.contains(path)), "{path} is there: {paths}");
    }
    // The one who made it comes back to the others as well.
    team.laptops[0].git(&["fetch", "--quiet"]);
    synced(&team.laptops[0]);
    assert_eq!(team.laptops[0].tip(), team.remote.tip());
}

#[test]
fn links_and_submodules_are_taken_out() {
    let team = pushed(|one| {
        one.plant_as("120000", OsStr::new("tasks/link.md"), b"../../secret");
        one.plant_as("160000", OsStr::new("modules/code"), b"");
    });
    assert_goes_on(&team, &["tasks/link.md", "modules/code"]);
}

#[test]
fn names_that_are_not_utf8_or_stand_there_twice_are_taken_out() {
    let team = pushed(|one| {
        one.plant_as("100644", OsStr::from_bytes(b"agents/\xff.md"), b"");
        let tree = one.git(&["ls-tree", "refs/coord/main"]);
        let line = tree.lines().find(|line| line.ends_with("\tcoordination.yaml")).expect("the settings");
        let twice = make_tree(one, &format!("{tree}\n{}", line.replace("100644", "120000")));
        commit(one, &twice);
    });
    assert_goes_on(&team, &["agents/"]);
    let top = team.remote.git(&["ls-tree", "--name-only", "refs/coord/main"]);
    assert_eq!(top.lines().filter(|name| *name == "coordination.yaml").count(), 1);
}

#[test]
fn a_git_dir_in_disguise_is_taken_out() {
    let team = pushed(|one| {
        let blob = one.plant("notes/x", b"[core]\n\tfsmonitor = evil\n");
        let folder = make_tree(one, &format!("100644 blob {blob}\tconfig"));
        let tree = one.git(&["ls-tree", "refs/coord/main"]);
        let disguised = make_tree(one, &format!("{tree}\n040000 tree {folder}\tGIT~1"));
        commit(one, &disguised);
    });
    assert_goes_on(&team, &["GIT~1"]);
}

#[test]
fn settings_that_make_no_sense_become_those_before_them() {
    let team = pushed(|one| {
        one.ok(&["config", "policy.required_gates", "pytest"]);
        one.plant("coordination.yaml", b"not: [a: state");
    });
    assert_goes_on(&team, &[]);
    assert_eq!(team.laptops[2].data(&["config", "policy.required_gates"])["setting"]["value"][0], "pytest");
}

#[test]
fn a_folder_in_the_place_of_the_settings_is_taken_out() {
    let team = pushed(|one| {
        let folder = make_tree(one, &format!("100644 blob {}\tx", one.plant("notes/x", b"only a file")));
        let tree = one.git(&["ls-tree", "refs/coord/main"]);
        let others: Vec<&str> = tree.lines().filter(|line| !line.ends_with("\tcoordination.yaml")).collect();
        let odd = make_tree(one, &format!("{}\n040000 tree {folder}\tcoordination.yaml", others.join("\n")));
        commit(one, &odd);
    });
    assert_goes_on(&team, &["coordination.yaml/x"]);
    assert_eq!(team.remote.file("coordination.yaml"), "kind: config\nformat: 1");
}

#[test]
fn files_in_the_place_of_folders_are_taken_out() {
    let team = pushed(|one| {
        one.plant("agents", b"only a file");
        one.plant("inbox/bob", b"only a file");
    });
    assert_goes_on(&team, &["agents", "inbox/bob"]);
    team.laptops[2].ok(&["agent", "new", "bob"]);
    team.laptops[2].ok(&["send", "bob", "Are you there?"]);
}

#[test]
fn a_folder_where_a_conflict_has_to_be_gives_way() {
    let conflict = "conflicts/xsd9mkey7f98td.md";
    let team = pushed(|one| {
        one.ok(&["task", "edit", "T-1", "--title", "Of one"]);
        one.plant(&format!("{conflict}/below"), b"only a file");
    });
    team.laptops[1].ok(&["task", "edit", "T-1", "--title", "Of two"]);
    assert_goes_on(&team, &[]);
    assert_eq!(team.remote.data(&["show", "xsd9mkey7f98td"])["record"]["field"], "title");
}

/// Pushes what cannot be taken over, and expects that nothing moves.
#[track_caller]
fn assert_refused(exit: i32, code: &str, odd: impl Fn(&Repo)) -> Team {
    let team = pushed(odd);
    let (two, at) = (&team.laptops[1], team.remote.tip());
    let tip = two.tip();
    assert_eq!(two.refused(exit, &["sync"]), code);
    assert_eq!((two.tip(), team.remote.tip()), (tip, at));
    assert_eq!(tasks(two), ["T-1", "T-two"], "and one works on");
    two.ok(&["note", "T-1", "On we go"]);
    two.fsck_strict();
    team
}

#[test]
fn what_is_no_state_is_not_taken_over() {
    assert_refused(5, "not_a_state", |one| drop(one.git(&["update-ref", "refs/coord/main", "HEAD"])));
    assert_refused(5, "not_a_state", |one| {
        let blob = one.plant("notes/x", b"only a file");
        one.git(&["update-ref", "refs/coord/main", &blob]);
    });
}

#[test]
fn a_newer_format_is_not_taken_over() {
    assert_refused(128, "newer_format", |one| drop(one.plant("coordination.yaml", b"kind: config\nformat: 2\n")));
}

#[test]
fn what_a_newer_version_has_merged_is_moved_forward_to_and_never_merged() {
    let newer = |one: &Repo| {
        let mut merge = one.command("git");
        merge.args([
            "commit-tree",
            "-m",
            "Merge\n\nCoord-Merge: 99",
            "-p",
            "refs/coord/main",
            "-p",
            "refs/coord/main~1",
        ]);
        let merge = merge.arg("refs/coord/main^{tree}").env("GIT_AUTHOR_NAME", "git-coord merge").output();
        let merge = String::from_utf8(merge.expect("git runs").stdout).expect("UTF-8");
        one.git(&["update-ref", "refs/coord/main", merge.trim()]);
    };
    let team = assert_refused(128, "newer_rules", newer);
    assert_eq!(synced(&team.laptops[2])["came"], 2, "who has nothing of its own goes along");
    assert_eq!(team.laptops[2].tip(), team.remote.tip());
}

/// Folders that hold each other in many places: a walk through all of them would not end.
#[test]
fn a_state_with_too_many_entries_is_not_opened() {
    let team = pushed(|one| {
        let mut tree = make_tree(one, &format!("100644 blob {}\tx", one.plant("notes/x", b"x")));
        for _ in 0..9 {
            let lines: Vec<String> = (0..10).map(|n| format!("040000 tree {tree}\t{n}")).collect();
            tree = make_tree(one, &lines.join("\n"));
        }
        let top = one.git(&["ls-tree", "refs/coord/main"]);
        let bomb = make_tree(one, &format!("{top}\n040000 tree {tree}\tz"));
        commit(one, &bomb);
    });
    let two = &team.laptops[1];
    let tip = two.tip();
    let few = two.coord(&["sync"]).json().env("GIT_COORD_TEST_MOST_ENTRIES", "10000").expect(5);
    assert_eq!(few.error_code(), "too_many_entries");
    assert_eq!(two.tip(), tip);
}

/// Makes a tree of the lines of `git ls-tree`, be they what they may.
fn make_tree(repo: &Repo, lines: &str) -> String {
    let mut raw: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    for line in lines.lines().filter(|line| !line.is_empty()) {
        let (facts, name) = line.split_once('\t').expect("a line of ls-tree");
        let words: Vec<&str> = facts.split(' ').collect();
        let id: Vec<u8> = (0..words[2].len() / 2)
            .map(|n| u8::from_str_radix(&words[2][2 * n..2 * n + 2], 16).expect("hex"))
            .collect();
        let mode = words[0].trim_start_matches('0');
        let key = format!("{name}{}", if mode == "40000" { "/" } else { "" });
        raw.push((key.into_bytes(), [mode.as_bytes(), b" ", name.as_bytes(), b"\0", &id].concat()));
    }
    raw.sort();
    let bytes: Vec<u8> = raw.into_iter().flat_map(|(_, bytes)| bytes).collect();
    let mut git = repo.command("git");
    git.args(["hash-object", "-t", "tree", "-w", "--literally", "--stdin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut child = git.spawn().expect("git starts");
    child.stdin.take().expect("a pipe").write_all(&bytes).expect("git listens");
    let output = child.wait_with_output().expect("git ends");
    assert!(output.status.success());
    String::from_utf8(output.stdout).expect("UTF-8").trim().to_owned()
}

/// Commits a tree on the tip.
fn commit(repo: &Repo, tree: &str) {
    let commit = repo.git(&["commit-tree", "-m", "Plant", "-p", "refs/coord/main", tree]);
    repo.git(&["update-ref", "refs/coord/main", &commit]);
}
