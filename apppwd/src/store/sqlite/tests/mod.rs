//! The store, on a file of its own.

use super::*;
use crate::fault::Fault;
use crate::key::{self, Keyring};
use crate::scope::{Pin, Scope};
use crate::store::{Limits, MAX_USES, Rotation};
use apppw_admin::verbs::{Actor, ActorRole};
use rusqlite::Connection;
use std::path::Path;

mod accounts;
mod create;
mod events;
mod examine;
mod find;
mod keys;
mod life;
mod moment;
mod opening;
mod rotation;
mod rows;
mod trail;

struct Bed {
    dir: tempfile::TempDir,
    keys: Keyring,
}

const ROOT: Actor = Actor { uid: 0, login_uid: None, role: ActorRole::Admin, on_behalf_of: None, name: None };

fn by(at: UnixSeconds) -> By {
    By::actor(ROOT, at)
}

impl Bed {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let found = key::create(dir.path(), 1).unwrap();
        let keys = Keyring::new(&found.keys.unwrap(), &found.place.path).unwrap();
        Self { dir, keys }
    }

    fn path(&self) -> std::path::PathBuf {
        Database::in_dir(self.dir.path()).path
    }

    fn open(&self) -> Result<SqliteStore, Fault> {
        open(
            &Database::in_dir(self.dir.path()),
            &self.keys,
            Path::new("server.key"),
            Empty::Filled,
            Missing::Refused,
            "mail1",
        )
    }
}

fn account(name: &str, byte: u8) -> AccountRecord {
    AccountRecord {
        id: AccountId([byte; 16]),
        name: name.into(),
        given: name.into(),
        uid: None,
        enrolled: None,
        locked: None,
        created: 5,
    }
}

fn hash(byte: u8) -> Hash {
    Hash { salt: [byte; 16], value: [byte; 32], ..Hash::of_nobody() }
}

fn scope() -> Scope {
    Scope {
        services: vec!["mail".into(), "xmpp".into()],
        networks: Vec::new(),
        expires: None,
        pin_service: Pin::No,
        pin_network: Pin::No,
    }
}

fn id(bits: u64) -> AppPasswordId {
    AppPasswordId::from_bits(bits)
}

fn new(bits: u64, account: AccountRecord, new_account: bool, name: &str) -> NewAppPassword {
    NewAppPassword {
        id: AppPasswordId::from_bits(bits),
        account,
        new_account,
        owner: None,
        name: name.into(),
        scope: scope(),
        tag: u32::try_from(bits).unwrap(),
        hash: hash(1),
        at: 10,
        by: ROOT,
        limits: Limits { live: 6, per_day: None },
        rotates: None,
    }
}

fn run<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(test)
}
