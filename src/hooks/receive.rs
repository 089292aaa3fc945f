//! `pre-receive`, on a server of one's own: what is pushed to the state is looked at before anybody can see it.
//!
//! A client looks at what it fetches all the same; this keeps what is broken, forged or moved back from the shared ref. What
//! cannot be judged is refused, other refs are nobody's business here. The settings are those of the server's repository, and
//! what was pushed is compared with the state before the push: nothing that is pushed decides about itself.

use super::NOTES;
use super::call::Call;
use super::line::Line;
use super::push::is_state;
use crate::base::{Error, Result, text};
use crate::session::Session;

/// Judges a push.
///
/// # Errors
/// `not_fast_forward`, `tracking_ref_pushed`, `broken_push`, `not_signed` (5), and whatever keeps it from being judged.
pub(super) fn pre_receive(call: &Call, input: &[u8]) -> Result<()> {
    let session = call.session();
    for line in Line::of_receive(input)? {
        if line.name.starts_with(NOTES) {
            let message = format!(
                "{} is a note of a clone about what a remote has, and is not taken",
                text::excerpt(&line.name, 120)
            );
            return Err(Error::invalid("tracking_ref_pushed", message));
        }
        if is_state(session.store(), &line.name) {
            judge(session, &line)?;
        }
    }
    Ok(())
}

fn judge(session: &Session, line: &Line) -> Result<()> {
    let store = session.store();
    let refused = |why: &str| Error::invalid("not_fast_forward", format!("{} is not taken: {why}", line.name));
    let Some(new) = line.new else { return Err(refused("the state is never removed")) };
    if let Some(old) = line.old
        && !store
            .is_ancestor(old, new)
            .map_err(|error| refused("it cannot be told whether it follows").because(error))?
    {
        return Err(refused("it does not follow what is here").hint("fetch, merge and push again: git coord sync"));
    }
    session.check_received(line.old, new)
}
