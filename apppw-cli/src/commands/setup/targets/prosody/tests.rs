use super::*;
use std::collections::BTreeMap;

const DEBIAN: &str = "modules_enabled = {\n\t\"roster\";\n}\nauthentication = \"internal_hashed\"\nVirtualHost \"example.org\"\nInclude \"conf.d/*.cfg.lua\"\n";

fn source(texts: &[(&str, &str)]) -> Result<Source, Odd> {
    let files: BTreeMap<PathBuf, String> =
        texts.iter().map(|(path, text)| (path.into(), (*text).to_owned())).collect();
    Source::read(&files, Path::new(MAIN))
}

fn of(main: &str) -> Facts {
    Facts {
        source: source(&[(MAIN, main)]),
        has_module: true,
        has_library: true,
        sasl: vec![("/etc/sasl/prosody.conf".into(), None)],
        saslauthd: saslauthd::Facts {
            installed: true,
            default: Some("MECHANISMS=\"pam\"\nOPTIONS=\"-c -m /var/run/saslauthd\"\n".to_owned()),
            ..saslauthd::Facts::default()
        },
        pam: pam::Facts::default(),
        apppwd: None,
        is_member: true,
        complaint: None,
    }
}

fn ids(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.id).collect()
}

#[test]
fn debian_s_default_asks_cyrus_sasl_and_a_second_run_changes_nothing() {
    let made = plan(&of(DEBIAN), None);
    assert_eq!(made.stops, []);
    let paths: Vec<_> = made.changes().map(|file| file.path.display().to_string()).collect();
    assert_eq!(
        paths,
        [
            "/etc/pam.d/xmpp",
            "/etc/default/saslauthd",
            "/etc/sasl/prosody.conf",
            "/etc/prosody/prosody.cfg.lua"
        ]
    );
    let main = &made.file(Path::new(MAIN)).unwrap().after;
    assert_eq!(
        *main,
        DEBIAN.replace(
            "authentication = \"internal_hashed\"\n",
            &format!("{WANTED}\n{OFF}\n--authentication = \"internal_hashed\"\n")
        )
    );
    assert_eq!(made.then, ["systemctl restart saslauthd", "systemctl restart prosody"]);
    assert_eq!(ids(&made.findings), ["saslauthd-no-address", "prosody-accounts"]);
    assert!(made.findings[1].what.contains("alice@example.org phone"), "{:?}", made.findings);
    let text = |path: &str| made.file(Path::new(path)).map(|file| file.after.clone());
    let again = Facts {
        source: source(&[(MAIN, main)]),
        sasl: vec![("/etc/sasl/prosody.conf".into(), text("/etc/sasl/prosody.conf"))],
        saslauthd: saslauthd::Facts { default: text("/etc/default/saslauthd"), ..of(DEBIAN).saslauthd },
        pam: pam::Facts { files: [("xmpp".to_owned(), text("/etc/pam.d/xmpp").unwrap())].into() },
        ..of(DEBIAN)
    };
    let again = plan(&again, None);
    assert_eq!((again.stops.len(), again.changes().count()), (0, 0), "{again:?}");
}

#[test]
fn the_option_comes_before_the_first_host_where_there_is_none() {
    for (before, after) in [
        ("a = 1\nVirtualHost \"x\"\n b = 2\n", format!("a = 1\n{WANTED}\nVirtualHost \"x\"\n b = 2\n")),
        ("a = 1", format!("a = 1\n{WANTED}\n")),
        (
            "VirtualHost \"x\"\n authentication = \"cyrus\"\n",
            format!("{WANTED}\nVirtualHost \"x\"\n authentication = \"cyrus\"\n"),
        ),
    ] {
        let made = plan(&of(before), None);
        assert_eq!(made.stops, [], "{before}");
        assert_eq!(made.file(Path::new(MAIN)).unwrap().after, after);
    }
    // In a file that is included it is changed there.
    let made = plan(
        &Facts {
            source: source(&[
                (MAIN, "Include \"conf.d/*.cfg.lua\"\nVirtualHost \"x\"\n"),
                ("/etc/prosody/conf.d/a.cfg.lua", "authentication = \"internal_plain\"\n"),
            ]),
            ..of("")
        },
        None,
    );
    assert_eq!(made.stops, []);
    let changed: Vec<_> = made.changes().map(|file| file.path.clone()).collect();
    assert!(changed.contains(&"/etc/prosody/conf.d/a.cfg.lua".into()) && !changed.contains(&MAIN.into()));
}

#[test]
fn what_is_not_understood_is_left_alone_with_lines_to_paste() {
    let twice = "authentication = \"internal_plain\"\n";
    for (main, id) in [
        (format!("{DEBIAN}if x then end\n"), "prosody-not-understood"),
        ("authentication = ENV_AUTH\n".to_owned(), "prosody-not-understood"),
        ("a = 1 authentication = \"ldap\"\n".to_owned(), "prosody-not-understood"),
        (format!("{twice}{twice}"), "prosody-twice"),
        (format!("{DEBIAN}authentication = \"ldap\"\n"), "prosody-own-authentication"),
        (format!("{DEBIAN}cyrus_service_name = \"chat\"\n"), "prosody-own-option"),
        (format!("cyrus_application_name = \"xmpp\"\n{DEBIAN}"), "prosody-own-option"),
        (format!("{DEBIAN}cyrus_service_realm = \"example.net\"\n"), "prosody-own-option"),
        (format!("{DEBIAN}modules_enabled = {{ \"sasl2_fast\" }}\n"), "prosody-other-ways"),
    ] {
        let made = plan(&of(&main), None);
        assert_eq!(ids(&made.stops), [id], "{main}");
        assert_eq!(made.paste.len(), 3);
    }
}

#[test]
fn what_is_missing_on_the_host_stops_it() {
    let own = "pwcheck_method: auxprop\nauxprop_plugin: sql\n".to_owned();
    let file =
        |directory: &str, text: &str| (Path::new(directory).join("prosody.conf"), Some(text.to_owned()));
    let elsewhere = saslauthd::Facts {
        default: Some("MECHANISMS=\"pam\"\nOPTIONS=\"-r -m /elsewhere\"\n".into()),
        ..of("").saslauthd
    };
    for (facts, id) in [
        (Facts { has_module: false, ..of(DEBIAN) }, "prosody-missing"),
        (Facts { has_library: false, ..of(DEBIAN) }, "prosody-missing"),
        (Facts { sasl: vec![], ..of(DEBIAN) }, "prosody-no-sasl-folder"),
        (Facts { sasl: vec![file("/etc/sasl", &own)], ..of(DEBIAN) }, "prosody-sasl-own"),
        (
            Facts { sasl: vec![file("/etc/sasl", "mech_list: PLAIN"), file("/etc/sasl2", "")], ..of(DEBIAN) },
            "prosody-sasl-twice",
        ),
        (Facts { saslauthd: elsewhere, ..of(DEBIAN) }, "saslauthd-socket"),
        (Facts { complaint: Some("x".into()), ..of(DEBIAN) }, "prosody-check"),
        (Facts { apppwd: Some("nonsense".into()), ..of(DEBIAN) }, "apppwd-config"),
    ] {
        assert_eq!(ids(&plan(&facts, None).stops), [id]);
    }
    let named = plan(&of(DEBIAN), Some(Stack::SystemUsers));
    assert!(ids(&named.stops).contains(&"prosody-names"));
}

#[test]
fn what_would_refuse_everybody_is_said() {
    let outside = plan(&Facts { is_member: false, ..of(DEBIAN) }, None);
    assert_eq!(outside.then[0], "adduser prosody sasl");
    assert!(ids(&outside.findings).contains(&"prosody-not-in-sasl"));
    for (toml, refused) in
        [("", false), ("[groups]\nchat = [\"irc\"]\n", true), ("[groups]\nx = [\"xmpp\"]\n", false)]
    {
        let made = plan(&Facts { apppwd: Some(toml.into()), ..of(DEBIAN) }, None);
        assert_eq!(ids(&made.findings).contains(&"prosody-group"), refused, "{toml}");
    }
    for (line, clear) in [
        ("c2s_require_encryption = false\n", true),
        ("allow_unencrypted_plain_auth = true\n", true),
        ("c2s_require_encryption = true\n", false),
    ] {
        let made = plan(&of(&format!("{line}{DEBIAN}")), None);
        assert_eq!(ids(&made.findings).contains(&"prosody-cleartext"), clear, "{line}");
    }
    let guests =
        plan(&of(&format!("{DEBIAN}VirtualHost \"guest.org\"\n authentication = \"anonymous\"\n")), None);
    assert_eq!(guests.stops, []);
    assert!(ids(&guests.findings).contains(&"prosody-anonymous"));
}

#[test]
fn a_complaint_is_the_checker_s_own() {
    let said = |code: i32, text: &str| {
        complaint(&Outcome { code: Some(code), stdout: text.to_owned(), stderr: String::new() })
    };
    assert_eq!(said(0, "Checking config...\nDone.\n"), None);
    let text = "** unable to find lua-unbound\n\nChecking config...\n    You have x\nDone.\n\nSee y\n";
    assert_eq!(said(1, text).as_deref(), Some("You have x See y"));
    assert_eq!(said(1, "****\nA problem\n\nError: x:1: y\n").as_deref(), Some("Error: x:1: y"));
}
