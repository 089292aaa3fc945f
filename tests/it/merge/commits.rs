//! Merges of commits that are in git: the same on every machine, over every base, and never of what needs none.

use git_coord::merge::heads::Step;
use git_coord::session::unite::{How, step, union};
use git_coord::session::{Environment, Options, Session};
use git_coord::store::{Oid, Published};

use crate::harness::Repo;

/// Opens the repository as a command would.
fn session(repo: &Repo) -> Session {
    let environment = repo.command("git").get_envs().fold(Environment::default(), |environment, (name, value)| {
        value.map_or(environment.clone(), |value| environment.with(name, value))
    });
    let cwd = repo.path.clone();
    let options = Options {
        cwd,
        environment,
        agent: None,
        session: None,
        at: None,
        dry_run: false,
        if_match: None,
        offline: false,
    };
    Session::open(options).expect("a session")
}

fn id(hex: &str) -> Oid {
    hex.parse().expect("an object id")
}

fn tip(repo: &Repo) -> Oid {
    id(&repo.tip().expect("a tip"))
}

/// Makes a repository and clones of it, with the same state in all.
fn laptops(count: usize) -> Vec<Repo> {
    let first = Repo::set_up();
    first.ok(&["task", "new", "Shared", "--id", "T-1"]);
    let mut all = vec![first];
    for n in 1..count {
        let laptop = all[0].clone_to(&format!("laptop-{n}"), &[]);
        laptop.ok(&["init"]);
        all.push(laptop);
    }
    all
}

/// Brings the objects of another repository here, and returns its tip.
fn fetch(repo: &Repo, other: &Repo) -> Oid {
    repo.git(&["fetch", "--quiet", "--no-tags", &other.path.to_string_lossy(), "refs/coord/main"]);
    tip(other)
}

/// Brings the head of another repository into ours.
fn join(repo: &Repo, theirs: Oid) -> How {
    let session = session(repo);
    let mut writer = session.store().lock(session.settings().lock_timeout).expect("the lock");
    let joined =
        session.join(&mut writer, tip(repo), theirs, "test", None).expect("joined").expect("nobody else writes");
    assert_eq!(tip(repo), joined.tip);
    joined.how
}

#[test]
fn two_machines_that_merge_the_same_commits_make_the_same_commit() {
    let laptops = laptops(2);
    let [one, two] = laptops.as_slice() else { panic!("two laptops") };
    one.ok(&["task", "edit", "T-1", "--title", "Of one", "--label", "one"]);
    two.ok(&["task", "edit", "T-1", "--title", "Of two", "--priority", "P0"]);
    two.ok(&["task", "new", "New", "--id", "T-2"]);
    let (of_one, of_two) = (tip(one), tip(two));
    fetch(one, two);
    fetch(two, one);
    assert_eq!(join(one, of_two), How::Merged { conflicts: 1 });
    assert_eq!(join(two, of_one), How::Merged { conflicts: 1 });
    assert_eq!(tip(one), tip(two));
    let task = one.data(&["task", "show", "T-1"])["record"].clone();
    assert_eq!(
        (&task["title"], &task["priority"], &task["labels"][0]),
        (&"Of two".into(), &"P0".into(), &"one".into())
    );
    assert_eq!(join(one, of_two), How::Known);
    assert_eq!(one.commit_count(), 1 + 1 + 3 + 1, "the first, the shared, one and two writes, the merge");
    one.fsck_strict();
}

#[test]
fn what_is_behind_is_left_and_what_is_ahead_is_moved_forward_to() {
    let laptops = laptops(2);
    let [one, two] = laptops.as_slice() else { panic!("two laptops") };
    let before = tip(one);
    two.ok(&["task", "new", "New", "--id", "T-2"]);
    let ahead = fetch(one, two);
    assert_eq!(join(one, ahead), How::Forward);
    assert_eq!(join(one, before), How::Known);
    assert_eq!(tip(one), ahead);
}

#[test]
fn states_that_began_apart_share_their_first_commit_or_merge_over_nothing() {
    let (one, two) = (Repo::set_up(), Repo::set_up());
    assert_eq!(tip(&one), tip(&two));
    one.ok(&["task", "new", "Of one", "--id", "T-1"]);
    two.ok(&["task", "new", "Of two", "--id", "T-2"]);
    let theirs = fetch(&one, &two);
    assert_eq!(join(&one, theirs), How::Merged { conflicts: 0 });
    // The same files under another first commit.
    let tree = two.git(&["rev-parse", "refs/coord/main^{tree}"]);
    let apart = two.git(&["commit-tree", "-m", "Apart", &tree]);
    two.git(&["update-ref", "refs/coord/main", &apart]);
    two.git(&["update-ref", "-d", "refs/heads/main"]);
    let theirs = fetch(&one, &two);
    assert!(session(&one).store().merge_bases(tip(&one), theirs).expect("bases").is_empty());
    assert_eq!(join(&one, theirs), How::Merged { conflicts: 0 });
    let total = one.data(&["task", "list"])["total"].clone();
    assert_eq!(total, 2);
}

/// ```text
/// a ┬ m1 ─ a2 ─┐
///   ╳          ├ two best common ancestors, a and b, neither behind the other
/// b ┴ m2 ─ b2 ─┘
/// ```
#[test]
fn lines_that_crossed_are_merged_over_a_base_that_no_commit_is() {
    let laptops = laptops(2);
    let [one, two] = laptops.as_slice() else { panic!("two laptops") };
    one.ok(&["task", "edit", "T-1", "--title", "Of one"]);
    two.ok(&["task", "edit", "T-1", "--priority", "P0"]);
    let (a, b) = (tip(one), tip(two));
    fetch(one, two);
    fetch(two, one);
    join(one, b);
    // The other one merged the same two with a line of its own in between, so that neither has the other's merge.
    two.ok(&["task", "edit", "T-1", "--label", "two"]);
    join(two, a);
    one.ok(&["task", "edit", "T-1", "--label", "one"]);
    let (of_one, of_two) = (tip(one), fetch(one, two));
    fetch(two, one);
    let mut bases = session(one).store().merge_bases(of_one, of_two).expect("bases");
    bases.sort();
    let mut crossed = vec![a, b];
    crossed.sort();
    assert_eq!(bases, crossed);
    assert_eq!(join(one, of_two), How::Merged { conflicts: 0 });
    assert_eq!(join(two, of_one), How::Merged { conflicts: 0 });
    assert_eq!(tip(one), tip(two));
    let task = one.data(&["task", "show", "T-1"])["record"].clone();
    assert_eq!((&task["title"], &task["priority"]), (&"Of one".into(), &"P0".into()));
    assert_eq!(task["labels"], serde_json::json!(["one", "two"]));
    one.fsck_strict();
}

/// Three laptops in a ring: each merges its own with its neighbour's, twice. The heads then hold the same writes.
#[test]
fn heads_with_the_same_writes_are_not_merged_again() {
    let laptops = laptops(3);
    for (n, laptop) in laptops.iter().enumerate() {
        laptop.ok(&["task", "new", "New", "--id", &format!("T-new-{n}")]);
    }
    let all = |heads: &[Oid; 3]| {
        for laptop in &laptops {
            for other in &laptops {
                fetch(laptop, other);
            }
        }
        for n in 0..3 {
            join(&laptops[n], heads[(n + 1) % 3]);
        }
    };
    let heads = || [tip(&laptops[0]), tip(&laptops[1]), tip(&laptops[2])];
    all(&heads());
    all(&heads());
    let same = heads();
    assert!(same[0] != same[1] && same[1] != same[2], "{same:?}");
    let one = session(&laptops[0]);
    fetch(&laptops[0], &laptops[1]);
    let Step::Take(taken) = step(one.store(), same[0], same[1], None).expect("readable") else { panic!("not merged") };
    let other = if taken == same[0] { same[1] } else { same[0] };
    assert_eq!(step(one.store(), same[0], same[1], Some(other)).expect("readable"), Step::Take(other));
    let ours = [&laptops[0], &laptops[1]].into_iter().find(|laptop| tip(laptop) != taken).expect("one of them");
    fetch(ours, &laptops[0]);
    fetch(ours, &laptops[1]);
    let merges = ours.git(&["rev-list", "--count", "--merges", "refs/coord/main"]);
    assert_eq!(join(ours, taken), How::Taken);
    assert_eq!(ours.git(&["rev-list", "--count", "--merges", "refs/coord/main"]), merges);
    // The next writer does not bring back what was left: its writes are all there.
    ours.ok(&["note", "T-1", "Afterwards"]);
    assert_eq!(
        ours.git(&["rev-list", "-1", "--format=%P", "--no-commit-header", "refs/coord/main"]),
        taken.to_string()
    );
    ours.fsck_strict();
}

#[test]
fn what_newer_rules_have_merged_is_only_moved_forward_to() {
    let laptops = laptops(2);
    let [one, two] = laptops.as_slice() else { panic!("two laptops") };
    let base = one.tip().expect("a tip");
    two.ok(&["task", "new", "New", "--id", "T-2"]);
    let tree = two.git(&["rev-parse", "refs/coord/main^{tree}"]);
    let message = "Merge two lines of changes\n\nCoord-Merge: 99\n";
    let mut commit = two.command("git");
    commit.args(["commit-tree", "-m", message, "-p", &base, "-p", "refs/coord/main", &tree]);
    commit.env("GIT_AUTHOR_NAME", "git-coord merge");
    let merge = String::from_utf8(commit.output().expect("git runs").stdout).expect("UTF-8");
    two.git(&["update-ref", "refs/coord/main", merge.trim()]);
    let theirs = fetch(one, two);
    one.ok(&["task", "new", "New", "--id", "T-3"]);
    let (session, before) = (session(one), tip(one));
    let mut writer = session.store().lock(session.settings().lock_timeout).expect("the lock");
    let refused = session.join(&mut writer, before, theirs, "test", None).expect_err("newer rules");
    assert_eq!(refused.code(), "newer_rules");
    assert_eq!(tip(one), before);
    let Published::Landed(_) = writer
        .replace(
            &session.store().look_at_ref().expect("readable"),
            id(&base),
            &git_coord::store::Person::new("a", "b"),
            session.now(),
            "back",
        )
        .expect("moved")
    else {
        panic!("nobody else writes")
    };
    drop(writer);
    assert_eq!(join(one, theirs), How::Forward);
}

#[test]
fn a_path_that_git_would_refuse_is_left_out_of_a_merge() {
    let laptops = laptops(2);
    let [one, two] = laptops.as_slice() else { panic!("two laptops") };
    two.plant("notes/a\\b", b"odd");
    two.plant("notes/plain", b"kept");
    for n in 0..4 {
        one.ok(&["task", "new", "New", "--id", &format!("T-one-{n}")]);
    }
    let theirs = fetch(one, two);
    let (new, _) = union(session(one).store(), tip(one), theirs).expect("merged");
    let set: Vec<&str> = new.edits.iter().map(|edit| edit.path.as_str()).collect();
    assert_eq!(set, ["notes/plain"]);
    assert_eq!(join(one, theirs), How::Merged { conflicts: 0 });
    assert!(one.files().contains_key("notes/plain"));
    one.fsck_strict();
}
