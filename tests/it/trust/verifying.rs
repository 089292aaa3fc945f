//! `verify`: each commit of the history is judged, and what is wrong is named.

use serde_json::Value;

use super::{Key, know};
use crate::harness::Repo;
use crate::sync::{Team, synced};

/// Returns the counts that are not zero, as words.
#[track_caller]
fn counts(data: &Value) -> String {
    let names = ["signed", "recomputed", "unsigned", "unknown_key", "bad", "differs", "unknown_rules"];
    let told = names.iter().filter(|name| data[**name] != 0).map(|name| format!("{name} {}", data[*name]));
    told.collect::<Vec<_>>().join(", ")
}

#[track_caller]
fn verified(repo: &Repo, exit: i32, words: &[&str]) -> Value {
    repo.coord(&[&["verify"], words].concat()).json().expect(exit).data()
}

/// Puts a commit with these bytes on the tip.
fn write_commit(repo: &Repo, text: &str) -> String {
    let file = repo.machine.root().join("bytes");
    std::fs::write(&file, text).expect("a file");
    let id = repo.git(&["hash-object", "-t", "commit", "-w", &file.to_string_lossy()]);
    repo.git(&["update-ref", "refs/coord/main", &id]);
    id
}

#[test]
fn each_commit_is_judged() {
    let team = Team::new(2);
    let [one, two] = team.laptops.as_slice() else { panic!("two laptops") };
    let (Some(ada), Some(eve)) = (Key::new(one, "ada"), Key::new(one, "eve")) else { return };
    know(one, &[&ada]);
    one.ok(&["init"]);
    assert_eq!(counts(&verified(one, 0, &[])), "recomputed 1");
    one.ok(&["task", "new", "Shared", "--id", "T-1"]);
    synced(one);
    two.ok(&["init"]);
    ada.used_by(one);
    eve.used_by(two);
    one.ok(&["task", "edit", "T-1", "--title", "Of one"]);
    let signed = one.tip().expect("a tip");
    two.ok(&["task", "edit", "T-1", "--title", "Of two"]);
    synced(one);
    assert_eq!(synced(two)["merged"], true);
    synced(one);
    let whole = "signed 1, recomputed 2, unsigned 1, unknown_key 1";
    let data = verified(one, 0, &[]);
    assert_eq!((counts(&data).as_str(), &data["checked"], &data["wrong_total"]), (whole, &5.into(), &0.into()));
    assert_eq!(counts(&verified(one, 0, &["--since", &signed])), "recomputed 1, unknown_key 1");
    assert_eq!(verified(one, 0, &["--since", "refs/coord/main"])["checked"], 0);

    // The same with another word in it: the signature fits no longer.
    let bytes = one.git(&["cat-file", "commit", &signed]);
    let tip = one.tip().expect("a tip");
    let bad = write_commit(one, &format!("{}\n", bytes.replace("Of one", "Of nobody").replace("T-1", "T-2")));
    let data = verified(one, 1, &["--since", &format!("{bad}^")]);
    assert_eq!((counts(&data).as_str(), &data["wrong"][0]["commit"]), ("bad 1", &Value::from(bad)));
    assert_eq!(data["wrong"][0]["verdict"], "bad");

    // A merge that is none, and one of tomorrow.
    let merge = one.git(&["cat-file", "commit", &one.git(&["rev-list", "-1", "--merges", &tip])]);
    let tree = merge.lines().next().expect("a tree");
    let other = format!("tree {}", one.git(&["rev-parse", &format!("{tip}~1^{{tree}}")]));
    write_commit(one, &format!("{}\n", merge.replace(tree, &other)));
    let data = verified(one, 1, &[]);
    assert_eq!(counts(&data), "signed 1, recomputed 1, unsigned 1, unknown_key 1, differs 1");
    write_commit(one, &format!("{}\n", merge.replace("Coord-Merge: 1", "Coord-Merge: 9")));
    let data = verified(one, 0, &[]);
    assert_eq!(counts(&data), "signed 1, recomputed 1, unsigned 1, unknown_key 1, unknown_rules 1");
    one.git(&["config", "coord.requireSigned", "on"]);
    let data = verified(one, 1, &[]);
    assert_eq!((&data["wrong_total"], &data["required"]), (&3.into(), &true.into()));
    let told: Vec<&str> =
        data["wrong"].as_array().expect("a list").iter().filter_map(|w| w["verdict"].as_str()).collect();
    assert_eq!(told, ["unknown_rules", "unknown_key", "unsigned"]);
}

#[test]
fn what_puts_right_is_made_again_too() {
    let team = Team::set_up(2);
    let [one, two] = team.laptops.as_slice() else { panic!("two laptops") };
    one.plant_as("120000", "agents/link.md".as_ref(), b"x");
    one.git(&["push", "--quiet", "--no-verify", "origin", "refs/coord/main"]);
    two.ok(&["sync"]);
    let data = verified(two, 0, &[]);
    assert_eq!(counts(&data), "recomputed 2, unsigned 2");
    assert!(two.git(&["log", "-1", "--format=%s", "refs/coord/main"]).starts_with("Take out what git would refuse"));
}

#[test]
fn gpg_is_asked_as_well() {
    let repo = Repo::plain();
    let Some(gpg) = super::Gpg::new(&repo) else { return };
    repo.git(&["config", "coord.sign", "on"]);
    gpg.with(repo.coord(&["init"])).expect(0);
    gpg.with(repo.coord(&["task", "new", "A task"])).expect(0);
    let data = gpg.with(repo.coord(&["verify"])).json().expect(0).data();
    assert_eq!(counts(&data), "signed 1, recomputed 1");
    // Without the keyring nobody is known.
    let data = repo.coord(&["verify"]).env("GNUPGHOME", "/nowhere").json().expect(0).data();
    assert_eq!(counts(&data), "recomputed 1, unknown_key 1");
}
