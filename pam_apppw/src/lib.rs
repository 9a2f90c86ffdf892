//! `pam_apppw.so`: asks apppwd whether an app password may log in.
//!
//! It runs inside other people's processes, root's too. Hence: no thread, no environment, no
//! NSS, no descriptor kept, nothing on descriptors 0 to 2, no panic across the border, secrets
//! wiped. All `unsafe` code is in [`ffi`]; what to answer is decided in [`authenticate`] and
//! [`account`], behind the trait [`host::Host`].

// The only public items are the entry points, which the macro of pam-bindings makes.
#![allow(missing_docs)]

#[macro_use]
mod silence;

mod account;
mod args;
mod authenticate;
mod client;
mod deadline;
mod failure;
#[cfg(feature = "fault-injection")]
mod fault;
mod ffi;
mod guard;
mod handle;
mod host;
mod line;
mod outcome;
mod text;

#[cfg(test)]
mod script;

use guard::guarded;
use handle::Handle;
use outcome::Outcome;
use pam::constants::{PamFlag, PamResultCode};
use pam::module::{PamHandle, PamHooks};
use std::ffi::CStr;

struct AppPw;

pam::pam_hooks!(AppPw);

impl PamHooks for AppPw {
    fn sm_authenticate(pamh: &mut PamHandle, args: Vec<&CStr>, _flags: PamFlag) -> PamResultCode {
        guarded(&args, Outcome::Unavailable.code(), || {
            authenticate::authenticate(&mut Handle::new(pamh), &args).code()
        })
    }

    fn acct_mgmt(pamh: &mut PamHandle, args: Vec<&CStr>, _flags: PamFlag) -> PamResultCode {
        guarded(&args, Outcome::Unavailable.code(), || {
            account::acct_mgmt(&mut Handle::new(pamh), &args).code()
        })
    }

    fn sm_setcred(_pamh: &mut PamHandle, args: Vec<&CStr>, _flags: PamFlag) -> PamResultCode {
        guarded(&args, Outcome::Unavailable.code(), || Outcome::Success.code())
    }

    fn sm_open_session(_pamh: &mut PamHandle, args: Vec<&CStr>, _flags: PamFlag) -> PamResultCode {
        guarded(&args, Outcome::Unavailable.code(), || Outcome::Success.code())
    }

    fn sm_close_session(_pamh: &mut PamHandle, args: Vec<&CStr>, _flags: PamFlag) -> PamResultCode {
        guarded(&args, Outcome::Unavailable.code(), || Outcome::Success.code())
    }

    /// App passwords are never chosen, so never changed through PAM.
    fn sm_chauthtok(_pamh: &mut PamHandle, args: Vec<&CStr>, _flags: PamFlag) -> PamResultCode {
        guarded(&args, PamResultCode::PAM_PERM_DENIED, || PamResultCode::PAM_PERM_DENIED)
    }
}
