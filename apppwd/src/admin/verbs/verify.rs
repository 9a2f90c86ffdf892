//! `verify`

use super::{account_in_reach, cut, names, record_in_reach, to_message, unknown};
use crate::address::Address;
use crate::admin::rules::Power;
use crate::auth::check::{self, Asked};
use crate::auth::{Answer, Reason};
use crate::daemon::Daemon;
use crate::store::Store;
use apppw_admin::text::check_field;
use apppw_admin::verbs::{Verified, VerifyArgs};
use apppw_admin::{AdminError, Code};
use apppw_proto::frame::Verdict;
use apppw_proto::secret::{Shape, classify};
use std::rc::Rc;
use std::time::Duration;

/// How long the answer may take.
const WITHIN: Duration = Duration::from_secs(8);

/// Says what a login with this secret would come to; counts no use.
///
/// # Errors
/// The closed list of codes.
pub async fn run<S: Store + 'static>(
    daemon: &Rc<Daemon<S>>,
    power: &Power,
    args: VerifyArgs,
) -> Result<Verified, AdminError> {
    let user = power
        .target(args.user.as_deref())?
        .ok_or_else(|| AdminError::in_field(Code::Invalid, "user", "say whose: apppw verify USER"))?;
    // The account that a login by that name means, which may be another one than the caller's.
    let names = names(daemon, &Power::All, &user)?;
    let account = account_in_reach(daemon, power, &names).await?;
    if let (None, Power::Own { canonical, .. }) = (&account, power)
        && names.canonical != *canonical
    {
        let message = format!(
            "a login as {user} means {} here, which isn't yours; ask an administrator",
            names.canonical
        );
        return Err(AdminError::in_field(Code::Denied, "user", message));
    }
    for (field, value) in [("service", &args.service), ("rhost", &args.rhost)] {
        if let Some(value) = value {
            check_field(value).map_err(|e| {
                AdminError::in_field(Code::Invalid, field, format!("{field} {:?} {e}", cut(value)))
            })?;
        }
    }
    let address = args.rhost.as_ref().map_or(Address::NotAsked, |rhost| Address::from_rhost(rhost, true));
    if address == Address::Unknown {
        let rhost = cut(args.rhost.as_deref().unwrap_or_default());
        let message = format!("rhost {rhost:?} is no address: write it as 192.0.2.7 or 2001:db8::7");
        return Err(AdminError::in_field(Code::Invalid, "rhost", message));
    }
    if account.is_none() {
        unknown::check_known(daemon, power, &names).await?;
    }
    // Looked at where it lies: what is moved leaves a copy behind.
    let shape = classify(args.secret.expose().as_bytes());
    let answer = match &shape {
        Shape::Secret(secret) => {
            let asked = Asked { user: &user, service: args.service.as_deref(), address, is_login: false };
            let login = check::login(daemon, &asked, secret);
            tokio::time::timeout(WITHIN, login).await.unwrap_or(Answer::new(Reason::Deadline))
        }
        // The PAM module would ask about the primary password: whose fate is not the
        // question here.
        Shape::WrongCheck => Answer::new(Reason::Mistyped),
        Shape::Other => Answer::new(Reason::NotASecret),
    };
    let app_password = match answer.app_password {
        Some(owner) => Some(to_message(daemon, record_in_reach(daemon, power, owner.id).await?).await?),
        None => None,
    };
    let accepted = answer.verdict == Verdict::Accepted;
    Ok(Verified { accepted, reason: answer.reason.as_str().to_owned(), app_password })
}
