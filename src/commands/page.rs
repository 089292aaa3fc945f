//! What a person is shown, before anybody decides on width and colour: lines of styled text, and tables.

use crate::base::text;

/// What a piece of text is to the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Ordinary text.
    Plain,
    /// A heading.
    Heading,
    /// An id, to be copied.
    Id,
    /// Of lesser interest.
    Dim,
    /// As it should be.
    Good,
    /// Wants attention.
    Warn,
    /// Wrong, or urgent.
    Bad,
}

/// A piece of text in one style.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// What it is.
    pub style: Style,
    /// The text, on one line and safe for a terminal.
    pub text: String,
}

/// A part of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// One line.
    Line(Vec<Span>),
    /// Rows of cells, aligned; the last column takes what is left of the width.
    Table(Vec<Vec<Span>>),
    /// Text of somebody else, its lines kept, indented by so many columns.
    Text(usize, String),
}

/// What a person is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// The parts in their order.
    pub blocks: Vec<Block>,
}

/// Returns a piece of ordinary text.
pub fn plain(text: impl AsRef<str>) -> Span {
    styled(Style::Plain, text)
}

/// Returns a piece of text in a style.
pub fn styled(style: Style, text: impl AsRef<str>) -> Span {
    Span { style, text: text::one_line_kept(text.as_ref()) }
}

impl Page {
    /// Adds a line of ordinary text.
    pub fn say(&mut self, text: impl AsRef<str>) {
        self.line([plain(text)]);
    }

    /// Adds a line.
    pub fn line(&mut self, spans: impl IntoIterator<Item = Span>) {
        self.blocks.push(Block::Line(spans.into_iter().collect()));
    }

    /// Adds a heading, with an empty line before it where something stands there.
    pub fn heading(&mut self, text: impl AsRef<str>) {
        if !self.blocks.is_empty() {
            self.blank();
        }
        self.line([styled(Style::Heading, text)]);
    }

    /// Adds an empty line.
    pub fn blank(&mut self) {
        self.line([]);
    }

    /// Adds rows of cells.
    pub fn table(&mut self, rows: Vec<Vec<Span>>) {
        if !rows.is_empty() {
            self.blocks.push(Block::Table(rows));
        }
    }

    /// Adds a text of somebody else, indented by so many columns; nothing where there is no text.
    pub fn text(&mut self, indent: usize, text: &str) {
        if !text.trim().is_empty() {
            self.blocks.push(Block::Text(indent, text::for_terminal(text)));
        }
    }
}
