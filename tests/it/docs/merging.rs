//! The table of what wins in `docs/merging.md` is made from the table of kinds, whose rules the merge goes by.

use git_coord::records::conflict::CONFLICT;
use git_coord::records::field::COMMON;
use git_coord::records::{Field, KINDS, Rule};

use super::{assert_page, read};

const START: &str = "<!-- table: fields -->\n";

#[test]
fn the_page_says_of_every_field_what_wins() {
    let mut table = "| record | field | of two changes |\n|---|---|---|\n".to_owned();
    let common = COMMON.iter().filter(|field| !["kind", "id", "edited"].contains(&field.name));
    rows(&mut table, "every record", common);
    for kind in KINDS.iter().filter(|kind| **kind != &CONFLICT) {
        rows(&mut table, &format!("`{}`", kind.name), kind.fields.iter());
    }
    let page = read("docs/merging.md");
    let (before, rest) = page.split_once(START).expect("the mark of the table");
    let (_, after) = rest.split_once("<!-- end -->").expect("the end of the table");
    assert_page("docs/merging.md", &format!("{before}{START}{table}<!-- end -->{after}"));
}

/// Adds a row for each rule, with all fields that go by it.
fn rows<'a>(table: &mut String, record: &str, fields: impl Iterator<Item = &'a Field>) {
    let mut rules: Vec<(Rule, Vec<String>)> = Vec::new();
    for field in fields {
        let name = format!("`{}`", field.name);
        match rules.iter_mut().find(|(rule, _)| *rule == field.rule) {
            Some((_, names)) => names.push(name),
            None => rules.push((field.rule, vec![name])),
        }
    }
    for (rule, names) in rules {
        table.push_str(&format!("| {record} | {} | {} |\n", names.join(" "), wins(rule)));
    }
}

/// What becomes of two changes, in the words of the page.
fn wins(rule: Rule) -> String {
    match rule {
        Rule::Scalar => "the later; the other is kept in a conflict".to_owned(),
        Rule::Stamp => "the later pair".to_owned(),
        Rule::Unit(unit) => {
            format!(
                "go together (`{unit}`): all from the side that set one of them later; those of the other in a conflict"
            )
        }
        Rule::Set => "what both have and what either added".to_owned(),
        Rule::List => {
            "what both have and what either added, in the order of the side that moved some, else of the later"
                .to_owned()
        }
        Rule::Keyed(key) => format!(
            "element by element, told apart by `{key}`, then member by member; of two values of one member the later, and both in a \
             conflict"
        ),
        Rule::Map => {
            "key by key, one level after another; of two values of one key the later, and both in a conflict".to_owned()
        }
        Rule::Max => "the greater".to_owned(),
        Rule::Min => "the earlier".to_owned(),
        Rule::Counter => "both increments count".to_owned(),
        Rule::Text => {
            "line by line; where both changed one place the lines of the later, and both texts in a conflict".to_owned()
        }
        Rule::Immutable => "all from the record that was made first; the other in a conflict".to_owned(),
    }
}
