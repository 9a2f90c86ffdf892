//! From a line to a verb's handler.

use super::caller::Caller;
use super::verbs::backup::HandOut;
use super::verbs::mark::Mark;
use super::{rules, verbs};
use crate::clock;
use crate::daemon::Daemon;
use crate::events;
use crate::log;
use crate::store::Store;
use apppw_admin::text::cut;
use apppw_admin::{About, AdminError, Code, MAX_LINE, Request, Response, VERSION, Verb};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use std::rc::Rc;
use zeroize::Zeroizing;

/// A response's line, wiped when dropped: it may carry a secret.
pub type Line = Zeroizing<Vec<u8>>;

/// The answer to a line.
pub struct Answer {
    /// What is sent.
    pub line: Line,
    /// What is sent behind it.
    pub follows: Option<HandOut>,
    /// What becomes of the connection.
    pub then: Then,
}

/// What becomes of a connection after an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// It goes on.
    GoOn,
    /// It goes on unless this was its first line, which was no request.
    GoOnUnlessFirst,
    /// It ends.
    HangUp,
}

/// Answers one line.
pub async fn line<S: Store + 'static>(daemon: &Rc<Daemon<S>>, caller: &Caller, line: &[u8]) -> Answer {
    let request: Request<'_> = match parse_object(line) {
        Ok(request) => request,
        Err(why) => {
            let line = refusal(0, AdminError::new(Code::Invalid, format!("not a request: {why}")));
            return Answer { line, then: Then::GoOnUnlessFirst, follows: None };
        }
    };
    let mut follows = None;
    let line = match answer(daemon, caller, &request, &mut follows).await {
        Ok(line) => line,
        Err(error) => {
            let message = log::masked(&error.message);
            if was_refused(&error) {
                let about = if error.about == About::default() {
                    events::asked_for(request.args)
                } else {
                    error.about.clone()
                };
                daemon.note_denied(caller, &request.verb, about, &message).await;
            }
            refusal(request.id, error)
        }
    };
    daemon.record.notice(clock::now(), std::time::Instant::now());
    // What could only be done in memory is told as soon as the disk takes it.
    daemon.write_events_later();
    Answer { line, then: Then::GoOn, follows }
}

/// Whether somebody was refused what he may not do: by his role, or by a limit on an argument. Who
/// may see only his own is told of others' that they are not there.
fn was_refused(error: &AdminError) -> bool {
    match error.code {
        Code::Denied => true,
        Code::Limit => error.field.is_some(),
        Code::NotFound => error.about.id.is_some(),
        _ => false,
    }
}

/// The line that says why nothing was done. What it quotes may have been as long as a line.
#[must_use]
pub fn refusal(id: u64, mut error: AdminError) -> Line {
    const LONGEST: usize = 1000;
    error.message = cut(&error.message, LONGEST).into_owned();
    Response::<()>::new(id, Err(error)).to_line().unwrap_or_default()
}

async fn answer<S: Store + 'static>(
    daemon: &Rc<Daemon<S>>,
    caller: &Caller,
    request: &Request<'_>,
    follows: &mut Option<HandOut>,
) -> Result<Line, AdminError> {
    if request.v != VERSION {
        let message = format!("version {} of these requests is not spoken here, only {VERSION}", request.v);
        return Err(AdminError::new(Code::Unsupported, message));
    }
    let Some(verb) = Verb::from_name(&request.verb) else {
        let message = format!(
            "this apppwd ({}) doesn't know that command; is apppw newer? Restart apppwd after an upgrade",
            env!("CARGO_PKG_VERSION")
        );
        return Err(AdminError::in_field(Code::Unsupported, "verb", message));
    };
    let power = rules::authorize(caller, verb, daemon.config.policy.self_service, &daemon.config.users)?;
    let (id, args) = (request.id, request.args);
    match verb {
        Verb::Create => reply(id, verbs::create::run(daemon, caller, &power, parse(args)?).await?),
        Verb::List => reply(id, verbs::list::run(daemon, &power, parse(args)?).await?),
        Verb::Show => reply(id, verbs::show::run(daemon, &power, parse(args)?).await?),
        Verb::Find => reply(id, verbs::find::run(daemon, caller, &power, parse(args)?).await?),
        Verb::Rename => reply(id, verbs::rename::run(daemon, caller, &power, parse(args)?).await?),
        Verb::Rotate => reply(id, verbs::rotate::run(daemon, caller, &power, parse(args)?).await?),
        Verb::Suspend => reply(id, verbs::suspend::run(daemon, caller, &power, parse(args)?, true).await?),
        Verb::Resume => reply(id, verbs::suspend::run(daemon, caller, &power, parse(args)?, false).await?),
        Verb::Revoke => reply(id, verbs::revoke::run(daemon, caller, &power, parse(args)?).await?),
        Verb::Verify => reply(id, verbs::verify::run(daemon, &power, parse(args)?).await?),
        Verb::Watch => reply(id, verbs::watch::run(daemon, caller, &power, parse(args)?).await?),
        Verb::Events => reply(id, verbs::events::run(daemon, &power, parse(args)?).await?),
        Verb::Users => reply(id, verbs::users::run(daemon, parse(args)?).await?),
        Verb::Metrics => reply(id, verbs::metrics::run(daemon, parse(args)?).await?),
        Verb::Status => reply(id, verbs::status::run(daemon, parse(args)?).await?),
        Verb::Doctor => reply(id, verbs::doctor::run(daemon, parse(args)?).await?),
        Verb::Keys => reply(id, verbs::keys::show(daemon, parse(args)?).await?),
        Verb::KeyRotate => reply(id, verbs::keys::rotate(daemon, caller, parse(args)?).await?),
        Verb::KeyRetire => reply(id, verbs::keys::retire(daemon, caller, parse(args)?).await?),
        Verb::KeyExport => reply(id, verbs::keys::export(daemon, caller, parse(args)?).await?),
        Verb::KeyImport => reply(id, verbs::keys::import(daemon, caller, parse(args)?).await?),
        Verb::UserShow => reply(id, verbs::user::show(daemon, &power, parse(args)?).await?),
        Verb::Report => reply(id, verbs::report::run(daemon, parse(args)?).await?),
        Verb::Panic => reply(id, verbs::panic::run(daemon, caller, parse(args)?).await?),
        Verb::Backup => {
            let (backup, copy) = verbs::backup::run(daemon, caller, parse(args)?).await?;
            *follows = Some(copy);
            reply(id, backup)
        }
        Verb::BackupKept => reply(id, verbs::backup::kept(daemon, caller, parse(args)?).await?),
        Verb::UserEnroll => reply(id, verbs::mark::run(daemon, caller, parse(args)?, Mark::Enroll).await?),
        Verb::UserUnenroll => {
            reply(id, verbs::mark::run(daemon, caller, parse(args)?, Mark::Unenroll).await?)
        }
        Verb::UserLock => reply(id, verbs::mark::run(daemon, caller, parse(args)?, Mark::Lock).await?),
        Verb::UserUnlock => reply(id, verbs::mark::run(daemon, caller, parse(args)?, Mark::Unlock).await?),
        Verb::UserLockdown => reply(id, verbs::user::lock_down(daemon, caller, parse(args)?).await?),
        Verb::UserRename => reply(id, verbs::user::rename(daemon, caller, parse(args)?).await?),
        Verb::UserDelete => reply(id, verbs::user::delete(daemon, caller, parse(args)?).await?),
    }
}

pub(crate) fn parse<T: DeserializeOwned>(args: Option<&RawValue>) -> Result<T, AdminError> {
    let args = args.map_or("{}", RawValue::get);
    parse_object(args.as_bytes()).map_err(|why| {
        AdminError::in_field(Code::Invalid, "args", format!("arguments not understood: {why}"))
    })
}

/// Reads an object. An array would do for serde too, by position, and go around the names.
pub(crate) fn parse_object<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, String> {
    if json.trim_ascii_start().first() != Some(&b'{') {
        return Err("not a JSON object".to_owned());
    }
    serde_json::from_slice(json).map_err(|error| without_values(&error))
}

fn reply<T: serde::Serialize>(id: u64, result: T) -> Result<Line, AdminError> {
    let line = Response::new(id, Ok(result))
        .to_line()
        .map_err(|error| AdminError::new(Code::Busy, format!("internal fault: {error}")))?;
    if line.len() > MAX_LINE {
        return Err(AdminError::new(
            Code::Limit,
            format!("the answer is longer than {MAX_LINE} bytes; ask for less"),
        ));
    }
    Ok(line)
}

/// serde's message quotes what it did not expect, and that might be a secret.
fn without_values(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let kind = match text.split_once(' ').map(|(_, rest)| rest) {
        Some(rest) if rest.starts_with("type:") || rest.starts_with("value:") => "a value of the wrong kind",
        Some(rest) if rest.starts_with("field ") => "an unknown argument",
        Some(rest) if rest.starts_with("variant ") => "an unknown word",
        _ => return text,
    };
    let expected = text.rsplit_once(", expected ").map_or("something else", |(_, expected)| expected);
    format!("{kind}, expected {expected}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_quotes_no_value() {
        use apppw_admin::verbs::{ShowArgs, VerifyArgs};
        let message = |error: Result<(), AdminError>| error.unwrap_err().message;
        for text in [
            r#"{"secret":["7k3m-9qxe"]}"#,
            r#"{"secret":{"7k3m-9qxe":1}}"#,
            r#"{"secret":"x","7k3m-9qxe":1}"#,
            r#"{"secret":"x","user":7.3e9}"#,
            r#""7k3m-9qxe""#,
            r#"["7k3m-9qxe"]"#,
            r#"{"secret":"x","kinds":["7k3m-9qxe"]}"#,
            r#"{"secret":["x, expected 7k3m-9qxe"]}"#,
        ] {
            let raw: Box<RawValue> = serde_json::from_str(text).unwrap();
            let shown = message(parse::<VerifyArgs>(Some(&raw)).map(drop));
            assert!(!shown.contains("7k3m") && !shown.contains("7.3e9"), "{shown}");
        }
        let raw: Box<RawValue> = serde_json::from_str(r#"{"id":"7k3m-9qxe"}"#).unwrap();
        let shown = message(parse::<ShowArgs>(Some(&raw)).map(drop));
        assert!(!shown.contains("7k3m-9qxe"), "{shown}");
    }
}
