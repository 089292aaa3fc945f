//! Globs: patterns of paths in the work tree, from its top, as claims reserve them.
//!
//! `*` and `?` stay within a folder, `**` crosses folders, `[ab]` is one of these characters, `{a,b}` one of these
//! texts, `\` takes the next of these for itself. A glob without any of them is a path; it covers what lies under it too.

use super::{Error, Result, text};

/// The most bytes of a glob.
const LONGEST: usize = 1000;

/// The characters that make a pattern of a path.
const WILD: [char; 4] = ['*', '?', '[', '{'];

/// The characters that may stand behind a backslash.
const ESCAPED: [char; 9] = ['*', '?', '[', ']', '{', '}', '\\', '!', ','];

/// A pattern of paths.
#[derive(Debug, Clone)]
pub struct Glob {
    text: String,
    literal: String,
    matcher: Option<globset::GlobMatcher>,
}

impl Glob {
    /// Reads a glob; what is returned has the one form in which it is stored.
    ///
    /// # Errors
    /// `bad_glob` where it is no pattern, or could leave the repository.
    pub fn parse(typed: &str) -> Result<Self> {
        let mut text = normal(typed)?;
        let (literal, is_path) = literal(&text).map_err(|why| bad(typed, why))?;
        if is_path {
            return Ok(Glob { text, literal, matcher: None });
        }
        // A pattern that names folders means what lies in them.
        if typed.ends_with('/') && text != "**" && !text.ends_with("/**") {
            text.push_str("/**");
        }
        let glob = globset::GlobBuilder::new(&text).literal_separator(true).backslash_escape(true).build();
        let glob = glob.map_err(|error| bad(typed, &error.kind().to_string()))?;
        Ok(Glob { text, literal, matcher: Some(glob.compile_matcher()) })
    }

    /// Returns the glob as it is stored.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the path that the glob is, where it is one and no pattern.
    pub fn as_path(&self) -> Option<&str> {
        self.matcher.is_none().then_some(self.literal.as_str())
    }

    /// Returns the folder that all paths lie in that it covers: what stands before the first character of a pattern,
    /// cut at the last `/`; of a path the path itself. Empty where that is the top.
    pub fn folder(&self) -> &str {
        match self.matcher {
            None => &self.literal,
            Some(_) => self.literal.rsplit_once('/').map_or("", |(folder, _)| folder),
        }
    }

    /// Returns whether it covers a path.
    pub fn covers(&self, path: &str) -> bool {
        match &self.matcher {
            None => is_in(path, &self.literal),
            Some(matcher) => matcher.is_match(path),
        }
    }
}

/// Returns whether a path is a folder, or lies in it. Everything lies in the top, whose name is empty.
pub fn is_in(path: &str, folder: &str) -> bool {
    folder.is_empty() || path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Returns the folder for which a text stands that is no glob: what it begins with, as far as that can be read.
pub fn readable_folder(text: &str) -> &str {
    let end = text.find(|c| WILD.contains(&c) || c == '\\').unwrap_or(text.len());
    text[..end].rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Drops `./`, doubled and closing slashes.
fn normal(typed: &str) -> Result<String> {
    let refuse = |why: &str| Err(bad(typed, why));
    if typed.trim().is_empty() {
        return refuse("it is empty");
    }
    if typed.len() > LONGEST {
        return refuse("it is longer than 1,000 bytes");
    }
    if typed.chars().any(char::is_control) {
        return refuse("it holds a control character");
    }
    if typed.starts_with('/') {
        return refuse("it begins with `/`, and is to begin at the top of the repository");
    }
    let parts: Vec<&str> = typed.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    if parts.contains(&"..") {
        return refuse("it holds `..`");
    }
    let text = parts.join("/");
    Ok(if text.is_empty() { "**".to_owned() } else { text })
}

/// Returns what stands before the first character of a pattern, without backslashes, and whether that is all.
fn literal(text: &str) -> Result<(String, bool), &'static str> {
    let mut literal = String::new();
    let mut is_path = true;
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        let c = match c {
            '\\' => match characters.next() {
                Some(next) if ESCAPED.contains(&next) => next,
                _ => {
                    return Err("a backslash stands only before a character of patterns; folders are written with `/`");
                }
            },
            c if WILD.contains(&c) => {
                is_path = false;
                continue;
            }
            c => c,
        };
        if is_path {
            literal.push(c);
        }
    }
    Ok((literal, is_path))
}

fn bad(typed: &str, why: &str) -> Error {
    Error::invalid("bad_glob", format!("cannot reserve «{}»: {why}", text::excerpt(typed, 60)))
        .detail("glob", text::excerpt(typed, 200))
        .hint("a glob is a path from the top of the repository, like src/parser, or a pattern, like 'src/**/*.rs'")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn glob(text: &str) -> Glob {
        Glob::parse(text).expect(text)
    }

    #[test]
    fn what_means_the_same_is_stored_the_same() {
        for (typed, stored) in [
            ("src/parser", "src/parser"),
            ("./src//parser/", "src/parser"),
            ("src/./parser/.", "src/parser"),
            (".", "**"),
            ("./", "**"),
            ("src/*/", "src/*/**"),
            ("src/**/", "src/**"),
            ("src/*.rs", "src/*.rs"),
            (r"app/\[id\]/", r"app/\[id\]"),
        ] {
            assert_eq!(glob(typed).as_str(), stored, "{typed}");
            assert_eq!(glob(stored).as_str(), stored);
        }
    }

    #[test]
    fn what_is_no_pattern_or_leads_out_is_refused() {
        let long = "a".repeat(1001);
        for text in
            ["", " ", "/etc/passwd", "../x", "a/../b", "a\nb", "a[", "{a", "a}*", r"src\parser", "a\\", &long, "[z-a]"]
        {
            let error = Glob::parse(text).expect_err(text);
            assert_eq!((error.code(), error.kind().exit_code()), ("bad_glob", 5), "{text}");
        }
    }

    #[test]
    fn a_path_covers_itself_and_what_lies_under_it() {
        let folder = glob("src/parser/");
        assert!(folder.covers("src/parser") && folder.covers("src/parser/lexer.rs"));
        assert!(!folder.covers("src/parser.rs") && !folder.covers("src"));
        assert_eq!((folder.as_path(), folder.folder()), (Some("src/parser"), "src/parser"));
        let odd = glob(r"app/\[id\]");
        assert!(odd.covers("app/[id]/page.tsx") && !odd.covers("app/i"));
    }

    #[test]
    fn one_star_stays_in_a_folder_and_two_do_not() {
        assert!(glob("src/*.rs").covers("src/a.rs") && !glob("src/*.rs").covers("src/x/a.rs"));
        assert!(glob("src/**").covers("src/x/a.rs") && !glob("src/**").covers("src"));
        assert!(glob("**/*.rs").covers("a.rs") && glob("**/*.rs").covers("x/y/a.rs"));
        assert!(glob("{src,docs}/[ab]?").covers("docs/bx"));
        assert!(glob(".").covers("anything/at/all"));
    }

    #[test]
    fn the_folder_of_a_pattern_ends_before_its_first_wild_character() {
        for (text, folder) in [("src/a*/x", "src"), ("*.rs", ""), ("src/x/**", "src/x"), ("s{a,b}/x", "")] {
            assert_eq!(glob(text).folder(), folder, "{text}");
        }
        assert_eq!(readable_folder("src/x/@(a|b"), "src/x");
        assert_eq!(readable_folder("src/x/[a"), "src/x");
    }
}
