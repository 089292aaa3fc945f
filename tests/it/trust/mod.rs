//! Who is believed: signatures of commits, what is asked of them, and who may change what. Git is the judge of each signature.

mod protected;
mod required;
mod signing;
mod verifying;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::harness::{Call, Repo};

/// A key of ssh, and the name that stands for it in a list of signers.
pub(crate) struct Key {
    file: PathBuf,
    public: String,
    name: String,
}

impl Key {
    /// Makes a key; nothing where there is no ssh-keygen, which is said.
    pub(crate) fn new(repo: &Repo, name: &str) -> Option<Key> {
        Key::locked(repo, name, "")
    }

    /// The same behind a word that nobody is there to type.
    fn locked(repo: &Repo, name: &str, word: &str) -> Option<Key> {
        let file = repo.machine.root().join(format!("key-{name}"));
        let mut make = repo.command("ssh-keygen");
        let made = make.args(["-q", "-t", "ed25519", "-N", word, "-C", name, "-f"]).arg(&file).status();
        if !made.is_ok_and(|status| status.success()) {
            skip("ssh-keygen");
            return None;
        }
        let public = std::fs::read_to_string(file.with_extension("pub")).expect("a key").trim_end().to_owned();
        Some(Key { file, public, name: format!("{name}@example.org") })
    }

    /// Has a clone sign with it.
    pub(crate) fn used_by(&self, repo: &Repo) {
        repo.git(&["config", "gpg.format", "ssh"]);
        repo.git(&["config", "user.signingKey", &self.file.to_string_lossy()]);
        repo.git(&["config", "coord.sign", "on"]);
    }
}

/// Lets all on the machine know whose keys these are.
pub(crate) fn know(repo: &Repo, keys: &[&Key]) {
    let list = repo.machine.root().join("signers");
    let lines: String = keys.iter().map(|key| format!("{} {}\n", key.name, key.public)).collect();
    std::fs::write(&list, lines).expect("a list");
    repo.git(&["config", "--global", "gpg.ssh.allowedSignersFile", &list.to_string_lossy()]);
}

/// Returns git's word for the signature of each commit of the state, the latest first.
#[track_caller]
fn words(repo: &Repo) -> String {
    repo.git(&["log", "--format=%G?", "refs/coord/main"]).replace('\n', "")
}

/// Says that a test was left out, as the machine lacks something: not by the macro, whose words are kept back where all goes well.
pub(crate) fn skip(what: &str) {
    let said = std::io::stderr().write_all(format!("\nSIGNATURES WERE NOT TRIED: there is no {what}\n").as_bytes());
    said.expect("standard error");
}

/// Puts an executable script in place.
fn script(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::write(path, text).expect("a script");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("an executable script");
}

/// A keyring with the key of Ada, and the agent that serves it; goes with this.
struct Gpg {
    home: PathBuf,
}

impl Gpg {
    /// Nothing where there is no gpg, which is said.
    fn new(repo: &Repo) -> Option<Gpg> {
        use std::os::unix::fs::PermissionsExt;
        let home = repo.machine.root().join("gnupg");
        std::fs::create_dir(&home).expect("a folder");
        std::fs::set_permissions(&home, std::fs::Permissions::from_mode(0o700)).expect("a folder of our own");
        let mut make = repo.command("gpg");
        make.env("GNUPGHOME", &home).args(["--batch", "--quiet", "--passphrase", "", "--quick-generate-key"]);
        let made = make.args(["Ada <ada@example.org>", "ed25519", "sign", "never"]).status();
        if !made.is_ok_and(|status| status.success()) {
            skip("a gpg that makes a key");
            return None;
        }
        Some(Gpg { home })
    }

    fn with(&self, call: Call) -> Call {
        call.env("GNUPGHOME", &self.home)
    }

    #[track_caller]
    fn words(&self, repo: &Repo) -> String {
        let log = self.with(repo.call("git", &["log", "--format=%G?", "refs/coord/main"])).expect(0);
        log.stdout.replace('\n', "")
    }
}

impl Drop for Gpg {
    fn drop(&mut self) {
        let mut end = std::process::Command::new("gpgconf");
        let _ = end.env("GNUPGHOME", &self.home).args(["--kill", "gpg-agent"]).status();
    }
}
