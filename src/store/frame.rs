//! Pieces of bytes in a file, each with its name and length before it, so that half a piece is seen to be none.

/// Returns a piece as it stands in a file.
pub(super) fn frame(name: &str, bytes: &[u8]) -> Vec<u8> {
    [format!("{name} {}\n", bytes.len()).as_bytes(), bytes, b"\n"].concat()
}

/// Returns the piece of that name that the bytes begin with, and what follows it; nothing where it is not there whole.
pub(super) fn unframe_first<'b>(name: &str, bytes: &'b [u8]) -> Option<(&'b [u8], &'b [u8])> {
    let rest = bytes.strip_prefix(name.as_bytes())?.strip_prefix(b" ")?;
    let end = rest.iter().take(20).position(|&byte| byte == b'\n')?;
    let length: usize = std::str::from_utf8(&rest[..end]).ok()?.parse().ok()?;
    let rest = &rest[end + 1..];
    let (piece, rest) = (rest.get(..length)?, rest.get(length..)?);
    Some((piece, rest.strip_prefix(b"\n")?))
}

/// Returns the piece of that name that the bytes are; nothing where they are anything else.
pub(super) fn unframe<'b>(name: &str, bytes: &'b [u8]) -> Option<&'b [u8]> {
    unframe_first(name, bytes).filter(|(_, rest)| rest.is_empty()).map(|(piece, _)| piece)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_is_whole_or_none() {
        let bytes = [frame("request", b"a\nb"), frame("answer", b"")].concat();
        let (first, rest) = unframe_first("request", &bytes).expect("a request");
        assert_eq!((first, unframe("answer", rest)), (&b"a\nb"[..], Some(&b""[..])));
        assert!(unframe_first("answer", &bytes).is_none());
        for end in 0..rest.len() {
            assert!(unframe("answer", &rest[..end]).is_none(), "{end}");
        }
        for end in 0..bytes.len() - rest.len() {
            assert!(unframe_first("request", &bytes[..end]).is_none(), "{end}");
        }
        for odd in [&b"request 3\nab\n"[..], b"request -1\n\n", b"request 18446744073709551615\n\n", b"request 1\nab"] {
            assert!(unframe_first("request", odd).is_none());
        }
    }
}
