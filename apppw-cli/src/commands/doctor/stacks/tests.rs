//! Stacks as people write them, and what is said of each.

use super::*;
use crate::commands::doctor::line::State;
use std::collections::BTreeMap;

type Host = BTreeMap<PathBuf, String>;

const COMMON_AUTH: &str = "auth [success=1 default=ignore] pam_unix.so nullok\nauth requisite pam_deny.so\nauth required pam_permit.so\n";
const COMMON_ACCOUNT: &str = "account [success=1 new_authtok_reqd=done default=ignore] pam_unix.so\naccount requisite pam_deny.so\n\
                              account required pam_permit.so\n";
const DENY: &str = "auth required pam_deny.so\naccount required pam_deny.so\npassword required pam_deny.so\nsession required pam_deny.so\n";

/// Debian's shared files, an `other` that denies, and these.
fn host(files: &[(&str, &str)]) -> Host {
    let shared = [("common-auth", COMMON_AUTH), ("common-account", COMMON_ACCOUNT), ("other", DENY)];
    let all = shared.iter().chain(files);
    all.map(|(name, text)| (Path::new("/etc/pam.d").join(name), (*text).to_owned())).collect()
}

fn of(files: &[(&str, &str)]) -> Vec<(&'static str, State)> {
    judge(&gather(&host(files)), &[]).iter().map(|line| (line.id, line.state)).collect()
}

const ONLY: &str = include_str!("../../../../../packaging/pam/app-passwords-only");
const PRIMARY: &str = include_str!("../../../../../packaging/pam/primary-where-permitted");
const SYSTEM: &str = include_str!("../../../../../packaging/pam/system-users");

#[test]
fn the_shipped_stacks_are_fine() {
    for (text, said) in [
        (ONLY, "app passwords only; shut while"),
        (PRIMARY, "app passwords, and the primary password where"),
        (SYSTEM, "app passwords only; accounts by the site's own rules; shut"),
    ] {
        let lines = judge(&gather(&host(&[("imap", text)])), &[]);
        assert_eq!(
            lines.iter().map(|line| (line.id, line.state)).collect::<Vec<_>>(),
            [("stack", State::Ok)]
        );
        assert!(lines[0].what.contains(said), "{}", lines[0].what);
    }
}

#[test]
fn each_mistake_has_its_line() {
    const ACCOUNT: &str = "account required pam_apppw.so\n";
    let with_account = |auth: &str| format!("{auth}\n{ACCOUNT}");
    for (auth, id) in [
        ("auth sufficient pam_apppw.so\n@include common-auth", "stack-sufficient"),
        ("auth sufficient pam_apppw.so\nauth required pam_unix.so", "stack-sufficient"),
        ("auth optional pam_apppw.so\n@include common-auth", "stack-unguarded"),
        ("auth [success=done default=ignore] pam_apppw.so\n@include common-auth", "stack-unguarded"),
        (
            "auth [success=done auth_err=die default=ignore] pam_apppw.so\nauth include common-auth",
            "stack-down",
        ),
        (
            "auth [success=done user_unknown=ignore authinfo_unavail=ignore default=die] pam_apppw.so\n@include common-auth",
            "stack-down",
        ),
        (
            "auth [success=done module_unknown=ignore default=die] pam_apppw.so\nauth substack common-auth",
            "stack-down",
        ),
        ("auth sufficient pam_unix.so\nauth [success=done default=die] pam_apppw.so", "stack-before"),
        ("auth optional pam_apppw.so\nauth required pam_permit.so", "stack-open"),
        ("auth [success=done default=ignore] pam_apppw.so\nauth sufficient pam_permit.so", "stack-open"),
        ("auth [success=bad default=die] pam_apppw.so", "stack-shut"),
        ("auth [sucess=done default=die] pam_apppw.so", "stack-unreadable"),
    ] {
        let said = of(&[("imap", &with_account(auth))]);
        assert_eq!(said.first().map(|(id, _)| *id), Some(id), "{auth}: {said:?}");
        assert!(said.iter().any(|(_, state)| *state == State::Fault), "{auth}: {said:?}");
    }
    let said = of(&[("imap", &with_account("auth required pam_apppw.so\nauth required pam_ldap.so"))]);
    assert_eq!(said, [("stack-shut", State::Warning)], "two factors may be meant");
}

#[test]
fn the_account_phase() {
    let with_auth = |account: &str| format!("auth [success=done default=die] pam_apppw.so\n{account}\n");
    for (account, state) in [
        ("", State::Fault),
        ("account required pam_deny.so", State::Fault),
        ("account required pam_unix.so\naccount required pam_apppw.so", State::Warning),
    ] {
        assert_eq!(of(&[("imap", &with_auth(account))]), [("stack-account", state)], "{account}");
    }
    for fine in
        ["account required pam_permit.so", "account sufficient pam_apppw.so", "@include common-account"]
    {
        assert_eq!(of(&[("imap", &with_auth(fine))]), [("stack", State::Ok)], "{fine}");
    }
    let half = format!(
        "auth [success=done user_unknown=ignore default=die] pam_apppw.so\n@include common-auth\naccount required {NAME}\n"
    );
    assert_eq!(of(&[("imap", &half)]), [("stack-account", State::Warning)]);
}

#[test]
fn where_it_has_no_business() {
    let shared = of(&[
        ("common-auth", &format!("auth sufficient {NAME}\n{COMMON_AUTH}")),
        ("sshd", "@include common-auth\n"),
    ]);
    assert_eq!(shared, [("stack-common", State::Fault)]);
    assert_eq!(of(&[("sudo", ONLY)]), [("stack-never", State::Fault)], "nobody gets in");
    assert_eq!(of(&[("sshd", PRIMARY)]), [("stack-never", State::Warning)]);
    assert_eq!(of(&[("imap.dpkg-old", "auth sufficient pam_apppw.so\n")]), [("stack-none", State::Warning)]);
    assert_eq!(of(&[]), [("stack-none", State::Warning)]);
    let facts = gather(&host(&[("imap", ONLY), ("gopher", ONLY), ("sudo", PRIMARY)]));
    assert_eq!(facts.services(), ["gopher", "imap"]);
    let said: Vec<_> = judge(&facts, &["gopher".to_owned()]).iter().map(|line| line.id).collect();
    assert_eq!(said, ["stack-group", "stack-never", "stack"]);
}

#[test]
fn arguments_and_unreadable_lines() {
    let with = |argument: &str| {
        format!("auth [success=done default=die] pam_apppw.so {argument}\naccount required pam_apppw.so\n")
    };
    for (argument, state) in [
        ("nullok", State::Warning),
        ("Debug", State::Warning),
        ("timeout=9s", State::Fault),
        ("timeout=", State::Fault),
        ("socket=run/a", State::Fault),
        ("server_uid=root", State::Fault),
    ] {
        assert_eq!(of(&[("imap", &with(argument))]), [("stack-argument", state)], "{argument}");
    }
    for fine in ["debug", "timeout=500ms use_first_pass", "server_uid=990 socket=/s", "authtok_type=x"] {
        assert_eq!(of(&[("imap", &with(fine))]), [("stack", State::Ok)], "{fine}");
    }
    let uid = gather(&host(&[("imap", &with("server_uid=990"))]));
    assert_eq!(uid.lines().filter_map(wanted_uid).collect::<Vec<_>>(), [990]);
    assert_eq!(of(&[("imap", &format!("{ONLY}atuh required pam_x.so\n"))])[0].0, "stack-unreadable");
    assert_eq!(
        of(&[("imap", &format!("{ONLY}auth required pam_x.so \\"))]),
        [("stack-unusable", State::Fault)]
    );
}

#[test]
fn other_is_slow_with_debians_own_file() {
    let debian = "@include common-auth\n@include common-account\n";
    assert_eq!(
        of(&[("imap", ONLY), ("other", debian)]),
        [("stack", State::Ok), ("stack-other", State::Warning)]
    );
    let mut both = host(&[("imap", ONLY)]);
    both.insert("/etc/pam.conf".into(), "imap auth required pam_apppw.so\n".into());
    let said: Vec<_> = judge(&gather(&both), &[]).iter().map(|line| line.id).collect();
    assert_eq!(said, ["stack", "stack-unread"]);
    let lines = ONLY.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let single: Host =
        [("/etc/pam.conf".into(), lines.map(|line| format!("imap {line}\n")).collect())].into();
    let said: Vec<_> = judge(&gather(&single), &[]).iter().map(|line| line.id).collect();
    assert_eq!(said, ["stack"]);
}
