//! From a page to coloured lines of a given width.

use anstyle::{AnsiColor, Style as Ansi};

use crate::commands::page::{Block, Page, Span, Style};

/// The blanks between two columns.
const GAP: usize = 2;

/// The least that a last column is cut to, however narrow the terminal.
const NARROWEST: usize = 20;

/// Returns a page as lines with colours in them, each at most `width` columns wide where it can be.
pub(super) fn page(page: &Page, width: usize) -> String {
    let mut text = String::new();
    for block in &page.blocks {
        match block {
            Block::Line(spans) => {
                spans.iter().for_each(|span| text.push_str(&paint(span)));
                text.push('\n');
            }
            Block::Table(rows) => table(&mut text, rows, width),
            Block::Text(indent, body) => {
                for line in body.lines() {
                    let line = format!("{:indent$}{line}", "");
                    text.push_str(line.trim_end());
                    text.push('\n');
                }
            }
        }
    }
    text
}

/// Returns a line that begins with what it is: `warning: …`.
pub(super) fn label(label: &str, message: &str) -> String {
    let style = match label {
        "error" => Style::Bad,
        "warning" => Style::Warn,
        _ => Style::Dim,
    };
    let ansi = ansi(style);
    format!("{ansi}{label}:{ansi:#} {message}")
}

/// Rows without borders. The last column is cut to what is left of the width, so that a row is a line.
fn table(text: &mut String, rows: &[Vec<Span>], width: usize) {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let wide = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|span| columns_of(&span.text)).max();
    let widths: Vec<usize> = (0..columns).map(|column| wide(column).unwrap_or(0)).collect();
    let taken: usize = widths.iter().take(columns.saturating_sub(1)).map(|width| width + GAP).sum();
    let last = width.saturating_sub(taken).max(NARROWEST);
    for row in rows {
        let mut line = String::new();
        for (column, span) in row.iter().enumerate() {
            let is_last = column + 1 == columns;
            let shown = if is_last { cut(&span.text, last) } else { span.text.clone() };
            let blanks = if is_last { 0 } else { widths[column] + GAP - columns_of(&shown) };
            line.push_str(&paint(&Span { style: span.style, text: shown }));
            line.push_str(&" ".repeat(blanks));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
}

fn columns_of(text: &str) -> usize {
    unicode_width::UnicodeWidthStr::width(text)
}

fn cut(text: &str, most: usize) -> String {
    if columns_of(text) <= most {
        return text.to_owned();
    }
    let mut short = String::new();
    let mut columns = 0;
    for c in text.chars() {
        columns += columns_of(c.encode_utf8(&mut [0; 4]));
        if columns >= most {
            break;
        }
        short.push(c);
    }
    format!("{}…", short.trim_end())
}

fn paint(span: &Span) -> String {
    if span.style == Style::Plain || span.text.is_empty() {
        return span.text.clone();
    }
    let ansi = ansi(span.style);
    format!("{ansi}{}{ansi:#}", span.text)
}

fn ansi(style: Style) -> Ansi {
    match style {
        Style::Plain => Ansi::new(),
        Style::Heading => Ansi::new().bold(),
        Style::Id => AnsiColor::Cyan.on_default(),
        Style::Dim => Ansi::new().dimmed(),
        Style::Good => AnsiColor::Green.on_default(),
        Style::Warn => AnsiColor::Yellow.on_default(),
        Style::Bad => AnsiColor::Red.on_default().bold(),
    }
}
