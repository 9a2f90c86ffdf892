//! A row of the database as a login reads it, whatever stands in the file, and what is decided on it.

use super::super::input::Input;
use apppw_admin::AppPasswordId;
use apppwd::address::Address;
use apppwd::auth::Reason;
use apppwd::auth::argon::{is_outdated, within_caps};
use apppwd::auth::decide::{Facts, Step, login};
use apppwd::config::{Argon2Config, Groups};
use apppwd::fuzzed::{Cell, Rows, compute};
use apppwd::policy::Primary;
use apppwd::store::{Hash, LoginRow};
use std::sync::LazyLock;

thread_local! {
    static ROWS: Rows = Rows::new().expect("a database in memory");
}

static GROUPS: LazyLock<Groups> = LazyLock::new(Groups::default);

/// Memory of one computation here, in KiB, and passes: what costs little.
const CHEAP: (u32, u32) = (64, 2);

const NOW: i64 = 1_800_000_000;

pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let mut cells = [Cell::Null; Rows::LOGIN];
    for (column, cell) in cells.iter_mut().enumerate() {
        *cell = self::cell(&mut input, column);
    }
    match ROWS.with(|rows| rows.login(&cells)) {
        Ok(row) => judged(&row, &cells),
        Err(why) => assert!(!why.is_empty() && why.len() < 2000, "{why}"),
    }
    let mut cells = [Cell::Null; Rows::APP_PASSWORD];
    for (column, cell) in cells.iter_mut().enumerate() {
        *cell = self::cell(&mut input, column);
    }
    if let Ok(record) = ROWS.with(|rows| rows.app_password(&cells)) {
        assert!(!record.scope.services.is_empty());
        assert!(matches!(cells[16], Cell::Null) == record.revoked.is_none(), "a revocation is read as one");
    }
}

/// A cell: mostly of the kind that the column has.
fn cell<'a>(input: &mut Input<'a>, column: usize) -> Cell<'a> {
    match input.byte() {
        0 => Cell::Null,
        1 => Cell::Integer(i64::from_be_bytes(input.array())),
        // SQLite has no NaN: it keeps NULL.
        2 => Some(f64::from_be_bytes(input.array()))
            .filter(|number| !number.is_nan())
            .map_or(Cell::Null, Cell::Real),
        3 => Cell::Text(input.field()),
        4 => Cell::Blob(input.field()),
        usual => match column {
            0 => Cell::Text([&b"imap"[..], b"mail", b"mail\nxmpp", b"sshd"][usize::from(usual % 4)]),
            1 => Cell::Text(
                [&b""[..], b"192.0.2.0/24", b"2001:db8::/32\n192.0.2.0/24"][usize::from(usual % 3)],
            ),
            3 | 4 if usual.is_multiple_of(2) => Cell::Null,
            3 => Cell::Text(b"imap"),
            4 => Cell::Text(b"192.0.2.0/24"),
            5 | 7 | 10..=14 => Cell::Integer(i64::from(usual % 16)),
            6 => Cell::Text(b"phone"),
            15 => Cell::Blob(&[3; 16]),
            16 => Cell::Blob(&[5; 32]),
            _ => Cell::Null,
        },
    }
}

fn judged(row: &LoginRow, cells: &[Cell<'_>; Rows::LOGIN]) {
    assert!(matches!(cells[9], Cell::Null) == row.revoked.is_none(), "a revocation is read as one");
    assert!(matches!(cells[8], Cell::Null) == row.suspended.is_none(), "a suspension, too");
    for (service, address, enrolled, locked) in [
        ("imap", Address::from_rhost("192.0.2.7", true), true, false),
        ("imap", Address::Unknown, false, false),
        ("sshd", Address::from_rhost("2001:db8::7", true), true, false),
        ("imap", Address::from_rhost("198.51.100.7", true), true, true),
        ("gopher", Address::NotAsked, false, false),
    ] {
        let facts = Facts {
            service: Some(service),
            address,
            groups: &GROUPS,
            enrolled,
            locked,
            panic: false,
            primary: Primary::Refused(Reason::PrimaryRefused),
            now: NOW,
        };
        if login(&facts, Some(row)) == Step::NeedsHash {
            assert!(
                row.hash.is_some()
                    && row.revoked.is_none()
                    && row.suspended.is_none()
                    && !row.expired
                    && !locked
            );
            assert!(row.scope.expires.is_none_or(|end| end > NOW));
            let named = row.scope.services.iter().any(|name| name == service || name == "mail");
            assert!(service == "imap" && named, "{service} by {row:?}");
            let is_free = row.scope.networks.is_empty() && matches!(cells[4], Cell::Null);
            assert!(address != Address::Unknown || is_free, "no address, no way in");
        }
    }
    if let Some(hash) = &row.hash {
        hashed(hash, row.id);
    }
}

/// Whatever a row asks for, nothing panics, and none of it costs more than the host was told of.
fn hashed(hash: &Hash, id: AppPasswordId) {
    let config = Argon2Config::default();
    if within_caps(hash, &config) {
        assert!(hash.memory_kib <= 65_536 && hash.iterations <= 64 && hash.parallelism <= 16);
    }
    let _ = is_outdated(hash, &config, 1);
    let (memory, passes) = CHEAP;
    if hash.memory_kib <= memory
        && hash.iterations <= passes
        && within_caps(hash, &config)
        && let Ok(value) = compute(hash, id, b"7k2m9xq4tpw8h3n8")
    {
        assert!(hash.memory_kib >= 8 * hash.parallelism && hash.iterations > 0 && hash.parallelism > 0);
        let other = AppPasswordId::from_bits(id.bits() ^ 1);
        assert_ne!(
            compute(hash, other, b"7k2m9xq4tpw8h3n8"),
            Ok(value),
            "moved to another row it is another"
        );
    }
    assert!(!format!("{hash:?}").contains("[5, 5"), "Debug shows no hash");
}
