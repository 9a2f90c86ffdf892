//! Backups.

use crate::output::time::rfc3339;
use apppw_admin::verbs;
use serde::Serialize;

/// Of `backup`; `file` is where it lies, if not at the end of a pipe.
pub fn backup<'a>(backup: &'a verbs::Backup, sha256: &'a str, file: Option<&'a str>) -> impl Serialize + 'a {
    #[derive(Serialize)]
    struct Backup<'a> {
        file: Option<&'a str>,
        at: String,
        bytes: u64,
        sha256: &'a str,
        accounts: u64,
        live: u64,
        revoked: u64,
        last_event: Option<u64>,
        journal_bytes: u64,
        database: &'a str,
        key_included: bool,
        key_dir: &'a str,
    }
    Backup {
        file,
        at: rfc3339(backup.at),
        bytes: backup.bytes,
        sha256,
        accounts: backup.accounts,
        live: backup.live,
        revoked: backup.revoked,
        last_event: backup.last_event,
        journal_bytes: backup.journal_bytes,
        database: &backup.database,
        key_included: false,
        key_dir: &backup.key_dir,
    }
}

/// Of `restore`.
pub fn restored(restored: &verbs::Restored) -> impl Serialize {
    #[derive(Serialize)]
    struct Restored<'a> {
        database: &'a str,
        kept: Option<&'a str>,
        at: Option<String>,
        accounts: u64,
        app_passwords: u64,
        key_checked: bool,
        key_dir: &'a str,
    }
    Restored {
        database: &restored.database,
        kept: restored.kept.as_deref(),
        at: restored.at.map(rfc3339),
        accounts: restored.accounts,
        app_passwords: restored.app_passwords,
        key_checked: restored.key_checked,
        key_dir: &restored.key_dir,
    }
}
