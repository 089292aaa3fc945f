//! Files as no program of ours writes them, pushed by plain git at random: whoever syncs goes on, and all agree.
//!
//! A few where it is one test of many; `GIT_COORD_MANGLED_TEAMS` is how many, `GIT_COORD_MANGLED_SEED` the first of them.

use std::collections::BTreeMap;

use git_coord::records::config;

use super::{Team, synced, tasks};
use crate::harness::Repo;
use crate::merge::mangle::{Dice, Models, State};

/// What has to be planted to come from one state to another, without what plain git itself would not take.
fn changes(from: &State, to: &State) -> BTreeMap<String, Option<Vec<u8>>> {
    let gone = from.keys().filter(|path| !to.contains_key(*path)).map(|path| (path.clone(), None));
    let come = to.iter().filter(|(path, bytes)| from.get(*path) != Some(*bytes));
    let mut changes: BTreeMap<String, Option<Vec<u8>>> = gone.collect();
    changes.extend(come.map(|(path, bytes)| (path.clone(), Some(bytes.clone()))));
    changes.retain(|path, bytes| {
        let is_refused = path.split('/').any(|name| matches!(name, ".." | ".git"));
        !is_refused && (path != config::PATH || bytes.is_some())
    });
    changes
}

fn push(repo: &Repo) {
    repo.git(&["push", "--quiet", "--no-verify", "origin", "refs/coord/main"]);
}

fn play(models: &Models, seed: u64) {
    let [base, ours, theirs] = models.states(&mut Dice(seed));
    let team = Team::set_up(3);
    let [one, two, three] = team.laptops.as_slice() else { panic!("three laptops") };
    one.plant_all(&changes(&State::new(), &base));
    push(one);
    synced(two);
    // Each goes on from there: the first one by plain git alone, the second one without breaking what it needs itself.
    one.git(&["fetch", "--quiet"]);
    one.git(&["update-ref", "refs/coord/main", "refs/coord-remotes/origin/main"]);
    one.plant_all(&changes(&base, &ours));
    push(one);
    let mut own = changes(&base, &theirs);
    own.remove(config::PATH);
    two.plant_all(&own);
    three.ok(&["task", "new", "Of three", "--id", "T-three"]);
    for laptop in [two, three, two, three] {
        synced(laptop);
    }
    one.git(&["fetch", "--quiet"]);
    synced(one);
    for (n, laptop) in team.laptops.iter().enumerate() {
        laptop.ok(&["task", "new", "On we go", "--id", &format!("T-on-{n}")]);
        synced(laptop);
    }
    team.laptops.iter().for_each(|laptop| drop(synced(laptop)));
    assert!(tasks(three).iter().filter(|task| task.starts_with("T-on-") || *task == "T-three").count() == 4);
    let tips: Vec<_> = team.laptops.iter().chain([&team.remote]).map(Repo::tip).collect();
    assert!(tips.iter().all(|tip| *tip == tips[0]), "{tips:#?}");
}

#[test]
fn mangled_pushes_stop_nobody() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let first = number("GIT_COORD_MANGLED_SEED").unwrap_or(0);
    let models = Models::new();
    for seed in first..first + number("GIT_COORD_MANGLED_TEAMS").unwrap_or(3) {
        println!("GIT_COORD_MANGLED_SEED={seed}");
        play(&models, seed);
    }
}
