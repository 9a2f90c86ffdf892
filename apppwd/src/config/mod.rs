//! The configuration: `/etc/apppw/apppwd.toml`. Without a file the defaults hold, and each
//! default is the strict choice.

mod argon2;
mod client;
mod events;
mod file;
mod groups;
mod limits;
mod policy;
pub mod reference;
mod suggest;
mod users;
mod warnings;

pub use self::argon2::Argon2Config;
pub use client::ClientConfig;
pub use events::EventsConfig;
pub use file::{ConfigError, DEFAULT_PATH, load, parse};
pub use groups::Groups;
pub use limits::LimitsConfig;
pub use policy::{Life, Overrides, PolicyConfig, SelfService};
pub use suggest::nearest_account;
pub use users::UsersConfig;

use crate::address::Networks;
use apppw_admin::verbs::PinKind;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Everything that can be configured.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Folder of the database. Default `/var/lib/apppwd`.
    pub state_dir: PathBuf,
    /// Folder of the server key and of `journal.log`, apart from `state_dir` and from any
    /// backup of it. Default `/var/lib/apppwd-key`.
    pub key_dir: PathBuf,
    /// Where the PAM module asks. Default `/run/apppwd/auth.sock`.
    pub auth_socket: PathBuf,
    /// Where `apppw` asks. Default `/run/apppwd/admin.sock`.
    pub admin_socket: PathBuf,
    /// How new secrets are hashed.
    pub argon2: Argon2Config,
    /// How new secrets are made.
    pub secret: SecretConfig,
    /// What is allowed.
    pub policy: PolicyConfig,
    /// How many there may be.
    pub limits: LimitsConfig,
    /// How long events are kept.
    pub events: EventsConfig,
    /// Named sets of services: the positive list.
    pub groups: Groups,
    /// Which names mean the same account.
    pub users: UsersConfig,
    /// What `create --preset` sets, by the preset's name.
    pub presets: BTreeMap<String, PresetConfig>,
    /// Which uid, besides root, may ask for which services.
    pub peers: BTreeMap<String, PeerConfig>,
    /// What to type into a mail program beside the secret.
    pub client: ClientConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            state_dir: "/var/lib/apppwd".into(),
            key_dir: "/var/lib/apppwd-key".into(),
            auth_socket: apppw_proto::limits::DEFAULT_AUTH_SOCKET.into(),
            admin_socket: apppw_admin::DEFAULT_ADMIN_SOCKET.into(),
            argon2: Argon2Config::default(),
            secret: SecretConfig::default(),
            policy: PolicyConfig::default(),
            limits: LimitsConfig::default(),
            events: EventsConfig::default(),
            groups: Groups::default(),
            users: UsersConfig::default(),
            presets: BTreeMap::new(),
            peers: BTreeMap::new(),
            client: ClientConfig::default(),
        }
    }
}

/// `[secret]`
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SecretConfig {
    /// Characters of a new secret, check character included: 16 (75 random bits), 20 or 24.
    pub length: usize,
}

impl Default for SecretConfig {
    fn default() -> Self {
        Self { length: 16 }
    }
}

/// `[peers.NAME]`: a uid, by number or user name, that may ask on `auth.sock`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeerConfig {
    /// The PAM services that this uid may name. Services, not groups.
    pub services: Vec<String>,
    /// Whether the client address that it names counts as proven. Default false.
    #[serde(default)]
    pub trust_rhost: bool,
}

/// `[presets.NAME]`: what `create --preset NAME` sets unless it is given beside it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PresetConfig {
    /// Services and groups.
    pub services: Vec<String>,
    /// Networks.
    pub networks: Networks,
    /// How long it lives.
    pub life: Option<Life>,
    /// What its first use locks it to.
    pub pin: Vec<PinKind>,
}
