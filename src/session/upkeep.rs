//! What a change that has landed does for the repository: it stays small.

use super::Session;
use crate::store::Oid;

impl Session {
    /// Has git pack in the background, where enough has been written. The change has landed, so nothing here may fail it;
    /// `doctor` tells what went wrong.
    pub(super) fn keep_small(&self, landed: Oid, files: usize) {
        let _ = self.store().maintain(landed, files, self.now());
    }
}
