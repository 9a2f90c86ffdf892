//! The configuration: `/etc/apppw/apppwd.toml`. Without a file the defaults hold, and each
//! default is the strict choice.

mod argon2;
mod file;
mod groups;
mod limits;
mod suggest;

pub use self::argon2::Argon2Config;
pub use file::{ConfigError, DEFAULT_PATH, load, parse};
pub use groups::Groups;
pub use limits::LimitsConfig;
pub use suggest::nearest;

use apppw_admin::verbs::PrimaryPolicy;
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
    /// Named sets of services: the positive list.
    pub groups: Groups,
    /// Which uid, besides root, may ask for which services.
    pub peers: BTreeMap<String, PeerConfig>,
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
            groups: Groups::default(),
            peers: BTreeMap::new(),
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

/// `[policy]`
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PolicyConfig {
    /// What the primary password may do. Default `"refuse"`.
    pub primary: PrimaryPolicy,
    /// What `create` without `--service` allows. Default `["mail"]`.
    pub default_services: Vec<String>,
    /// What users may do for themselves besides list, show, verify and revoke.
    pub self_service: SelfService,
}

impl Default for PolicyConfig {
    fn default() -> Self {
        Self {
            primary: PrimaryPolicy::Refuse,
            default_services: vec!["mail".to_owned()],
            self_service: SelfService::Revoke,
        }
    }
}

/// `[policy] self_service`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SelfService {
    /// Users see and revoke their own app passwords.
    Revoke,
    /// They also create them.
    Create,
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
