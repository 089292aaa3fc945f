//! A look at front matter before the parser sees it: what the parser would drop in silence, and what would make it slow.
//!
//! The parser says nothing of tags, anchors and aliases, reads numbers into 64 bits, and is quadratic in nested
//! brackets. So this walks over the tokens of the YAML, refuses those constructs and notes inexact numbers. It checks
//! no grammar: what is wrong in another way is left to the parser, but nothing it takes for text is ever a token.

use super::Fault;
use super::limits::DEEPEST;

/// What a look at front matter has found that is no fault in itself.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Findings {
    /// A plain scalar looks like a number that 64 bits do not hold exactly.
    pub(super) inexact: bool,
}

/// Looks at front matter.
///
/// # Errors
/// The first construct that is not read: a tag, an anchor, an alias, brackets nested too deeply, a line break that is
/// not LF or CRLF.
pub(super) fn scan(text: &str) -> Result<Findings, Fault> {
    let mut scanner = Scanner { bytes: text.as_bytes(), at: 0, parent: -1, findings: Findings::default() };
    scanner.characters()?;
    while scanner.at < scanner.bytes.len() {
        scanner.line()?;
    }
    Ok(scanner.findings)
}

struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
    /// The column of the innermost key, dash or sign: text further right goes on with its value.
    parent: isize,
    findings: Findings,
}

impl Scanner<'_> {
    /// YAML 1.1 counts more characters as line breaks than this does; then the two would not see the same lines.
    fn characters(&mut self) -> Result<(), Fault> {
        for (at, &byte) in self.bytes.iter().enumerate() {
            let rest = &self.bytes[at + 1..];
            let is_odd = match byte {
                b'\t' | b'\n' => false,
                b'\r' => rest.first() != Some(&b'\n'),
                0..0x20 | 0x7F => true,
                0xC2 => rest.first().is_some_and(|next| *next < 0xA0),
                0xE2 => rest.starts_with(&[0x80, 0xA8]) || rest.starts_with(&[0x80, 0xA9]),
                _ => false,
            };
            if is_odd {
                self.at = at;
                return Err(self.fault("a control character or odd line break must be escaped"));
            }
        }
        Ok(())
    }

    /// One line outside of brackets, with all that its last value needs of the lines below.
    fn line(&mut self) -> Result<(), Fault> {
        let start = self.at;
        self.skip(b" ");
        if self.is_blank_line() || self.peek(0) == Some(b'#') {
            self.skip_line();
            return Ok(());
        }
        if self.peek(0) == Some(b'\t') {
            return Err(self.fault("a tab cannot indent"));
        }
        self.entry(start)
    }

    /// The tokens of a line from its first on: dashes, the signs of explicit keys, keys, and at last a value.
    fn entry(&mut self, start: usize) -> Result<(), Fault> {
        loop {
            let column = isize::try_from(self.at - start).unwrap_or(isize::MAX);
            let is_key = match self.peek(0) {
                None | Some(b'\n' | b'\r' | b'#') => {
                    self.skip_line();
                    return Ok(());
                }
                Some(b'-' | b'?' | b':') if self.ends_word(1) => {
                    self.parent = column;
                    self.at += 1;
                    self.skip(b" \t");
                    continue;
                }
                Some(b'|' | b'>') => return self.block(),
                Some(quote @ (b'"' | b'\'')) => {
                    self.quoted(quote)?;
                    self.after_value()?
                }
                Some(b'[' | b'{') => {
                    self.flow()?;
                    if self.after_value()? {
                        return Err(self.fault("a key must be a text"));
                    }
                    false
                }
                Some(indicator @ (b'!' | b'&' | b'*')) => return Err(self.indicator(indicator)),
                Some(b'%' | b'@' | b'`' | b',' | b']' | b'}') => return Err(self.fault("this cannot begin a value")),
                Some(_) => self.plain()?,
            };
            if !is_key {
                return Ok(());
            }
            self.parent = column;
            self.skip(b" \t");
        }
    }

    /// What stands behind a quoted text or brackets: a colon (answers true, and is behind us), or nothing more.
    fn after_value(&mut self) -> Result<bool, Fault> {
        self.skip(b" \t");
        if self.peek(0) == Some(b':') && self.ends_word(1) {
            self.at += 1;
            return Ok(true);
        }
        if !self.is_blank_line() && self.peek(0) != Some(b'#') {
            return Err(self.fault("a value must end with its line"));
        }
        self.skip_line();
        Ok(false)
    }

    /// A text without quotes, outside of brackets. Answers whether it was a key; else it is behind us with all its lines.
    fn plain(&mut self) -> Result<bool, Fault> {
        let start = self.at;
        while let Some(byte) = self.peek(0) {
            let is_end = match byte {
                b'\n' => true,
                b':' => self.ends_word(1),
                b'#' => self.at > start && matches!(self.bytes[self.at - 1], b' ' | b'\t'),
                _ => false,
            };
            if is_end {
                break;
            }
            self.at += 1;
        }
        self.word(start)?;
        if self.peek(0) == Some(b':') {
            self.at += 1;
            return Ok(true);
        }
        let is_commented = self.peek(0) == Some(b'#');
        self.skip_line();
        if !is_commented {
            self.continuation();
        }
        Ok(false)
    }

    /// The further lines of a plain text: those that are blank or stand further right than its key or dash.
    fn continuation(&mut self) {
        while self.at < self.bytes.len() {
            let start = self.at;
            self.skip(b" ");
            let column = isize::try_from(self.at - start).unwrap_or(isize::MAX);
            let goes_on = self.is_blank_line() || (column > self.parent && self.peek(0) != Some(b'#'));
            if !goes_on {
                self.at = start;
                return;
            }
            self.skip_line();
        }
    }

    /// A block of text behind `|` or `>`.
    fn block(&mut self) -> Result<(), Fault> {
        self.at += 1;
        let mut indent = None;
        while let Some(byte @ (b'+' | b'-' | b'1'..=b'9')) = self.peek(0) {
            if byte.is_ascii_digit() {
                indent = Some(self.parent.max(0) + isize::from(byte - b'0'));
            }
            self.at += 1;
        }
        self.skip(b" \t");
        if !self.is_blank_line() && self.peek(0) != Some(b'#') {
            return Err(self.fault("a block of text begins on the next line"));
        }
        self.skip_line();
        let indent = indent.unwrap_or_else(|| self.block_indent());
        while self.at < self.bytes.len() {
            let start = self.at;
            self.skip(b" ");
            let column = isize::try_from(self.at - start).unwrap_or(isize::MAX);
            if column < indent && !matches!(self.peek(0), None | Some(b'\n' | b'\r')) {
                self.at = start;
                break;
            }
            self.skip_line();
        }
        Ok(())
    }

    /// The column of a block of text that does not state it: that of its first line, at least one right of its key.
    fn block_indent(&self) -> isize {
        let mut indent = (self.parent + 1).max(1);
        for line in self.bytes[self.at..].split(|&byte| byte == b'\n') {
            let column = line.iter().take_while(|&&byte| byte == b' ').count();
            indent = indent.max(isize::try_from(column).unwrap_or(isize::MAX));
            if !matches!(line.get(column), None | Some(b'\r')) {
                break;
            }
        }
        indent
    }

    /// A quoted text, from its first quote to behind its last, over any number of lines.
    fn quoted(&mut self, quote: u8) -> Result<(), Fault> {
        let start = self.at;
        self.at += 1;
        while let Some(byte) = self.peek(0) {
            self.at += 1;
            if byte == b'\\' && quote == b'"' {
                self.at += 1;
            } else if byte == quote {
                if quote == b'"' || self.peek(0) != Some(quote) {
                    return Ok(());
                }
                self.at += 1;
            }
        }
        self.at = start;
        Err(self.fault("a quote is not closed"))
    }

    /// Brackets, from the first to behind the one that closes it.
    fn flow(&mut self) -> Result<(), Fault> {
        let start = self.at;
        let mut depth = 0;
        while let Some(byte) = self.peek(0) {
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' | b',' | b':' | b'?' => self.at += 1,
                b'#' => self.skip_line(),
                b'[' | b'{' => {
                    depth += 1;
                    if depth > DEEPEST {
                        return Err(self.fault("it is nested too deeply"));
                    }
                    self.at += 1;
                }
                b']' | b'}' => {
                    depth -= 1;
                    self.at += 1;
                    if depth == 0 {
                        return Ok(());
                    }
                }
                b'"' | b'\'' => self.quoted(byte)?,
                b'!' | b'&' | b'*' => return Err(self.indicator(byte)),
                b'%' | b'@' | b'`' | b'|' | b'>' => return Err(self.fault("this cannot begin a value")),
                _ => self.plain_in_flow()?,
            }
        }
        self.at = start;
        Err(self.fault("a bracket is not closed"))
    }

    /// A text without quotes, inside brackets.
    fn plain_in_flow(&mut self) -> Result<(), Fault> {
        let start = self.at;
        while let Some(byte) = self.peek(0) {
            let is_end = match byte {
                b',' | b'[' | b']' | b'{' | b'}' => true,
                b':' => self.ends_word(1),
                b'#' => self.at > start && matches!(self.bytes[self.at - 1], b' ' | b'\t' | b'\n'),
                _ => false,
            };
            if is_end {
                break;
            }
            self.at += 1;
        }
        self.word(start)
    }

    /// Looks at a text without quotes, from `start` to here: whether it is a number that 64 bits do not hold exactly,
    /// or the sign with which YAML 1.1 copies a map into another.
    fn word(&mut self, start: usize) -> Result<(), Fault> {
        let text = self.bytes[start..self.at].trim_ascii();
        if text.first().is_some_and(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.')) {
            self.findings.inexact |= !is_exact(std::str::from_utf8(text).unwrap_or_default());
        }
        if text == b"<<" { Err(self.fault("merge keys (`<<`) are not read; quote the key")) } else { Ok(()) }
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    /// Whether what is `ahead` ends an indicator: a blank, a line break, the end.
    fn ends_word(&self, ahead: usize) -> bool {
        matches!(self.peek(ahead), None | Some(b' ' | b'\t' | b'\n' | b'\r'))
    }

    fn is_blank_line(&self) -> bool {
        let rest = &self.bytes[self.at.min(self.bytes.len())..];
        matches!(rest.iter().find(|byte| !matches!(byte, b' ' | b'\t' | b'\r')), None | Some(b'\n'))
    }

    fn skip(&mut self, set: &[u8]) {
        while self.peek(0).is_some_and(|byte| set.contains(&byte)) {
            self.at += 1;
        }
    }

    /// Moves to the beginning of the next line.
    fn skip_line(&mut self) {
        let rest = &self.bytes[self.at.min(self.bytes.len())..];
        let length = rest.iter().position(|&byte| byte == b'\n').map_or(rest.len(), |end| end + 1);
        self.at += length;
    }

    fn indicator(&self, byte: u8) -> Fault {
        self.fault(match byte {
            b'!' => "tags (`!`) are not read; quote a text that begins with one",
            b'&' => "anchors (`&`) are not read; quote a text that begins with one",
            _ => "aliases (`*`) are not read; quote a text that begins with one",
        })
    }

    fn fault(&self, rule: &str) -> Fault {
        let before = &self.bytes[..self.at.min(self.bytes.len())];
        let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
        Fault { line: Some(line), field: None, rule: rule.to_owned(), cause: None }
    }
}

/// Whether a plain text is either no number, or one that is the same after it has gone through 64 bits.
fn is_exact(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        // A leading zero makes it a text.
        return digits.len() > 1 && digits.starts_with('0')
            || digits.len() < 19
            || text.trim_start_matches('+').parse::<i64>().is_ok()
            || digits.parse::<u64>().is_ok() && !text.starts_with('-');
    }
    match text.trim_start_matches('+').parse::<f64>() {
        // Two shortest texts of one number can be equally near to it (`…465.2` and `…465.3` to 465.25); each is written by
        // somebody, the second by Rust and the first by the emitter.
        Ok(float) if float.is_finite() => {
            [format!("{float:e}"), serde_json::json!(float).to_string()].iter().any(|own| parts(own) == parts(text))
        }
        _ => true,
    }
}

/// The significant digits of a decimal number and the power of ten of the first one.
fn parts(text: &str) -> (String, i64) {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let mantissa = mantissa.trim_start_matches(['+', '-']);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let leading = digits.len() - digits.trim_start_matches('0').len();
    let significant = digits.trim_matches('0');
    if significant.is_empty() {
        return (String::new(), 0);
    }
    let power = i64::try_from(whole.len()).unwrap_or(0) - i64::try_from(leading).unwrap_or(0);
    (significant.to_owned(), power.saturating_add(exponent.parse().unwrap_or(i64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        scan(text).expect_err(text).rule
    }

    #[test]
    fn what_the_parser_would_drop_in_silence_is_refused() {
        for text in [
            "a: !x b\n",
            "a: !!binary b\n",
            "a: &x b\n",
            "a: *x\n",
            "- !x b\n",
            "a: [b, !x c]\n",
            "a: {b: !x c}\n",
            "a: {b: *x}\n",
            "!x a: b\n",
            "a:\n  !x b\n",
            "a: b\nc: !x d\n",
            "a: |\n  text\nb: !x c\n",
            "a:\n- &x b\n",
            "a: 'it''s'\nb: !x c\n",
            "a: \"\\\"\"\nb: !x c\n",
            "a: b # \"\nc: !x d\n",
            "a: b\n  \"c\nd: !x e\n",
            "[a\n\"b, !x c\"]\n",
            "a: |2\n   text\n b: !x\n",
            "&x a: b\n",
            "- - - *x\n",
            "a: \"x\":\n  !x y\n",
        ] {
            assert!(scan(text).is_err(), "{text:?}");
        }
        for text in [
            "? !x a\n: b\n",
            "? a\n: !x b\n",
            "a: {? !x b}\n",
            "a: b\u{2028}c\n",
            "a: \"b\u{85}\"\n",
            "a: b\rc: d\n",
            "\ta: b\n",
        ] {
            assert!(scan(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn text_that_looks_like_a_token_is_text() {
        for text in [
            "a: \"!x &y *z [[[\"\n",
            "a: '!x [[['\n",
            "a: |\n  !x\n  [[[ \"\n\n  *y\nb: c\n",
            "a: b !x &y *z\n",
            "a: b\n  !x\n  *y \"\nc: d\n",
            "a: [b !x, \"*y\", 'z]']\n",
            "# !x\na: b # *y\n",
            "a: >-\n\n  *x\n",
            "a:\n- |\n *x\n- c\n",
            "a: b\r\nc: 'd\r\n  !x'\r\n",
            "a: \"b\\\n  *x\"\n",
            "a: b:!x\n",
            "a: http://x/*y\n",
            "a: {b: c, d: \"e\"}\n",
            "a: []\n",
            "\n\n",
            "",
            "a:\n",
            "- a: b\n  c: |-\n    !x\n  d: e\n",
        ] {
            assert_eq!(scan(text).expect(text), Findings::default(), "{text:?}");
        }
    }

    #[test]
    fn brackets_are_counted_where_they_are_brackets() {
        let deep = |n: usize| format!("a: {}{}\n", "[".repeat(n), "]".repeat(n));
        assert!(scan(&deep(DEEPEST)).is_ok());
        assert!(refused(&deep(DEEPEST + 1)).contains("too deeply"));
        assert!(refused(&format!("a: {}", "{b: ".repeat(10_000))).contains("too deeply"));
        assert!(scan(&format!("a: \"{}\"\nb: |\n  {}\n", "[".repeat(500), "{".repeat(500))).is_ok());
        assert!(scan(&format!("a:\n{}", "  - [x, y]\n".repeat(500))).is_ok());
    }

    #[test]
    fn numbers_that_64_bits_do_not_hold_are_noticed() {
        let inexact = [
            "18446744073709551616",
            "-9223372036854775809",
            "0.12345678901234567890",
            "1.00000000000000000001",
            "123456789012345678901234567890",
            "1.7976931348623157999e308",
            "1234567890123456789.5",
        ];
        for text in inexact {
            assert!(!is_exact(text), "{text}");
            assert!(scan(&format!("a: {text}\n")).expect(text).inexact, "{text}");
            assert!(scan(&format!("a: [1, {text} ]\n")).expect(text).inexact, "{text}");
        }
        let exact = [
            "0",
            "-1",
            "+7",
            "18446744073709551615",
            "-9223372036854775808",
            "0.1",
            "1.50",
            "1e3",
            "1.0e+300",
            "5e-324",
            "1e400",
            ".5",
            "007",
            "00000000000000000000000",
            "2026-01-02",
            "12:30:45",
            "1_000",
            "0x1F",
            "-",
            "-0.0",
            "1349538473268465.2",
            "1349538473268465.3",
            "100.0",
            "0.000001",
            "1.7976931348623157e308",
        ];
        for text in exact {
            assert!(is_exact(text), "{text}");
        }
    }

    #[test]
    fn a_fault_names_its_line() {
        assert_eq!(scan("a: b\nc: !x d\n").expect_err("a tag").line, Some(2));
    }
}
