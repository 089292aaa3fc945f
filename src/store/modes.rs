//! The modes of new files and folders, as `core.sharedRepository` asks for them.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use super::config::Config;
use crate::base::{Error, Result};

/// What git does to the mode of a file after making it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Modes {
    /// Nothing: the umask decides.
    Umask,
    /// Adds these bits.
    Add(u32),
    /// Sets exactly these bits.
    Exactly(u32),
}

impl Modes {
    pub(super) fn from_config(config: &Config) -> Result<Modes> {
        let Some(text) = config.text("core.sharedRepository") else { return Ok(Modes::Umask) };
        match text.to_ascii_lowercase().as_str() {
            "umask" | "0" => return Ok(Modes::Umask),
            "group" | "1" => return Ok(Modes::Add(0o660)),
            "all" | "world" | "everybody" | "2" => return Ok(Modes::Add(0o664)),
            _ => {}
        }
        if let Ok(bits) = u32::from_str_radix(&text, 8) {
            if bits & 0o600 != 0o600 {
                let message = format!("core.sharedRepository is {text}: the owner must be able to read and write");
                return Err(Error::fatal("bad_config", message));
            }
            return Ok(Modes::Exactly(bits & 0o666));
        }
        Ok(if config.boolean("core.sharedRepository")? == Some(true) { Modes::Add(0o660) } else { Modes::Umask })
    }

    /// Gives a file or folder that was just made the mode it should have.
    pub(super) fn adjust(self, path: &Path) -> io::Result<()> {
        if self == Modes::Umask {
            return Ok(());
        }
        let meta = fs::symlink_metadata(path)?;
        let before = meta.mode() & 0o7777;
        let after = self.apply(before, meta.is_dir());
        if after != before {
            fs::set_permissions(path, Permissions::from_mode(after))?;
        }
        Ok(())
    }

    fn apply(self, before: u32, is_dir: bool) -> u32 {
        let (mut tweak, kept) = match self {
            Modes::Umask => return before,
            Modes::Add(bits) => (bits, before),
            Modes::Exactly(bits) => (bits, before & !0o777),
        };
        if before & 0o200 == 0 {
            tweak &= !0o222;
        }
        if before & 0o100 != 0 {
            tweak |= (tweak & 0o444) >> 2;
        }
        let mode = kept | tweak;
        // A folder hands its group down, so that files which git's other users make belong to it too.
        if is_dir && mode & 0o060 != 0 { mode | 0o2000 } else { mode }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_those_that_git_gives() {
        assert_eq!(Modes::Add(0o660).apply(0o444, false), 0o444);
        assert_eq!(Modes::Add(0o660).apply(0o600, false), 0o660);
        assert_eq!(Modes::Add(0o660).apply(0o755, true), 0o2775);
        assert_eq!(Modes::Exactly(0o640).apply(0o644, false), 0o640);
        assert_eq!(Modes::Exactly(0o640).apply(0o444, false), 0o440);
        assert_eq!(Modes::Exactly(0o600).apply(0o755, true), 0o700);
        assert_eq!(Modes::Umask.apply(0o755, true), 0o755);
    }
}
