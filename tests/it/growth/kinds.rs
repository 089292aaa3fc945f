//! Repositories of every sort are kept small, each by what suits it.

use super::gate::*;
use crate::harness::Repo;

/// Writes until maintenance has done its work, and checks what it has left.
#[track_caller]
fn is_kept_small(repo: &Repo, work: &str) {
    let_maintain(repo);
    in_the_foreground(repo);
    let gate = Gate::open(repo);
    for _ in 0..2 {
        write_until_started(repo);
    }
    assert!(log(repo).contains("\ndone "), "{}", log(repo));
    assert_eq!(gate.packed().iter().filter(|words| words.contains(work)).count(), 2, "{:?}", gate.packed());
    assert_eq!(loose(repo), 0);
    repo.fsck_strict();
}

#[test]
fn bare_repositories_and_other_formats_are_kept_small() {
    for options in [&["--bare"][..], &["--object-format=sha256"], &["--ref-format=reftable"]] {
        let Ok(repo) = Repo::try_init(options) else { continue };
        repo.ok(&["init"]);
        is_kept_small(&repo, "repack --geometric");
    }
}

/// A geometric repack would die there, or take what was only promised for what is here.
#[test]
fn in_a_partial_clone_git_collects_as_it_always_does() {
    let repo = Repo::set_up();
    repo.git(&["config", "uploadpack.allowFilter", "true"]);
    let url = format!("file://{}", repo.path.display());
    let path = repo.machine.root().join("partial");
    repo.git(&["clone", "--quiet", "--filter=blob:none", "--no-checkout", &url, &path.to_string_lossy()]);
    let partial = repo.at(path);
    partial.ok(&["init"]);
    is_kept_small(&partial, "gc --quiet");
}

#[test]
fn where_objects_are_borrowed_git_collects_as_it_always_does() {
    let repo = Repo::set_up();
    let other = repo.clone_to("shared", &["--shared"]);
    other.ok(&["init"]);
    is_kept_small(&other, "gc --quiet");
}

/// git refuses to remove a pack there.
#[test]
fn where_every_object_is_precious_nothing_is_done() {
    let repo = kept_small();
    repo.git(&["config", "core.repositoryFormatVersion", "1"]);
    repo.git(&["config", "extensions.preciousObjects", "true"]);
    write_until_looked(&repo, || write(&repo).env("GIT_COORD_TEST_PILE", ALWAYS));
    assert_eq!(log(&repo), "");
}

/// An index over several packs is written anew, and not left naming packs that are gone.
#[test]
fn an_index_over_several_packs_stays_one() {
    let repo = kept_small();
    in_the_foreground(&repo);
    repo.git(&["repack", "-q", "-d", "--write-midx"]);
    let index = repo.common_dir().join("objects/pack/multi-pack-index");
    assert!(index.exists());
    for _ in 0..3 {
        write_until_started(&repo);
    }
    assert!(index.exists());
    repo.git(&["multi-pack-index", "verify"]);
    repo.fsck_strict();
}

/// Its own thresholds are not reached any more, so git is asked every two weeks to collect all there is.
#[test]
fn every_two_weeks_git_collects_the_whole_repository() {
    let repo = kept_small();
    in_the_foreground(&repo);
    let gate = Gate::open(&repo);
    let write_at = |day: &str| {
        let call = || {
            write(&repo)
                .env("GIT_COORD_TEST_NOW", format!("2026-01-{day}T00:00:00Z"))
                .env("GIT_COORD_TEST_PILE", ALWAYS)
        };
        write_until_looked(&repo, call);
    };
    ["03", "16", "18", "19"].into_iter().for_each(write_at);
    repo.git(&["config", "gc.pruneExpire", "now"]);
    write_at("31");
    write_until_looked(&repo, || {
        write(&repo).env("GIT_COORD_TEST_NOW", "2026-02-02T00:00:00Z").env("GIT_COORD_TEST_PILE", ALWAYS)
    });
    let packed = gate.packed();
    let collected: Vec<_> = (0..).zip(&packed).filter(|(_, words)| words.contains("gc --quiet")).collect();
    let last = &packed[packed.len() - 1];
    assert!(
        collected.len() == 2 && packed[2].contains("gc --quiet") && last.contains("gc --quiet --no-prune"),
        "{packed:?}"
    );
    repo.fsck_strict();
}
