//! Git's configuration as the store reads it, against `git config`.

use std::time::Duration;

use git_coord::store::{Origin, Store};

use super::fixture::Repo;

#[test]
fn every_source_is_read_and_the_later_wins() {
    let repo = Repo::init(&[]);
    repo.git(&["config", "--global", "coord.a", "global"]);
    repo.git(&["config", "--global", "coord.b", "global"]);
    repo.git(&["config", "coord.a", "local"]);
    let store = repo.open();
    assert_eq!(store.config().text("coord.a").as_deref(), Some("local"));
    assert_eq!(store.config().text("coord.b").as_deref(), Some("global"));
    assert_eq!(store.config().all("coord.a"), ["global", "local"]);
    assert_eq!(store.config().text("coord.c"), None);
    assert_eq!(store.config().origin("coord.a"), Some(Origin::File(repo.path.join(".git/config"))));
    assert_eq!(store.config().subsections("remote"), Vec::<String>::new());
}

#[test]
fn settings_of_the_command_line_win() {
    let repo = Repo::init(&[]);
    repo.git(&["config", "coord.a", "local"]);
    // What `git -c` really leaves in the environment, in the words of the installed git.
    repo.git(&["config", "alias.probe", "!printf %s \"$GIT_CONFIG_PARAMETERS\""]);
    let left = repo.git(&["-c", "coord.a=it's mine", "-c", "remote.a.b.url=x=y", "-c", "coord.flag", "probe"]);
    let mut environment = repo.environment.clone().with("GIT_CONFIG_PARAMETERS", &left);
    let store = Store::discover_with(&repo.path, &environment).expect("opens");
    assert_eq!(store.config().text("coord.a").as_deref(), Some("it's mine"));
    assert_eq!(store.config().origin("coord.a"), Some(Origin::Command));
    assert_eq!(store.config().text("remote.a.b.url").as_deref(), Some("x=y"));
    assert_eq!(store.config().boolean("coord.flag").expect("a boolean"), Some(true));
    environment = repo.environment.clone().with("GIT_CONFIG_COUNT", "1");
    environment = environment.with("GIT_CONFIG_KEY_0", "coord.a").with("GIT_CONFIG_VALUE_0", "counted");
    let store = Store::discover_with(&repo.path, &environment).expect("opens");
    assert_eq!(store.config().text("coord.a").as_deref(), Some("counted"));
    let both = environment.with("GIT_CONFIG_PARAMETERS", "'coord.a=parameters'");
    let store = Store::discover_with(&repo.path, &both).expect("opens");
    assert_eq!(store.config().text("coord.a").as_deref(), Some("parameters"));
}

#[test]
fn included_files_are_read() {
    let repo = Repo::init(&["--initial-branch=trunk"]);
    std::fs::write(repo.outside().join("extra"), "[coord]\n\ta = included\n").expect("written");
    std::fs::write(repo.outside().join("branch"), "[coord]\n\tb = on trunk\n").expect("written");
    std::fs::write(repo.outside().join("dir"), "[coord]\n\tc = in repo\n").expect("written");
    repo.git(&["config", "include.path", "../../extra"]);
    repo.git(&["config", "--global", "includeIf.onbranch:trunk.path", "../branch"]);
    repo.git(&["config", "--global", "includeIf.gitdir:**/repo/.path", "../dir"]);
    let store = repo.open();
    for key in ["coord.a", "coord.b", "coord.c"] {
        assert_eq!(store.config().text(key), Some(repo.git(&["config", key])), "{key}");
    }
}

#[test]
fn a_worktree_has_settings_of_its_own() {
    let repo = Repo::init(&[]);
    repo.git(&["commit", "--quiet", "--allow-empty", "-m", "x"]);
    repo.git(&["worktree", "add", "--quiet", "../linked"]);
    repo.git(&["config", "extensions.worktreeConfig", "true"]);
    repo.git(&["-C", "../linked", "config", "--worktree", "coord.agent", "ada"]);
    assert_eq!(repo.open_at(&repo.outside().join("linked")).config().text("coord.agent").as_deref(), Some("ada"));
    assert_eq!(repo.open().config().text("coord.agent"), None);
}

#[test]
fn values_have_types() {
    let repo = Repo::init(&[]);
    for (key, value) in [("coord.n", "2k"), ("coord.t", "1h 30m"), ("coord.s", "90"), ("coord.bad", "soon")] {
        repo.git(&["config", key, value]);
    }
    let store = repo.open();
    let config = store.config();
    assert_eq!(config.integer("coord.n").expect("a number"), Some(2048));
    assert_eq!(config.duration("coord.t").expect("a duration"), Some(Duration::from_secs(5400)));
    assert_eq!(config.duration("coord.s").expect("a duration"), Some(Duration::from_secs(90)));
    assert_eq!(config.duration("coord.none").expect("nothing"), None);
    for refused in
        [config.integer("coord.bad").err(), config.boolean("coord.bad").err(), config.duration("coord.bad").err()]
    {
        assert_eq!(refused.expect("not that type").code(), "bad_config");
    }
}

#[test]
fn a_file_that_is_nonsense_is_an_error() {
    let repo = Repo::init(&[]);
    std::fs::write(repo.path.join(".git/config"), "[core\n").expect("written");
    let refused = Store::discover_with(&repo.path, &repo.environment).err().expect("a refusal");
    assert_eq!(refused.code(), "bad_config");
}
