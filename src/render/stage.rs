//! What is shown before an answer is there: how far a long piece of work is, and a bare output as it comes.
//!
//! How far something is goes to standard error, and only where that is a terminal and nobody asked for silence.

use std::cell::{Cell, OnceCell, RefCell};
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::base::progress::Unseen;
use crate::base::{Error, Progress, Result};
use crate::commands::verb::{self, Answer};
use crate::render::{self, Look, Shown};

/// How long a piece of work takes before anything is shown of it.
const PATIENCE: Duration = Duration::from_secs(1);

/// The stage of one command.
pub struct Stage {
    bar: Option<Bar>,
    look: OnceCell<Look>,
    is_gone: Cell<bool>,
}

impl Stage {
    /// Sets the stage for a command; a quiet one shows nothing of how far it is.
    pub fn new(is_quiet: bool) -> Self {
        let is_shown = !is_quiet && io::stderr().is_terminal();
        Stage { bar: is_shown.then(Bar::new), look: OnceCell::new(), is_gone: Cell::new(false) }
    }

    /// Says how answers are to be shown that are not the last.
    pub fn set_look(&self, look: &Look) {
        // Nobody leafs through what is still being written.
        let _ = self.look.set(Look { pager: None, ..look.clone() });
    }

    /// Returns whether the reader of standard output has gone away.
    pub fn is_gone(&self) -> bool {
        self.is_gone.get()
    }
}

impl verb::Stage for Stage {
    fn write(&self, bytes: &[u8]) -> Result<()> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(|err| {
            self.is_gone.set(err.kind() == io::ErrorKind::BrokenPipe);
            Error::fatal("output", "cannot write the answer to standard output").because(err)
        })
    }

    fn answer(&self, answer: &Answer) -> Result<()> {
        match render::answer(answer, self.look.get_or_init(Look::plain))? {
            Shown::Whole => Ok(()),
            Shown::BrokenPipe => {
                self.is_gone.set(true);
                Err(Error::fatal("output", "nobody reads standard output any more"))
            }
        }
    }

    fn progress(&self) -> &dyn Progress {
        match &self.bar {
            Some(bar) => bar,
            None => &Unseen,
        }
    }

    fn progress_beside(&self) -> &dyn Progress {
        if io::stdout().is_terminal() { &Unseen } else { self.progress() }
    }
}

/// A line that says how far the work is; made when it has taken a while.
struct Bar {
    began: Instant,
    part: RefCell<Part>,
}

/// The part of the work that is being done.
#[derive(Default)]
struct Part {
    what: &'static str,
    total: Option<u64>,
    done: u64,
    line: Option<ProgressBar>,
}

impl Bar {
    fn new() -> Self {
        Bar { began: Instant::now(), part: RefCell::default() }
    }
}

impl Part {
    fn draw(&mut self) {
        let line = self.line.get_or_insert_with(|| {
            let line = ProgressBar::with_draw_target(self.total, ProgressDrawTarget::stderr());
            let template = match self.total {
                Some(_) => "{msg} [{bar:30}] {percent}%, {eta} left",
                None => "{msg} {human_pos}",
            };
            let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
            line.set_style(style.progress_chars("=> "));
            line.set_message(self.what);
            line
        });
        line.set_position(self.done);
    }

    fn clear(&mut self) {
        self.line.take().iter().for_each(ProgressBar::finish_and_clear);
    }
}

impl Progress for Bar {
    fn begin(&self, what: &'static str, total: Option<u64>) {
        let mut part = self.part.borrow_mut();
        part.clear();
        *part = Part { what, total, ..Part::default() };
        if self.began.elapsed() >= PATIENCE {
            part.draw();
        }
    }

    fn advance(&self, by: u64) {
        let mut part = self.part.borrow_mut();
        part.done += by;
        if part.line.is_some() || self.began.elapsed() >= PATIENCE {
            part.draw();
        }
    }

    fn end(&self) {
        self.part.borrow_mut().clear();
    }
}
