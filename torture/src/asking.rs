//! The daemon's verbs and verdicts in few words, for rows that talk to a real one.

use apppw_proto::frame::Verdict;
use apppw_tests::frames::{Ask, canonical};
use apppw_tests::lines::Lines;
use serde_json::{Value, json};
use std::path::Path;

/// An app password, as its owner knows it.
#[derive(Debug, Clone)]
pub struct Made {
    /// Whose it is.
    pub user: String,
    /// Its id.
    pub id: String,
    /// As it goes over the socket.
    pub secret: String,
}

/// Asks for a verb as root.
pub fn ask(admin: &Path, verb: &str, args: &Value) -> Value {
    Lines::connect(admin).call(verb, args)
}

/// The same, where it must be done.
///
/// # Panics
/// If it is not.
pub fn done(admin: &Path, verb: &str, args: &Value) -> Value {
    let answer = ask(admin, verb, args);
    assert!(answer.get("ok").is_some(), "{verb} {args}: {answer}");
    answer["ok"].clone()
}

/// Creates one, or says with which code that is refused.
///
/// # Errors
/// The code and the message.
pub fn try_create(admin: &Path, user: &str, name: &str, more: &Value) -> Result<Made, (String, String)> {
    let mut args = json!({"user": user, "name": name});
    for (key, value) in more.as_object().into_iter().flatten() {
        args[key] = value.clone();
    }
    made(user, &ask(admin, "create", &args))
}

/// The same, where it must be done.
///
/// # Panics
/// If it is not.
pub fn create(admin: &Path, user: &str, name: &str, more: &Value) -> Made {
    try_create(admin, user, name, more).unwrap_or_else(|error| panic!("create {name} for {user}: {error:?}"))
}

/// What `create` or `rotate` has given.
///
/// # Errors
/// The code and the message.
pub fn made(user: &str, answer: &Value) -> Result<Made, (String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    match answer.get("ok") {
        Some(ok) => Ok(Made {
            user: user.to_owned(),
            id: text(&ok["app_password"]["id"]),
            secret: canonical(&text(&ok["secret"])),
        }),
        None => Err((text(&answer["error"]["code"]), text(&answer["error"]["message"]))),
    }
}

/// The verdict on a login at `imap`.
pub fn login(auth: &Path, user: &str, secret: &str) -> Verdict {
    Ask::login(user, "imap", "192.0.2.7", secret).send(auth).verdict
}

/// The verdict on the use of a primary password at `imap`.
pub fn primary(auth: &Path, user: &str) -> Verdict {
    Ask { kind: 2, user: user.as_bytes(), secret: b"", ..Ask::default() }.send(auth).verdict
}
