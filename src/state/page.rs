//! Lists in pages: how many items, from where on, and the cursor to the rest.
//!
//! A cursor is the sort key of the last item shown, so a page goes on at the right place although items before it
//! came or went.

use serde::Serialize;

use super::{Snapshot, load};
use crate::base::{Id, Result};
use crate::records::Typed;

/// Which part of a list is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paging {
    /// At most that many items.
    pub limit: usize,
    /// Only items after this cursor.
    pub cursor: Option<String>,
}

impl Default for Paging {
    fn default() -> Self {
        Paging { limit: 50, cursor: None }
    }
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Page<T> {
    /// The items of this page.
    pub items: Vec<T>,
    /// How many items the whole list has.
    pub total: usize,
    /// The cursor to the next page; nothing where this is the last.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// Sorts the items by their key and returns the wanted part.
    pub fn cut(mut items: Vec<T>, paging: &Paging, key: impl Fn(&T) -> String) -> Self {
        items.sort_by_cached_key(&key);
        let total = items.len();
        let start = match &paging.cursor {
            Some(cursor) => items.partition_point(|item| key(item).as_str() <= cursor.as_str()),
            None => 0,
        };
        let mut items: Vec<T> = items.into_iter().skip(start).collect();
        let more = items.len() > paging.limit;
        items.truncate(paging.limit);
        let next_cursor = more.then(|| items.last().map(&key)).flatten();
        Page { items, total, next_cursor }
    }

    /// As [`cut`](Self::cut), for what is read from its end, like a journal: the last items come on the first page, and
    /// the cursor leads to those before. Within a page they stand in their order.
    pub fn cut_from_the_end(mut items: Vec<T>, paging: &Paging, key: impl Fn(&T) -> String) -> Self {
        items.sort_by_cached_key(&key);
        let total = items.len();
        if let Some(cursor) = &paging.cursor {
            items.truncate(items.partition_point(|item| key(item).as_str() < cursor.as_str()));
        }
        let before = items.len().saturating_sub(paging.limit);
        let items = items.split_off(before);
        let next_cursor = (before > 0).then(|| items.first().map(&key)).flatten();
        Page { items, total, next_cursor }
    }

    /// Returns the same page of what is made of its items.
    ///
    /// # Errors
    /// The first of `change`.
    pub fn try_map<U>(self, change: impl FnMut(T) -> Result<U>) -> Result<Page<U>> {
        let items = self.items.into_iter().map(change).collect::<Result<_>>()?;
        Ok(Page { items, total: self.total, next_cursor: self.next_cursor })
    }

    /// Returns the same page of other items.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(change).collect(), total: self.total, next_cursor: self.next_cursor }
    }
}

impl Page<Id> {
    /// Returns the same page of the records with these ids; those that cannot be read are left out.
    ///
    /// # Errors
    /// Whatever the snapshot cannot read, but for files that are no records.
    pub fn load<T: Typed>(self, snapshot: &(impl Snapshot + ?Sized)) -> Result<Page<T>> {
        Ok(Page { items: load(snapshot, &self.items)?, total: self.total, next_cursor: self.next_cursor })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(items: &[&str], limit: usize, cursor: Option<&str>) -> Page<String> {
        let paging = Paging { limit, cursor: cursor.map(str::to_owned) };
        Page::cut(items.iter().map(|s| (*s).to_owned()).collect(), &paging, String::clone)
    }

    #[test]
    fn the_cursor_leads_to_the_rest_and_then_ends() {
        let first = cut(&["c", "a", "b"], 2, None);
        assert_eq!((first.items.as_slice(), first.total), (["a".to_owned(), "b".to_owned()].as_slice(), 3));
        let rest = cut(&["c", "a", "b"], 2, first.next_cursor.as_deref());
        assert_eq!((rest.items.as_slice(), rest.next_cursor), (["c".to_owned()].as_slice(), None));
    }

    #[test]
    fn from_the_end_the_cursor_leads_to_what_was_before() {
        let cut = |cursor: Option<&str>| {
            let paging = Paging { limit: 2, cursor: cursor.map(str::to_owned) };
            Page::cut_from_the_end(["c", "a", "b"].map(str::to_owned).into(), &paging, String::clone)
        };
        let last = cut(None);
        assert_eq!((last.items.as_slice(), last.total), (["b".to_owned(), "c".to_owned()].as_slice(), 3));
        let rest = cut(last.next_cursor.as_deref());
        assert_eq!((rest.items.as_slice(), rest.next_cursor), (["a".to_owned()].as_slice(), None));
    }

    #[test]
    fn a_page_goes_on_at_its_place_when_the_last_item_shown_is_gone() {
        assert_eq!(cut(&["a", "c", "d"], 2, Some("b")).items, ["c", "d"]);
    }

    #[test]
    fn a_full_last_page_has_no_cursor() {
        assert_eq!(cut(&["a", "b"], 2, None).next_cursor, None);
        assert_eq!(cut(&[], 2, None).next_cursor, None);
    }
}
