//! Objects of the tip that are gone or broken: each at several ages.

use super::{
    AGES, ALL, Age, COMMITS, assert_titles, destroy, fix, furnished, furnished_with, id, loose, remarks, spoil,
};
use crate::harness::Repo;

/// A repository whose last commit is a change of T-3.
fn changed_last(age: Age) -> Repo {
    let repo = furnished();
    age.before(&repo);
    repo.ok(&["task", "edit", "T-3", "--title", "Third title"]);
    age.after(&repo);
    repo
}

#[test]
fn a_missing_commit_loses_what_it_did_and_no_more() {
    for age in AGES {
        let repo = changed_last(age);
        let (tip, before) = (id(&repo, "refs/coord/main"), id(&repo, "refs/coord/main^"));
        destroy(&repo, &tip);
        let fixed = fix(&repo);
        assert_eq!(fixed.commits(), ["Edit task T-3: title"], "{age:?}");
        assert_eq!(fixed.lost(), [("/".to_owned(), true)], "{age:?}: nobody can tell what it held");
        assert_titles(&repo, &ALL);
        assert_eq!(remarks(&repo, "T-1"), 1, "{age:?}");
        assert!(repo.history().contains(&before), "{age:?}");
        assert_eq!(repo.commit_count(), COMMITS + age.commits() + 1 + 1, "{age:?}: the word of it, and the next write");
    }
}

#[test]
fn a_missing_top_folder_loses_what_its_commit_did_by_name() {
    for age in AGES {
        let repo = changed_last(age);
        destroy(&repo, &id(&repo, "refs/coord/main^{tree}"));
        let fixed = fix(&repo);
        assert_eq!(fixed.lost(), [("task/T-3".to_owned(), true)], "{age:?}");
        assert_eq!(fixed.commits(), ["Edit task T-3: title"], "{age:?}");
        assert_titles(&repo, &ALL);
        assert_eq!(repo.commit_count(), COMMITS + age.commits() + 1 + 1, "{age:?}");
    }
}

#[test]
fn a_missing_folder_loses_the_last_change_in_it() {
    for age in AGES {
        for depth in [1, 2, 3] {
            let repo = changed_last(age);
            let path = repo.task_path("T-3");
            let folder: Vec<&str> = path.split('/').take(depth).collect();
            destroy(&repo, &id(&repo, &format!("refs/coord/main:{}", folder.join("/"))));
            let fixed = fix(&repo);
            assert_eq!(fixed.lost(), [("task/T-3".to_owned(), true)], "{age:?} {folder:?}");
            assert_eq!(fixed.commits(), Vec::<String>::new(), "{age:?} {folder:?}");
            assert_titles(&repo, &ALL);
            assert_eq!(
                repo.commit_count(),
                COMMITS + age.commits() + 1 + 1 + 1,
                "{age:?} {folder:?}: the change is one still"
            );
        }
    }
}

#[test]
fn a_missing_file_loses_the_last_change_of_its_record() {
    for age in AGES {
        let repo = changed_last(age);
        destroy(&repo, &id(&repo, &format!("refs/coord/main:{}", repo.task_path("T-3"))));
        let fixed = fix(&repo);
        assert_eq!(fixed.lost(), [("task/T-3".to_owned(), true)], "{age:?}");
        assert_titles(&repo, &ALL);
        assert_eq!(remarks(&repo, "T-3"), age.commits(), "{age:?}");
        assert_eq!(repo.commit_count(), COMMITS + age.commits() + 1 + 1 + 1, "{age:?}");
    }
}

/// What was written long ago and not changed since: all commits hold it, and all of them are kept.
#[test]
fn a_missing_file_of_long_ago_costs_no_commit() {
    for age in AGES {
        let repo = furnished();
        age.before(&repo);
        age.after(&repo);
        let subjects = repo.git(&["log", "--format=%s %an %at", "refs/coord/main"]);
        let older = repo.git(&["log", "--format=%h", "-1", "--grep", "Add task T-2", "refs/coord/main"]);
        destroy(&repo, &id(&repo, &format!("refs/coord/main:{}", repo.task_path("T-2"))));
        let fixed = fix(&repo);
        assert_eq!(fixed.lost(), [("task/T-2".to_owned(), true)], "{age:?}");
        assert!(fixed.answer["lost"][0]["since"].as_str().is_some_and(|since| since.starts_with(&older)));
        assert_titles(&repo, &[("T-1", "Title of T-1"), ("T-2", "Title of T-2"), ("T-3", "Title of T-3")]);
        let after = repo.git(&["log", "--format=%s %an %at", "--skip=2", "refs/coord/main"]);
        assert_eq!(after, subjects, "{age:?}: who did what, and when, is as it was");
        assert_eq!(remarks(&repo, "T-1"), 1);
    }
}

#[test]
fn a_record_of_which_nothing_older_is_left_is_gone_and_named() {
    for age in AGES {
        let repo = furnished();
        age.before(&repo);
        age.after(&repo);
        destroy(&repo, &id(&repo, &format!("refs/coord/main:{}", repo.task_path("T-1"))));
        let fixed = fix(&repo);
        assert_eq!(fixed.lost(), [("task/T-1".to_owned(), false)], "{age:?}");
        assert_titles(&repo, &ALL[1..]);
        assert_eq!(repo.commit_count(), COMMITS + age.commits() + 1 + 1, "{age:?}");
    }
}

#[test]
fn objects_of_any_rubbish_are_as_good_as_missing_and_set_aside() {
    let other = furnished();
    let whole = std::fs::read(loose(&other, &id(&other, "refs/coord/main^{tree}"))).expect("an object");
    for (what, bytes) in
        [("empty", &b""[..]), ("cut off", &whole[..whole.len() / 2]), ("zeros", &[0; 100]), ("another object", &whole)]
    {
        let repo = changed_last(Age::Fresh);
        let blob = id(&repo, &format!("refs/coord/main:{}", repo.task_path("T-3")));
        spoil(&repo, &blob, bytes);
        let fixed = fix(&repo);
        assert_eq!(fixed.lost(), [("task/T-3".to_owned(), true)], "{what}");
        let backup = fixed.answer["backup"].as_str().expect("a backup");
        assert_eq!(std::fs::read(format!("{backup}/broken/{blob}")).expect("set aside"), bytes, "{what}");
        assert_titles(&repo, &ALL);
    }
}

#[test]
fn an_object_that_git_knows_another_copy_of_is_not_lost() {
    let repo = changed_last(Age::Packed);
    let blob = id(&repo, &format!("refs/coord/main:{}", repo.task_path("T-3")));
    let copy = repo.git(&["cat-file", "blob", &blob]) + "\n";
    let path = loose(&repo, &blob);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    std::fs::write(&path, b"rubbish").expect("a broken copy");
    // The pack has a whole one, and is looked into first.
    repo.ok(&["doctor"]);
    repo.ok(&["show", "T-3"]);
    assert!(copy.contains("Third title"));
}

#[test]
fn the_remote_gives_back_what_it_has() {
    let origin = furnished();
    let repo = origin.clone_to("clone", &[]);
    repo.ok(&["init"]);
    let tip = repo.tip();
    for rev in ["refs/coord/main", "refs/coord/main^{tree}", "refs/coord/main~3^{tree}"] {
        destroy(&repo, &id(&repo, rev));
        let fixed = fix(&repo);
        assert_eq!((fixed.lost(), fixed.commits()), (Vec::new(), Vec::new()), "{rev}");
        assert_eq!(repo.git(&["rev-parse", "refs/coord/main^"]), tip.clone().expect("a tip"), "{rev}");
        repo.git(&["update-ref", "refs/coord/main", &tip.clone().expect("a tip")]);
        std::fs::remove_file(repo.common_dir().join("coord/lock")).expect("the notes");
    }
}

#[test]
fn the_longer_hash_and_reftables_are_mended_alike() {
    for options in [&["--object-format=sha256"][..], &["--ref-format=reftable"]] {
        let Ok(probe) = Repo::try_init(options) else { continue };
        drop(probe);
        let repo = furnished_with(options);
        repo.ok(&["task", "edit", "T-3", "--title", "Third title"]);
        destroy(&repo, &id(&repo, &format!("refs/coord/main:{}", repo.task_path("T-3"))));
        let fixed = fix(&repo);
        assert_eq!(fixed.lost(), [("task/T-3".to_owned(), true)], "{options:?}");
        assert_titles(&repo, &ALL);
    }
}

/// The settings of the team are a file like others, and without them nothing can be read.
#[test]
fn settings_that_are_gone_or_make_no_sense_are_those_of_before() {
    let repo = furnished();
    repo.ok(&["config", "policy.required_gates", "pytest"]);
    let good = repo.file("coordination.yaml");
    repo.ok(&["note", "T-1", "Another"]);
    repo.plant("coordination.yaml", b"kind: config\nformat: [\n");
    assert_eq!(repo.refused(128, &["ready"]), "damaged");
    fix(&repo);
    assert_eq!(repo.file("coordination.yaml"), good);
    assert_eq!(remarks(&repo, "T-1"), 2);
}

#[test]
fn a_later_version_is_left_alone() {
    let repo = furnished();
    repo.plant("coordination.yaml", b"kind: config\nformat: 2\n");
    let tip = repo.tip();
    let answer = repo.coord(&["doctor", "--fix"]).json().expect(1).data();
    assert_eq!(answer["findings"][0]["code"], "newer_format", "{answer}");
    assert_eq!(repo.tip(), tip);
}
