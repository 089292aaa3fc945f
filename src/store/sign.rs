//! Signing commits as git would: `coord.sign`, and git's own settings for how and with which key.
//!
//! Git has no command that signs a commit which somebody else has put together, so the program that git runs for it is run
//! here, with the words that git gives it. What is the same on every machine is never signed. Whether a signature
//! is good is git's word alone (`signature.rs`).

use std::io::IsTerminal;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use super::commit::{self, Person};
use super::git;
use super::writer::NewCommit;
use super::{Config, ObjectFormat, Oid, Store, fault};
use crate::base::text::{excerpt, for_terminal};
use crate::base::{Error, Result};

/// How long a program may take to sign: a key that wants a touch or a word from somebody who is not there must not keep all
/// writers waiting.
const LIMIT: Duration = Duration::from_secs(30);

/// Whether a commit is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signing {
    /// It is where `coord.sign` is on, as it is somebody's.
    AsSet,
    /// It never is, as it is the same wherever it is made.
    Never,
}

/// Reads `coord.sign`.
///
/// # Errors
/// `bad_setting`.
pub fn is_signing(config: &Config) -> Result<bool> {
    const KEY: &str = "coord.sign";
    config.boolean(KEY).map(|is_on| is_on.unwrap_or(false)).map_err(|_| {
        let shown = excerpt(&config.text(KEY).unwrap_or_default(), 40);
        Error::invalid("bad_setting", format!("{KEY} is «{shown}», which is neither on nor off"))
            .hint(format!("git coord config {KEY}"))
    })
}

/// Returns the bytes of a commit of a tree, signed where it is to be.
///
/// # Errors
/// `bad_message`; `sign_failed` with the words of the program.
pub(super) fn encode(store: &Store, new: &NewCommit, tree: Oid) -> Result<Vec<u8>> {
    let bytes = commit::encode(&new.parts(tree), store.format)?;
    if new.signing == Signing::Never || !is_signing(&store.config)? {
        return Ok(bytes);
    }
    let signature = sign(store, &new.committer, &bytes)?;
    Ok(insert(&bytes, &signature, store.format))
}

/// What a signature is made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    OpenPgp,
    X509,
    Ssh,
}

impl Format {
    fn read(config: &Config) -> Result<Format> {
        match config.text("gpg.format").as_deref() {
            None | Some("openpgp") => Ok(Format::OpenPgp),
            Some("x509") => Ok(Format::X509),
            Some("ssh") => Ok(Format::Ssh),
            Some(other) => Err(failed(&format!("gpg.format is «{}», which git does not know", excerpt(other, 40)))),
        }
    }

    fn program(self, config: &Config) -> String {
        let (name, usual) = match self {
            Format::OpenPgp => ("openpgp", "gpg"),
            Format::X509 => ("x509", "gpgsm"),
            Format::Ssh => ("ssh", "ssh-keygen"),
        };
        // The older key is about the older format alone.
        let older = || config.text("gpg.program").filter(|_| self == Format::OpenPgp);
        config.text(&format!("gpg.{name}.program")).or_else(older).unwrap_or_else(|| usual.to_owned())
    }
}

fn sign(store: &Store, committer: &Person, payload: &[u8]) -> Result<Vec<u8>> {
    let config = &store.config;
    let format = Format::read(config)?;
    let program = expand(store, &format.program(config));
    let key = config.text("user.signingKey").filter(|key| !key.is_empty());
    let signature = match (format, key) {
        (Format::Ssh, key) => by_ssh(store, &program, &key.map_or_else(|| default_key(store), Ok)?, payload)?,
        (_, key) => {
            let key = key.unwrap_or_else(|| format!("{} <{}>", committer.name, committer.email));
            by_gpg(store, &program, &key, payload)?
        }
    };
    let signature: Vec<u8> = signature.into_iter().filter(|byte| *byte != b'\r').collect();
    if signature.is_empty() { Err(failed(&format!("{program} gave no signature"))) } else { Ok(signature) }
}

fn by_gpg(store: &Store, program: &str, key: &str, payload: &[u8]) -> Result<Vec<u8>> {
    let (status, output, errors) = run(store, program, &["--status-fd=2", "-bsau", key], payload)?;
    let is_signed = errors.lines().any(|line| line.starts_with("[GNUPG:] SIG_CREATED "));
    if status.success() && is_signed {
        return Ok(output);
    }
    let words: Vec<&str> = errors.lines().filter(|line| !line.starts_with("[GNUPG:]")).collect();
    Err(failed(&words.join("\n")))
}

/// As git has it: from a file to the file beside it, which is all that some programs know how to do.
fn by_ssh(store: &Store, program: &str, key: &str, payload: &[u8]) -> Result<Vec<u8>> {
    let place = store.environment.path("TMPDIR").map_or_else(|| PathBuf::from("/tmp"), Path::to_owned);
    let io = |err| fault::io(format!("sign a commit in {}", place.display()), err);
    let folder = tempfile::Builder::new().prefix("git-coord-sign-").tempdir_in(&place).map_err(io)?;
    let (file, key_file) = (folder.path().join("commit"), folder.path().join("key"));
    std::fs::write(&file, payload).map_err(io)?;
    let literal = literal_key(key);
    let key = match literal {
        Some(public) => {
            std::fs::write(&key_file, public).map_err(io)?;
            key_file.to_string_lossy().into_owned()
        }
        None => expand(store, key),
    };
    let file = file.to_string_lossy().into_owned();
    let mut words = vec!["-Y", "sign", "-n", "git", "-f", &key];
    words.extend(literal.map(|_| "-U"));
    words.push(&file);
    let (status, _, errors) = run(store, program, &words, b"")?;
    if !status.success() {
        return Err(failed(&errors));
    }
    std::fs::read(format!("{file}.sig")).map_err(io)
}

/// Returns the public key that stands in a setting itself; nothing where it names a file.
fn literal_key(key: &str) -> Option<&str> {
    key.strip_prefix("key::").or_else(|| key.starts_with("ssh-").then_some(key))
}

/// Asks the command for the key that is to be used where none is named.
fn default_key(store: &Store) -> Result<String> {
    let unset = || failed("user.signingKey is not set, and neither is gpg.ssh.defaultKeyCommand");
    let command = store.config.text("gpg.ssh.defaultKeyCommand").ok_or_else(unset)?;
    // git takes the words apart as a shell does, and runs them without one.
    let words = shlex::split(&command).filter(|words| !words.is_empty());
    let words = words.ok_or_else(|| failed("gpg.ssh.defaultKeyCommand is no command"))?;
    let arguments: Vec<&str> = words[1..].iter().map(String::as_str).collect();
    let (status, output, errors) = run(store, &words[0], &arguments, b"")?;
    let output = String::from_utf8_lossy(&output);
    match output.lines().next().filter(|line| status.success() && literal_key(line).is_some()) {
        Some(key) => Ok(key.to_owned()),
        None => Err(failed(&format!("gpg.ssh.defaultKeyCommand gave no key\n{errors}"))),
    }
}

fn expand(store: &Store, path: &str) -> String {
    match (path.strip_prefix("~/"), store.environment.path("HOME")) {
        (Some(rest), Some(home)) => home.join(rest).to_string_lossy().into_owned(),
        _ => path.to_owned(),
    }
}

/// Runs a program where git would, in a process group of its own where nobody sits before it, so that it asks nobody.
fn run(store: &Store, program: &str, words: &[&str], input: &[u8]) -> Result<(ExitStatus, Vec<u8>, String)> {
    let mut command = store.environment.command(program);
    command.args(words).current_dir(store.work_dir().unwrap_or(&store.places.git_dir));
    let is_apart = !std::io::stdin().is_terminal();
    if is_apart {
        command.process_group(0).env_remove("GPG_TTY");
        command.env("SSH_ASKPASS", "false").env("SSH_ASKPASS_REQUIRE", "force");
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().map_err(|err| failed(&format!("{program} cannot be run: {err}")))?;
    let limit = limit(store);
    let (status, output, errors) = git::finish(child, input.to_vec(), limit, is_apart).map_err(|error| {
        if error.code() == "timeout" { failed(&format!("{program} did not answer within {limit:?}")) } else { error }
    })?;
    Ok((status, output, String::from_utf8_lossy(&errors).into_owned()))
}

/// Under test nobody waits so long for a program that never answers.
fn limit(store: &Store) -> Duration {
    let asked = if cfg!(feature = "testing") { store.environment.text("GIT_COORD_TEST_SIGN_WITHIN") } else { None };
    asked.and_then(|millis| millis.parse().ok()).map_or(LIMIT, Duration::from_millis)
}

fn failed(words: &str) -> Error {
    let words = for_terminal(words.trim());
    let why = if words.is_empty() { "no reason was given".to_owned() } else { words };
    Error::fatal("sign_failed", "cannot sign the commit, so nothing was written")
        .because(why)
        .hint("see whether it is to be signed, and set user.signingKey: git coord config coord.sign")
}

/// Puts a signature behind the other headers of a commit, as git does.
fn insert(commit: &[u8], signature: &[u8], format: ObjectFormat) -> Vec<u8> {
    let end = commit.windows(2).position(|two| two == b"\n\n").map_or(commit.len(), |at| at + 1);
    let mut signed = commit[..end].to_vec();
    for (number, line) in signature.split_inclusive(|byte| *byte == b'\n').enumerate() {
        signed.extend_from_slice(if number == 0 { commit::signature_header(format).as_bytes() } else { b"" });
        signed.push(b' ');
        signed.extend_from_slice(line);
    }
    if signed.last() != Some(&b'\n') {
        signed.push(b'\n');
    }
    signed.extend_from_slice(&commit[end..]);
    signed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_stands_behind_the_other_headers_each_line_of_it_moved_in() {
        let commit = b"tree 1\nauthor a\n\nwords\n\nmore\n";
        let signed = insert(commit, b"-----BEGIN\n\nabc\n-----END\n", ObjectFormat::Sha1);
        let wanted = "tree 1\nauthor a\ngpgsig -----BEGIN\n \n abc\n -----END\n\nwords\n\nmore\n";
        assert_eq!(String::from_utf8(signed).expect("UTF-8"), wanted);
        let signed = insert(commit, b"x", ObjectFormat::Sha256);
        assert_eq!(signed, b"tree 1\nauthor a\ngpgsig-sha256 x\n\nwords\n\nmore\n");
    }

    #[test]
    fn a_key_is_a_file_or_stands_there_itself() {
        assert_eq!(literal_key("key::ecdsa-sha2 AAAA"), Some("ecdsa-sha2 AAAA"));
        assert_eq!(literal_key("ssh-ed25519 AAAA"), Some("ssh-ed25519 AAAA"));
        assert_eq!(literal_key("/home/ada/.ssh/id"), None);
    }
}
