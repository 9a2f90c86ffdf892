//! What is derived from one server key.

use super::{ServerKey, wipe_frames};
use crate::store::AccountId;
use apppw_proto::secret::Secret;
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

type HmacSha256 = Hmac<Sha256>;

/// The keys derived from one server key.
pub struct DerivedKeys {
    id: u32,
    tag: HmacSha256,
    name: HmacSha256,
    argon2: Zeroizing<[u8; 32]>,
    check_value: [u8; 16],
}

impl std::fmt::Debug for DerivedKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DerivedKeys({})", self.id)
    }
}

impl DerivedKeys {
    pub(super) fn new(key: &ServerKey) -> Self {
        let hkdf = Hkdf::<Sha256>::new(None, &key.bytes);
        Self {
            id: key.id,
            tag: keyed(&hkdf, b"apppw v1 tag"),
            name: keyed(&hkdf, b"apppw v1 journal name"),
            argon2: derive(&hkdf, b"apppw v1 argon2 secret"),
            check_value: first_bytes(keyed(&hkdf, b"apppw v1 check value")),
        }
    }

    /// The server key's number.
    #[must_use]
    pub const fn id(&self) -> u32 {
        self.id
    }

    /// The tag of a secret: the first 32 bits of HMAC-SHA-256(tag key, account ‖ secret).
    #[must_use]
    pub fn tag(&self, account: &AccountId, secret: &Secret) -> u32 {
        let tag = self.tag_of(account, secret);
        // What is moved to the heap next would take what is left there with it, in its padding.
        wipe_frames();
        tag
    }

    /// In a frame of its own, below its caller's.
    #[inline(never)]
    fn tag_of(&self, account: &AccountId, secret: &Secret) -> u32 {
        let mac = first_bytes::<4>(self.tag.clone().chain_update(account.0).chain_update(secret.as_bytes()));
        u32::from_be_bytes(mac)
    }

    /// The secret input of Argon2id.
    #[must_use]
    pub fn argon2_secret(&self) -> &[u8] {
        &*self.argon2
    }

    /// What the database keeps to recognise this key.
    #[must_use]
    pub const fn check_value(&self) -> [u8; 16] {
        self.check_value
    }

    /// A name for the journal, which holds ids only: whoever has the journal without the
    /// key can't read who is in it.
    #[must_use]
    pub fn name_mac(&self, canonical_name: &str) -> NameMac {
        NameMac(first_bytes(self.name.clone().chain_update(canonical_name)))
    }
}

/// Stands for an account's name in the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NameMac(pub [u8; 16]);

#[expect(clippy::expect_used, reason = "HKDF-SHA-256 yields up to 8160 bytes, so these lengths can't fail")]
fn derive<const N: usize>(hkdf: &Hkdf<Sha256>, info: &[u8]) -> Zeroizing<[u8; N]> {
    let mut key = Zeroizing::new([0; N]);
    hkdf.expand(info, &mut *key).expect("a length that HKDF can yield");
    key
}

/// HMAC with a key of SHA-256's block size, which is used as it is (RFC 2104 §2).
fn keyed(hkdf: &Hkdf<Sha256>, info: &[u8]) -> HmacSha256 {
    let key: Zeroizing<[u8; 64]> = derive(hkdf, info);
    HmacSha256::new((&*key).into())
}

fn first_bytes<const N: usize>(mac: HmacSha256) -> [u8; N] {
    let mut first = [0; N];
    for (to, from) in first.iter_mut().zip(mac.finalize().into_bytes()) {
        *to = from;
    }
    first
}
