//! Looking for words: what is asked, which text of a record is looked at, and where in it the words stand.
//!
//! A word is a run of letters and digits, whatever its case. The index finds the same words faster; the excerpt is made
//! here, from the record itself.

use crate::base::{Error, Result, text};
use crate::records::Record;

/// The fields whose text is looked at besides title and body.
const PROSE: &[&str] = &[
    "summary",
    "goal",
    "context",
    "rationale",
    "blocked_on",
    "current_step",
    "questions",
    "objectives",
    "deliverables",
    "acceptance",
    "options",
    "risks",
    "success_metrics",
];

/// The most words that are looked for at once.
const MOST_WORDS: usize = 32;

/// How many characters an excerpt has at the most.
const EXCERPT: usize = 160;

/// How many characters of it stand before the first word that was looked for.
const BEFORE: usize = 40;

/// What is looked for: records in whose text all of this stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    terms: Vec<Phrase>,
}

/// Words that stand one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phrase {
    /// The words, in small letters.
    pub words: Vec<String>,
    /// Whether the last one may go on.
    pub is_start: bool,
}

impl Query {
    /// Reads what somebody types: words, `"several in a row"`, and `begin*`.
    ///
    /// # Errors
    /// `bad_query` (5) where there is no word in it, or too many, or a quote is not closed.
    pub fn parse(input: &str) -> Result<Self> {
        let mut terms = Vec::new();
        if input.matches('"').count() % 2 == 1 {
            let message = format!("cannot look for «{}»: a quote is not closed", text::excerpt(input, 60));
            return Err(Error::invalid("bad_query", message).hint("git coord search '\"several in a row\"'"));
        }
        for (n, part) in input.split('"').enumerate() {
            // What stands between quotes is one phrase.
            let phrases: Vec<&str> = if n % 2 == 1 { vec![part] } else { part.split_whitespace().collect() };
            terms.extend(phrases.into_iter().filter_map(Phrase::of));
        }
        let bad = |message: String| Error::invalid("bad_query", message).hint("git coord search WORD…");
        match terms.iter().map(|phrase| phrase.words.len()).sum::<usize>() {
            0 => Err(bad(format!("there is no word to look for in «{}»", text::excerpt(input, 60)))),
            words if words > MOST_WORDS => {
                Err(bad(format!("{words} words are more than the {MOST_WORDS} looked for at once")))
            }
            _ => Ok(Query { terms }),
        }
    }

    /// Returns the phrases, all of which must be there.
    pub fn phrases(&self) -> &[Phrase] {
        &self.terms
    }

    /// Returns whether all of it stands in a text, or in its title and its body together.
    pub fn fits(&self, document: &Document) -> bool {
        let parts = [words(&document.title), words(&document.body)];
        self.terms.iter().all(|phrase| parts.iter().any(|words| phrase.find(words).is_some()))
    }

    /// Returns the part of a text where the first of the words stands, on one line; its beginning where none does.
    pub fn excerpt(&self, document: &Document) -> String {
        let body = words(&document.body);
        let first = self.terms.iter().filter_map(|phrase| phrase.find(&body)).min().unwrap_or(0);
        let start = document.body[..first].char_indices().rev().nth(BEFORE).map_or(0, |(at, _)| at);
        let start = match start {
            0 => 0,
            at => document.body[at..]
                .char_indices()
                .find(|(_, c)| c.is_whitespace())
                .map_or(at, |(space, c)| at + space + c.len_utf8()),
        };
        let shown = text::excerpt(document.body[start.min(first)..].trim_start(), EXCERPT);
        if start == 0 || shown.is_empty() { shown } else { format!("…{shown}") }
    }
}

impl Phrase {
    fn of(part: &str) -> Option<Self> {
        let words: Vec<String> = words(part).into_iter().map(|(_, word)| word).collect();
        (!words.is_empty()).then(|| Phrase { words, is_start: part.trim_end().ends_with('*') })
    }

    /// Returns where it begins.
    fn find(&self, text: &[(usize, String)]) -> Option<usize> {
        let (last, rest) = self.words.split_last()?;
        let is_here = |window: &[(usize, String)]| {
            let ends = &window[rest.len()].1;
            rest.iter().zip(window).all(|(wanted, (_, word))| wanted == word)
                && (ends == last || self.is_start && ends.starts_with(last))
        };
        text.windows(self.words.len()).find(|window| is_here(window)).map(|window| window[0].0)
    }
}

/// The text of a record that is looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Document {
    /// What it is called.
    pub title: String,
    /// Its body, and behind it the text of its fields.
    pub body: String,
}

impl Document {
    /// Returns the text of a record.
    pub fn of(record: &dyn Record) -> Self {
        let map = record.to_map();
        let title = map.get("title").and_then(|title| title.as_str()).unwrap_or_default().to_owned();
        let mut body = record.body().to_owned();
        for value in PROSE.iter().filter_map(|field| map.get(*field)) {
            let texts = match value {
                serde_json::Value::Array(items) => items.iter().filter_map(|item| item.as_str()).collect(),
                value => value.as_str().into_iter().collect::<Vec<_>>(),
            };
            for text in texts {
                body.push_str(if body.is_empty() || body.ends_with('\n') { "" } else { "\n" });
                body.push_str(text);
            }
        }
        Document { title, body }
    }
}

/// Returns the words of a text in small letters, each with the place where it begins.
fn words(text: &str) -> Vec<(usize, String)> {
    let mut words = Vec::new();
    let mut start = None;
    for (at, character) in text.char_indices().chain([(text.len(), ' ')]) {
        match (start, character.is_alphanumeric()) {
            (None, true) => start = Some(at),
            (Some(from), false) => {
                words.push((from, text[from..at].to_lowercase()));
                start = None;
            }
            _ => {}
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(title: &str, body: &str) -> Document {
        Document { title: title.into(), body: body.into() }
    }

    fn fits(query: &str, title: &str, body: &str) -> bool {
        Query::parse(query).expect(query).fits(&document(title, body))
    }

    #[test]
    fn all_words_must_be_there_whole_whatever_their_case() {
        assert!(fits("parser INPUT", "Parse the input", "The parser works"));
        assert!(!fits("pars", "Parse the input", "The parser works"));
        assert!(fits("pars*", "Parse the input", ""));
        assert!(fits("\"the parser\"", "x", "So: the  parser, works"));
        assert!(!fits("\"parser the\"", "x", "So: the parser works"));
        assert!(fits("größe", "Größe der Datei", ""));
        assert!(fits("src/main.rs", "x", "It is in src/main.rs:12"));
    }

    #[test]
    fn nothing_to_look_for_is_refused() {
        for bad in ["", "  ", "\"\"", "*", "-- ?"] {
            assert_eq!(Query::parse(bad).expect_err(bad).code(), "bad_query");
        }
        assert_eq!(Query::parse(&"x ".repeat(99)).expect_err("many").code(), "bad_query");
    }

    #[test]
    fn the_excerpt_begins_a_little_before_the_first_word() {
        let body = format!("{} needle in it {}", "hay ".repeat(50), "hay ".repeat(80));
        let excerpt = Query::parse("needle").expect("a query").excerpt(&document("", &body));
        assert!(excerpt.starts_with("…hay") && excerpt.contains("needle in it"), "{excerpt}");
        assert!(excerpt.chars().count() <= EXCERPT + 2, "{excerpt}");
        let start = Query::parse("elsewhere").expect("a query").excerpt(&document("", "Short text"));
        assert_eq!(start, "Short text");
        let odd = format!("{}\u{2028}needle", "é".repeat(50));
        assert_eq!(Query::parse("needle").expect("a query").excerpt(&document("", &odd)), "…needle");
    }
}
