//! The flags of the benchmark.

use std::path::PathBuf;

pub(crate) const USAGE: &str = "\
cargo bench --bench process -- [FLAGS]
  --sizes N,N,…       how many tasks the repository holds (0,1000,10000)
  --runs N            pairs of runs per row (40)
  --long-runs N       pairs of runs of import, of the index and of apply (5)
  --lives N           tasks that are taken through their life to see what they leave behind (20)
  --each N            changes that each of many processes makes one after another (8)
  --crowd-rounds N    how often many processes at once are tried, each time in a fresh repository (5)
  --rounds N          how many tasks 64 processes try to claim at once (20)
  --clones N,N,…      how many clones of one remote claim at once (1,2,4,8,16,32)
  --only PART,…       pairs, import, index, apply, memory, growth, day, crowd, claims, sync,
                      merge, race (all)
  --dir DIR           where fresh folders are made and left (target/tmp)
  --json FILE         where the results go as JSON (results.json in that folder)
  --plots DIR         where curves go as SVG
  --from FILE,…       results of earlier runs, which are told along with those of this one
  --into FILE         a page whose lines between `<!-- results -->` and `<!-- end -->` are replaced by the tables

GIT_COORD_BIN names the program that is measured.";

/// A part of the benchmark that can be run alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Pairs,
    Import,
    Index,
    Apply,
    Memory,
    Growth,
    Day,
    Crowd,
    Claims,
    Sync,
    Merge,
    Race,
}

/// What to measure, and how often.
pub(crate) struct Options {
    pub(crate) sizes: Vec<usize>,
    pub(crate) runs: usize,
    pub(crate) long_runs: usize,
    pub(crate) lives: usize,
    pub(crate) each: usize,
    pub(crate) crowd_rounds: usize,
    pub(crate) rounds: usize,
    pub(crate) clones: Vec<usize>,
    only: Vec<Part>,
    pub(crate) folder: PathBuf,
    pub(crate) json: Option<PathBuf>,
    pub(crate) plots: Option<PathBuf>,
    pub(crate) from: Vec<PathBuf>,
    pub(crate) into: Option<PathBuf>,
}

impl Options {
    pub(crate) fn parse(arguments: &[String]) -> Result<Options, String> {
        let mut options = Options {
            sizes: vec![0, 1_000, 10_000],
            runs: 40,
            long_runs: 5,
            lives: 20,
            each: 8,
            crowd_rounds: 5,
            rounds: 20,
            clones: vec![1, 2, 4, 8, 16, 32],
            only: Vec::new(),
            // On the disk of the build, and not in a temporary folder, which may lie in memory.
            folder: PathBuf::from(env!("CARGO_TARGET_TMPDIR")),
            json: None,
            plots: None,
            from: Vec::new(),
            into: None,
        };
        let mut words = arguments.iter().filter(|word| *word != "--bench");
        while let Some(flag) = words.next() {
            let value = words.next().ok_or_else(|| format!("{flag} wants a value, or is not known"))?;
            match flag.as_str() {
                "--sizes" => options.sizes = value.split(',').map(number).collect::<Result<_, _>>()?,
                "--runs" => options.runs = positive(value)?,
                "--long-runs" => options.long_runs = positive(value)?,
                "--lives" => options.lives = positive(value)?,
                "--each" => options.each = positive(value)?,
                "--crowd-rounds" => options.crowd_rounds = positive(value)?,
                "--rounds" => options.rounds = positive(value)?,
                "--clones" => options.clones = value.split(',').map(positive).collect::<Result<_, _>>()?,
                "--only" => options.only = value.split(',').map(part).collect::<Result<_, _>>()?,
                "--dir" => options.folder = value.into(),
                "--json" => options.json = Some(value.into()),
                "--plots" => options.plots = Some(value.into()),
                "--from" => options.from = value.split(',').map(PathBuf::from).collect(),
                "--into" => options.into = Some(value.into()),
                _ => return Err(format!("there is no flag {flag}")),
            }
        }
        Ok(options)
    }

    pub(crate) fn does(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }
}

fn number(word: &str) -> Result<usize, String> {
    word.replace('_', "").parse().map_err(|_| format!("«{word}» is not a number"))
}

fn positive(word: &str) -> Result<usize, String> {
    number(word).and_then(|number| if number == 0 { Err("at least 1 is wanted".to_owned()) } else { Ok(number) })
}

fn part(word: &str) -> Result<Part, String> {
    match word {
        "pairs" => Ok(Part::Pairs),
        "import" => Ok(Part::Import),
        "index" => Ok(Part::Index),
        "apply" => Ok(Part::Apply),
        "memory" => Ok(Part::Memory),
        "growth" => Ok(Part::Growth),
        "day" => Ok(Part::Day),
        "crowd" => Ok(Part::Crowd),
        "claims" => Ok(Part::Claims),
        "sync" => Ok(Part::Sync),
        "merge" => Ok(Part::Merge),
        "race" => Ok(Part::Race),
        _ => Err(format!("there is no part «{word}»")),
    }
}
