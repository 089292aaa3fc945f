//! An import that is interrupted in the midst of its rows has done nothing, and leaves nothing that stays for ever.

use std::fs::File;
use std::io::Write;

use rustix::process::Signal;

use super::{THEN, has_begun, import, lines, names_in, packs, pipe, task};
use crate::harness::{PATIENCE, Repo, within};

const RECORDS: usize = 2000;

/// Returns rows with texts that no compression makes much shorter: several times what is collected before it is written.
fn rows() -> String {
    let mut state = 1_u64;
    let mut word = move |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        format!("{:08x}", state >> 32)
    };
    lines((0..RECORDS).map(|n| {
        let mut task = task(&format!("T-{n}"), THEN, &format!("Task {n}"));
        task["body"] = (0..500).map(&mut word).collect::<String>().into();
        task
    }))
}

/// Interrupts an import that has read half of its rows, and written some of them.
fn interrupt(repo: &Repo, signal: Signal) {
    let tip = repo.tip();
    let path = pipe(repo, "rows");
    let call = repo.coord(&["import", "json", "rows"]).start();
    let mut rows = File::options().write(true).open(&path).expect("somebody reads");
    has_begun(repo);
    rows.write_all(self::rows().as_bytes()).expect("somebody reads");
    within(PATIENCE, "the pack grows", || size_of_temporary(repo) >= 1 << 20);
    call.signal(signal);
    let answer = call.wait();
    assert_eq!(answer.exit(), 128 + signal.as_raw(), "{answer}");
    assert_eq!((repo.tip(), packs(repo)), (tip, 0), "{signal:?}");
    repo.assert_no_lock();
    repo.fsck_strict();
    std::fs::remove_file(path).expect("the pipe");
}

fn size_of_temporary(repo: &Repo) -> u64 {
    let packs = repo.common_dir().join("objects/pack");
    let sizes = names_in(&packs).into_iter().filter(|name| name.starts_with("tmp_pack_")).map(|name| packs.join(name));
    sizes.filter_map(|path| Some(path.metadata().ok()?.len())).sum()
}

#[test]
fn an_import_interrupted_among_its_rows_has_done_nothing_and_can_be_done_again() {
    for signal in [Signal::INT, Signal::TERM, Signal::KILL] {
        let repo = Repo::set_up();
        interrupt(&repo, signal);
        assert_eq!(repo.data(&["task", "list"])["total"], 0);
        let rows = rows();
        assert_eq!(import(&repo, &rows)["added"], RECORDS);
        assert_eq!((packs(&repo), size_of_temporary(&repo)), (1, 0), "{signal:?}");
        assert!(names_in(repo.common_dir().join("coord/packing")).is_empty());
        assert_eq!(import(&repo, &rows)["unchanged"], RECORDS);
        repo.fsck_strict();
    }
}

#[test]
fn what_an_interrupted_import_leaves_goes_with_what_git_prunes() {
    let repo = Repo::set_up();
    interrupt(&repo, Signal::KILL);
    assert!(size_of_temporary(&repo) > 0);
    repo.git(&["prune", "--expire=now"]);
    assert_eq!(size_of_temporary(&repo), 0);
    repo.ok(&["task", "new", "Goes on"]);
    repo.fsck_strict();
}
