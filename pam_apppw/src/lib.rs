//! `pam_apppw.so`: asks apppwd whether an app password may log in.
//!
//! It runs inside other people's processes, root's too. Hence: no thread, no environment, no
//! NSS, no descriptor kept, nothing on descriptors 0 to 2, no panic across the border, secrets
//! wiped. All `unsafe` code is in [`ffi`]; what to answer is decided in [`authenticate`] and
//! [`account`], behind the trait [`host::Host`].

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

use ffi::Argv;
use guard::guarded;
use handle::Handle;
use outcome::Outcome;
use pam::constants::PamResultCode;
use pam::module::PamHandle;

fn sm_authenticate(pamh: &mut PamHandle, argv: Argv<'_>) -> PamResultCode {
    guarded(argv, Outcome::Unavailable.code(), || {
        authenticate::authenticate(&mut Handle::new(pamh), argv.iter()).code()
    })
}

fn sm_acct_mgmt(pamh: &mut PamHandle, argv: Argv<'_>) -> PamResultCode {
    guarded(argv, Outcome::Unavailable.code(), || {
        account::acct_mgmt(&mut Handle::new(pamh), argv.iter()).code()
    })
}

fn sm_setcred(_pamh: &mut PamHandle, argv: Argv<'_>) -> PamResultCode {
    guarded(argv, Outcome::Unavailable.code(), || Outcome::Success.code())
}

fn sm_open_session(_pamh: &mut PamHandle, argv: Argv<'_>) -> PamResultCode {
    guarded(argv, Outcome::Unavailable.code(), || Outcome::Success.code())
}

fn sm_close_session(_pamh: &mut PamHandle, argv: Argv<'_>) -> PamResultCode {
    guarded(argv, Outcome::Unavailable.code(), || Outcome::Success.code())
}

/// App passwords are never chosen, so never changed through PAM.
fn sm_chauthtok(_pamh: &mut PamHandle, argv: Argv<'_>) -> PamResultCode {
    guarded(argv, PamResultCode::PAM_PERM_DENIED, || PamResultCode::PAM_PERM_DENIED)
}
