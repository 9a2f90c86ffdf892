use super::*;

/// As Dovecot 2.3.19 prints it, in short.
const V2_3: &str = r#"# 2.3.19.1 (9b53102964): /etc/dovecot/dovecot.conf
# Pigeonhole version 0.5.19 (4eae2f79)
# Hostname: mail
auth_cache_size = 10 M
auth_mechanisms = plain login cram-md5
mail_location = mbox:~/mail:INBOX=/var/mail/%u
namespace inbox {
  inbox = yes
  location =
  mailbox "Sent Messages" {
    special_use = \Sent
  }
  prefix =
}
passdb {
  args = session=yes cache_key=%u max_requests=5 %s
  driver = pam
  result_failure = return-fail
}
passdb {
  args = /etc/dovecot/dovecot-sql.conf.ext
  driver = sql
}
protocols = " imap lmtp sieve"
service auth {
  unix_listener /var/spool/postfix/private/auth {
    mode = 0660
    user = postfix
  }
  unix_listener auth-userdb {
    mode = 0600
  }
}
ssl_dh = # hidden, use -P to show it
userdb {
  driver = passwd
}
"#;

/// As Dovecot 2.4.1 prints it, in short.
const V2_4: &str = r#"# 2.4.1-4 (7d8c0e5759): /etc/dovecot/dovecot.conf
dovecot_config_version = 2.4.0
mail_path = %{home}/mail
protocols {
  sieve = yes
  imap = yes
  pop3 = no
}
passdb pam {
  service_name = x
  session = yes
}
passdb foo {
  deny = yes
  driver = passwd-file
}
namespace inbox {
  mailbox Drafts {
    special_use = "\\Drafts"
  }
}
userdb passwd {
}
"#;

#[test]
fn lines_are_read_as_dovecot_reads_them() {
    for (text, read) in [
        ("", Line::Nothing),
        ("  # a = b {", Line::Nothing),
        ("a = b", Line::Setting("a", "b")),
        ("a=b # c", Line::Setting("a", "b")),
        ("a = b#c", Line::Setting("a", "b#c")),
        ("a = \"b # c\"", Line::Setting("a", "b # c")),
        ("a = don't # c", Line::Setting("a", "don't")),
        ("a =", Line::Setting("a", "")),
        ("a = b = c", Line::Setting("a", "b = c")),
        ("passdb {", Line::Open("passdb", "")),
        ("passdb pam{", Line::Open("passdb", "pam")),
        ("mailbox \"Sent Messages\" {", Line::Open("mailbox", "Sent Messages")),
        ("protocol !lmtp { # c", Line::Open("protocol", "!lmtp")),
        ("a = %{user}", Line::Setting("a", "%{user}")),
        ("}", Line::Close),
        ("} # c", Line::Close),
        ("!include a/*.conf # c", Line::Include { pattern: "a/*.conf", must_be_there: true }),
        ("!include_try a", Line::Include { pattern: "a", must_be_there: false }),
        ("passdb { driver = pam }", Line::Odd),
        ("word", Line::Odd),
        ("a b = c", Line::Odd),
        ("= c", Line::Odd),
        ("{", Line::Odd),
    ] {
        assert_eq!(line(text), read, "{text:?}");
    }
}

#[test]
fn doveconf_is_understood() {
    for (text, language) in [(V2_3, Language::V2_3), (V2_4, Language::V2_4)] {
        let version = text.lines().next().unwrap_or_default().trim_start_matches("# ");
        assert_eq!(Language::of(version), Some(language));
        assert_eq!(main_file(text), Some("/etc/dovecot/dovecot.conf"));
        assert!(effective(text).is_some());
    }
    assert_eq!(Language::of("2.2.36 (1f10bfa63)"), None);
    assert_eq!(Language::of("2.5.0"), None);
    for odd in ["a {\n", "}\n", "nonsense\n", "!include x\n"] {
        assert_eq!(effective(odd), None, "{odd}");
    }
    assert_eq!(main_file("a = 1\n"), None);
}

#[test]
fn passdbs_of_both_languages_are_the_same_thing() {
    let of = |text| judge::passdbs(&effective(text).unwrap());
    let [pam, sql] = of(V2_3).try_into().unwrap();
    let told = pam.pam.clone().unwrap();
    assert_eq!((told.service.as_str(), told.session, told.cache_key.as_deref()), ("%s", true, Some("%u")));
    assert!(told.is_per_protocol() && pam.is_for_logins());
    assert!(!pam.is_guarded(), "internal failures go on to the next one");
    assert_eq!(sql.driver, "sql");
    let [pam, deny] = of(V2_4).try_into().unwrap();
    let told = pam.pam.clone().unwrap();
    assert_eq!((told.service.as_str(), told.session), ("x", true));
    assert!(!told.is_per_protocol() && !deny.is_for_logins());
    assert_eq!(deny.driver, "passwd-file");
}

#[test]
fn services_are_those_that_people_log_in_to() {
    let of = |text| services(&effective(text).unwrap());
    assert_eq!(of(V2_3), ["imap", "sieve"]);
    assert_eq!(of(V2_4), ["sieve", "imap"]);
    assert_eq!(
        of("protocols = imap imaps pop3s managesieve submission lmtp doveadm\n"),
        ["imap", "pop3", "sieve", "submission"]
    );
    let effective = effective(V2_3).unwrap();
    let sockets: Vec<_> = auth_sockets(&effective).iter().map(|socket| socket.name.as_str()).collect();
    assert_eq!(sockets, ["/var/spool/postfix/private/auth"]);
}

/// What is found in a configuration, by its ids.
fn judged(language: Language, text: &str) -> Vec<&'static str> {
    let services = ["imap".to_owned(), "submission".to_owned()];
    let findings = judge::judge(language, &effective(text).unwrap(), &services);
    findings.iter().map(|finding| finding.id).collect()
}

const OURS: &str = "passdb {\n driver = pam\n args = %s\n result_failure = return-fail\n result_internalfail = return-fail\n}\n";
const UNGUARDED: &str = "passdb {\n driver = pam\n args = %s\n}\n";
const SQL: &str = "passdb {\n driver = sql\n}\n";

#[test]
fn everything_that_opens_keeps_alive_or_writes_down_is_found() {
    use Language::{V2_3, V2_4};
    for (language, text, found) in [
        (V2_3, OURS.to_owned(), vec![]),
        (V2_3, UNGUARDED.to_owned(), vec![]),
        (V2_3, format!("{OURS}{SQL}"), vec![]),
        (V2_3, format!("{UNGUARDED}{SQL}"), vec!["dovecot-second-passdb"]),
        (V2_3, format!("{UNGUARDED}{UNGUARDED}"), vec!["dovecot-second-passdb"]),
        (V2_3, format!("{SQL}{OURS}"), vec!["dovecot-passdb-before"]),
        (V2_3, format!("passdb {{\n driver = passwd-file\n deny = yes\n}}\n{OURS}"), vec![]),
        (
            V2_3,
            format!("passdb {{\n driver = passwd-file\n master = yes\n}}\n{OURS}"),
            vec!["dovecot-master-users"],
        ),
        (V2_3, "passdb {\n driver = pam\n args = dovecot\n}\n".into(), vec!["dovecot-one-service"]),
        (
            V2_3,
            "passdb {\n driver = pam\n args = %s\n mechanisms = plain\n}\n".into(),
            vec!["dovecot-passdb-conditions"],
        ),
        (V2_3, format!("{OURS}auth_mechanisms = plain LOGIN\n"), vec![]),
        (V2_3, format!("{OURS}auth_mechanisms = plain cram-md5\n"), vec!["dovecot-other-mechanisms"]),
        (V2_3, format!("{OURS}auth_cache_size = 10 M\n"), vec![]),
        (V2_4, format!("{OURS}auth_cache_size = 10M\n"), vec!["dovecot-auth-cache"]),
        (V2_4, format!("{OURS}auth_cache_size = 0\n"), vec![]),
        (
            V2_3,
            "auth_cache_size = 1 M\npassdb {\n driver = pam\n args = cache_key=%u %s\n}\n".into(),
            vec!["dovecot-auth-cache"],
        ),
        (V2_3, "passdb {\n driver = pam\n args = cache_key=%u %s\n}\n".into(), vec![]),
        (V2_3, format!("{OURS}auth_debug_passwords = yes\n"), vec!["dovecot-debug-passwords"]),
        (V2_4, format!("{OURS}auth_verbose_passwords = plain\n"), vec!["dovecot-verbose-passwords"]),
        (V2_4, format!("{OURS}auth_verbose_passwords = sha1:6\n"), vec!["dovecot-verbose-passwords"]),
        (V2_3, format!("{OURS}auth_debug = yes\n"), vec!["dovecot-auth-debug"]),
        (V2_4, format!("{OURS}auth_debug = yes\n"), vec![]),
        (V2_3, format!("{OURS}disable_plaintext_auth = no\n"), vec!["dovecot-cleartext"]),
        (
            V2_4,
            format!("{OURS}auth_allow_cleartext = yes\nssl = no\n"),
            vec!["dovecot-cleartext", "dovecot-cleartext"],
        ),
        (V2_3, format!("{OURS}auth_username_format = %Ln\n"), vec!["dovecot-drops-domain"]),
        (V2_3, format!("{OURS}auth_username_format = %Lu\n"), vec![]),
        (
            V2_4,
            format!("{OURS}auth_username_format = %{{user | username | lower}}\n"),
            vec!["dovecot-drops-domain"],
        ),
        (V2_4, format!("{OURS}auth_username_format = %{{user | lower}}\n"), vec![]),
        (V2_4, format!("{OURS}auth_username_format = %{{user | username}}-%{{user | domain}}\n"), vec![]),
        (V2_3, format!("{OURS}service auth-worker {{\n user = vmail\n}}\n"), vec!["dovecot-worker-user"]),
        (V2_3, format!("{OURS}service auth-worker {{\n user = root\n}}\n"), vec![]),
        // What has no PAM isn't ours to judge.
        (V2_3, SQL.to_owned(), vec![]),
    ] {
        assert_eq!(judged(language, &text), found, "{text}");
    }
}
