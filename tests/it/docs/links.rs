//! Links between the pages lead somewhere.

use super::{place, read};

const PAGES: &[&str] = &[
    "README.md",
    "CHANGELOG.md",
    "docs/architecture.md",
    "docs/cli.md",
    "docs/data-model.md",
    "docs/errors.md",
    "docs/getting-started.md",
    "docs/security.md",
    "docs/hooks.md",
    "docs/decisions/README.md",
];

#[test]
fn links_between_pages_lead_somewhere() {
    for page in PAGES {
        let text = read(page);
        assert!(!text.is_empty(), "{page} is missing");
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for target in targets.filter(|target| !target.starts_with("http")) {
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let path = place(page).parent().expect("a folder").join(file);
            let path = if file.is_empty() { place(page) } else { path };
            assert!(path.exists(), "{page} links to {target}, which is not there");
            if !anchor.is_empty() {
                let text = std::fs::read_to_string(&path).expect("a page");
                let has = |line: &str| line.starts_with('#') && slug(line.trim_start_matches('#').trim()) == anchor;
                assert!(text.lines().any(has), "{page} links to {target}: no such heading");
            }
        }
    }
}

#[test]
fn every_decision_is_in_the_index() {
    let index = read("docs/decisions/README.md");
    for entry in std::fs::read_dir(place("docs/decisions")).expect("decisions") {
        let name = entry.expect("a file").file_name().into_string().expect("a name");
        assert!(name == "README.md" || index.contains(&format!("]({name})")), "{name} is not in the index");
    }
}

/// Returns the anchor of a heading, as the usual hosts make it.
fn slug(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
}
