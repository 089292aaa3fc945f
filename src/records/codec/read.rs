//! From YAML to a struct, with what a YAML parser lets pass refused on the way.
//!
//! The struct is read straight from the parser, so that a field of text keeps its text (`id: 1e3`, `created_by: no`).
//! Between the two stands [`Guard`], which sees every key and value once: duplicate keys, keys that are no text,
//! numbers that do not fit, nesting, and the field `kind`, which belongs to the file and not to the struct.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::StrDeserializer;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::Fault;
use super::canonical;
use super::limits::DEEPEST;
use super::scan::scan;
use crate::base::text::excerpt;

/// Reads front matter into a struct without the field `kind`, which must hold `kind`.
///
/// # Errors
/// The first thing that cannot be read, with its line (of `text`) and field.
pub(super) fn read<T: DeserializeOwned>(text: &str, kind: &str) -> Result<T, Fault> {
    canonical::read(text, kind).map_or_else(|| parsed(text, kind), Ok)
}

/// Reads front matter in whatever form.
///
/// # Errors
/// As [`read`].
pub(super) fn parsed<T: DeserializeOwned>(text: &str, kind: &str) -> Result<T, Fault> {
    let findings = scan(text)?;
    let state = State {
        kind,
        has_kind: Cell::new(false),
        inexact: findings.inexact,
        depth: Cell::new(0),
        left: Cell::new(text.len().saturating_mul(4).saturating_add(64)),
        field: RefCell::new(String::new()),
    };
    let parser = serde_yaml::Deserializer::from_str(text);
    let read = T::deserialize(Guard { inner: parser, state: &state });
    let value = read.map_err(|err| state.fault(text, &err))?;
    if !state.has_kind.get() {
        return Err(Fault { field: Some("kind".into()), ..Fault::new("the field `kind` is missing") });
    }
    Ok(value)
}

/// What the guard knows while it reads one file.
struct State<'k> {
    kind: &'k str,
    has_kind: Cell<bool>,
    inexact: bool,
    depth: Cell<usize>,
    /// How much more may be read: a file cannot hold more values and text than it has bytes, unless it repeats itself.
    left: Cell<usize>,
    /// The field at the top that is being read.
    field: RefCell<String>,
}

impl State<'_> {
    fn spend<E: Error>(&self, size: usize) -> Result<(), E> {
        match self.left.get().checked_sub(size + 1) {
            Some(left) => {
                self.left.set(left);
                Ok(())
            }
            None => Err(E::custom("it repeats itself too often")),
        }
    }

    /// Runs `read` one level down.
    fn nested<T, E: Error>(&self, read: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let depth = self.depth.get() + 1;
        if depth > DEEPEST {
            return Err(E::custom("it is nested too deeply"));
        }
        self.depth.set(depth);
        let value = read();
        self.depth.set(depth - 1);
        value
    }

    /// The parser knows the line of what it did not like itself; of what a struct did not like, only that of the map
    /// around it, which is above that of the field.
    fn fault(&self, text: &str, err: &serde_yaml::Error) -> Fault {
        let field = self.field.borrow().clone();
        let is_field = |line: &str| line.strip_prefix(&*field).is_some_and(|rest| rest.starts_with(':'));
        let field_line = text.lines().position(is_field).map(|line| line + 1);
        Fault {
            line: field_line.max(err.location().map(|at| at.line())),
            field: (!field.is_empty()).then_some(field),
            rule: "bad front matter".to_owned(),
            cause: Some(without_place(&err.to_string())),
        }
    }
}

/// The parser counts lines from the beginning of the front matter; only one count of lines is shown.
fn without_place(message: &str) -> String {
    message.rsplit_once(" at line ").map_or(message, |(text, _)| text).to_owned()
}

/// Anything of serde's, with the state beside it; everything that it hands on is wrapped the same way.
struct Guard<'s, 'k, T> {
    inner: T,
    state: &'s State<'k>,
}

/// Methods that hand the visitor on, wrapped.
macro_rules! forward {
    ($($method:ident($($arg:ident: $type:ty),*))*) => {
        $(fn $method<V: Visitor<'de>>(self, $($arg: $type,)* visitor: V) -> Result<V::Value, D::Error> {
            self.inner.$method($($arg,)* Guard { inner: visitor, state: self.state })
        })*
    };
}

/// Methods that read a text. A null is none, where the parser would make the text `null` of it.
macro_rules! forward_text {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.inner.deserialize_option(Text(Guard { inner: visitor, state: self.state }))
        })*
    };
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Guard<'_, '_, D> {
    type Error = D::Error;

    forward! {
        deserialize_any() deserialize_bool() deserialize_i8() deserialize_i16() deserialize_i32() deserialize_i64()
        deserialize_u8() deserialize_u16() deserialize_u32() deserialize_u64() deserialize_f32() deserialize_f64()
        deserialize_option() deserialize_unit() deserialize_seq() deserialize_map() deserialize_ignored_any()
        deserialize_bytes() deserialize_byte_buf()
        deserialize_unit_struct(name: &'static str) deserialize_newtype_struct(name: &'static str)
        deserialize_tuple(len: usize) deserialize_tuple_struct(name: &'static str, len: usize)
        deserialize_struct(name: &'static str, fields: &'static [&'static str])
        deserialize_enum(name: &'static str, variants: &'static [&'static str])
    }

    forward_text! { deserialize_char deserialize_str deserialize_string deserialize_identifier }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Guard<'_, '_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(f)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<V::Value, E> {
        self.state.spend(0)?;
        self.inner.visit_bool(value)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<V::Value, E> {
        self.state.spend(0)?;
        self.inner.visit_i64(value)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<V::Value, E> {
        self.state.spend(0)?;
        self.inner.visit_u64(value)
    }

    fn visit_i128<E: Error>(self, _: i128) -> Result<V::Value, E> {
        Err(E::custom("a number does not fit into 64 bits; quote it to keep it as a text"))
    }

    fn visit_u128<E: Error>(self, _: u128) -> Result<V::Value, E> {
        Err(E::custom("a number does not fit into 64 bits; quote it to keep it as a text"))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<V::Value, E> {
        if !value.is_finite() || self.state.inexact {
            return Err(E::custom("a number does not fit into 64 bits; quote it to keep it as a text"));
        }
        self.state.spend(0)?;
        self.inner.visit_f64(value)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<V::Value, E> {
        self.state.spend(value.len())?;
        self.inner.visit_str(value)
    }

    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<V::Value, E> {
        self.state.spend(value.len())?;
        self.inner.visit_borrowed_str(value)
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.state.spend(0)?;
        self.inner.visit_unit()
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.state.spend(0)?;
        self.inner.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        self.inner.visit_some(Guard { inner, state: self.state })
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        self.inner.visit_newtype_struct(Guard { inner, state: self.state })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        let state = self.state;
        state.spend(0)?;
        state.nested(|| self.inner.visit_seq(Guard { inner, state }))
    }

    fn visit_map<A: MapAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        let state = self.state;
        state.spend(0)?;
        state.nested(|| self.inner.visit_map(Entries { inner, state, seen: HashSet::new() }))
    }
}

/// Reads a text for the visitor within, and refuses a null.
struct Text<V>(V);

impl<'de, V: Visitor<'de>> Visitor<'de> for Text<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        Err(E::custom("a text must be there; quote the word to keep it as a text"))
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        inner.deserialize_str(self.0)
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Guard<'_, '_, A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.inner.next_element_seed(Guard { inner: seed, state: self.state })
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Guard<'_, '_, S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, inner: D) -> Result<S::Value, D::Error> {
        self.inner.deserialize(Guard { inner, state: self.state })
    }
}

/// The entries of a map, with the keys that have been seen.
struct Entries<'s, 'k, A> {
    inner: A,
    state: &'s State<'k>,
    seen: HashSet<String>,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Entries<'_, '_, A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        let Some(key) = self.key()? else { return Ok(None) };
        let own = seed.deserialize(StrDeserializer::new(&key))?;
        self.seen.insert(key);
        Ok(Some(own))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.inner.next_value_seed(Guard { inner: seed, state: self.state })
    }
}

impl<'de, A: MapAccess<'de>> Entries<'_, '_, A> {
    /// Reads the next key that is for the struct.
    fn key(&mut self) -> Result<Option<String>, A::Error> {
        while let Some(key) = self.inner.next_key_seed(Key)? {
            let is_top = self.state.depth.get() == 1;
            self.state.spend(key.len())?;
            if is_top {
                self.state.field.borrow_mut().clone_from(&key);
            }
            match key.as_str() {
                "kind" if is_top && !self.state.has_kind.get() => self.kind()?,
                "body" if is_top => return Err(Error::custom("the body stands below the front matter, not in it")),
                _ if self.seen.contains(&key) || (is_top && key == "kind") => {
                    return Err(Error::custom(format_args!("the key `{}` stands there twice", excerpt(&key, 60))));
                }
                _ => return Ok(Some(key)),
            }
        }
        if self.state.depth.get() == 1 {
            self.state.field.take();
        }
        Ok(None)
    }

    /// Reads the value of the field `kind`, which is in the file but not in the struct.
    fn kind(&mut self) -> Result<(), A::Error> {
        let kind: String = self.next_value_seed(PhantomData)?;
        if kind != self.state.kind {
            let found = excerpt(&kind, 40);
            return Err(Error::custom(format_args!("the kind is `{found}`, not `{}`", self.state.kind)));
        }
        self.state.has_kind.set(true);
        Ok(())
    }
}

/// Reads a key, which must be a text: any other would come back as another one.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_any(Key)
    }
}

impl Visitor<'_> for Key {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key that is a text (quote it)")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<String, E> {
        Ok(key.to_owned())
    }
}
