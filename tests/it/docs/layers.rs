//! The table of layers in `docs/architecture.md` is the one that the sources are held against.

use super::{assert_page, place, read};
use crate::layers::TABLE;

#[test]
fn the_table_of_layers_is_the_one_that_is_held() {
    let mut table = "| module | may import, besides itself |\n|---|---|\n".to_owned();
    for (module, allowed) in TABLE.iter().filter(|(module, _)| exists(module)) {
        let allowed: Vec<String> =
            allowed.split(' ').filter(|name| exists(name)).map(|name| format!("`{name}`")).collect();
        table.push_str(&format!(
            "| `{module}` | {} |\n",
            if allowed.is_empty() { "–".into() } else { allowed.join(" ") }
        ));
    }
    let page = read("docs/architecture.md");
    let (before, rest) = page.split_once("<!-- table: layers -->\n").expect("the mark of the table");
    let (_, after) = rest.split_once("<!-- end -->").expect("the end of the table");
    assert_page("docs/architecture.md", &format!("{before}<!-- table: layers -->\n{table}<!-- end -->{after}"));
}

fn exists(module: &str) -> bool {
    !module.is_empty() && place(&format!("src/{module}")).is_dir()
}
