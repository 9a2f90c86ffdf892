//! Guesses: secrets of the right shape that nobody has, as frames.

use apppw_proto::frame::Verdict;
use apppw_proto::secret::Secret;
use apppw_tests::frames::Ask;
use std::path::Path;

/// The `n`th guess, canonical.
pub fn secret(n: u64) -> String {
    let values: Vec<u8> = (0..15).map(|place| ((n >> (5 * (place % 12))) & 31) as u8).collect();
    let secret = Secret::from_values(&values).expect("fifteen values");
    secret.display().replace('-', "")
}

/// Tries it as a PAM host would.
pub fn send(socket: &Path, user: &str, secret: &str) -> Verdict {
    Ask { user: user.as_bytes(), secret: secret.as_bytes(), ..Ask::default() }.send(socket).verdict
}
