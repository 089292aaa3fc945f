//! The first of many, and how many there are.

use schemars::JsonSchema;
use serde::Serialize;

use crate::state::Page;

/// The first of many.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Few<T> {
    /// The first of them, as many as `--limit` allows.
    pub items: Vec<T>,
    /// How many there are.
    pub total: usize,
}

impl<T> Few<T> {
    /// Takes the first of many, which are in their order.
    pub fn of(all: impl IntoIterator<Item = T>, limit: usize) -> Self {
        let mut items: Vec<T> = all.into_iter().collect();
        let total = items.len();
        items.truncate(limit);
        Few { items, total }
    }

    /// Takes the first page of a list.
    pub fn of_page<U>(page: Page<U>, change: impl FnMut(U) -> T) -> Self {
        Few { total: page.total, items: page.items.into_iter().map(change).collect() }
    }
}
