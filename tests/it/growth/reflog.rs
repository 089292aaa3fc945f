//! The reflog of the state does not grow for ever, unless the user wants it to.

use std::fmt::Write;

use super::gate::*;
use crate::harness::Repo;

/// Makes a reflog as if so many changes had been made, one a second, up to now.
fn long_reflog(repo: &Repo, lines: usize) {
    let path = repo.common_dir().join("logs/refs/coord/main");
    let tip = repo.tip().expect("a tip");
    let mut text = String::new();
    for n in 0..lines {
        let at = 1_767_323_045 + n;
        let line =
            format!("{tip} {tip} Ada <ada@example.org> {at} +0000\tcoord: Change number {n}, about as long as usual");
        writeln!(text, "{line}").expect("memory");
    }
    std::fs::write(&path, text).expect("a reflog");
}

fn length(repo: &Repo) -> u64 {
    std::fs::metadata(repo.common_dir().join("logs/refs/coord/main")).expect("a reflog").len()
}

#[test]
fn a_long_reflog_loses_its_older_half() {
    let repo = kept_small();
    in_the_foreground(&repo);
    long_reflog(&repo, 15_000);
    let (long, newest) = (length(&repo), repo.git(&["reflog", "show", "-2", "refs/coord/main"]));
    assert!(long > 2 << 20, "{long} bytes are not long");
    write_until_started(&repo);
    assert!(log(&repo).contains("\ndone "), "{}", log(&repo));
    let kept = length(&repo);
    assert!(kept < long * 6 / 10 && kept > long * 4 / 10, "{long} → {kept}");
    let lines = repo.git(&["reflog", "show", "refs/coord/main"]);
    assert!(newest.lines().all(|line| lines.contains(line.split_once(": ").expect("a line").1)), "the newest are kept");
    repo.fsck_strict();
}

#[test]
fn a_reflog_that_is_to_be_kept_is_kept() {
    for setting in ["gc.reflogExpire", "gc.refs/coord/*.reflogExpire"] {
        let repo = kept_small();
        in_the_foreground(&repo);
        repo.git(&["config", setting, "never"]);
        long_reflog(&repo, 15_000);
        let long = length(&repo);
        write_until_started(&repo);
        assert!(log(&repo).contains("\ndone ") && length(&repo) > long, "{setting}");
    }
}
