//! `pam_sm_acct_mgmt`: stands by what authentication said, and reports a primary password.

use crate::args::Args;
use crate::authenticate::{Login, is_out_of_bounds, warn_of_unknown};
use crate::failure::OnSocket;
use crate::host::{Host, Mark, Priority};
use crate::outcome::Outcome;
use apppw_proto::frame::{Kind, Request};
use std::ffi::CStr;

/// Longest wait for the receipt of a report, in milliseconds. The login has had its `timeout=` already, and
/// nothing hangs on this: both together must stay under the 10 s after which Postfix gives up.
const REPORT_TIMEOUT_MS: u32 = 1_000;

/// Success if we have let this very user in; otherwise that's for the next module to say.
pub fn acct_mgmt<'a>(host: &mut impl Host, argv: impl IntoIterator<Item = &'a CStr>) -> Outcome {
    if is_out_of_bounds(host) {
        return Outcome::UserUnknown;
    }
    let args = match Args::parse(argv) {
        Ok(args) => args,
        Err(unusable) => {
            host.log(Priority::Error, format_args!("{unusable}"));
            return Outcome::ServiceErr;
        }
    };
    let outcome = match host.mark() {
        Some(Mark::Accepted) => Outcome::Success,
        Some(Mark::NotMine) => {
            // Away with it first: one authentication, one report.
            if host.set_mark(None).is_ok() {
                report_primary(host, &args);
            }
            Outcome::UserUnknown
        }
        None => Outcome::UserUnknown,
    };
    warn_of_unknown(host, &args);
    outcome
}

/// Tells apppwd that the primary password was used: the account phase runs only after a
/// success, and it wasn't ours. What comes of it changes nothing here.
fn report_primary(host: &impl Host, args: &Args<'_>) {
    let Ok(Login { user, service, rhost }) = Login::of(host) else { return };
    let request = Request {
        kind: Kind::PrimaryWasUsed,
        wrong_check: false,
        deadline_ms: 0,
        user,
        service,
        rhost,
        secret: &[],
    };
    let args = Args { timeout_ms: args.timeout_ms.min(REPORT_TIMEOUT_MS), ..*args };
    if let Err(failure) = host.exchange(&args, &request) {
        let line = OnSocket { socket: args.socket, failure: &failure };
        host.log(Priority::Warning, format_args!("use of a primary password not reported: {line}"));
    }
}

#[cfg(test)]
mod tests;
