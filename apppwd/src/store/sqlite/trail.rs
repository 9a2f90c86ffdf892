//! A transaction that leaves a trail: each change writes its event beside it, so that neither
//! is there without the other.

use super::rows::{actor_to_sql, id_to_sql, list_to_sql, number_to_sql};
use crate::clock::UnixSeconds;
use crate::store::{AccountId, By};
use apppw_admin::AppPasswordId;
use apppw_admin::verbs::{Event, EventKind};
use rusqlite::{Connection, Transaction, params};
use std::ops::Deref;

/// A transaction, and what all of its events have in common.
pub(super) struct Trail<'t> {
    tx: &'t Transaction<'t>,
    host: &'t str,
    by: &'t By,
}

/// What an event says beside when, where, by whom and on what.
#[derive(Default)]
pub(super) struct Details<'d> {
    /// See [`Event::was`].
    pub was: Option<&'d str>,
    /// See [`Event::services`].
    pub services: &'d [String],
    /// See [`Event::rhost`].
    pub rhost: Option<&'d str>,
    /// See [`Event::reason`].
    pub reason: Option<&'d str>,
    /// See [`Event::count`]; `None`: 1.
    pub count: Option<usize>,
}

impl Deref for Trail<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.tx
    }
}

/// How far numbers are apart in a second: no host has so many events in it.
pub(super) const NUMBERS_A_SECOND: i64 = 1_000_000;

/// The columns that every event has, and `seq`: later than all before, and never below the
/// microseconds of its time. So no number is given twice, though a backup has forgotten which were:
/// however many events there are at once, the clock is ahead of their numbers a moment later.
macro_rules! insert {
    ($columns:literal, $values:literal) => {
        concat!(
            "INSERT INTO event (seq, at, host, kind, actor, was, services, rhost, count, ",
            $columns,
            ") SELECT max(?1 * 1000000, 1 + coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'event'), 0)), ?1, ?2, \
             ?3, ?4, ?5, ?6, ?7, ?8, ",
            $values
        )
    };
}

impl<'t> Trail<'t> {
    /// The trail of `tx`.
    pub(super) const fn new(tx: &'t Transaction<'t>, host: &'t str, by: &'t By) -> Self {
        Self { tx, host, by }
    }

    /// The same transaction, in somebody else's name.
    pub(super) const fn by<'b>(&'b self, by: &'b By) -> Trail<'b> {
        Trail { tx: self.tx, host: self.host, by }
    }

    /// When it is changed.
    pub(super) const fn at(&self) -> UnixSeconds {
        self.by.at
    }

    /// By whom, as a column has it.
    pub(super) fn actor(&self) -> Option<String> {
        self.by.actor.as_ref().map(actor_to_sql)
    }

    /// Notes what befell an app password, which is there.
    pub(super) fn app_password(
        &self,
        kind: EventKind,
        id: AppPasswordId,
        details: &Details<'_>,
    ) -> rusqlite::Result<()> {
        let sql = insert!(
            "reason, account, user, app_password, name",
            "?10, p.account, a.name, p.id, p.name FROM app_password p JOIN account a ON a.id = p.account WHERE p.id = ?9"
        );
        self.insert(sql, kind, details, id_to_sql(id))
    }

    /// Notes what befell an account, which is there.
    pub(super) fn account(
        &self,
        kind: EventKind,
        id: &AccountId,
        details: &Details<'_>,
    ) -> rusqlite::Result<()> {
        let sql = insert!("reason, account, user", "?10, a.id, a.name FROM account a WHERE a.id = ?9");
        self.insert(sql, kind, details, id.0)
    }

    /// Notes what befell the host.
    pub(super) fn host(&self, kind: EventKind, details: &Details<'_>) -> rusqlite::Result<()> {
        self.insert(insert!("reason, account", "?10, ?9"), kind, details, rusqlite::types::Null)
    }

    fn insert(
        &self,
        sql: &str,
        kind: EventKind,
        details: &Details<'_>,
        whose: impl rusqlite::ToSql,
    ) -> rusqlite::Result<()> {
        let Details { was, services, rhost, reason, count } = details;
        let count = number_to_sql(count.unwrap_or(1));
        let services = list_to_sql(services);
        let kind = kind.as_str();
        let actor = self.actor();
        let written = self.tx.prepare_cached(sql)?.execute(params![
            self.by.at, self.host, kind, actor, was, services, rhost, count, whose, reason
        ])?;
        // A change without its event is none: the transaction goes with it.
        if written == 1 { Ok(()) } else { Err(rusqlite::Error::StatementChangedRows(written)) }
    }

    /// Notes what changed nothing, as the daemon saw it. Of the uses of a dead app password the
    /// first in an hour, for its owner too; who was refused something is not the owner's business.
    pub(super) fn noted(&self, event: &Event) -> rusqlite::Result<()> {
        const EVERY: i64 = 3600;
        let sql = insert!(
            "account, user, app_password, name, unproven, verb, reason",
            "iif(?3 = 'denied', NULL, coalesce(p.account, (SELECT id FROM account WHERE name = ?9))), coalesce(?9, a.name), ?11, coalesce(?10, p.name), ?12, ?13, ?14
             FROM (SELECT 1) LEFT JOIN app_password p ON p.id = ?11 LEFT JOIN account a ON a.id = p.account WHERE ?3 <> 'refused-use' OR coalesce(?1 - (SELECT at FROM event WHERE app_password = ?11 \
             AND kind = 'refused-use' AND reason = ?14 ORDER BY seq DESC LIMIT 1) NOT BETWEEN 0 AND ?15, true)"
        );
        let services = list_to_sql(&event.services);
        let count = number_to_sql(event.count);
        self.tx.prepare_cached(sql)?.execute(params![
            event.at,
            event.host,
            event.kind.as_str(),
            event.actor.as_ref().map(actor_to_sql),
            event.was,
            services,
            event.rhost,
            count,
            event.user,
            event.name,
            event.id.map(id_to_sql),
            event.rhost_unproven,
            event.verb,
            event.reason,
            EVERY - 1,
        ])?;
        Ok(())
    }
}
