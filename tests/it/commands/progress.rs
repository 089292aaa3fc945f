//! How far a task is: steps, gates, its text, and putting it off.

use super::{Transcript, assert_transcript};

#[test]
fn steps_say_what_is_done_and_what_is_being_done() {
    let mut script = Transcript::with_tasks();
    script.before("claim T-1 --agent dev-1");
    script.run("step T-1 design --agent dev-1").run("step T-1 build --agent dev-1");
    script.run("step T-1 design --done --agent dev-1").run("step T-1 design --done --agent dev-1");
    script.run("step T-1 build --done --agent dev-1 --json").run("show T-1");
    script.run("step T-1 design --agent dev-2").run("step T-1 design --agent dev-2 --force");
    script.run("step T-1 ''").run("step T-1").run("step T-9 x");
    script.run("step T-2 later --plan").run("step T-2 now").run("show T-2").run("step T-2 now --plan --done");
    assert_transcript!(script);
}

#[test]
fn gates_keep_what_a_check_said_last() {
    let mut script = Transcript::with_tasks();
    script.run("gate T-1 pytest --status failed passed=27 failed=1 coverage_percent=87.5").run("show T-1");
    script.run("gate T-1 pytest --status passed passed=28 --json");
    script.run("gate T-1 pytest --status green").run("gate T-1 pytest").run("gate T-1 pytest --status passed x=y");
    script.run("gate T-1 pytest --status passed status=1").run("gate T-9 pytest --status passed");
    assert_transcript!(script);
}

#[test]
fn a_completion_tells_the_gates_and_figures() {
    let mut script = Transcript::with_tasks();
    script.before("agent new Ada --reports-to boss");
    script.before("gate T-1 pytest --status passed passed=28");
    script.before("task edit T-1 --set metrics.lines_of_code=450");
    script.run("done T-1 'Works'").run("inbox --agent boss --json");
    assert_transcript!(script);
}

#[test]
fn the_text_of_a_task_gathers_paragraphs() {
    let mut script = Transcript::with_tasks();
    script
        .run("context T-1 --append 'The index is slow.'")
        .run_with("- from standard input\n", "context T-1 --append -");
    script.run("show T-1").run("context T-1 --replace 'All anew.' --json").run("context T-1 --replace 'All anew.'");
    script.run("context T-1").run("context T-1 --append ' '").run("context T-1 --append x --replace y");
    assert_transcript!(script);
}

#[test]
fn a_task_that_is_put_off_comes_back_by_itself() {
    let mut script = Transcript::with_tasks();
    script.run("defer T-1 --until 1m").run("ready").run("claim T-1");
    script.pass(60);
    script.run("ready").run("defer T-1 --until 2026-03-01").run("show T-1 --json");
    script.run("defer T-1 --until 2001-01-01").run("defer T-1 --until soon").run("defer T-1");
    script.before("claim T-3");
    script.run("defer T-3 --until 2d");
    assert_transcript!(script);
}
