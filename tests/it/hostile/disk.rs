//! A disk with no room left, and files that may not grow.

use super::{Whole, can_mount, is_well, mounted, with_a_task};
use crate::harness::Repo;

/// Fills a small disk with tasks until no more go in, and looks at what is there before and after room is made.
const FILL: &str = r#"
mkdir disk && mount -t tmpfs -o size=700k none disk || exit 99
cd disk && git init --quiet . && coord init -q || exit 98
n=0
while [ $n -lt 1000 ] && coord task new "Task $n" --id "T-$n" --body "$(head -c 3000 /dev/urandom | base64)" -q 2>../said
do n=$((n+1)); done
echo "told of $n"
[ $n -gt 2 ] && [ $n -lt 1000 ] || exit 97
# What the small things can still do, they may; what they cannot, they must say.
for i in 1 2 3 4 5; do coord note T-0 "Full" -q 2>/dev/null && n=$((n+1)); done
coord task new X --json --body "$(head -c 3000 /dev/urandom | base64)" 2>../refused; echo "exit $?"
cat ../refused >&2
echo "commits $(git rev-list --count refs/coord/main) of $((n+1))"
coord task list --json >/dev/null; echo "list $?"
git fsck --strict --no-dangling --no-progress 2>&1 | grep -v ^notice: ; echo "sound"
mount -o remount,size=4m . && coord task new "Room again" -q; echo "again $?"
git fsck --strict --no-dangling --no-progress 2>&1 | grep -v ^notice: ; echo "sound"
"#;

#[test]
fn a_full_disk_loses_nothing_and_is_called_so() {
    // Where not, the failpoints of tests/it/crash stand for it.
    if !can_mount() {
        return;
    }
    let repo = Repo::none();
    let answer = mounted(&repo, FILL);
    assert_eq!(answer.exit(), 0, "{answer}");
    let refused = answer.error();
    assert_eq!(refused["code"], "disk_full", "{answer}");
    assert_eq!(refused["hint"], "make room on the disk and try again", "{answer}");
    let said: Vec<&str> = answer.stdout.lines().collect();
    let [_, "exit 128", commits, "list 0", "sound", "again 0", "sound"] = said.as_slice() else { panic!("{answer}") };
    let numbers = commits.trim_start_matches("commits ").split_once(" of ");
    assert!(numbers.is_some_and(|(found, told)| found == told), "{commits}: a change was lost, or made and not told");
}

/// With the signal ignored a write that is too long fails; without, it ends the process in the midst of its work.
#[test]
fn a_file_that_may_not_grow_changes_nothing() {
    for (ignored, most) in [(true, 0), (true, 1), (true, 2), (false, 0), (false, 1)] {
        let repo = with_a_task();
        let before = Whole::of(&repo);
        let trap = if ignored { "trap '' XFSZ;" } else { "" };
        // Letters of which no packing makes a short file. The blocks of `ulimit` are 512 bytes in some shells.
        let text = "head -c 6000 /dev/urandom | base64";
        let coord = env!("CARGO_BIN_EXE_git-coord");
        let script = format!("text=$({text}); {trap} ulimit -f {most}; exec {coord} note T-1 \"$text\" --json");
        let refused = repo.call("sh", &["-c", &script]).run();
        if ignored {
            assert_eq!((refused.exit(), refused.error_code().as_str()), (128, "disk_full"), "{refused}");
        } else {
            assert!(!refused.is_ok(), "{refused}");
        }
        assert_eq!(Whole::of(&repo), before, "{ignored} {most}");
        is_well(&repo);
    }
}

#[test]
fn signs_of_life_and_notes_beside_git_fail_with_the_same_words() {
    let repo = with_a_task();
    let script = format!("trap '' XFSZ; ulimit -f 0; exec {} heartbeat --json", env!("CARGO_BIN_EXE_git-coord"));
    let refused = repo.call("sh", &["-c", &script]).expect(128);
    assert_eq!(refused.error_code(), "disk_full", "{refused}");
    repo.ok(&["heartbeat"]);
}
