//! How far a long piece of work is, told to whoever shows it.

/// Somebody who shows how far a piece of work is.
pub trait Progress {
    /// A part of the work begins: what it is, and how much there is to do, where that is known.
    fn begin(&self, what: &'static str, total: Option<u64>);

    /// So much more of it is done.
    fn advance(&self, by: u64);

    /// All is done, or nothing more will be.
    fn end(&self);
}

/// Nobody looks.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unseen;

impl Progress for Unseen {
    fn begin(&self, _: &'static str, _: Option<u64>) {}
    fn advance(&self, _: u64) {}
    fn end(&self) {}
}
