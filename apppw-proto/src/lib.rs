//! What the PAM module and the daemon share: the auth frame ([`frame`]), the secret's
//! shape ([`secret`]), limits ([`limits`]) and the services that app passwords never
//! open ([`services`]).
//!
//! This crate lives in other people's processes, as part of `pam_apppw.so`: no I/O, no
//! threads, no environment, no serde, no unsafe code, and nothing in it panics.
#![forbid(unsafe_code)]

pub mod frame;
pub mod limits;
pub mod secret;
pub mod services;
