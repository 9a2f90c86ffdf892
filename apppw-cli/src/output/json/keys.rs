//! Server keys: their numbers, never what they are.

use crate::output::time::rfc3339;
use apppw_admin::{AppPasswordId, verbs};
use serde::Serialize;

#[derive(Serialize)]
struct Key {
    id: u32,
    newest: bool,
    since: Option<String>,
    app_passwords: u64,
    lost_accounts: u64,
}

fn each(keys: &verbs::Keys) -> Vec<Key> {
    let one = |(at, key): (usize, &verbs::Key)| Key {
        id: key.id,
        newest: at == 0,
        since: key.since.map(rfc3339),
        app_passwords: key.app_passwords,
        lost_accounts: key.lost_accounts,
    };
    keys.keys.iter().enumerate().map(one).collect()
}

/// Of `key show`, `key rotate` and `key import`.
pub fn keys<'a>(keys: &'a verbs::Keys, new: &'a [u32], gone: &'a [u32]) -> impl Serialize + 'a {
    #[derive(Serialize)]
    struct Keys<'a> {
        keys: Vec<Key>,
        path: &'a str,
        credential: bool,
        new: &'a [u32],
        gone: &'a [u32],
    }
    Keys { keys: each(keys), path: &keys.path, credential: keys.credential, new, gone }
}

/// Of `key retire`.
pub fn key_retired<'a>(
    id: u32,
    dry_run: bool,
    count: u64,
    revoked: &'a [AppPasswordId],
    keys: &'a verbs::Keys,
) -> impl Serialize + 'a {
    #[derive(Serialize)]
    struct Retired<'a> {
        retired: u32,
        dry_run: bool,
        revoked_count: u64,
        revoked: &'a [AppPasswordId],
        keys: Vec<Key>,
        path: &'a str,
        credential: bool,
    }
    Retired {
        retired: id,
        dry_run,
        revoked_count: count,
        revoked,
        keys: each(keys),
        path: &keys.path,
        credential: keys.credential,
    }
}

/// Of `key export`.
pub fn key_exported<'a>(ids: &'a [u32], file: &'a str) -> impl Serialize + 'a {
    #[derive(Serialize)]
    struct Exported<'a> {
        exported: &'a [u32],
        file: &'a str,
    }
    Exported { exported: ids, file }
}
