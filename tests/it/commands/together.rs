//! Several things in one commit: `apply` and `bulk`.

use super::{Transcript, assert_transcript};

const PLAN: &str = r#"{"op":"task new","as":"feature","title":"Ship the parser","type":"feature","priority":"P1"}
{"op":"task new","as":"lexer","title":"Write the lexer","parent":"$feature"}
{"op":"task new","as":"parser","title":"Write the parser","parent":"$feature","depends_on":["$lexer"]}
{"op":"dep add","id":"T-2","on":"$parser"}
{"op":"claim","id":"$lexer","claim_id":"C-1"}
{"op":"step","id":"$lexer","name":"design"}
{"op":"send","to":"bob","text":"Please look at this","thread":"$feature","reference":["$lexer"]}
{"op":"note","id":"$lexer","text":"$$feature is what it says, and so is -"}
"#;

#[test]
fn the_lines_of_a_file_become_one_commit() {
    let mut script = Transcript::with_tasks();
    script.run_with(PLAN, "apply -").run("log --limit 1 --json").run("task list").run("blocked");
    script.run_with(r#"[{"op":"note","id":"T-1","text":"-"}]"#, "apply - --json").run("thread T-1");
    script.run_with("", "apply -").run_with("[]", "apply - --json");
    assert_transcript!(script);
}

#[test]
fn a_rehearsal_of_apply_shows_the_difference() {
    let mut script = Transcript::with_tasks();
    let lines = "{\"op\":\"task edit\",\"id\":\"T-1\",\"title\":\"Parse\"}\n{\"op\":\"done\",\"id\":\"T-3\"}\n";
    script.run_with(lines, "apply - --dry-run").run("log --limit 1");
    assert_transcript!(script);
}

#[test]
fn a_line_that_does_not_fit_keeps_all_from_happening() {
    let mut script = Transcript::with_tasks();
    script.before("claim T-1 --agent bob");
    script
        .run_with("{\"op\":\"note\",\"id\":\"T-2\",\"text\":\"x\"}\n\n{\"op\":\"claim\",\"id\":\"T-1\"}\n", "apply -");
    script
        .run_with("{\"op\":\"claim\",\"id\":\"T-1\"}\n", "apply - --json")
        .run_with("{\"op\":\"claim\",\"id\":\"$x\"}", "apply -");
    let bad = "{\"op\":\"claim\"}\n{\"op\":\"dance\"}\n{\"op\":\"ready\"}\nnope\n{\"op\":\"task new\",\"title\":\"x\",\"colour\":\"red\"}\n\
               {\"op\":\"task new\",\"title\":\"x\",\"as\":\"1\"}\n{\"title\":\"x\"}\n";
    script.run_with(bad, "apply - --json").run_with("[1,{\"op\":\"claim\"}]", "apply -");
    script.run_with("{\"op\":\"task new\",\"title\":7}", "apply -").run("apply nowhere.jsonl").run("apply");
    script.run("log --limit 1");
    assert_transcript!(script);
}

#[test]
fn the_same_is_done_with_several_tasks_at_once() {
    let mut script = Transcript::with_tasks();
    script.run("bulk T-1,T-3 done 'All of it' --json").run("log --limit 1").run("bulk T-1,T-3 reopen");
    script
        .run("bulk T-1,T-3 task edit --priority P0 --dry-run")
        .run("bulk T-1,T-3 --status completed")
        .run("task list");
    script.run("bulk T-1,T-3 done").run("bulk T-2,nope note hello").run("bulk T-2 ready").run("bulk T-2 dance");
    script.before("task new 'In a sprint' --id T-6");
    script.run("bulk T-2 done --frobnicate").run("bulk T-2 --status perfect").run("bulk T-2").run("bulk , done");
    assert_transcript!(script);
}
