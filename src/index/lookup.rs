//! Reading the file: which records are under which terms, from one place in their order on.

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params_from_iter};

use super::{Attempt, Broken};
use crate::base::Id;
use crate::records::{Kind, Position, Term};
use crate::state::{End, Select};

/// The word under which every readable record of a kind stands.
pub(super) const ALL: &str = "all";

/// Where records stand: the name of their kind, and for those that have been archived a name of its own.
pub(super) type Shelf<'a> = &'a str;

/// Returns the name of a term as the file has it: words of two kinds are two.
pub(super) fn name(shelf: Shelf<'_>, term: &Term) -> String {
    format!("{shelf}/{}", term.name)
}

/// The key of a term, and how many records are under it; nothing where there are none.
pub(super) fn term(connection: &Connection, shelf: Shelf<'_>, term: &Term) -> Attempt<Option<(i64, usize)>> {
    let mut statement = connection.prepare_cached("SELECT key, count FROM term WHERE name = ? AND value = ?")?;
    let found = statement.query_row([&name(shelf, term), &term.value], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?)));
    Ok(found.optional()?.map(|(key, count)| (key, usize::try_from(count).unwrap_or(0))))
}

/// A question with its terms looked up: of each group the keys.
pub(super) struct Wanted {
    groups: Vec<Vec<i64>>,
    /// How many records are under the terms of the first group, each counted as often as it stands there.
    first: usize,
}

impl Wanted {
    /// Looks the terms of a question up; nothing where no record of the file can fit.
    pub(super) fn of(connection: &Connection, shelf: Shelf<'_>, wanted: &Select) -> Attempt<Option<Wanted>> {
        let all = [vec![Term::flag(ALL)]];
        let groups = if wanted.groups().is_empty() { &all } else { wanted.groups() };
        let mut known = Vec::with_capacity(groups.len());
        for group in groups {
            let (mut keys, mut count) = (Vec::new(), 0);
            for one in group {
                if let Some((key, records)) = term(connection, shelf, one)? {
                    keys.push(key);
                    count += records;
                }
            }
            if keys.is_empty() {
                return Ok(None);
            }
            known.push((count, keys));
        }
        // The rarest decides where to look; the others are checked.
        known.sort();
        Ok(Some(Wanted { first: known[0].0, groups: known.into_iter().map(|(_, keys)| keys).collect() }))
    }

    /// Returns how many records of the file fit.
    pub(super) fn count(&self, connection: &Connection) -> Attempt<usize> {
        if let [group] = self.groups.as_slice()
            && group.len() == 1
        {
            return Ok(self.first);
        }
        let (condition, values) = self.condition();
        let sql = format!("SELECT count(*) FROM (SELECT DISTINCT rank, id FROM posting p WHERE {condition})");
        let count: i64 = connection.prepare_cached(&sql)?.query_row(params_from_iter(values), |row| row.get(0))?;
        Ok(usize::try_from(count).unwrap_or(0))
    }

    /// Returns the first records behind a place, or the last ones before it, in their order.
    pub(super) fn positions(
        &self,
        connection: &Connection,
        from: Option<&Position>,
        end: End,
        limit: usize,
    ) -> Attempt<Vec<Position>> {
        let (mut condition, mut values) = self.condition();
        let (behind, order) = match end {
            End::First => (">", "rank, id"),
            End::Last => ("<", "rank DESC, id DESC"),
        };
        if let Some(from) = from {
            condition.push_str(&format!(" AND (p.rank, p.id) {behind} (?, ?)"));
            values.extend([Value::from(from.rank), Value::from(from.id.to_string())]);
        }
        values.push(Value::from(i64::try_from(limit).unwrap_or(-1)));
        let distinct = if self.groups[0].len() > 1 { "DISTINCT" } else { "" };
        let sql = format!("SELECT {distinct} rank, id FROM posting p WHERE {condition} ORDER BY {order} LIMIT ?");
        let mut statement = connection.prepare_cached(&sql)?;
        let rows = statement.query_map(params_from_iter(values), |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))?;
        let mut positions = Vec::new();
        for row in rows {
            let (rank, id) = row?;
            positions.extend(Id::parse(&id).ok().map(|id| Position { rank, id }));
        }
        if end == End::Last {
            positions.reverse();
        }
        Ok(positions)
    }

    fn condition(&self) -> (String, Vec<Value>) {
        let marks = |keys: &[i64]| vec!["?"; keys.len()].join(", ");
        let mut values: Vec<Value> = self.groups[0].iter().copied().map(Value::from).collect();
        let mut condition = match values.len() {
            1 => "p.term = ?".to_owned(),
            _ => format!("p.term IN ({})", marks(&self.groups[0])),
        };
        for group in &self.groups[1..] {
            let keys = marks(group);
            condition.push_str(&format!(
                " AND EXISTS (SELECT 1 FROM posting q WHERE q.term IN ({keys}) AND q.rank = p.rank AND q.id = p.id)"
            ));
            values.extend(group.iter().copied().map(Value::from));
        }
        (condition, values)
    }
}

/// Returns whether a record stands under a term, at this place.
pub(super) fn stands(connection: &Connection, term: i64, position: &Position) -> Attempt<bool> {
    let mut statement = connection.prepare_cached("SELECT 1 FROM posting WHERE term = ? AND rank = ? AND id = ?")?;
    Ok(statement.exists((term, position.rank, position.id.as_str()))?)
}

/// Returns the ids of a kind that begin like this, readable or not.
pub(super) fn starting(connection: &Connection, kind: &Kind, folded: &str) -> Attempt<Vec<Id>> {
    // No id has a character above `~`.
    let sql = "SELECT id FROM record WHERE kind = ? AND folded >= ? AND folded < ? || '~'";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([kind.name, folded, folded], |row| row.get::<_, String>(0))?;
    let ids: rusqlite::Result<Vec<String>> = rows.collect();
    Ok(ids?.iter().filter_map(|id| Id::parse(id).ok()).collect())
}

/// Returns the files that should be records and are none.
pub(super) fn broken(connection: &Connection) -> Attempt<Vec<Broken>> {
    let mut statement = connection.prepare_cached("SELECT path, kind, id FROM broken")?;
    let rows = statement
        .query_map([], |row| Ok((row.get(0)?, row.get::<_, Option<String>>(1)?, row.get::<_, Option<String>>(2)?)))?;
    let mut broken = Vec::new();
    for row in rows {
        let (path, kind, id) = row?;
        let kind = kind.and_then(|kind| Kind::find(&kind));
        let id = id.and_then(|id| Id::parse(&id).ok());
        broken.push(Broken { path, place: kind.map(|kind| kind.name).zip(id) });
    }
    Ok(broken)
}
