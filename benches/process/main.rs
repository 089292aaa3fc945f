//! What whole commands cost, from the start of the process to its end, as ratios to git on the same machine.
//!
//! Needs git and a built `git-coord`, and nothing else. How to run it, what each row means and what came out stands in
//! `docs/performance.md`. Times decide nothing here; only an acknowledged change that is lost, or a claim that was not
//! won exactly once, makes it fail.

#![allow(clippy::print_stdout, clippy::print_stderr)] // A program of its own, which talks to whoever started it.

mod options;
mod place;
mod fill;
mod timing;
mod statistics;
mod pairs;
mod mutations;
mod readings;
mod plumbing;
mod plan;
mod import;
mod index;
mod memory;
mod weight;
mod growth;
mod day;
mod crowd;
mod one_winner;
mod sync;
mod merging;
mod race;
mod aims;
mod machine;
mod load;
mod report;
mod plots;

use std::process::ExitCode;

use import::Import;
use load::Load;
use options::{Options, Part};
use place::{Bench, Repo};
use report::Results;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some((memory::CHILD, command)) = arguments.split_first().map(|(first, rest)| (first.as_str(), rest)) {
        return memory::child(command);
    }
    // `cargo test --all-targets` starts benchmarks too, without this flag; there is nothing to test here.
    if !arguments.iter().any(|argument| argument == "--bench") {
        eprintln!("This is a benchmark: cargo bench --bench process");
        return ExitCode::SUCCESS;
    }
    if arguments.iter().any(|argument| argument == "--help") {
        println!("{}", options::USAGE);
        return ExitCode::SUCCESS;
    }
    let options = match Options::parse(&arguments) {
        Ok(options) => options,
        Err(words) => {
            eprintln!("{words}\n\n{}", options::USAGE);
            return ExitCode::from(2);
        }
    };
    let bench = Bench::new(&options.folder);
    let mut results = Results { machine: machine::describe(&bench), ..Results::default() };
    for warning in &results.machine.warnings {
        eprintln!("warning: {warning}");
    }
    eprintln!("In {}, which is left behind", bench.folder.display());
    let load = Load::now();
    for &size in &options.sizes {
        measure(&bench, size, &options, &mut results);
    }
    results.machine.others_percent = load.others_percent();
    for file in &options.from {
        results.absorb(report::read(file));
    }
    results.sort();
    finish(&bench, &options, &results)
}

fn measure(bench: &Bench, size: usize, options: &Options, results: &mut Results) {
    eprintln!("{size} tasks: filling a repository");
    let template = fill::template(bench, size);
    if options.does(Part::Pairs) {
        let [changed, read, scripted] = ["mutations", "readings", "plumbing"].map(|name| template.copy(name));
        let rows = [mutations::rows(&changed, size), readings::rows(&read, size), plumbing::rows(&scripted)];
        for row in rows.into_iter().flatten() {
            eprintln!("{size} tasks: {} against {}", row.work, row.against);
            results.pairs.push(row.measure(size, pairs::WARM_UP, options.runs));
        }
    }
    if options.does(Part::Import) && size >= import::FEWEST {
        eprintln!("{size} tasks: import against git fast-import");
        let import = Import::prepare(bench, &template, size);
        results.peaks.extend(memory::imports(&import, size));
        results.pairs.push(import.row().measure(size, pairs::LONG_WARM_UP, options.long_runs));
    }
    if options.does(Part::Index) && size >= index::FEWEST {
        eprintln!("{size} tasks: the index");
        let (made, late) = (template.copy("indexed"), template.copy("late"));
        results.pairs.push(index::from_nothing(&made).measure(size, pairs::LONG_WARM_UP, options.long_runs));
        results.pairs.push(index::behind(&late).measure(size, pairs::LONG_WARM_UP, options.long_runs));
    }
    if options.does(Part::Apply) {
        eprintln!("{size} tasks: a plan at once against one by one");
        let planned = template.copy("plan");
        results.pairs.push(plan::row(&planned).measure(size, pairs::LONG_WARM_UP, options.long_runs));
    }
    if options.does(Part::Memory) {
        eprintln!("{size} tasks: memory");
        results.peaks.extend(memory::commands(&template.copy("memory"), size));
    }
    if options.does(Part::Growth) {
        eprintln!("{size} tasks: bytes that changes leave");
        results.growths.push(growth::measure(&template, size, options.lives));
    }
    if options.does(Part::Day) && size <= day::LARGEST {
        eprintln!("{size} tasks: the day of one agent");
        results.days.push(day::measure(&template, size));
    }
    if options.does(Part::Crowd) {
        eprintln!("{size} tasks: many processes at once");
        results.crowds.extend(crowd::measure(&template, size, options));
    }
    if options.does(Part::Claims) {
        eprintln!("{size} tasks: many claims of one task");
        results.claims.push(one_winner::measure(&template, size, options.rounds));
    }
    measure_shared(bench, &template, size, options, results);
}

/// What is measured of a state that several clones share.
fn measure_shared<'b>(bench: &'b Bench, template: &Repo<'b>, size: usize, options: &Options, results: &mut Results) {
    if options.does(Part::Sync) {
        let [ours, theirs] = ["synced", "fetched"].map(|name| sync::Exchange::new(bench, template, name));
        for row in sync::rows(&ours, &theirs) {
            eprintln!("{size} tasks: {} against {}", row.work, row.against);
            results.pairs.push(row.measure(size, pairs::WARM_UP, options.runs));
        }
    }
    if options.does(Part::Merge) && size >= merging::FEWEST {
        eprintln!("{size} tasks: a merge");
        let lines = merging::Lines::prepare(bench, template, size);
        results.pairs.push(lines.row().measure(size, pairs::LONG_WARM_UP, options.long_runs));
    }
    if options.does(Part::Race) {
        eprintln!("{size} tasks: clones that claim at once");
        results.races.extend(race::measure(bench, template, size, options));
    }
}

fn finish(bench: &Bench, options: &Options, results: &Results) -> ExitCode {
    let table = results.markdown();
    println!("{table}");
    let json = options.json.clone().unwrap_or_else(|| bench.folder.join("results.json"));
    std::fs::write(&json, results.json()).expect("the results can be written");
    eprintln!("As JSON: {}", json.display());
    if let Some(folder) = &options.plots {
        plots::draw(results, folder);
        eprintln!("Drawn into {}", folder.display());
    }
    if let Some(page) = &options.into {
        report::put_into(page, &table);
        eprintln!("Written into {}", page.display());
    }
    let faults = results.faults();
    for fault in &faults {
        eprintln!("wrong: {fault}");
    }
    if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
