//! Names of accounts and app passwords, and ids, as they are typed and shown.

use super::super::input::Input;
use apppw_admin::text::{
    MAX_FIELD_BYTES, MAX_NAME_CHARS, check_field, check_name, cut, is_deceptive, visible,
};
use apppw_admin::{AppPasswordId, IdPrefix, nearest};
use apppwd::account::{Names, canonical, canonical_of};
use apppwd::config::UsersConfig;

pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let rules = input.byte();
    let text = String::from_utf8_lossy(input.0);
    shown(&text);
    checked(&text);
    account(&text, rules);
    id(&text);
}

fn shown(text: &str) {
    let shown = visible(text);
    assert!(!shown.contains(is_deceptive) && !shown.contains(char::is_control), "{shown:?}");
    assert_eq!(visible(&shown), shown, "what is shown is shown as it is");
    for most in [0, 1, 80] {
        let cut = cut(text, most);
        assert!(cut.chars().count() <= most + 1);
        assert!(cut == text || cut.strip_suffix('…').is_some_and(|begin| text.starts_with(begin)));
    }
    let masked = apppwd::log::masked(text);
    let words = |text: &str| text.split(|c: char| !(c.is_alphanumeric() || "-@._".contains(c))).count();
    // Word by word, or all of it where the words together are a secret.
    assert!(
        words(&masked) >= words(text) || masked == apppwd::log::user("0000-0000-0000-0000"),
        "{masked:?}"
    );
}

fn checked(text: &str) {
    let is_fit = !text.trim().is_empty() && text.trim() == text && !text.contains(is_deceptive);
    assert_eq!(check_field(text).is_ok(), is_fit && text.len() <= MAX_FIELD_BYTES);
    assert_eq!(check_name(text).is_ok(), is_fit && text.chars().count() <= MAX_NAME_CHARS);
    for error in [check_field(text).err(), check_name(text).err()].into_iter().flatten() {
        assert_eq!(visible(&error.to_string()), error.to_string());
    }
}

fn account(typed: &str, rules: u8) {
    let users = UsersConfig {
        fold_case: rules & 1 == 1,
        default_domain: (rules & 2 == 2).then(|| "example.net".to_owned()),
        domain_aliases: [("example.net".to_owned(), "example.org".to_owned())]
            .into_iter()
            .filter(|_| rules & 4 == 4)
            .collect(),
    };
    let Ok(names) = Names::of(typed, &users) else { return };
    assert!(check_field(typed).is_ok() && check_field(&names.canonical).is_ok(), "{names:?}");
    assert_eq!(canonical(&names.canonical, &users).as_ref(), Ok(&names.canonical), "folding ends");
    let all: Vec<&str> = names.all().collect();
    assert!(all.contains(&typed) && all.contains(&names.canonical.as_str()) && all.len() <= 2);
    // Nothing but case, domain and alias is folded.
    if users == UsersConfig::default() {
        assert_eq!(names.canonical, typed);
    }
    let local = |name: &str| name.rsplit_once('@').map_or(name.to_owned(), |(local, _)| local.to_owned());
    assert!(local(&names.canonical).eq_ignore_ascii_case(&local(typed)), "{names:?}");
    let unix = canonical_of(typed, true, &users);
    assert_eq!(canonical_of(&unix, true, &users), unix);
    assert_eq!(unix.contains('@'), typed.contains('@'), "a Unix account gets no domain");
}

fn id(text: &str) {
    if let Ok(id) = text.parse::<AppPasswordId>() {
        assert!(id.to_string().eq_ignore_ascii_case(text));
        assert_eq!(AppPasswordId::from_bits(id.bits()), id);
    }
    match text.parse::<IdPrefix>() {
        Ok(prefix) => {
            let (first, last) = prefix.range();
            assert!(first <= last && prefix.chars() <= 8);
            for id in [first, last] {
                assert!(id.to_string().starts_with(&prefix.to_string()));
            }
            assert_eq!(prefix.whole().is_some(), first == last);
            assert_eq!(prefix.to_string().parse(), Ok(prefix));
        }
        Err(_) => assert!(text.parse::<AppPasswordId>().is_err(), "a whole id is its own beginning"),
    }
    if let Some(near) = nearest(text, ["create", "list", "revoke"]) {
        assert!(text.len() <= 64 && ["create", "list", "revoke"].contains(&near));
    }
}
