//! Events that are there: reading them and forgetting them.

use super::rows::{actor, id_from_sql, id_to_sql, number_to_sql};
use super::trail::{Details, NUMBERS_A_SECOND, Trail};
use crate::store::{EventPage, EventSelection, KeepEvents};
use apppw_admin::verbs::{Event, EventKind};
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, ToSql};

/// Up to which number some were forgotten: a row in `meta`.
const FORGOTTEN: &str = "events.forgotten";

pub(super) const COLUMNS: &str = "seq, at, host, kind, actor, user, app_password, name, was, services, rhost, unproven, verb, \
                       reason, count";

/// Those that a selection fits, by number, at most `limit`.
pub(super) fn read(db: &Connection, selection: &EventSelection, limit: usize) -> rusqlite::Result<EventPage> {
    // One view: what is forgotten meanwhile is either there or counted as forgotten.
    let view = db.unchecked_transaction()?;
    let forgotten = forgotten_up_to(&view)?;
    let last: u64 =
        view.prepare_cached("SELECT coalesce(max(seq), 0) FROM event")?.query_row([], |row| row.get(0))?;
    let after = match selection.last {
        Some(last) => before_newest(&view, selection, last)?.max(selection.after),
        None => selection.after,
    };
    let sql =
        format!("SELECT {COLUMNS} FROM event WHERE {} ORDER BY seq LIMIT :limit", conditions(selection));
    let limit = number_to_sql(limit);
    let mut statement = view.prepare_cached(&sql)?;
    bind(&mut statement, selection, after)?;
    bind_one(&mut statement, ":limit", &limit)?;
    let events = statement.raw_query().mapped(event).collect::<rusqlite::Result<_>>()?;
    Ok(EventPage { events, last: last.max(selection.after), forgotten })
}

fn forgotten_up_to(db: &Connection) -> rusqlite::Result<Option<u64>> {
    let text: Option<String> = db
        .prepare_cached("SELECT CAST(value AS TEXT) FROM meta WHERE key = ?1")?
        .query_row([FORGOTTEN], |row| row.get(0))
        .optional()?;
    Ok(text.and_then(|text| text.parse().ok()))
}

/// The number before the one that is the newest but `n`.
fn before_newest(db: &Connection, selection: &EventSelection, n: u32) -> rusqlite::Result<u64> {
    let sql =
        format!("SELECT seq FROM event WHERE {} ORDER BY seq DESC LIMIT 1 OFFSET :n", conditions(selection));
    let mut statement = db.prepare_cached(&sql)?;
    bind(&mut statement, selection, selection.after)?;
    bind_one(&mut statement, ":n", &n)?;
    let mut rows = statement.raw_query();
    rows.next()?.map_or(Ok(0), |row| row.get(0))
}

/// A number is never below the microseconds of its time, so the primary key finds a time too.
fn conditions(selection: &EventSelection) -> String {
    let mut all = vec!["seq > :after".to_owned()];
    if selection.since.is_some() {
        all.push(format!("seq >= :since * {NUMBERS_A_SECOND} AND at >= :since"));
    }
    if selection.until.is_some() {
        all.push("at < :until".to_owned());
    }
    match (&selection.account, &selection.user) {
        (Some(_), None) => all.push("account = :account".to_owned()),
        (None, Some(_)) => all.push("user = :user".to_owned()),
        (Some(_), Some(_)) => all.push("(account = :account OR user = :user)".to_owned()),
        (None, None) => {}
    }
    if selection.id.is_some() {
        all.push("app_password = :id".to_owned());
    }
    if selection.by.is_some() {
        // See actor_to_sql.
        all.push("(actor GLOB :by || ' *' OR actor GLOB :by || '/*')".to_owned());
    }
    if !selection.kinds.is_empty() {
        // Words of our own.
        let words: Vec<String> = selection.kinds.iter().map(|kind| format!("'{}'", kind.as_str())).collect();
        all.push(format!("kind IN ({})", words.join(",")));
    }
    all.join(" AND ")
}

fn bind(
    statement: &mut rusqlite::Statement<'_>,
    selection: &EventSelection,
    after: u64,
) -> rusqlite::Result<()> {
    let id = selection.id.map(id_to_sql);
    let account = selection.account.map(|account| account.0);
    let all: [(&str, &dyn ToSql); 7] = [
        (":by", &selection.by),
        (":after", &after),
        (":since", &selection.since),
        (":until", &selection.until),
        (":account", &account),
        (":user", &selection.user),
        (":id", &id),
    ];
    all.into_iter().try_for_each(|(name, value)| bind_one(statement, name, value))
}

fn bind_one(statement: &mut rusqlite::Statement<'_>, name: &str, value: &dyn ToSql) -> rusqlite::Result<()> {
    match statement.parameter_index(name)? {
        Some(index) => statement.raw_bind_parameter(index, value),
        None => Ok(()),
    }
}

pub(super) fn event(row: &Row<'_>) -> rusqlite::Result<Event> {
    let word = row.get_ref(3)?.as_str()?;
    let unknown =
        || rusqlite::Error::FromSqlConversionFailure(3, Type::Text, format!("no event: {word:?}").into());
    Ok(Event {
        seq: Some(row.get(0)?),
        at: row.get(1)?,
        host: row.get(2)?,
        kind: EventKind::from_word(word).ok_or_else(unknown)?,
        actor: actor(row, 4)?,
        user: row.get(5)?,
        id: row.get::<_, Option<i64>>(6)?.map(id_from_sql).transpose()?,
        name: row.get(7)?,
        was: row.get(8)?,
        services: row.get_ref(9)?.as_str()?.lines().map(str::to_owned).collect(),
        rhost: row.get::<_, Option<String>>(10)?.filter(|rhost| !rhost.is_empty()),
        rhost_unproven: row.get(11)?,
        verb: row.get(12)?,
        reason: row.get(13)?,
        count: row.get(14)?,
    })
}

/// Forgets what is beyond `keep`. Of what anybody can provoke, a quarter stays of each kind, so that
/// it crowds out nothing else. A little more is tolerated, and then that is forgotten too, so that
/// it isn't done, and noted, each time anew.
pub(super) fn prune(trail: &Trail<'_>, keep: KeepEvents) -> rusqlite::Result<usize> {
    const DAY: i64 = 86_400;
    let mut forgotten = Forgotten::default();
    if let Some(seconds) = keep.seconds {
        // By time alone: a clock that was wrong once has put the numbers ahead for good.
        let before = trail.at() - seconds;
        let tolerated = before - (seconds / 10).min(DAY);
        // The numbers find most of them at once; all of the table is looked through once a day.
        let by_number = format!("seq < {}", tolerated.saturating_mul(NUMBERS_A_SECOND));
        let is_the_days_first_hour = trail.at().rem_euclid(DAY) < 3600;
        let among = if is_the_days_first_hour { "true" } else { &by_number };
        let sql = format!("SELECT EXISTS (SELECT 1 FROM event WHERE {among} AND at < {tolerated})");
        if trail.query_row(&sql, [], |row| row.get(0))? {
            forgotten.delete(trail, &format!("at < {before}"))?;
        }
    }
    let KeepEvents { most, .. } = keep;
    for (condition, most) in
        [("kind = 'denied'", most / 4), ("kind = 'refused-use'", most / 4), ("true", most)]
    {
        let sql = format!("SELECT count(*) FROM event WHERE {condition}");
        let found: u64 = trail.query_row(&sql, [], |row| row.get(0))?;
        if found > most {
            let kept = most - most / 20;
            let nth =
                format!("SELECT seq FROM event WHERE {condition} ORDER BY seq DESC LIMIT 1 OFFSET {kept}");
            forgotten.delete(trail, &format!("{condition} AND seq <= ({nth})"))?;
        }
    }
    if forgotten.count > 0 {
        trail.host(EventKind::Prune, &Details { count: Some(forgotten.count), ..Details::default() })?;
        let last = forgotten.last.max(forgotten_up_to(trail)?.unwrap_or(0));
        trail.execute(
            "INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)",
            (FORGOTTEN, last.to_string().as_bytes()),
        )?;
    }
    Ok(forgotten.count)
}

#[derive(Default)]
struct Forgotten {
    count: usize,
    last: u64,
}

impl Forgotten {
    fn delete(&mut self, trail: &Trail<'_>, which: &str) -> rusqlite::Result<()> {
        let sql = format!("SELECT coalesce(max(seq), 0) FROM event WHERE {which}");
        self.last = self.last.max(trail.query_row(&sql, [], |row| row.get(0))?);
        self.count += trail.execute(&format!("DELETE FROM event WHERE {which}"), [])?;
        Ok(())
    }
}
