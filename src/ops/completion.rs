//! What is said when a task is done: what came of it, what was made, what was checked, and the figures.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::records::Task;
use crate::records::record::is_empty;

/// Returns the text of the message: the summary, and a line for each sort of fact that there is.
pub fn body(task: &Task) -> String {
    let said = task.summary.clone().unwrap_or_else(|| format!("{} is done", task.title));
    let lines = [("artifacts", artifacts(task)), ("gates", gates(task)), ("metrics", figures(&task.metrics))];
    let lines: Vec<String> = lines
        .into_iter()
        .filter(|(_, told)| !told.is_empty())
        .map(|(name, told)| format!("- {name}: {}", told.join("; ")))
        .collect();
    if lines.is_empty() { said } else { format!("{}\n\n{}", said.trim_end(), lines.join("\n")) }
}

/// Returns the same facts for machines.
pub fn facts(task: &Task) -> BTreeMap<String, Value> {
    let facts = [("artifacts", json!(task.artifacts)), ("gates", json!(task.gates)), ("metrics", json!(task.metrics))];
    facts.into_iter().filter(|(_, value)| !is_empty(value)).map(|(name, value)| (name.to_owned(), value)).collect()
}

fn artifacts(task: &Task) -> Vec<String> {
    let told = |artifact: &crate::records::task::Artifact| match artifact.path.as_ref().or(artifact.uri.as_ref()) {
        Some(place) if *place != artifact.name => format!("{} ({place})", artifact.name),
        _ => artifact.name.clone(),
    };
    task.artifacts.iter().map(told).collect()
}

fn gates(task: &Task) -> Vec<String> {
    let told = |(name, gate): (&String, &crate::records::task::Gate)| {
        let figures = figures(&gate.figures);
        let figures = if figures.is_empty() { String::new() } else { format!(" ({})", figures.join(", ")) };
        format!("{name} {}{figures}", gate.status)
    };
    task.gates.iter().map(told).collect()
}

fn figures(figures: &BTreeMap<String, Value>) -> Vec<String> {
    let shown = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    figures.iter().map(|(name, value)| format!("{name} {}", shown(value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Id, Timestamp};
    use crate::records::task::{Artifact, Gate, GateStatus};

    #[test]
    fn the_text_has_the_summary_and_every_sort_of_fact_there_is() {
        let mut task = Task::new(Id::parse("t").expect("an id"), Timestamp::EPOCH, "ada");
        task.title = "Parse".into();
        assert_eq!(body(&task), "Parse is done");
        task.summary = Some("It reads all samples.\n".into());
        assert_eq!(body(&task), "It reads all samples.\n");
        task.artifacts.push(Artifact {
            name: "grammar".into(),
            path: Some("docs/grammar.md".into()),
            ..Artifact::default()
        });
        let figures = BTreeMap::from([("failed".to_owned(), json!(0)), ("passed".to_owned(), json!(28))]);
        task.gates.insert("pytest".into(), Gate { status: GateStatus::Passed, figures, ..Gate::default() });
        task.metrics.insert("lines".into(), json!(450));
        assert_eq!(
            body(&task),
            "It reads all samples.\n\n- artifacts: grammar (docs/grammar.md)\n\
             - gates: pytest passed (failed 0, passed 28)\n- metrics: lines 450"
        );
        assert_eq!(facts(&task).keys().collect::<Vec<_>>(), ["artifacts", "gates", "metrics"]);
    }
}
