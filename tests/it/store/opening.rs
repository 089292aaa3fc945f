//! Which repository is opened, and which is refused: git itself is asked for the right answer.

use std::path::{Path, PathBuf};

use git_coord::store::{Environment, ObjectFormat, RefBackend, STATE_REF, Store};

use super::fixture::{Repo, publish, set};

/// Returns the code with which opening is refused.
#[track_caller]
fn refusal(path: &Path, environment: &Environment) -> &'static str {
    Store::discover_with(path, environment).err().expect("a refusal").code()
}

/// Checks that store and git agree on the folders as seen from `cwd`.
#[track_caller]
fn agrees(repo: &Repo, cwd: &Path, environment: &Environment) -> Store {
    let store = Store::discover_with(cwd, environment).expect("the repository opens");
    let ask = |what: &str| {
        let mut command = std::process::Command::new("git");
        command.env_clear().envs(environment.iter()).current_dir(cwd);
        let output = command.args(["rev-parse", "--path-format=absolute", what]).output().expect("git runs");
        output.status.success().then(|| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim_end()))
    };
    assert_eq!(Some(store.git_dir()), ask("--git-dir").as_deref());
    assert_eq!(Some(store.common_dir()), ask("--git-common-dir").as_deref());
    assert_eq!(store.work_dir(), ask("--show-toplevel").as_deref(), "work tree from {}", cwd.display());
    assert!(store.git_dir().starts_with(repo.outside()));
    store
}

fn here(repo: &Repo, cwd: &Path) -> Store {
    agrees(repo, cwd, &repo.environment)
}

#[test]
fn an_unborn_repository_is_found_from_below() {
    let repo = Repo::init(&[]);
    let below = repo.path.join("a/b");
    std::fs::create_dir_all(&below).expect("folders");
    let store = here(&repo, &below);
    assert_eq!(store.work_dir(), Some(repo.path.as_path()));
    assert_eq!((store.object_format(), store.ref_backend()), (ObjectFormat::Sha1, RefBackend::Files));
    publish(&store, vec![set("a", "1")]);
    repo.assert_sound();
    assert_eq!(repo.git(&["status", "--porcelain"]), "");
}

#[test]
fn a_bare_repository_has_no_work_tree() {
    let repo = Repo::init(&["--bare"]);
    let store = here(&repo, &repo.path);
    assert!(store.is_bare());
    publish(&store, vec![set("a", "1")]);
    repo.assert_sound();
}

#[test]
fn linked_worktrees_share_the_state() {
    let repo = Repo::init(&[]);
    repo.git(&["commit", "--quiet", "--allow-empty", "-m", "x"]);
    repo.git(&["worktree", "add", "--quiet", "../linked"]);
    let linked = repo.outside().join("linked");
    let id = publish(&here(&repo, &linked), vec![set("a", "1")]);
    assert_eq!(here(&repo, &repo.path).tip().expect("readable"), Some(id));
    assert_eq!(repo.open_at(&linked).coord_dir(), repo.path.join(".git/coord"));
}

#[test]
fn a_worktree_of_a_bare_repository_is_not_bare() {
    let repo = Repo::init(&["--bare"]);
    let tree = repo.git(&["hash-object", "-t", "tree", "-w", "/dev/null"]);
    let commit = repo.git(&["commit-tree", "-m", "x", &tree]);
    repo.git(&["worktree", "add", "--quiet", "../linked", &commit]);
    assert!(!here(&repo, &repo.outside().join("linked")).is_bare());
}

#[test]
fn a_submodule_has_a_state_of_its_own() {
    let repo = Repo::init(&[]);
    let inner = repo.outside().join("inner");
    repo.git(&["init", "--quiet", &inner.display().to_string()]);
    repo.git(&["-C", "../inner", "commit", "--quiet", "--allow-empty", "-m", "x"]);
    repo.git(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "../inner", "sub"]);
    let id = publish(&here(&repo, &repo.path.join("sub")), vec![set("a", "1")]);
    assert_eq!(repo.git(&["-C", "sub", "rev-parse", STATE_REF]), id.to_string());
    assert_eq!(here(&repo, &repo.path).tip().expect("readable"), None);
}

#[test]
fn the_environment_names_the_repository() {
    let repo = Repo::init(&[]);
    let environment = repo.environment.clone().with("GIT_DIR", repo.path.join(".git"));
    let store = agrees(&repo, repo.outside(), &environment);
    assert_eq!(store.work_dir(), Some(repo.outside()));
    let environment = environment.with("GIT_WORK_TREE", &repo.path);
    assert_eq!(agrees(&repo, &repo.path, &environment).work_dir(), Some(repo.path.as_path()));
    assert_eq!(refusal(&repo.path, &environment.with("GIT_DIR", "/nowhere")), "not_a_repository");
}

#[test]
fn the_environment_names_the_common_dir_and_the_objects() {
    let repo = Repo::init(&[]);
    let other = repo.outside().join("other");
    repo.git(&["init", "--quiet", &other.display().to_string()]);
    let objects = repo.outside().join("objects");
    std::fs::create_dir(&objects).expect("a folder");
    let environment = repo.environment.clone().with("GIT_DIR", repo.path.join(".git"));
    let shared = environment.clone().with("GIT_COMMON_DIR", other.join(".git"));
    assert_eq!(agrees(&repo, &repo.path, &shared).coord_dir(), other.join(".git/coord"));
    let elsewhere = environment.with("GIT_OBJECT_DIRECTORY", &objects);
    let store = agrees(&repo, &repo.path, &elsewhere);
    let id = publish(&store, vec![set("a", "1")]).to_string();
    assert!(objects.join(&id[..2]).join(&id[2..]).is_file());
}

#[test]
fn the_search_stops_at_a_ceiling() {
    let repo = Repo::init(&[]);
    let below = repo.path.join("a/b");
    std::fs::create_dir_all(&below).expect("folders");
    let environment = repo.environment.clone().with("GIT_CEILING_DIRECTORIES", repo.path.join("a"));
    assert_eq!(refusal(&below, &environment), "not_a_repository");
    assert_eq!(refusal(&below, &environment.clone().with("GIT_CEILING_DIRECTORIES", &repo.path)), "not_a_repository");
    agrees(&repo, &below, &environment.with("GIT_CEILING_DIRECTORIES", repo.outside()));
}

#[test]
fn a_folder_without_a_repository_is_refused() {
    let repo = Repo::empty();
    assert_eq!(refusal(&repo.path, &repo.environment), "not_a_repository");
}

#[test]
fn objects_of_alternates_are_read() {
    let repo = Repo::init(&[]);
    let id = publish(&repo.open(), vec![set("a", "1")]);
    repo.git(&["clone", "--quiet", "--shared", ".", "../shared"]);
    let shared = repo.open_at(&repo.outside().join("shared"));
    assert_eq!(shared.tree(id).expect("borrowed").read("a").expect("borrowed").expect("there").bytes, b"1");
    let other = repo.outside().join("other");
    repo.git(&["init", "--quiet", &other.display().to_string()]);
    let environment = repo.environment.clone().with("GIT_ALTERNATE_OBJECT_DIRECTORIES", repo.path.join(".git/objects"));
    assert_eq!(Store::discover_with(&other, &environment).expect("opens").commit(id).expect("borrowed").id, id);
}

#[test]
fn formats_are_told_apart() {
    let repo = Repo::init(&["--object-format=sha256"]);
    assert_eq!(repo.open().object_format(), ObjectFormat::Sha256);
    let repo = Repo::empty();
    if repo.try_git(&["init", "--quiet", "--ref-format=reftable", "--object-format=sha256", "."]).status.success() {
        let store = repo.open();
        assert_eq!((store.object_format(), store.ref_backend()), (ObjectFormat::Sha256, RefBackend::Reftable));
        publish(&store, vec![set("a", "1")]);
        repo.assert_sound();
    }
}

#[test]
fn what_git_refuses_is_refused() {
    let cases: [(&[(&str, &str)], bool); 7] = [
        (&[("core.repositoryformatversion", "1"), ("extensions.unheardOf", "true")], false),
        (&[("core.repositoryformatversion", "2")], false),
        (&[("core.repositoryformatversion", "1"), ("extensions.refStorage", "stone")], false),
        (&[("core.repositoryformatversion", "0"), ("extensions.objectFormat", "sha1")], false),
        (&[("core.repositoryformatversion", "0"), ("extensions.unheardOf", "true")], true),
        (&[("core.repositoryformatversion", "1"), ("extensions.preciousObjects", "true")], true),
        (&[("core.repositoryformatversion", "1"), ("extensions.worktreeConfig", "true")], true),
    ];
    for (settings, is_fine) in cases {
        let repo = Repo::init(&[]);
        for (key, value) in settings {
            let file = repo.path.join(".git/config");
            repo.git(&["config", "--file", &file.display().to_string(), key, value]);
        }
        assert_eq!(repo.try_git(&["rev-parse", "--git-dir"]).status.success(), is_fine, "git with {settings:?}");
        match Store::discover_with(&repo.path, &repo.environment) {
            Ok(_) => assert!(is_fine, "opened with {settings:?}"),
            Err(err) => assert!(!is_fine && err.code() == "unsupported_repository", "{settings:?}: {err:?}"),
        }
    }
}

#[test]
fn a_format_that_git_knows_and_this_does_not_is_refused() {
    let repo = Repo::init(&["--object-format=sha256"]);
    repo.git(&["config", "extensions.compatObjectFormat", "sha1"]);
    assert_eq!(refusal(&repo.path, &repo.environment), "unsupported_repository");
}

#[test]
fn a_repository_of_somebody_else_is_refused_unless_it_is_called_safe() {
    let repo = Repo::init(&[]);
    let foreign = foreign(&repo);
    assert_eq!(refusal(&repo.path, &foreign), "dubious_ownership");
    let path = repo.path.display().to_string();
    for (safe, is_fine) in [(path.as_str(), true), ("*", true), ("/elsewhere", false), (&format!("{path}/x"), false)] {
        let by_command = foreign.clone().with("GIT_CONFIG_PARAMETERS", format!("'safe.directory'='{safe}'"));
        assert_eq!(Store::discover_with(&repo.path, &by_command).is_ok(), is_fine, "{safe}");
        let mut git = std::process::Command::new("git");
        git.env_clear().envs(by_command.iter()).current_dir(&repo.path).args(["rev-parse", "--git-dir"]);
        assert_eq!(git.output().expect("git runs").status.success(), is_fine, "git with {safe}");
    }
    let file = repo.path.join(".git/config").display().to_string();
    repo.git(&["config", "--file", &file, "safe.directory", "*"]);
    assert_eq!(refusal(&repo.path, &foreign), "dubious_ownership", "a repository cannot call itself safe");
    let named = foreign.with("GIT_DIR", repo.path.join(".git"));
    Store::discover_with(&repo.path, &named).expect("a repository named by the user opens");
}

/// Returns an environment in which the repository belongs to somebody else: truly where the test may give it away.
fn foreign(repo: &Repo) -> Environment {
    let given_away = [repo.path.clone(), repo.path.join(".git")]
        .iter()
        .all(|path| std::os::unix::fs::chown(path, Some(12_345), Some(12_345)).is_ok());
    if given_away {
        repo.environment.clone()
    } else {
        repo.environment.clone().with("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    }
}

#[test]
fn a_bare_repository_may_have_to_be_named() {
    let repo = Repo::init(&["--bare"]);
    let strict = repo.environment.clone().with("GIT_CONFIG_PARAMETERS", "'safe.bareRepository=explicit'");
    assert_eq!(refusal(&repo.path, &strict), "unsafe_repository");
    Store::discover_with(&repo.path, &strict.with("GIT_DIR", &repo.path)).expect("a named one opens");
}
