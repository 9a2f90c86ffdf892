//! The server key: without it no stored hash can be tested and no tag computed.
//!
//! From each server key four keys are derived (HKDF-SHA-256, RFC 5869): for tags, for
//! Argon2id's secret input, for the check value in the database, and for names in the
//! journal. At most three server keys are active; the newest one is used for new rows.

mod active;
mod derived;
pub mod elsewhere;
mod file;

pub use active::{ActiveKeys, SharedKeys};
pub use derived::{DerivedKeys, NameMac};
pub use file::{Found, Place, clear, create, find, parse, read, to_text, write};

use crate::log::depend;
use crate::sys::Locked;
use std::hint::black_box;
use std::path::PathBuf;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Most keys that are active at once: each costs a login one tag and one look-up.
pub const MAX_ACTIVE: usize = 3;

/// 32 random bytes.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct ServerKey {
    #[zeroize(skip)]
    id: u32,
    bytes: [u8; 32],
}

impl std::fmt::Debug for ServerKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ServerKey({})", self.id)
    }
}

impl ServerKey {
    /// A new one.
    ///
    /// # Errors
    /// [`KeyError::Random`].
    pub fn draw(id: u32) -> Result<Self, KeyError> {
        let mut key = Self { id, bytes: [0; 32] };
        getrandom::fill(&mut key.bytes).map_err(KeyError::Random)?;
        Ok(key)
    }

    /// Its number.
    #[must_use]
    pub const fn id(&self) -> u32 {
        self.id
    }
}

/// The active keys, newest first; never empty.
#[derive(Debug)]
pub struct Keyring(Locked<Keys>);

/// Without a pointer, so that all of it is in the locked pages.
#[derive(Debug)]
struct Keys {
    newest: DerivedKeys,
    older: [Option<DerivedKeys>; MAX_ACTIVE - 1],
}

impl Keyring {
    /// Derives all that is needed from the keys, newest first.
    ///
    /// # Errors
    /// [`KeyError::Malformed`] if there is none, or more than [`MAX_ACTIVE`]; [`KeyError::Memory`].
    pub fn new(keys: &[ServerKey], path: &std::path::Path) -> Result<Self, KeyError> {
        let malformed = |why: &str| KeyError::Malformed { path: path.to_owned(), why: why.to_owned() };
        let (newest, older) = keys.split_first().ok_or_else(|| malformed("holds no key"))?;
        if keys.len() > MAX_ACTIVE {
            return Err(malformed("holds more than three keys"));
        }
        let keys = derive_locked(newest, older);
        wipe_stack();
        keys.map(Self).map_err(KeyError::Memory)
    }

    /// The key for new rows.
    #[must_use]
    pub fn newest(&self) -> &DerivedKeys {
        &self.0.newest
    }

    /// Every active key, newest first.
    pub fn all(&self) -> impl Iterator<Item = &DerivedKeys> {
        std::iter::once(&self.0.newest).chain(self.0.older.iter().flatten())
    }

    /// The key of that id, if it is active.
    #[must_use]
    pub fn by_id(&self, id: u32) -> Option<&DerivedKeys> {
        self.all().find(|keys| keys.id() == id)
    }

    /// The numbers of the active keys, newest first.
    #[must_use]
    pub fn ids(&self) -> Vec<u32> {
        self.all().map(DerivedKeys::id).collect()
    }

    /// Whether these are the same keys in the same order.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let what = |key: &DerivedKeys| (key.id(), key.check_value());
        self.all().map(what).eq(other.all().map(what))
    }

    /// Whether these are the other ones but for that number, in the same order.
    #[must_use]
    pub fn is_same_but(&self, other: &Self, id: u32) -> bool {
        let what = |key: &DerivedKeys| (key.id(), key.check_value());
        self.all().map(what).eq(other.all().filter(|key| key.id() != id).map(what))
    }

    /// Whether this key is among them.
    #[must_use]
    pub fn has(&self, id: u32, check_value: &[u8]) -> bool {
        self.by_id(id).is_some_and(|key| key.check_value() == check_value)
    }

    /// Why the keys could not be locked in memory, if so.
    #[must_use]
    pub fn lock_error(&self) -> Option<std::io::Error> {
        self.0.lock_error()
    }
}

/// In a frame of its own: what it leaves on the stack lies below its caller's.
#[inline(never)]
fn derive_locked(newest: &ServerKey, older: &[ServerKey]) -> std::io::Result<Locked<Keys>> {
    let mut older = older.iter().map(DerivedKeys::new);
    Locked::new(Keys { newest: DerivedKeys::new(newest), older: std::array::from_fn(|_| older.next()) })
}

/// Overwrites what the functions that the caller has called before may have left on the stack: moving
/// a value leaves a copy that nothing else wipes.
#[inline(never)]
pub fn wipe_stack() {
    let mut below = [0xff_u8; 32 * 1024];
    black_box(&mut below).zeroize();
}

/// The same of 4 KiB, which is more than an HMAC takes: cheap enough for each login.
#[inline(never)]
pub fn wipe_frames() {
    let mut below = [u64::MAX; 512];
    black_box(&mut below).zeroize();
}

/// Why the server key can't be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file is there but can't be read or made.
    #[error("{what} the server key {}: {source}", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not a key file.
    #[error(
        "{} {why}: it is not a server key of apppwd (one line `NUMBER HEX` each, 64 hexadecimal digits, newest \
         first). Put the right file back from its backup", path.display()
    )]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The database was made with a key, and there is none.
    #[error(
        "the server key {} is missing, but the database exists: without its key no app password can be checked. \
         Put the key back from its backup; {}", path.display(), IF_LOST
    )]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The keys are a credential, which this process isn't given.
    #[error(
        "the server keys of this host are the systemd credential apppwd.key ({} says so), and this process isn't given it. \
         Run apppwd by its unit, or this command with it: `systemd-run --pipe --wait -p User=apppwd -p \
         LoadCredentialEncrypted=apppwd.key apppwd ...`. If that credential is lost for good, remove {} \
         (docs/operations.md, \"The key is lost\")", path.display(), path.display()
    )]
    Elsewhere {
        /// What says so.
        path: PathBuf,
    },
    /// The database was made with another key.
    #[error(
        "the server key {} is not the one that the database was made with (check value of key {id} differs). Put \
         the right key back from its backup; {}", path.display(), IF_LOST
    )]
    Wrong {
        /// The file.
        path: PathBuf,
        /// Which of its keys.
        id: u32,
    },
    /// The database has rows of a key that the file lacks.
    #[error(
        "the server key {} lacks key {id} of the database, on which {}. Put that line back from the file's backup, or, if the \
         database is a backup from before that key was retired, put back a later one; {}",
        path.display(), depend(*app_passwords, "app password"), IF_LOST
    )]
    Gone {
        /// The file.
        path: PathBuf,
        /// Which key.
        id: u32,
        /// How many app passwords need it.
        app_passwords: u64,
    },
    /// The system gives no random bytes.
    #[error("the system gives no random bytes for a server key: {0}")]
    Random(getrandom::Error),
    /// The system gives no page.
    #[error("the system gives no memory for the server key: {0}")]
    Memory(std::io::Error),
}

/// The last way out.
const IF_LOST: &str = "if it is lost for good, run `apppwd --key-lost` once, as the daemon's user: the app passwords that need it are \
                       revoked (docs/operations.md, \"The key is lost\")";
