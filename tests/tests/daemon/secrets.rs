//! Secrets are nowhere but in the create reply and in logins: not in the log, the database, the
//! journal, the command line or the environment.

use super::Case;
use apppw_admin::SecretText;
use apppw_admin::Verb;
use apppw_admin::verbs::{Verified, VerifyArgs};
use apppw_proto::frame::Verdict;
use apppw_proto::secret::Secret;
use apppw_tests::apppwd::Apppwd;
use apppw_tests::frames::{Ask, canonical, try_login};
use apppw_tests::lines::{Lines, code, field};
use serde_json::json;
use std::fs;

const USER: &str = "alice@example.org";

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("no_secret_in_any_form_is_kept_or_shown", nowhere),
        Case::new("a_secret_typed_as_user_name_is_masked", as_user_name),
        Case::new("a_secret_typed_wrong_as_user_name_is_masked", mistyped_as_user_name),
        Case::new("a_secret_given_as_the_name_of_an_account_is_masked", as_account),
        Case::new("a_secret_becomes_no_name", as_name),
    ]
}

/// How the characters could be written somewhere.
fn forms(shown: &str) -> Vec<Vec<u8>> {
    let plain = canonical(shown);
    let hex: String = plain.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut forms = vec![plain.clone(), shown.to_owned(), plain.to_uppercase(), shown.to_uppercase()];
    forms.extend([shown.replace('-', " "), hex.clone(), hex.to_uppercase()]);
    // Base64 at each of the three places where it may begin.
    for pad in 0..3 {
        for text in [&plain, shown] {
            forms.push(base64_core(&[&b"\0\0"[..pad], text.as_bytes()].concat(), pad));
        }
    }
    forms.into_iter().map(String::into_bytes).collect()
}

/// The base64 characters that depend on nothing but the text behind `pad` other bytes.
fn base64_core(bytes: &[u8], pad: usize) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits: Vec<u8> = bytes.iter().flat_map(|byte| (0..8).rev().map(move |i| byte >> i & 1)).collect();
    let all: Vec<char> = bits
        .chunks_exact(6)
        .map(|six| char::from(ALPHABET[usize::from(six.iter().fold(0, |value, bit| value << 1 | bit))]))
        .collect();
    all[(pad * 8).div_ceil(6)..].iter().collect()
}

fn nowhere() {
    let daemon = Apppwd::start();
    let mut shown: Vec<String> =
        (0..5).map(|i| daemon.create(USER, &format!("device {i}"), &[]).secret.expose().to_owned()).collect();
    // One that is nobody's, typed all the same.
    shown.push(
        Secret::from_values(&[3, 31, 4, 1, 5, 9, 26, 5, 3, 5, 8, 9, 7, 9, 30]).expect("a secret").display(),
    );
    for (i, secret) in shown.iter().enumerate() {
        for user in [USER, "bob@example.org"] {
            let verdict = try_login(&daemon.auth_socket(), user, secret);
            assert_eq!(verdict == Verdict::Accepted, user == USER && i < 5);
        }
        let plain = canonical(secret);
        let raw = [plain.to_uppercase(), secret.clone(), plain.clone() + "x"];
        for text in &raw {
            Ask { secret: text.as_bytes(), ..Ask::default() }.send(&daemon.auth_socket());
        }
        Ask { user: plain.as_bytes(), ..Ask::default() }.send(&daemon.auth_socket());
        let args = VerifyArgs {
            user: Some(USER.into()),
            secret: SecretText::new(secret.clone()),
            service: None,
            rhost: None,
        };
        let _: Verified = daemon.call(Verb::Verify, &args).expect("a verification");
        let mut lines = Lines::connect(&daemon.admin_socket());
        for args in [json!({"user": USER, "secret": [secret]}), json!({"user": 1, "secret": secret})] {
            let answer = lines.call("verify", &args).to_string();
            assert!(!answer.contains(secret.as_str()), "{answer}");
        }
        let answer = lines.ask(&format!("{{\"v\":\"{secret}\",\"id\":1,\"verb\":\"verify\"}}")).to_string();
        assert!(!answer.contains(secret.as_str()), "{answer}");
    }
    let argument = format!("/proc/{}", daemon.id());
    let mut places = vec![("cmdline", fs::read(format!("{argument}/cmdline")).expect("its command line"))];
    places.push(("environ", fs::read(format!("{argument}/environ")).expect("its environment")));
    search(&daemon, places, &shown);
    let (_, site) = daemon.stop();
    search(&site.start(), Vec::new(), &shown);
}

/// Every file of the daemon, and `places`.
fn search(daemon: &Apppwd, mut places: Vec<(&str, Vec<u8>)>, shown: &[String]) {
    for name in [
        "log",
        "state/apppw.db",
        "state/apppw.db-wal",
        "state/apppw.db-shm",
        "key/journal.log",
        "key/server.key",
    ] {
        places.push((name, fs::read(daemon.path(name)).unwrap_or_default()));
    }
    assert!(places.iter().filter(|(_, bytes)| bytes.len() > 50).count() >= 4, "nothing to search");
    for (name, bytes) in &places {
        for (i, form) in shown.iter().flat_map(|secret| forms(secret)).enumerate() {
            let found = bytes.windows(form.len()).any(|window| window == form);
            assert!(!found, "{name} has a secret in it (form {i})");
        }
    }
}

fn as_user_name() {
    let daemon = Apppwd::start();
    let secret = daemon.create(USER, "phone", &[]).secret.expose().to_owned();
    let plain = canonical(&secret);
    for user in [secret.clone(), plain.clone(), plain.to_uppercase(), secret.replace('-', " ")] {
        let reply = Ask { user: user.as_bytes(), ..Ask::default() }.send(&daemon.auth_socket());
        assert_eq!(reply.verdict, Verdict::Refused, "{user}");
    }
    let log = daemon.settled_log();
    assert_eq!(log.matches("looks like an app password").count(), 4, "{log}");
    for form in forms(&secret) {
        let form = String::from_utf8_lossy(&form).into_owned();
        assert!(!log.contains(&form), "{form} in {log}");
    }
}

fn mistyped_as_user_name() {
    let daemon = Apppwd::start();
    let values = [3, 31, 4, 1, 5, 9, 26, 5, 3, 5, 8, 9, 7, 9, 30];
    let secret = Secret::from_values(&values).expect("a secret").display();
    // Digits come and go in it as in nearly every one.
    let typed = [format!("{secret}x"), format!("alice{secret}@example.org"), secret[1..].to_owned()];
    for user in &typed {
        Ask { user: user.as_bytes(), ..Ask::default() }.send(&daemon.auth_socket());
    }
    let log = daemon.settled_log();
    assert_eq!(log.matches("looks like an app password").count(), typed.len(), "{log}");
    assert!(!log.contains(&secret[1..]), "{log}");
    // Who is called so is named.
    let name = "k9x2m4p7q1w8e5r3@example.org";
    let of = daemon.create(name, "phone", &[]);
    Ask { user: name.as_bytes(), secret: canonical(of.secret.expose()).as_bytes(), ..Ask::default() }
        .send(&daemon.auth_socket());
    let line = format!("accepted reason=accepted user={name} ");
    assert!(daemon.settled_log().contains(&line), "{}", daemon.log());
}

/// `apppw create SECRET NAME`: the words in the wrong order.
fn as_account() {
    let daemon = Apppwd::start();
    let secret = daemon.create(USER, "phone", &[]).secret.expose().to_owned();
    let mut lines = Lines::connect(&daemon.admin_socket());
    lines.call("create", &json!({"user": secret, "name": "phone"}));
    lines.call("user.enroll", &json!({"user": secret}));
    lines.call("revoke", &json!({"user": secret, "all": true}));
    assert!(!daemon.settled_log().contains(&secret), "{}", daemon.log());
}

/// The record keeps names for years.
fn as_name() {
    let daemon = Apppwd::start();
    let made = daemon.create(USER, "phone", &[]);
    let (id, secret) = (made.app_password.id, made.secret.expose().to_owned());
    let mut lines = Lines::connect(&daemon.admin_socket());
    for (verb, args, wrong) in [
        ("create", json!({"user": USER, "name": secret}), "name"),
        ("create", json!({"user": secret, "name": "x"}), "user"),
        ("rename", json!({"id": id, "name": secret}), "name"),
        ("user.lock", json!({"user": secret}), "user"),
        ("user.rename", json!({"user": USER, "new": secret}), "new"),
    ] {
        let answer = lines.call(verb, &args);
        assert_eq!((code(&answer), field(&answer)), ("invalid", Some(wrong)), "{verb}: {answer}");
    }
    search(&daemon, Vec::new(), &[secret]);
}
