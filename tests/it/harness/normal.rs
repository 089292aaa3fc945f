//! Output without what differs from run to run: folders of this machine, object ids, durations.

use super::Repo;

/// Replaces the paths of the test's machine and every object id. The same id gets the same number throughout.
pub(crate) fn normalised(repo: &Repo, text: &str) -> String {
    let text = text.replace(&*repo.path.to_string_lossy(), "<repo>");
    let text = text.replace(&*repo.machine.root().to_string_lossy(), "<machine>");
    let mut ids: Vec<String> = Vec::new();
    let mut normal = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(start) = rest.find(|c: char| c.is_ascii_alphanumeric()) {
        let length = rest[start..].find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len() - start);
        let (before, word) = (&rest[..start], &rest[start..start + length]);
        normal.push_str(before);
        if is_object_id(word) {
            // Also where only the first ten digits are shown.
            let known = ids.iter().position(|id| id.starts_with(word) || word.starts_with(id.as_str()));
            let number = known.unwrap_or_else(|| {
                ids.push(word.to_owned());
                ids.len() - 1
            });
            normal.push_str(&format!("<oid {}>", number + 1));
        } else {
            normal.push_str(word);
        }
        rest = &rest[start + length..];
    }
    normal + rest
}

fn is_object_id(word: &str) -> bool {
    matches!(word.len(), 10 | 40 | 64) && word.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[test]
fn ids_and_paths_are_replaced_and_the_rest_is_kept() {
    let repo = Repo::none();
    let id = "0123456789abcdef0123456789abcdef01234567";
    let text = format!("in {}/x: {id} and {} again, not deadbeef\n", repo.path.display(), &id[..10]);
    assert_eq!(normalised(&repo, &text), "in <repo>/x: <oid 1> and <oid 1> again, not deadbeef\n");
}
