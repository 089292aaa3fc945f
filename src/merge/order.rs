//! The order of elements that two sides have put into orders of their own.

use std::collections::BTreeSet;

/// Returns the elements that are kept, in the order of the side that moved some; where both did or neither, in that of
/// the later one. What only the other side has stands behind, in its order.
pub(super) fn order<K: Ord + Clone>(
    base: &[K],
    ours: &[K],
    theirs: &[K],
    ours_is_later: bool,
    kept: &BTreeSet<K>,
) -> Vec<K> {
    let is_ours_first = match (has_moved(base, ours), has_moved(base, theirs)) {
        (true, false) => true,
        (false, true) => false,
        _ => ours_is_later,
    };
    let (first, second) = if is_ours_first { (ours, theirs) } else { (theirs, ours) };
    let leading: BTreeSet<&K> = first.iter().collect();
    let behind = second.iter().filter(|element| !leading.contains(element));
    first.iter().chain(behind).filter(|element| kept.contains(element)).cloned().collect()
}

/// Whether what a side still has of the base stands in another order.
fn has_moved<K: Ord>(base: &[K], side: &[K]) -> bool {
    let (in_base, in_side): (BTreeSet<&K>, BTreeSet<&K>) = (base.iter().collect(), side.iter().collect());
    let before = base.iter().filter(|element| in_side.contains(element));
    let after = side.iter().filter(|element| in_base.contains(element));
    !before.eq(after)
}
