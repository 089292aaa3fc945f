//! Text that came from somebody else, made safe to show or to put on one line.
//!
//! Stored text is never changed here: what is stripped is stripped for a terminal or a commit message only.

/// Returns whether a character could move a cursor, recolour a terminal, or reorder what is read.
pub fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}' | '\u{feff}')
}

/// Returns the text on one line: line ends and tabs become one space, other unsafe characters vanish, ends are trimmed.
pub fn one_line(text: &str) -> String {
    let spaced: String = text
        .chars()
        .map(|c| if matches!(c, '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}') { ' ' } else { c })
        .filter(|&c| !is_unsafe(c))
        .collect();
    spaced.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Returns the text with everything unsafe taken out and line ends as blanks; blanks stay as they are.
pub fn one_line_kept(text: &str) -> String {
    let blank = |c| if matches!(c, '\n' | '\t') { ' ' } else { c };
    text.chars().map(blank).filter(|&c| !is_unsafe(c)).collect()
}

/// Returns the text with its lines kept and everything unsafe taken out, for a terminal.
pub fn for_terminal(text: &str) -> String {
    text.chars().filter(|&c| matches!(c, '\n' | '\t') || !is_unsafe(c)).collect()
}

/// Returns JSON that a terminal can be shown: what is unsafe in its texts, escaped as JSON escapes, and of equal value.
pub fn json_for_terminal(json: String) -> String {
    // Below the blank there is nothing to escape: JSON does so itself, and a line end is none of a text's.
    let is_raw = |c: char| c > ' ' && is_unsafe(c);
    if !json.contains(is_raw) {
        return json;
    }
    let mut safe = String::with_capacity(json.len() + 64);
    for c in json.chars() {
        if is_raw(c) { safe.push_str(&format!("\\u{:04x}", u32::from(c))) } else { safe.push(c) }
    }
    safe
}

/// Returns the first `most` characters of the text on one line, with `…` where something was cut.
pub fn excerpt(text: &str, most: usize) -> String {
    // Only a piece is looked at, so that a text of a megabyte costs no more than a short one.
    let head: String = text.chars().take(most.saturating_mul(4).saturating_add(64)).collect();
    let line = one_line(&head);
    let cut = head.len() < text.len();
    if line.chars().count() <= most && !cut {
        return line;
    }
    let mut short: String = line.chars().take(most.saturating_sub(1)).collect();
    short.truncate(short.trim_end().len());
    short.push('…');
    short
}

/// The most characters of a slug, as of an id.
const LONGEST_SLUG: usize = 128;

/// Returns a name in the form of an id: runs of other characters become one `-`.
pub fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars() {
        if c.is_ascii_alphanumeric() || (matches!(c, '.' | '_') && !slug.is_empty() && !slug.ends_with('.')) {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(LONGEST_SLUG);
    slug.trim_end_matches(['-', '.']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_from_git_becomes_an_id() {
        assert_eq!(slug("Ada Lovelace"), "Ada-Lovelace");
        assert_eq!(slug("  J. R. «Bob» Dobbs! "), "J.-R.-Bob-Dobbs");
        assert_eq!(slug("日本語"), "");
        assert_eq!(slug("a..b"), "a.-b");
    }

    #[test]
    fn escapes_and_direction_marks_do_not_reach_the_terminal() {
        assert_eq!(for_terminal("a\u{1b}[31mb\u{202e}c\nd\r"), "a[31mbc\nd");
        assert_eq!(one_line(" a\r\n\tb\u{0}c "), "a bc");
    }

    #[test]
    fn json_is_shown_without_what_a_terminal_obeys_and_means_the_same() {
        let value = serde_json::json!({ "a\u{9b}": "x\u{7f}\u{202e}\u{1b}\u{feff}é😀\n" });
        let shown = json_for_terminal(value.to_string());
        assert!(!shown.contains(is_unsafe), "{shown}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).expect("JSON"), value);
        assert_eq!(json_for_terminal("{\"a\":\"é\"}\n".to_owned()), "{\"a\":\"é\"}\n");
    }

    #[test]
    fn an_excerpt_says_that_it_was_cut() {
        assert_eq!(excerpt("short", 10), "short");
        assert_eq!(excerpt("a longer text", 8), "a longe…");
        assert_eq!(excerpt(&"x".repeat(1 << 20), 5), "xxxx…");
    }
}
