//! What a record may have at most. Part of the format: every reader and every writer holds to it.

/// The most bytes of a file.
pub const LARGEST_RECORD: usize = 1 << 20;

/// The most bytes of the front matter, and of `coordination.yaml`.
pub const LARGEST_FRONT_MATTER: usize = 64 << 10;

/// How deep lists and maps may be nested, the front matter itself being the first level.
pub const DEEPEST: usize = 32;

/// The most bytes of a key as it is written; a YAML parser looks no further than 1,024 characters for its colon.
pub const LONGEST_KEY: usize = 1_000;
