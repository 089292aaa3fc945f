//! Names of objects: the hash of their bytes, SHA-1 or SHA-256.

use std::fmt;
use std::str::FromStr;

use gix::hash::{Kind, ObjectId};

use crate::base::{Error, Result};

/// The hash function that a repository names its objects with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectFormat {
    /// 40 hex digits.
    Sha1,
    /// 64 hex digits.
    Sha256,
}

impl ObjectFormat {
    /// Returns the name that git uses in its configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            ObjectFormat::Sha1 => "sha1",
            ObjectFormat::Sha256 => "sha256",
        }
    }

    pub(super) fn kind(self) -> Kind {
        match self {
            ObjectFormat::Sha1 => Kind::Sha1,
            ObjectFormat::Sha256 => Kind::Sha256,
        }
    }

    /// Returns the id made of zeros, which git writes for «no object».
    pub(super) fn zero(self) -> Oid {
        Oid(ObjectId::null(self.kind()))
    }
}

/// The full name of an object.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Oid(pub(super) ObjectId);

impl Oid {
    /// Returns the hash function that made this name.
    pub fn format(self) -> ObjectFormat {
        match self.0.kind() {
            Kind::Sha256 => ObjectFormat::Sha256,
            _ => ObjectFormat::Sha1,
        }
    }

    /// Returns the bytes of the hash.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    pub(super) fn from_hex(hex: &[u8]) -> Option<Oid> {
        ObjectId::from_hex(hex).ok().map(Oid)
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.to_hex())
    }
}

impl fmt::Debug for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Oid {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Oid::from_hex(text.as_bytes())
            .ok_or_else(|| Error::invalid("bad_object_id", format!("«{text}» is not the full id of an object")))
    }
}
