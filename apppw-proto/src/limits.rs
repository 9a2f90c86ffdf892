//! Limits that both ends of `auth.sock` keep.

/// Longest user name, service, address or secret in a frame, in bytes.
pub const MAX_FIELD: usize = 255;

/// Longest auth frame in bytes, header included.
pub const MAX_FRAME: usize = 4096;

/// Default of the module's `timeout=`, in milliseconds: one deadline for connect, write
/// and read.
pub const DEFAULT_TIMEOUT_MS: u32 = 3_000;

/// Longest `timeout=` that the module takes, in milliseconds. Postfix gives up on its
/// SASL server after 10 s, so the verdict must be there before.
pub const MAX_TIMEOUT_MS: u32 = 8_000;

/// Where the daemon listens for the module unless told otherwise.
pub const DEFAULT_AUTH_SOCKET: &str = "/run/apppwd/auth.sock";
