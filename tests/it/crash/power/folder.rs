//! From a folder to a disk, and from what a disk has kept to a folder.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::disk::{Content, Disk, File, Left, Node};

impl Disk {
    /// Takes a folder as it is, all of it durable.
    pub(super) fn of(top: &Path) -> Disk {
        let mut disk = Disk::default();
        disk.load(top, top, &mut BTreeMap::new());
        disk.now = disk.base.clone();
        disk
    }

    /// Takes a folder as it is, but for one file in it.
    pub(super) fn but(top: &Path, path: &str) -> Disk {
        let mut disk = Disk::of(top);
        disk.base.remove(path);
        disk.now.remove(path);
        disk
    }

    fn load(&mut self, top: &Path, folder: &Path, seen: &mut BTreeMap<u64, File>) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let meta = path.symlink_metadata().expect("an entry");
            let name = path.strip_prefix(top).expect("below").to_str().expect("UTF-8").to_owned();
            let node = if meta.is_dir() {
                self.load(top, &path, seen);
                Node::Folder
            } else {
                let known = seen.get(&meta.ino()).copied();
                Node::File(known.unwrap_or_else(|| {
                    let bytes = std::fs::read(&path).expect("a file").into();
                    let modified = (meta.mtime(), meta.mtime_nsec());
                    self.contents.push(Content { inode: meta.ino(), modified, versions: vec![bytes], durable: 0 });
                    seen.insert(meta.ino(), self.contents.len() - 1);
                    self.contents.len() - 1
                }))
            };
            self.base.insert(name, node);
        }
    }

    /// Puts what is left into a folder. A file keeps its time; what names its inode is given the one that it has now,
    /// and the machine was started again.
    pub(super) fn restore(&self, left: &Left, top: &Path) {
        let mut placed: BTreeMap<File, &str> = BTreeMap::new();
        let mut inodes = Vec::new();
        for (path, node) in &left.names {
            let place = top.join(path);
            match node {
                Node::Folder => std::fs::create_dir(&place).expect("a folder"),
                Node::File(id) if placed.contains_key(id) => {
                    std::fs::hard_link(top.join(placed[id]), &place).expect("a link");
                }
                Node::File(id) => {
                    std::fs::write(&place, &left.bytes[id]).expect("a file");
                    let content = &self.contents[*id];
                    let (seconds, nanos) = content.modified;
                    set_modified(&place, seconds, nanos);
                    let inode = place.metadata().expect("a file").ino();
                    inodes.push((
                        format!(" {} {seconds}.{nanos} ", content.inode),
                        format!(" {inode} {seconds}.{nanos} "),
                    ));
                    placed.insert(*id, path);
                }
            }
        }
        let notes = top.join("coord/lock");
        let Ok(text) = std::fs::read_to_string(&notes) else { return };
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        let mut rewritten = text.clone();
        if !boot.trim().is_empty() {
            rewritten = rewritten.replace(boot.trim(), "00000000-0000-0000-0000-000000000000");
        }
        for (before, after) in &inodes {
            if rewritten.contains(before.as_str()) {
                rewritten = rewritten.replace(before.as_str(), after);
                break;
            }
        }
        if rewritten != text {
            std::fs::write(&notes, rewritten).expect("the notes");
        }
    }
}

fn set_modified(path: &Path, seconds: i64, nanos: i64) {
    let since = std::time::Duration::new(u64::try_from(seconds).expect("a time"), u32::try_from(nanos).expect("nanos"));
    let file = std::fs::File::options().write(true).open(path).expect("a file of ours");
    file.set_modified(std::time::UNIX_EPOCH + since).expect("a time that can be set");
}
