//! Configuration that comes through the environment: GIT_CONFIG_COUNT and what `git -c` leaves in
//! GIT_CONFIG_PARAMETERS, in both ways of quoting.

use gix::config::file::Metadata;
use gix::config::file::init::Options;
use gix::config::{File, Source};

use super::config::bad;
use super::environment::Environment;
use crate::base::{Error, Result};

/// One setting: the key, and the value unless the key stood alone.
type Setting = (String, Option<String>);

pub(super) fn load(environment: &Environment, options: Options<'_>) -> Result<File> {
    let mut settings = counted(environment)?;
    if let Some(text) = environment.text("GIT_CONFIG_PARAMETERS") {
        settings.extend(parse_parameters(text).ok_or_else(|| malformed("GIT_CONFIG_PARAMETERS"))?);
    }
    let mut file = file_of(&settings)?;
    if !settings.is_empty() {
        // A relative `include.path` has no file to be relative to; git refuses it too.
        file.resolve_includes(options).map_err(bad)?;
    }
    Ok(file)
}

/// Returns a configuration of one value.
pub(super) fn one(key: &str, value: &str) -> Result<File> {
    file_of(&[(key.to_owned(), Some(value.to_owned()))])
}

fn file_of(settings: &[Setting]) -> Result<File> {
    let mut file = File::new(Metadata::from(Source::Cli));
    for (key, value) in settings {
        let (section, subsection, name) = split(key).ok_or_else(|| malformed(key))?;
        let mut section = file.new_section(section, subsection.map(gix::bstr::BString::from)).map_err(bad)?;
        match value {
            Some(value) => section.push(name, value.as_str()),
            None => section.push(name, None::<&gix::bstr::BStr>),
        }
        .map_err(bad)?;
    }
    Ok(file)
}

fn counted(environment: &Environment) -> Result<Vec<Setting>> {
    let count = match environment.text("GIT_CONFIG_COUNT") {
        None | Some("") => return Ok(Vec::new()),
        Some(text) => text.parse::<u32>().map_err(|_| malformed("GIT_CONFIG_COUNT"))?,
    };
    (0..count)
        .map(|n| {
            let of = |what: &str| {
                let name = format!("GIT_CONFIG_{what}_{n}");
                environment.text(&name).map(str::to_owned).ok_or_else(|| malformed(&name))
            };
            Ok((of("KEY")?, Some(of("VALUE")?)))
        })
        .collect()
}

/// Reads `'key'='value' 'key'= 'key=value' …`; nothing where the quoting is broken.
fn parse_parameters(text: &str) -> Option<Vec<Setting>> {
    let mut settings = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (word, after) = dequote(rest)?;
        let setting = match after.strip_prefix('=') {
            Some(value) if value.starts_with('\'') => {
                let (value, after) = dequote(value)?;
                rest = after;
                (word, Some(value))
            }
            Some(after) => {
                rest = after;
                (word, None)
            }
            None => {
                rest = after;
                match word.split_once('=') {
                    Some((key, value)) => (key.trim().to_owned(), Some(value.to_owned())),
                    None => (word, None),
                }
            }
        };
        settings.push(setting);
        if !rest.is_empty() && !rest.starts_with(char::is_whitespace) {
            return None;
        }
        rest = rest.trim_start();
    }
    Some(settings)
}

/// Takes one shell-quoted word off the front, as git quotes: `'…'` with `'\''` and `'\!'` between.
fn dequote(text: &str) -> Option<(String, &str)> {
    let mut rest = text.strip_prefix('\'')?;
    let mut word = String::new();
    loop {
        let (piece, after) = rest.split_once('\'')?;
        word.push_str(piece);
        let escaped = after.strip_prefix('\\').and_then(|after| {
            let c = after.chars().next().filter(|c| matches!(c, '\'' | '!'))?;
            Some((c, after[1..].strip_prefix('\'')?))
        });
        match escaped {
            Some((c, after)) => {
                word.push(c);
                rest = after;
            }
            None => return Some((word, after)),
        }
    }
}

/// Splits `section.sub.section.name` at its first and last dot.
fn split(key: &str) -> Option<(&str, Option<&str>, &str)> {
    let (head, name) = key.rsplit_once('.')?;
    match head.split_once('.') {
        Some((section, subsection)) => Some((section, Some(subsection), name)),
        None => Some((head, None, name)),
    }
}

fn malformed(what: &str) -> Error {
    Error::fatal("bad_config", format!("cannot read the configuration in the environment: {what} is malformed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(key: &str, value: &str) -> Setting {
        (key.to_owned(), Some(value.to_owned()))
    }

    #[test]
    fn both_ways_of_quoting_are_read() {
        let text = "'a.b=c d' 'x.y'='it'\\''s' 'k.l'= 'm.n'='' 'o.p'";
        let read = parse_parameters(text).expect("well formed");
        let alone = |key: &str| (key.to_owned(), None);
        assert_eq!(read, [some("a.b", "c d"), some("x.y", "it's"), alone("k.l"), some("m.n", ""), alone("o.p")]);
    }

    #[test]
    fn broken_quoting_is_refused() {
        for text in ["a.b=c", "'a.b", "'a'x", "'a'='b"] {
            assert!(parse_parameters(text).is_none(), "{text}");
        }
    }
}
