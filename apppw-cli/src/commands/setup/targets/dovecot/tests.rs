use super::*;
use crate::commands::setup::texts;
use crate::hosts::dovecot::source::What;
use std::collections::BTreeMap;

type Host = BTreeMap<PathBuf, String>;

const MAIN: &str = "/etc/dovecot/dovecot.conf";
const OURS: &str = "/etc/dovecot/conf.d/auth-apppw.conf.ext";

/// What a package's `common-*` and `other` are, in short.
const PAM: [(&str, &str); 4] = [
    (
        "/etc/pam.d/common-auth",
        "auth [success=1 default=ignore] pam_unix.so nullok\nauth requisite pam_deny.so\n",
    ),
    ("/etc/pam.d/common-account", "account required pam_unix.so\n"),
    ("/etc/pam.d/other", "@include common-auth\n@include common-account\n"),
    ("/etc/pam.d/dovecot", "@include common-auth\n@include common-account\n@include common-session\n"),
];

fn host(files: &[(&str, &str)]) -> Host {
    PAM.iter().chain(files).map(|(path, text)| ((*path).into(), (*text).to_owned())).collect()
}

/// What doveconf would say of these files: all that is written outside of blocks, the later value of two.
fn facts(language: Language, host: &Host) -> Facts {
    let source = Source::read(host, Path::new(MAIN));
    let mut effective = Block::default();
    for item in source.iter().flat_map(|source| &source.items) {
        match &item.what {
            What::Setting(key, value) => effective.settings.push((key.clone(), value.clone())),
            What::Block(block) => effective.blocks.push(block.clone()),
        }
    }
    let protocols = effective.get("protocols").unwrap_or("imap").to_owned();
    let protocols = Block { settings: vec![("protocols".into(), protocols)], ..Block::default() };
    let pam = pam::Facts::read(host);
    Facts { language, main: MAIN.into(), effective, protocols, source, pam }
}

fn ids(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|finding| finding.id).collect()
}

/// Debian's files, in short.
const DEBIAN_2_3: [(&str, &str); 3] = [
    (
        MAIN,
        "!include_try /usr/share/dovecot/protocols.d/*.protocol\n!include conf.d/*.conf\n!include_try local.conf\n",
    ),
    ("/etc/dovecot/conf.d/10-auth.conf", "auth_mechanisms = plain\n!include auth-system.conf.ext\n"),
    (
        "/etc/dovecot/conf.d/auth-system.conf.ext",
        "passdb {\n  driver = pam\n  #args = dovecot\n}\n# users\nuserdb {\n  driver = passwd\n}\n",
    ),
];

const DEBIAN_2_4: [(&str, &str); 3] = [
    (MAIN, "dovecot_config_version = 2.4.0\n!include conf.d/*.conf\n"),
    ("/etc/dovecot/conf.d/10-auth.conf", "!include auth-system.conf.ext\n"),
    ("/etc/dovecot/conf.d/auth-system.conf.ext", "passdb pam {\n#  session = yes\n}\n\nuserdb passwd {\n}\n"),
];

/// The host after everything is written.
fn written(mut host: Host, plan: &Plan) -> Host {
    for file in plan.changes() {
        assert_eq!(host.get(&file.path), file.before.as_ref(), "{}", file.path.display());
        host.insert(file.path.clone(), file.after.clone());
    }
    host
}

/// Sets it up, looks whether nobody but apppw decides, and whether a second run has nothing to do. What was changed
/// of the host's own files, and what was told.
#[track_caller]
fn set_up(language: Language, files: &[(&str, &str)], named: Option<Stack>) -> (Host, Plan) {
    let before = host(files);
    let made = plan(&facts(language, &before), named, false);
    assert_eq!(made.stops, [], "{files:#?}");
    let after = written(before, &made);
    let seen = facts(language, &after);
    let passdbs = judge::passdbs(&seen.effective);
    assert!(is_done(language, &seen.effective, &passdbs), "{after:#?}");
    let faults = judge::judge(language, &seen.effective, &seen.services(false));
    assert!(faults.iter().all(|finding| finding.level != Level::Fault), "{faults:#?}");
    let again = plan(&seen, named, false);
    assert_eq!(again.changes().count(), 0, "{:#?}", again.changes().collect::<Vec<_>>());
    assert_eq!(again.stops, []);
    (after, made)
}

#[test]
fn debian_s_default_gets_our_passdb_in_place_of_its_own() {
    for (language, files, ours) in
        [(Language::V2_3, DEBIAN_2_3, texts::DOVECOT_2_3), (Language::V2_4, DEBIAN_2_4, texts::DOVECOT_2_4)]
    {
        let (after, made) = set_up(language, &files, None);
        assert_eq!(after[Path::new(OURS)], ours);
        assert_eq!(
            after[Path::new("/etc/pam.d/imap")],
            texts::SYSTEM_USERS,
            "Unix accounts keep their rules"
        );
        assert_eq!(after[Path::new("/etc/pam.d/doveadm")], texts::SYSTEM_USERS);
        let system = &after[Path::new("/etc/dovecot/conf.d/auth-system.conf.ext")];
        assert!(
            system.contains("\n!include auth-apppw.conf.ext\n") || system.starts_with("# apppw setup"),
            "{system}"
        );
        assert!(system.contains("\nuserdb") && system.contains("\n#}\n"), "{system}");
        for (name, text) in PAM {
            assert_eq!(after[Path::new(name)], text, "setup never changes {name}");
        }
        assert!(ids(&made.findings).contains(&"pam-other"), "{:?}", made.findings);
        let (after, made) = set_up(language, &files, Some(Stack::AppPasswordsOnly));
        assert_eq!(after[Path::new("/etc/pam.d/imap")], texts::APP_PASSWORDS_ONLY);
        assert!(ids(&made.findings).contains(&"dovecot-account-rules"), "{:?}", made.findings);
    }
}

const SQL: &str = "passdb {\n  driver = sql\n  args = /etc/dovecot/sql\n}\n";
const STATIC: &str = "userdb {\n  driver = static\n  args = uid=vmail gid=vmail\n}\n";
const PAM_BLOCK: &str = "passdb {\n  driver = pam\n}\n";

#[test]
fn who_was_asked_before_or_after_is_asked_no_more() {
    let deny = "passdb {\n  driver = passwd-file\n  deny = yes\n  args = /x\n}\n";
    let master = "passdb {\n  driver = passwd-file\n  master = yes\n  args = /x\n}\n";
    let guarded = "passdb {\n  driver = pam\n  args = %s\n  result_failure = return-fail\n  result_internalfail = return-fail\n}\n";
    let keyed = "passdb {\n  driver = pam\n  args = session=yes cache_key=%u %s\n}\n";
    for (text, found) in [
        (format!("{SQL}{STATIC}"), vec!["dovecot-passdb-unused"]),
        (format!("{SQL}{PAM_BLOCK}{STATIC}"), vec!["dovecot-passdb-unused", "dovecot-old-service"]),
        (format!("{PAM_BLOCK}{SQL}{STATIC}"), vec!["dovecot-old-service", "dovecot-passdb-unused"]),
        (format!("{PAM_BLOCK}{PAM_BLOCK}{STATIC}"), vec!["dovecot-old-service", "dovecot-old-service"]),
        (format!("{deny}{master}{SQL}{STATIC}"), vec!["dovecot-passdb-unused", "dovecot-master-users"]),
        (format!("auth_cache_size = 10M\n{keyed}{STATIC}"), vec!["dovecot-pam-session"]),
        // Right already, whoever wrote it.
        (format!("{guarded}{SQL}{STATIC}"), vec![]),
        (format!("passdb {{\n  driver = pam\n  args = %s\n}}\n{STATIC}"), vec![]),
        // Fields that somebody has given it since.
        (
            format!(
                "{}  override_fields = allow_nets=192.0.2.0/24\n}}\n{STATIC}",
                guarded.trim_end_matches("}\n")
            ),
            vec![],
        ),
        (
            format!("auth_debug_passwords = yes\nauth_verbose_passwords = plain # why\n{guarded}{STATIC}"),
            vec![],
        ),
        (
            format!("disable_plaintext_auth = no\nauth_username_format = %Ln\n{guarded}{STATIC}"),
            vec!["dovecot-cleartext", "dovecot-drops-domain"],
        ),
    ] {
        let (after, made) = set_up(Language::V2_3, &[(MAIN, &text)], None);
        let told: Vec<_> = ids(&made.findings).into_iter().filter(|id| !id.starts_with("pam-")).collect();
        assert_eq!(told, found, "{text}");
        assert_eq!(after[Path::new("/etc/pam.d/imap")], texts::APP_PASSWORDS_ONLY);
        let main = &after[Path::new(MAIN)];
        assert!(main.contains(STATIC), "the userdb is never touched: {main}");
        if text.starts_with(deny) {
            assert!(main.starts_with(&format!("{deny}{master}# apppw setup")), "{main}");
        }
    }
}

#[test]
fn one_file_gets_ours_beside_it_and_a_host_without_passdb_gets_one() {
    let (after, _) = set_up(Language::V2_3, &[(MAIN, &format!("{SQL}{STATIC}"))], None);
    assert!(after.contains_key(Path::new("/etc/dovecot/auth-apppw.conf.ext")), "{:?}", after.keys());
    assert!(after[Path::new(MAIN)].contains("!include auth-apppw.conf.ext\n"));
    let (after, _) = set_up(Language::V2_3, &[(MAIN, "protocols = imap pop3\n")], None);
    assert!(after[Path::new(MAIN)].ends_with("!include auth-apppw.conf.ext\n"));
    assert!(after.contains_key(Path::new("/etc/pam.d/pop3")));
}

#[test]
fn a_cache_of_2_4_is_switched_off_where_it_is_written() {
    let mut files = DEBIAN_2_4;
    files[1].1 = "auth_cache_size = 10M\n!include auth-system.conf.ext\n";
    let (after, made) = set_up(Language::V2_4, &files, None);
    let text = &after[Path::new("/etc/dovecot/conf.d/10-auth.conf")];
    assert!(text.contains("\n#auth_cache_size = 10M\n"), "{text}");
    assert!(ids(&made.findings).contains(&"dovecot-cache-off"));
}

#[test]
fn a_file_of_ours_that_was_put_there_by_hand_is_left_or_mended() {
    // By hand, as older versions shipped it, behind nothing: right.
    let old = "passdb {\n  driver = pam\n  args = %s\n}\n";
    let by_hand = [
        (MAIN, "!include conf.d/*.conf\n"),
        ("/etc/dovecot/conf.d/10-auth.conf", "!include auth-apppw.conf.ext\n"),
        (OURS, old),
    ];
    let (after, _) = set_up(Language::V2_3, &by_hand, None);
    assert_eq!(after[Path::new(OURS)], old);
    // With another behind it: the present text.
    let more = format!("!include auth-apppw.conf.ext\n{SQL}");
    let by_hand = [by_hand[0], ("/etc/dovecot/conf.d/10-auth.conf", more.as_str()), (OURS, old)];
    let (after, _) = set_up(Language::V2_3, &by_hand, None);
    assert_eq!(after[Path::new(OURS)], texts::DOVECOT_2_3);
    assert_eq!(after[Path::new("/etc/dovecot/conf.d/10-auth.conf")], more);
}

#[test]
fn a_stack_that_somebody_has_chosen_stays() {
    for chosen in Stack::ALL {
        let (after, _) = set_up(Language::V2_3, &DEBIAN_2_3, Some(chosen));
        let again = plan(&facts(Language::V2_3, &after), None, false);
        assert_eq!((again.changes().count(), again.stops.as_slice()), (0, &[][..]), "{chosen:?}");
        // One more service gets the same.
        let for_postfix = plan(&facts(Language::V2_3, &after), None, true);
        let smtp = for_postfix.changes().find(|file| file.path == Path::new("/etc/pam.d/smtp")).unwrap();
        assert_eq!(smtp.after, pam::text(chosen));
        for other in Stack::ALL.into_iter().filter(|other| *other != chosen) {
            let named = plan(&facts(Language::V2_3, &after), Some(other), false);
            assert!(ids(&named.findings).contains(&"pam-stack-changed"), "{:?}", named.findings);
            let mut mixed = after.clone();
            mixed.insert("/etc/pam.d/imap".into(), pam::text(other).to_owned());
            let unnamed = plan(&facts(Language::V2_3, &mixed), None, false);
            assert!(ids(&unnamed.stops).contains(&"pam-stacks-differ"), "{:?}", unnamed.stops);
        }
    }
}

#[test]
fn what_is_not_understood_is_left_alone_with_the_lines_to_paste() {
    use Language::{V2_3, V2_4};
    let late = format!("{SQL}!include auth-apppw.conf.ext\n");
    for (language, text, id) in [
        (V2_3, format!("auth_mechanisms = plain login xoauth2\n{PAM_BLOCK}"), "dovecot-other-mechanisms"),
        (V2_3, format!("auth_mechanisms = plain digest-md5\n{SQL}"), "dovecot-other-mechanisms"),
        (V2_3, "passdb {\n  driver = lua\n}\n".into(), "dovecot-driver"),
        (V2_3, "passdb {\n  driver = static\n  args = proxy=y\n}\n".into(), "dovecot-driver"),
        (V2_4, "passdb oauth2 {\n}\npassdb pam {\n}\n".into(), "dovecot-driver"),
        (V2_3, "passdb {\n  driver = sql\n  mechanisms = plain\n}\n".into(), "dovecot-conditions"),
        (V2_3, "passdb {\n  driver = sql\n  skip = authenticated\n}\n".into(), "dovecot-conditions"),
        (
            V2_3,
            "passdb {\n  driver = pam\n  override_fields = allow_nets=192.0.2.0/24\n}\n".into(),
            "dovecot-fields",
        ),
        (V2_3, "passdb {\n  driver = sql\n  default_fields = nologin=y\n}\n".into(), "dovecot-fields"),
        (V2_4, "passdb pam {\n  fields {\n    nologin = yes\n  }\n}\n".into(), "dovecot-fields"),
        (V2_3, format!("{SQL}userdb {{\n  driver = prefetch\n}}\n"), "dovecot-prefetch"),
        (V2_3, format!("{PAM_BLOCK}service auth-worker {{\n  user = vmail\n}}\n"), "dovecot-worker-user"),
        (V2_3, format!("{PAM_BLOCK}nonsense\n"), "dovecot-not-understood"),
        (V2_3, format!("{PAM_BLOCK}!include none.conf\n"), "dovecot-not-understood"),
        (V2_3, late, "dovecot-include-late"),
    ] {
        let before = host(&[(MAIN, &text), ("/etc/dovecot/auth-apppw.conf.ext", texts::DOVECOT_2_3)]);
        let made = plan(&facts(language, &before), None, false);
        assert!(ids(&made.stops).contains(&id), "{text}: {:?}", made.stops);
        assert!(!made.paste.is_empty() && made.paste.iter().all(|paste| !paste.lines.is_empty()), "{text}");
    }
    // Within another block doveconf sees it, and our reading doesn't.
    let mut seen = facts(V2_3, &host(&[(MAIN, PAM_BLOCK)]));
    seen.effective.blocks.push(Block {
        kind: "passdb".into(),
        settings: vec![("driver".into(), "sql".into())],
        ..Block::default()
    });
    assert_eq!(ids(&plan(&seen, None, false).stops), ["dovecot-elsewhere"]);
}

#[test]
fn stacks_of_the_site_s_own_stop_it_and_a_distribution_s_don_t() {
    let with = |name: &str, text: &str, stack: Option<Stack>| {
        let mut files = host(&DEBIAN_2_3);
        files.insert(name.into(), text.to_owned());
        plan(&facts(Language::V2_3, &files), stack, false)
    };
    let made = with("/etc/pam.d/imap", "auth required pam_ldap.so\n", None);
    assert_eq!(ids(&made.stops), ["pam-own-lines"]);
    let made = with("/etc/pam.d/imap", "auth sufficient pam_apppw.so\n@include common-auth\n", None);
    assert_eq!(ids(&made.stops), [""; 0]);
    assert!(ids(&made.findings).contains(&"pam-sufficient"));
    let commented = format!("# mine\n{}", texts::SYSTEM_USERS);
    let made = with("/etc/pam.d/imap", &commented, None);
    assert!(
        made.changes().all(|file| file.path != Path::new("/etc/pam.d/imap")),
        "comments are a site's own business"
    );
    let made = with("/etc/pam.d/common-account", "account required pam_apppw.so\n", None);
    assert!(ids(&made.findings).contains(&"pam-common-apppw"));
    let mut files = host(&DEBIAN_2_3);
    files.remove(Path::new("/etc/pam.d/common-auth"));
    let made = plan(&facts(Language::V2_3, &files), Some(Stack::PrimaryWherePermitted), false);
    assert_eq!(ids(&made.stops), ["pam-no-common"]);
}
