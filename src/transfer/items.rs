//! A JSON array, item by item, however long it is.

use std::fmt;
use std::io::{BufReader, Read};

use serde::de::{Deserializer as _, Error as _, SeqAccess, Visitor};
use serde_json::{Deserializer, Value};

use crate::base::{Error, Result};

/// Calls `take` with the number of each item, from 1, and the item. Returns whether it is one JSON array and nothing else; how
/// many items come before that is known to be otherwise is not said.
///
/// # Errors
/// Those of `take`, after which no more is read.
pub fn each_item(from: impl Read, mut take: impl FnMut(usize, Value) -> Result<()>) -> Result<bool> {
    let mut stopped = None;
    let mut json = Deserializer::from_reader(BufReader::new(from));
    let read = json.deserialize_seq(Items { take: &mut take, stopped: &mut stopped }).and_then(|()| json.end());
    match stopped {
        Some(error) => Err(error),
        None => Ok(read.is_ok()),
    }
}

struct Items<'t> {
    take: &'t mut dyn FnMut(usize, Value) -> Result<()>,
    /// Why no more is wanted.
    stopped: &'t mut Option<Error>,
}

impl<'de> Visitor<'de> for Items<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> std::result::Result<(), A::Error> {
        let mut number = 0;
        while let Some(item) = items.next_element::<Value>()? {
            number += 1;
            if let Err(error) = (self.take)(number, item) {
                *self.stopped = Some(error);
                return Err(A::Error::custom("no more is wanted"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(text: &str) -> (bool, Vec<String>) {
        let mut items = Vec::new();
        let take = |number: usize, item: Value| {
            items.push(format!("{number} {item}"));
            Ok(())
        };
        (each_item(text.as_bytes(), take).expect("nothing is wrong"), items)
    }

    #[test]
    fn an_array_is_read_item_by_item_and_nothing_else_is_one() {
        assert_eq!(items(" [1, {\"a\": [2]}]\n"), (true, vec!["1 1".to_owned(), "2 {\"a\":[2]}".to_owned()]));
        assert_eq!(items("[]"), (true, vec![]));
        for odd in ["", "{}", "[1]\n[2]", "[1,", "[1] x", "1"] {
            assert!(!items(odd).0, "{odd}");
        }
    }

    #[test]
    fn who_wants_no_more_gets_no_more() {
        let mut seen = 0;
        let stop = |number: usize, _: Value| {
            seen = number;
            if number == 2 { Err(Error::usage("enough")) } else { Ok(()) }
        };
        assert_eq!(each_item("[1,2,3".as_bytes(), stop).map_err(|error| error.code()), Err("usage"));
        assert_eq!(seen, 2);
    }
}
