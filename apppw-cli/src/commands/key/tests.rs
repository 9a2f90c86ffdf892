use super::*;
use crate::commands::{golden, samples};

#[test]
fn the_keys_and_what_depends_on_them() {
    let said = |keys: &Keys| {
        let mut text = Text::new();
        write(&mut text, keys, &samples::clock(), Fit::UNLIMITED);
        text.as_str().to_owned()
    };
    let expected = "\
KEY  SINCE       APP PASSWORDS
2    2027-01-14  1,234          newest: new ones are made with it
1    unknown     1
In the file /var/lib/apppwd-key/server.key
";
    assert_eq!(said(&samples::keys()), expected);
    let credential = Keys { credential: true, ..samples::keys() };
    assert!(said(&credential).ends_with("In the systemd credential /var/lib/apppwd-key/server.key\n"));
}

#[test]
fn what_goes_with_a_key_is_said_before() {
    let said = |key: &verbs::Key, depend: &[AppPassword]| {
        let mut text = Text::new();
        write_plan(&mut text, key, depend, &samples::clock(), Fit::UNLIMITED);
        text.as_str().to_owned()
    };
    let [_, old] = samples::keys().keys.try_into().unwrap();
    let nothing = said(&verbs::Key { lost_accounts: 0, ..old.clone() }, &[]);
    assert_eq!(nothing, "No app password depends on key 1.\n");
    let both = said(&old, &[samples::live(), samples::suspended()]);
    for part in
        ["ap-0000002a", "2 app passwords of alice@example.org;", "depend on key 1", "2 accounts are enrolled"]
    {
        assert!(both.contains(part), "{part}: {both}");
    }
}

#[test]
fn the_newest_key_and_none_are_no_old_ones() {
    let keys = samples::keys();
    assert_eq!(check_old(&keys, 1).unwrap().id, 1);
    assert_eq!(check_old(&keys, 2).unwrap_err().code, "invalid");
    let none = check_old(&keys, 3).unwrap_err();
    assert_eq!((none.code, none.message.contains("active are: 2, 1")), ("not_found", true));
}

#[test]
fn a_credential_is_changed_by_commands_that_stop_where_one_fails() {
    let failure =
        by_hand::refusal(&Keys { path: "/run/c/apppwd.key".into(), ..samples::keys() }, "--with-new");
    let lines: Vec<&str> = failure.message.lines().collect();
    assert!(lines[0].contains("/run/c/apppwd.key") && failure.several_lines, "{failure:?}");
    assert!(lines[1].contains("apppw key export --with-new /run/apppwd.key &&"), "{failure:?}");
    assert!(lines[1..lines.len() - 1].iter().all(|line| line.ends_with(" &&")), "{failure:?}");
    // Nobody's path makes lines.
    let path = "/k\n  rm -rf /".to_owned();
    assert!(!by_hand::refusal(&Keys { path, ..samples::keys() }, "--with-new").several_lines);
}

#[test]
fn on_terminals_of_all_widths() {
    golden::check("key", |fit| {
        let mut text = Text::new();
        write(&mut text, &samples::keys(), &samples::clock(), fit);
        text
    });
}
