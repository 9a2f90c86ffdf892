//! Backups.

use super::NOW;
use apppw_admin::verbs::{Backup, Restored};

pub fn backup() -> Backup {
    Backup {
        at: NOW,
        bytes: 98_304,
        accounts: 12,
        live: 1_234,
        revoked: 5,
        last_event: Some(7),
        journal_bytes: 4096,
        database: "/var/lib/apppwd/apppw.db".into(),
        key_dir: "/var/lib/apppwd-key".into(),
    }
}

pub fn restored() -> Restored {
    Restored {
        database: "/var/lib/apppwd/apppw.db".into(),
        kept: Some("/var/lib/apppwd/apppw.db.before-restore-20270115T080000Z".into()),
        at: Some(NOW),
        accounts: 12,
        app_passwords: 1_234,
        key_checked: true,
        key_dir: "/var/lib/apppwd-key".into(),
    }
}
