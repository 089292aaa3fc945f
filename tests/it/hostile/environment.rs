//! Variables that say nonsense, and a user without name, home or language.

use super::{Whole, is_refusal, is_well, with_a_task};
use crate::harness::Repo;

/// Values of variables that name a repository, at which git itself stops.
const REFUSED_BY_GIT: &[(&str, &str)] = &[
    ("GIT_DIR", ""),
    ("GIT_DIR", "/nonexistent"),
    ("GIT_DIR", "README"),
    ("GIT_DIR", ".git/objects"),
    ("GIT_COMMON_DIR", ""),
    ("GIT_COMMON_DIR", "/nonexistent"),
    ("GIT_OBJECT_DIRECTORY", ""),
    ("GIT_OBJECT_DIRECTORY", "/nonexistent"),
    ("GIT_WORK_TREE", ""),
];

#[test]
fn what_names_no_repository_is_refused_where_git_refuses_it() {
    let repo = with_a_task();
    let before = Whole::of(&repo);
    for (name, value) in REFUSED_BY_GIT {
        let asked = repo.call("git", &["status"]).env(name, value).run();
        assert!(!asked.is_ok(), "git takes {name}={value}");
        for words in [&["task", "list"][..], &["note", "T-1", "x"], &["init"], &["whoami"]] {
            let refused = repo.coord(words).env(name, value).json().run();
            is_refusal(&refused, 128, "not_a_repository");
        }
    }
    assert_eq!(Whole::of(&repo), before);
    is_well(&repo);
}

#[test]
fn objects_from_somewhere_else_are_missed_and_not_taken_for_an_empty_state() {
    let repo = with_a_task();
    let other = Repo::plain();
    let objects = other.common_dir().join("objects");
    let before = Whole::of(&repo);
    for words in [&["task", "list"][..], &["note", "T-1", "x"], &["init"]] {
        is_refusal(&repo.coord(words).env("GIT_OBJECT_DIRECTORY", &objects).json().run(), 128, "damaged");
    }
    assert_eq!(Whole::of(&repo), before);
    // Where the state's own objects can be borrowed from, what is new goes where the variable says, as with git.
    let own = repo.common_dir().join("objects");
    let call = repo.coord(&["note", "T-1", "x"]).env("GIT_OBJECT_DIRECTORY", &objects);
    call.env("GIT_ALTERNATE_OBJECT_DIRECTORIES", &own).expect(0);
    let listed = repo.coord(&["thread", "T-1"]).json().env("GIT_ALTERNATE_OBJECT_DIRECTORIES", &objects).expect(0);
    assert_eq!(listed.data()["items"].as_array().map(Vec::len), Some(1), "{listed}");
}

#[test]
fn variables_that_concern_it_not_are_no_obstacle() {
    let repo = with_a_task();
    for (name, value) in [
        ("GIT_ALTERNATE_OBJECT_DIRECTORIES", "/nonexistent"),
        ("GIT_ALTERNATE_OBJECT_DIRECTORIES", "README:\"unbalanced"),
        ("GIT_NAMESPACE", "fleet"),
        ("GIT_NAMESPACE", "../a b"),
        ("GIT_INDEX_FILE", "/nonexistent/index"),
        ("GIT_WORK_TREE", "/nonexistent"),
        ("GIT_LITERAL_PATHSPECS", "1"),
        ("GIT_QUARANTINE_PATH", "/nonexistent"),
        ("GIT_TRACE", "/nonexistent/trace"),
        ("GIT_PAGER", "false"),
        ("LC_ALL", "xx_XX.nonsense"),
        ("PATH", "/nonexistent"),
        ("TMPDIR", "/nonexistent"),
    ] {
        let before = repo.commit_count();
        repo.coord(&["note", "T-1", name]).env(name, value).expect(0);
        assert_eq!(repo.commit_count(), before + 1, "{name}={value}");
        repo.coord(&["show", "T-1"]).env(name, value).expect(0);
    }
    // A namespace is for what is served to others; the state is the repository's.
    assert_eq!(repo.git(&["for-each-ref", "refs/namespaces"]), "");
    is_well(&repo);
}

#[test]
fn configuration_that_is_nonsense_is_refused_and_changes_nothing() {
    let repo = with_a_task();
    let before = Whole::of(&repo);
    for (name, value) in [
        ("GIT_CONFIG_COUNT", "x"),
        ("GIT_CONFIG_COUNT", "1"),
        ("GIT_CONFIG_COUNT", "4000000000"),
        ("GIT_CONFIG_PARAMETERS", "'x"),
    ] {
        for words in [&["task", "list"][..], &["note", "T-1", "x"]] {
            is_refusal(&repo.coord(words).env(name, value).json().run(), 128, "bad_config");
        }
    }
    let config = repo.path.join(".git/config");
    let good = std::fs::read(&config).expect("a configuration");
    std::fs::write(&config, b"[core\n\xff").expect("a configuration");
    for words in [&["task", "list"][..], &["note", "T-1", "x"], &["init"]] {
        is_refusal(&repo.coord(words).json().run(), 128, "bad_config");
    }
    std::fs::write(&config, good).expect("a configuration");
    assert_eq!(Whole::of(&repo), before);
    is_well(&repo);
}

#[test]
fn settings_of_ours_that_are_nonsense_are_all_refused_alike() {
    let repo = with_a_task();
    let before = Whole::of(&repo);
    for key in ["coord.fsync", "coord.ttl", "coord.lockTimeout"] {
        for value in ["maybe", "-1", "\u{1b}[31m", ""] {
            if (key, value) == ("coord.fsync", "-1") || (key, value) == ("coord.fsync", "") {
                // A number and nothing are truths to git.
                continue;
            }
            repo.git(&["config", key, value]);
            for words in [&["task", "list"][..], &["note", "T-1", "x"]] {
                let refused = repo.coord(words).json().run();
                is_refusal(&refused, 5, "bad_setting");
                assert!(refused.stderr.contains(key), "{refused}");
            }
        }
        repo.git(&["config", "--unset", key]);
    }
    assert_eq!(Whole::of(&repo), before);
    for on in ["on", "off", "true", "no", "1"] {
        repo.git(&["config", "coord.fsync", on]);
        repo.ok(&["note", "T-1", on]);
    }
    is_well(&repo);
}

#[test]
fn without_a_home_the_repository_is_enough() {
    let repo = with_a_task();
    let bare = |words: &[&str]| {
        let script =
            format!("unset HOME XDG_CONFIG_HOME GIT_CONFIG_GLOBAL; exec {} \"$@\"", env!("CARGO_BIN_EXE_git-coord"));
        repo.call("sh", &[&["-c", &script, "sh"], words].concat())
    };
    let before = Whole::of(&repo);
    for words in super::READS {
        bare(words).expect(0);
    }
    for words in super::WRITES {
        let refused = bare(&[words, &["--json"][..]].concat()).run();
        is_refusal(&refused, 128, "no_identity");
        assert_eq!(refused.error()["hint"], "git config coord.agent NAME", "{refused}");
    }
    assert_eq!(Whole::of(&repo), before);
    repo.git(&["config", "coord.agent", "dev-1"]);
    bare(&["note", "T-1", "x"]).expect(0);
    let author = repo.git(&["log", "-1", "--format=%an <%ae> %cn", "refs/coord/main"]);
    assert!(author.starts_with("dev-1 <"), "{author}");
    is_well(&repo);
}

#[test]
fn a_language_that_knows_no_letters_keeps_all_of_them() {
    let repo = with_a_task();
    let text = "Größe 日本語 🦀 ﷽ e\u{301}";
    for language in ["C", "POSIX", "", "ja_JP.SJIS"] {
        let call = |words: &[&str]| repo.coord(words).env("LC_ALL", language).env("LANG", language);
        call(&["task", "edit", "T-1", "--title", text]).expect(0);
        let note = call(&["note", "T-1", "-"]).input(text).json().expect(0);
        let id = note.data()["record"]["id"].as_str().expect("an id").to_owned();
        assert_eq!(call(&["show", &id]).json().expect(0).data()["record"]["body"], text);
        assert!(call(&["show", "T-1"]).expect(0).stdout.contains(text));
        assert_eq!(call(&["show", "T-1"]).json().expect(0).data()["record"]["title"], text);
    }
    is_well(&repo);
}
