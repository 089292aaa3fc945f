//! Our lines in a hook that is somebody's shell script: put behind its first line, and taken out to the byte.
//!
//! They come first and give way to `git coord hook`, which runs the script again, without them, before it does anything
//! itself (`chain.rs`). So what the script reads, prints and ends with is as it was, wherever it ends.

use super::Hook;

/// How our lines begin.
const BEGIN: &str = "# >>> git coord >>>";

/// How they end.
const END: &str = "# <<< git coord <<<";

/// Shells that understand our lines.
const SHELLS: &[&str] = &["sh", "bash", "dash", "ash", "ksh", "mksh", "zsh"];

/// Returns our lines, the last one without its line end.
fn block(hook: Hook) -> String {
    let name = hook.name();
    let call = format!("exec git-coord hook {name} --chain \"$0\" -- \"$@\"");
    let otherwise = if hook == Hook::PreReceive {
        // Without the program nothing is judged, and so nothing taken.
        format!("else {call}; fi")
    } else {
        format!("elif command -v git-coord >/dev/null 2>&1; then {call}; fi")
    };
    [
        &*format!("{BEGIN} It goes again by: git coord hooks uninstall"),
        &*format!("if [ \"${{GIT_COORD_CHAINED-}}\" = {name} ]; then unset GIT_COORD_CHAINED"),
        &*otherwise,
        END,
    ]
    .join("\n")
}

/// Returns whether a script is one of a shell, so that our lines can stand in it. Without a first line that says
/// otherwise it is: so git takes it too.
pub(super) fn is_for(script: &[u8]) -> bool {
    if script.contains(&0) {
        return false;
    }
    let Some(line) = script.strip_prefix(b"#!") else { return true };
    let line = line.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line).into_owned();
    let mut words = line.split_whitespace().map(|word| word.rsplit('/').next().unwrap_or(word));
    let program = words.next().unwrap_or_default();
    let is_no_option = |word: &&str| !word.starts_with('-') && !word.contains('=');
    let program = if program == "env" { words.find(is_no_option).unwrap_or_default() } else { program };
    SHELLS.contains(&program)
}

/// Returns a script with our lines.
pub(super) fn inserted(script: &[u8], hook: Hook) -> Vec<u8> {
    let block = block(hook);
    let end = if script.starts_with(b"#!") { end_of_line(script, 0) } else { 0 };
    let (before, after) = script.split_at(end);
    let is_open = !before.is_empty() && !before.ends_with(b"\n");
    // The one way to tell, later, that the line had no end: then neither has the last of ours.
    let (start, finish) = if is_open { ("\n", "") } else { ("", "\n") };
    [before, start.as_bytes(), block.as_bytes(), finish.as_bytes(), after].concat()
}

/// Returns a script without our lines; nothing where it has none.
pub(super) fn removed(script: &[u8]) -> Option<Vec<u8>> {
    let begin = lines(script).find(|at| script[*at..].starts_with(BEGIN.as_bytes()))?;
    let last = lines(script).find(|at| *at > begin && script[*at..].starts_with(END.as_bytes()))?;
    let end = end_of_line(script, last);
    let is_open = !script[..end].ends_with(b"\n");
    let begin = if is_open { begin.saturating_sub(1) } else { begin };
    Some([&script[..begin], &script[end..]].concat())
}

/// Returns whether a script has our lines as this version writes them.
pub(super) fn is_current(script: &[u8], hook: Hook) -> bool {
    removed(script).is_some_and(|without| inserted(&without, hook) == script)
}

/// Returns where lines begin.
fn lines(script: &[u8]) -> impl Iterator<Item = usize> {
    let ends = script.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
    std::iter::once(0).chain(ends)
}

fn end_of_line(script: &[u8], from: usize) -> usize {
    let end = script[from..].iter().position(|byte| *byte == b'\n');
    end.map_or(script.len(), |end| from + end + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn our_lines_stand_behind_the_first_and_go_to_the_byte() {
        for script in [
            "#!/bin/sh\necho one\n",
            "#!/bin/sh\necho one",
            "#!/bin/sh",
            "#!/bin/sh\n",
            "#!/bin/bash -eu\r\necho one\r\nexit 1\r\n",
            "#!/bin/bash\r",
            "echo one\n",
            "echo one",
            "",
            "\n",
            "#!/bin/sh\n\n\n",
            "#!/bin/sh\n# >>> git coord >>> but no end\n",
        ] {
            let with = inserted(script.as_bytes(), Hook::PostMerge);
            assert_eq!(removed(&with).as_deref(), Some(script.as_bytes()), "{script:?}");
            assert!(is_current(&with, Hook::PostMerge) && !is_current(&with, Hook::PostCheckout), "{script:?}");
            let first = script.strip_prefix("#!").map(|_| script.split_inclusive('\n').next().unwrap_or_default());
            assert!(with.starts_with(first.unwrap_or_default().as_bytes()), "{script:?}");
        }
        assert_eq!(removed(b"#!/bin/sh\n# >>> git coord >>>\n"), None);
    }

    #[test]
    fn lines_of_an_editor_that_ends_them_otherwise_are_known_too() {
        let with = String::from_utf8(inserted(b"#!/bin/sh\nexit 1\n", Hook::PostMerge)).expect("text");
        assert_eq!(removed(with.replace('\n', "\r\n").as_bytes()).as_deref(), Some(&b"#!/bin/sh\r\nexit 1\r\n"[..]));
    }

    #[test]
    fn shells_are_told_from_other_programs() {
        for script in ["#!/bin/sh -e\n", "#! /usr/bin/env bash\n", "#!/usr/bin/env -S LC_ALL=C zsh -f\n", "echo\n", ""]
        {
            assert!(is_for(script.as_bytes()), "{script}");
        }
        for script in ["#!/usr/bin/python3\n", "#!/usr/bin/env node\n", "#!/bin/csh\n", "#!\n", "\x7fELF\0"] {
            assert!(!is_for(script.as_bytes()), "{script}");
        }
    }

    proptest! {
        #[test]
        fn whatever_a_script_is_it_comes_back(script in "(#!/bin/sh)?[ -~\r\n]{0,40}") {
            let with = inserted(script.as_bytes(), Hook::PostRewrite);
            prop_assert_eq!(removed(&with), Some(script.into_bytes()));
        }
    }
}
