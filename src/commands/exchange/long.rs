//! `apply` of a long file, which is read twice and never held: first to see whether all its lines can be taken, then to
//! do what each of them says.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::apply::{Answer, Line, Verbs, line, object_of, subject};
use super::input::Input;
use crate::base::{Error, Progress, Result};
use crate::commands::together::{Counts, Named, Names, refused};
use crate::commands::write;
use crate::session::Session;
use crate::session::long::{Course, Long};
use crate::transfer::items::each_item;
use crate::transfer::lines::{BadLines, Pieces};

/// What the operations of a file are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Its lines.
    Lines,
    /// The items of the array that it is.
    Items,
}

/// Does what the lines of a file say.
///
/// # Errors
/// As for a short one.
pub(super) fn carry_through(session: &Session, input: &Input, progress: &dyn Progress) -> Result<Answer> {
    let done = carry_out(session, input, progress);
    progress.end();
    done
}

fn carry_out(session: &Session, input: &Input, progress: &dyn Progress) -> Result<Answer> {
    progress.begin("reading", None);
    let form = if each_item(input.read()?, |_, _| Ok(()))? { Form::Items } else { Form::Lines };
    let counts = check(input, form)?;
    let subject = subject(&counts);
    let names = RefCell::new(Names::new());
    let steps = |course: &mut Course<'_>| {
        progress.begin("planning", Some(counts.total() as u64));
        let names = &mut *names.borrow_mut();
        // Where it is done anew, all of it is.
        names.clear();
        form.each(input, &mut |number, object| {
            progress.advance(1);
            step(session, course, names, form.line(number, object)?)
        })
    };
    let outcome = session.carry_through(&Long { subject: &subject, steps: &steps, progress })?;
    Ok(Answer::new(&outcome, names.into_inner(), &counts))
}

/// Looks at all lines, and counts the verbs.
///
/// # Errors
/// `bad_line` (5), with all that is wrong.
fn check(input: &Input, form: Form) -> Result<Counts> {
    let (mut counts, mut bad) = (Counts::default(), form.bad_lines());
    let (mut known, mut verbs) = (BTreeSet::new(), Verbs::default());
    form.each(input, &mut |number, object| {
        match object.and_then(|object| line(String::new(), object, &mut known, &mut verbs)) {
            Ok(line) => counts.add(line.part.row.name),
            Err(why) => bad.add(number, why),
        }
        Ok(())
    })?;
    bad.finish("apply")?;
    Ok(counts)
}

/// Does what one line says.
fn step(session: &Session, course: &mut Course<'_>, names: &mut Names, line: Line) -> Result<()> {
    let desk = write::Desk { snapshot: course.records(), now: session.now(), input: write::Input::Literal };
    let operation = line.plan(names, &desk).map_err(|error| refused(&line.part, &error))?;
    let about = course.add(&operation).map_err(|error| refused(&line.part, &error))?;
    if let (Some(name), Some(record)) = (line.part.name, &about) {
        names.insert(name, Named::of(record));
    }
    Ok(())
}

/// Gets the number of a line and its object, or what is wrong with it.
type Take<'t> = dyn FnMut(usize, Result<Map<String, Value>, String>) -> Result<()> + 't;

impl Form {
    /// Goes through a file, from its first line on.
    fn each(self, input: &Input, take: &mut Take<'_>) -> Result<()> {
        if self == Form::Items {
            return each_item(input.read()?, |number, item| take(number, object_of(item))).map(drop);
        }
        let mut pieces = Pieces::new(input.read()?);
        while let Some(piece) = pieces.next_piece().map_err(|err| input.unreadable(err))? {
            piece.objects().try_for_each(|(number, object)| take(number, object))?;
        }
        Ok(())
    }

    /// Makes a line of an object that was looked at before. Only where the file has changed since is something wrong.
    fn line(self, number: usize, object: Result<Map<String, Value>, String>) -> Result<Line> {
        let place = format!("{} {number}", if self == Form::Items { "item" } else { "line" });
        object.and_then(|object| Line::of(place, object)).or_else(|why| {
            let mut bad = self.bad_lines();
            bad.add(number, &why);
            bad.finish("apply").and_then(|()| Err(Error::invalid("bad_line", why)))
        })
    }

    fn bad_lines(self) -> BadLines {
        let mut bad = BadLines::default();
        if self == Form::Items {
            bad.are_items();
        }
        bad
    }
}
