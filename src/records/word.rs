//! Enums of words that keep the words they do not know.
//!
//! A newer binary, or another tool, may write a word that this one has never heard of. It is kept through
//! every read, merge and write, so each such enum has an `Other`.

/// Declares an enum of words with `Other(String)` for words from the future.
///
/// A macro, because the list of words must give the parser, the printer and the schema at once.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
        // A word that says it all needs no sentence beside it.
        #[allow(missing_docs)]
        pub enum $name {
            $($(#[$vmeta])* $variant,)+
            /// A word that this version does not know.
            Other(String),
        }

        impl $name {
            /// The words that this version knows, in their order.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// Returns the word as it is stored.
            pub fn as_str(&self) -> &str {
                match self {
                    $($name::$variant => $word,)+
                    $name::Other(word) => word,
                }
            }
        }

        impl From<&str> for $name {
            fn from(word: &str) -> Self {
                match word {
                    $($word => $name::$variant,)+
                    other => $name::Other(other.to_owned()),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <String as serde::Deserialize>::deserialize(deserializer).map(|word| $name::from(word.as_str()))
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn schema_id() -> std::borrow::Cow<'static, str> {
                // Several kinds have a `Status`, and one schema may hold them all.
                concat!(module_path!(), "::", stringify!($name)).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "examples": $name::WORDS })
            }
        }
    };
}

pub(crate) use words;

#[cfg(test)]
#[allow(unreachable_pub)]
mod tests {
    words! {
        /// A test enum.
        Colour { Red = "red", Blue = "blue" }
    }

    #[test]
    fn a_word_from_the_future_is_kept() {
        let colour: Colour = serde_json::from_str("\"ultraviolet\"").expect("any word");
        assert_eq!(colour, Colour::Other("ultraviolet".into()));
        assert_eq!(serde_json::to_string(&colour).expect("a string"), "\"ultraviolet\"");
        assert_eq!(Colour::from("red"), Colour::Red);
        assert_eq!(Colour::WORDS, ["red", "blue"]);
    }
}
