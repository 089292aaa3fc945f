//! Putting a changed record in the place of the one before, stamped; or answering that there was nothing to change.

use std::sync::Arc;

use super::Context;
use crate::base::Result;
use crate::records::record::{AnyRecord, Typed};
use crate::records::stamps;
use crate::state::Changeset;

/// Makes `after` the record that the operation was about: what differs from `before` is stamped, and the record put.
/// Where nothing differs it is answered as it was, and makes no commit.
pub fn revise<T: Typed>(changes: &mut Changeset, before: &T, mut after: T, context: &Context) {
    if stamps::mark(before, &mut after, context.now, &context.agent) {
        changes.put_main(after);
    } else {
        changes.about = Some(Arc::new(after));
    }
}

/// Does the same for records of whatever kind.
///
/// # Errors
/// `internal` where the two are of different kinds.
pub fn revise_any(changes: &mut Changeset, before: &AnyRecord, after: AnyRecord, context: &Context) -> Result<()> {
    let marked = (before.kind().mark)(before, &after, context.now, &context.agent)?;
    if let Some(marked) = &marked {
        changes.put_any(marked.clone());
    }
    changes.about = Some(marked.unwrap_or(after));
    Ok(())
}
