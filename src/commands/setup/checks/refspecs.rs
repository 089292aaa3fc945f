//! Refspecs by which a plain `git fetch` or `git push` would put one state in the place of another.

use super::Finding;
use crate::session::Session;
use crate::session::mend::Remedy;
use crate::session::setup::{UNTOUCHED, Wanted, is_mirror};
use crate::store::STATE_REF;

/// Checks what git is set to fetch and to push by itself.
pub(super) fn refspecs(session: &Session, findings: &mut Vec<Finding>) {
    let store = session.store();
    for remote in store.remotes() {
        let fetch = format!("remote.{remote}.fetch");
        check(&fetch, &store.config().all(&fetch), findings, |refspec| match refspec {
            _ if is_mirror(refspec) => Some(Finding::new(
                "mirror_fetch",
                format!("a fetch from {remote} overwrites {STATE_REF} with what the remote has: {fetch} is a mirror's"),
            )),
            _ if fetched_to(refspec).starts_with("refs/coord/") => Some(Finding::new(
                "overwriting_fetch",
                format!("a fetch from {remote} overwrites {STATE_REF} with what the remote has: {fetch} is {refspec}"),
            )),
            _ => None,
        });
        let push = format!("remote.{remote}.push");
        check(&push, &store.config().all(&push), findings, |refspec| match refspec {
            _ if is_mirror(refspec) => Some(Finding::new(
                "mirror_push",
                format!("a push to {remote} takes {STATE_REF} along, whatever the remote has: {push} is a mirror's"),
            )),
            // A plain `git push` then pushes this instead of the branch.
            _ if ["refs/coord/", "refs/coord-remotes/"].iter().any(|ours| pushed_to(refspec).starts_with(ours)) => {
                Some(Finding::new(
                    "overwriting_push",
                    format!("a push to {remote} moves the state there, and leaves the branch out: {push} is {refspec}"),
                ))
            }
            _ => None,
        });
    }
}

/// Judges each value of a key. A mirror's is excluded from the state, any other is taken out.
fn check(key: &str, values: &[String], findings: &mut Vec<Finding>, judge: impl Fn(&str) -> Option<Finding>) {
    let is_excluded = values.iter().any(|value| value == UNTOUCHED);
    for refspec in values {
        let Some(finding) = judge(refspec) else { continue };
        let key = key.to_owned();
        let remedy = match is_mirror(refspec) {
            true if is_excluded => continue,
            true => Remedy::Set(Wanted { key, value: UNTOUCHED.to_owned() }),
            false => Remedy::Unset(Wanted { key, value: refspec.clone() }),
        };
        findings.push(finding.remedy(remedy));
    }
}

/// Returns where a fetch writes what it brings; nowhere where it only brings it.
fn fetched_to(refspec: &str) -> &str {
    refspec.split_once(':').map_or("", |(_, to)| to)
}

/// Returns where a push writes; nowhere where it only leaves something out.
fn pushed_to(refspec: &str) -> &str {
    let same = if refspec.starts_with('^') { "" } else { refspec.trim_start_matches('+') };
    refspec.split_once(':').map_or(same, |(_, to)| to)
}

#[cfg(test)]
mod tests {
    use super::{fetched_to, pushed_to};

    #[test]
    fn where_a_refspec_writes_is_known() {
        for (refspec, fetched, pushed) in [
            ("+refs/coord/*:refs/coord/*", "refs/coord/*", "refs/coord/*"),
            ("+refs/coord/*:refs/coord-remotes/origin/*", "refs/coord-remotes/origin/*", "refs/coord-remotes/origin/*"),
            ("+refs/coord/main", "", "refs/coord/main"),
            (":refs/coord/main", "refs/coord/main", "refs/coord/main"),
            ("^refs/coord/*", "", ""),
            ("", "", ""),
        ] {
            assert_eq!((fetched_to(refspec), pushed_to(refspec)), (fetched, pushed), "{refspec}");
        }
    }
}
