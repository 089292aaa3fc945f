//! The fields of a record that hold something, as values.
//!
//! A record has many fields and few that are filled. Making a value of each and leaving most out again takes longer than
//! all else that is done with a record, so an empty one is left out before its name is even looked at.

use std::collections::BTreeMap;

use serde::ser::{Error as _, Impossible, Serialize, SerializeMap, SerializeStruct, Serializer};
use serde_json::{Error, Map, Value};

use super::record::is_empty;

/// Adds to a map the fields of a struct in their order, without those that are empty; those in `rest` are never left out.
///
/// # Errors
/// Where it is no struct, or holds what JSON has no word for.
pub(super) fn fields(
    map: Map<String, Value>,
    record: &impl Serialize,
    rest: &BTreeMap<String, Value>,
) -> Result<Map<String, Value>, Error> {
    record.serialize(Filled { map, rest, key: None })
}

struct Filled<'a> {
    map: Map<String, Value>,
    rest: &'a BTreeMap<String, Value>,
    /// The name of the value that comes next.
    key: Option<String>,
}

impl Filled<'_> {
    fn add(&mut self, value: Value, name: impl FnOnce() -> Result<String, Error>) -> Result<(), Error> {
        let is_empty = is_empty(&value);
        if is_empty && self.rest.is_empty() {
            return Ok(());
        }
        let name = name()?;
        if !is_empty || self.rest.contains_key(&name) {
            self.map.insert(name, value);
        }
        Ok(())
    }
}

fn name_of(key: &(impl Serialize + ?Sized)) -> Result<String, Error> {
    match serde_json::to_value(key)? {
        Value::String(name) => Ok(name),
        other => Err(Error::custom(format!("{other} is no name"))),
    }
}

impl SerializeMap for Filled<'_> {
    type Ok = Map<String, Value>;
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.key = Some(name_of(key)?);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        let name = self.key.take().ok_or_else(|| Error::custom("a value without a name"))?;
        self.add(serde_json::to_value(value)?, || Ok(name))
    }

    fn serialize_entry<K: Serialize + ?Sized, V: Serialize + ?Sized>(
        &mut self,
        key: &K,
        value: &V,
    ) -> Result<(), Error> {
        self.add(serde_json::to_value(value)?, || name_of(key))
    }

    fn end(self) -> Result<Map<String, Value>, Error> {
        Ok(self.map)
    }
}

impl SerializeStruct for Filled<'_> {
    type Ok = Map<String, Value>;
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Error> {
        self.add(serde_json::to_value(value)?, || Ok(key.to_owned()))
    }

    fn end(self) -> Result<Map<String, Value>, Error> {
        Ok(self.map)
    }
}

type No = Impossible<Map<String, Value>, Error>;

/// Says of each sort of value but a struct that it is none.
macro_rules! refused {
    ($($method:ident($($argument:ty),*);)*) => {
        $(fn $method(self, $(_: $argument),*) -> Result<Map<String, Value>, Error> { Err(no_struct()) })*
    };
}

fn no_struct() -> Error {
    Error::custom("a record is a struct")
}

impl<'a> Serializer for Filled<'a> {
    type Ok = Map<String, Value>;
    type Error = Error;
    type SerializeSeq = No;
    type SerializeTuple = No;
    type SerializeTupleStruct = No;
    type SerializeTupleVariant = No;
    type SerializeMap = Filled<'a>;
    type SerializeStruct = Filled<'a>;
    type SerializeStructVariant = No;

    /// A struct with flattened fields says that it is a map.
    fn serialize_map(self, _: Option<usize>) -> Result<Filled<'a>, Error> {
        Ok(self)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Filled<'a>, Error> {
        Ok(self)
    }

    refused! {
        serialize_bool(bool);
        serialize_i8(i8);
        serialize_i16(i16);
        serialize_i32(i32);
        serialize_i64(i64);
        serialize_u8(u8);
        serialize_u16(u16);
        serialize_u32(u32);
        serialize_u64(u64);
        serialize_f32(f32);
        serialize_f64(f64);
        serialize_char(char);
        serialize_str(&str);
        serialize_bytes(&[u8]);
        serialize_none();
        serialize_unit();
        serialize_unit_struct(&'static str);
        serialize_unit_variant(&'static str, u32, &'static str);
    }

    fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Result<Map<String, Value>, Error> {
        Err(no_struct())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: &T,
    ) -> Result<Map<String, Value>, Error> {
        Err(no_struct())
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<Map<String, Value>, Error> {
        Err(no_struct())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<No, Error> {
        Err(no_struct())
    }

    fn serialize_tuple(self, _: usize) -> Result<No, Error> {
        Err(no_struct())
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<No, Error> {
        Err(no_struct())
    }

    fn serialize_tuple_variant(self, _: &'static str, _: u32, _: &'static str, _: usize) -> Result<No, Error> {
        Err(no_struct())
    }

    fn serialize_struct_variant(self, _: &'static str, _: u32, _: &'static str, _: usize) -> Result<No, Error> {
        Err(no_struct())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::base::{Id, Timestamp};
    use crate::records::Task;

    #[test]
    fn filled_fields_are_those_that_serde_json_gives_without_the_empty_ones() {
        let mut task = Task::new(Id::parse("t1").expect("an id"), Timestamp::EPOCH, "ada");
        task.title = "Say why".into();
        task.labels = ["a".to_owned()].into();
        task.extra.insert("beads".into(), json!({"x": null}));
        task.rest.insert("odd".into(), json!([1]));
        task.rest.insert("nothing".into(), json!(null));
        let Ok(Value::Object(mut whole)) = serde_json::to_value(&task) else { panic!("an object") };
        whole.retain(|name, value| name == "nothing" || !is_empty(value));
        let filled = fields(Map::new(), &task, &task.rest).expect("fields");
        assert_eq!(filled.keys().collect::<Vec<_>>(), whole.keys().collect::<Vec<_>>());
        assert_eq!(filled, whole);
        assert!(fields(Map::new(), &7, &BTreeMap::new()).is_err());
        assert!(fields(Map::new(), &json!(["x"]), &BTreeMap::new()).is_err());
    }
}
