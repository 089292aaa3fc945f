//! Sessions in the pages are true: their commands are run, and what they print is compared.
//!
//! A block marked `console` holds commands after `$ ` and what they print. A block marked with a name behind its language,
//! as `jsonl plan.jsonl`, is a file of that name. All blocks of a page are one session on one machine, which begins in an
//! empty folder. Ids and times differ from run to run and are not compared.

use super::{assert_page, read};
use crate::harness::Repo;

#[test]
fn the_sessions_of_the_readme_are_true() {
    play("README.md");
}

#[test]
fn the_sessions_of_getting_started_are_true() {
    play("docs/getting-started.md");
}

#[test]
fn the_walkthrough_of_a_sprint_is_true() {
    play("docs/walkthroughs/sprint.md");
}

#[test]
fn the_walkthrough_of_two_machines_is_true() {
    play("docs/walkthroughs/two-machines.md");
}

#[test]
fn the_sessions_of_security_are_true() {
    if std::process::Command::new("ssh-keygen").arg("-?").output().is_err() {
        crate::trust::skip("ssh-keygen");
        return;
    }
    play("docs/security.md");
}

#[track_caller]
fn play(page: &str) {
    let text = read(page);
    let mut shell = Shell { repo: Repo::none(), agent: None };
    let mut wanted = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        wanted.push_str(&format!("{line}\n"));
        if let Some((_, name)) = line.strip_prefix("```").and_then(|marks| marks.split_once(' ')) {
            let mut file = String::new();
            while let Some(line) = lines.next_if(|line| *line != "```") {
                file.push_str(&format!("{line}\n"));
            }
            wanted.push_str(&file);
            std::fs::write(shell.repo.path.join(name), &file).expect("a file");
            continue;
        }
        if line != "```console" {
            continue;
        }
        while let Some(line) = lines.next_if(|line| *line != "```") {
            if let Some(command) = line.strip_prefix("$ ") {
                let mut said = String::new();
                while let Some(line) = lines.next_if(|line| *line != "```" && !line.starts_with("$ ")) {
                    said.push_str(&format!("{line}\n"));
                }
                let answer = shell.run(command);
                // What differs only in ids and times stays as it was written.
                let kept = if timeless(&answer) == timeless(&said) { &said } else { &answer };
                wanted.push_str(&format!("{line}\n{kept}"));
            }
        }
    }
    assert_page(page, &wanted);
}

/// A shell that remembers from line to line its folder and who is asking, and nothing else.
struct Shell {
    repo: Repo,
    agent: Option<String>,
}

impl Shell {
    fn run(&mut self, line: &str) -> String {
        if let Some(folder) = line.strip_prefix("cd ") {
            self.repo = self.repo.at(folder);
            assert!(self.repo.path.is_dir(), "{line}: no such folder");
            return String::new();
        }
        if let Some(agent) = line.strip_prefix("export GIT_COORD_AGENT=") {
            self.agent = Some(agent.to_owned());
            return String::new();
        }
        if line == "unset GIT_COORD_AGENT" {
            self.agent = None;
            return String::new();
        }
        if let Some(seconds) = line.strip_prefix("sleep ") {
            // The clock is the machine's own: it moves by a second per command.
            let seconds: u32 = seconds.parse().expect("a number of seconds");
            (0..seconds).for_each(|_| self.repo.machine.tick(&mut std::process::Command::new("true")));
            return String::new();
        }
        let mut call = self.repo.call("sh", &["-c", &format!("{line} 2>&1")]);
        if let Some(agent) = &self.agent {
            call = call.env("GIT_COORD_AGENT", agent);
        }
        let date = "2026-01-02T03:04:05Z";
        let answer = call.env("COLUMNS", "80").env("GIT_AUTHOR_DATE", date).env("GIT_COMMITTER_DATE", date).run();
        let root = self.repo.machine.root().to_string_lossy().into_owned();
        answer.stdout.replace(&root, "/home/ada")
    }
}

/// Replaces ids and times: generated ids, ULIDs, object ids, how long ago something was, and moments.
fn timeless(text: &str) -> String {
    let is_id = |word: &str| {
        let is_base32 = |word: &str| word.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase());
        let has_digit = word.bytes().any(|b| b.is_ascii_digit());
        has_digit && matches!(word.len(), 7 | 8 | 10 | 14 | 40) && is_base32(word)
            || has_digit && word.len() == 26 && word.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
    };
    let mut words = Vec::new();
    for line in text.lines() {
        let mut line_words: Vec<&str> = Vec::new();
        for word in line.split_whitespace() {
            // A refspec of an id is as random as the id.
            let bare = word.split_once(":refs/").map_or(word, |(id, _)| id);
            let bare = bare.trim_matches(|c: char| !c.is_ascii_alphanumeric());
            line_words.push(if is_id(bare) { "<id>" } else { word });
        }
        let mut text = line_words.join(" ");
        for unit in ["s", "min", "h", "d"] {
            let ago = format!(" {unit} ago");
            while let Some(at) = text.find(&ago) {
                let start = text[..at].rfind(|c: char| !c.is_ascii_digit()).map_or(0, |at| at + 1);
                text.replace_range(start..at + ago.len(), "now");
            }
        }
        words.push(text);
    }
    words.join("\n")
}
