use super::*;
use std::collections::BTreeMap;
use std::path::PathBuf;

const GLOBAL: &str = "User ${APACHE_RUN_USER}\nLoadModule authnz_pam_module /x.so\n";
const SITE: &str = "<VirtualHost *:443>\nSSLEngine on\n<Location /f>\nAuthBasicProvider PAM\nAuthPAMService webdav\n\
                    Require valid-user\n</Location>\n</VirtualHost>\n";
const APPPWD: &str = "[policy]\nprimary = \"refuse\"\n";

fn source(text: &str) -> Result<Source, Odd> {
    let files: BTreeMap<PathBuf, String> = [(MAIN.into(), text.to_owned())].into();
    Source::read(&files, Path::new(MAIN), Path::new(ROOT))
}

fn of(site: &str) -> Facts {
    Facts {
        source: source(&format!("{GLOBAL}{site}")),
        envvars: "export APACHE_RUN_USER=www-data\nexport APACHE_RUN_GROUP=www-data\n".to_owned(),
        passwd: "root:x:0:0::/root:/bin/sh\nwww-data:x:33:33::/var/www:/bin/false\n".to_owned(),
        groups: "apppw-auth:x:111:Debian-exim,www-data\n".to_owned(),
        pam: pam::Facts::default(),
        apppwd: Some(APPPWD.to_owned()),
        elsewhere: None,
        has_apppwd: true,
    }
}

fn ids(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.id).collect()
}

#[test]
fn a_site_that_asks_pam_gets_its_stack_and_its_peer_and_a_second_run_changes_nothing() {
    let made = plan(&of(SITE), None);
    assert_eq!(made.stops, []);
    let shown: Vec<_> =
        made.changes().map(|file| (file.path.display().to_string(), file.after.as_str())).collect();
    let peers = format!(
        "{APPPWD}\n# Not root: it must be in the group apppw-auth, too (apppw setup)\n[peers.www-data]\nservices = [\"webdav\"]\n"
    );
    assert_eq!(
        shown,
        [
            ("/etc/pam.d/webdav".to_owned(), texts::APP_PASSWORDS_ONLY),
            ("/etc/apppw/apppwd.toml".to_owned(), peers.as_str())
        ]
    );
    assert_eq!(made.then, ["systemctl restart apppwd", "systemctl restart apache2"]);
    assert_eq!(made.checkers, [CHECKER, CHECKER_OF_APPPWD]);
    assert_eq!(ids(&made.findings), ["apache-scope", "apache-address"]);
    let again = Facts {
        apppwd: Some(peers.clone()),
        pam: pam::Facts { files: [("webdav".to_owned(), texts::APP_PASSWORDS_ONLY.to_owned())].into() },
        ..of(SITE)
    };
    let again = plan(&again, None);
    assert_eq!((again.stops.len(), again.changes().count()), (0, 0));
    // Without a file the defaults hold: a new one begins with what we say.
    let none = plan(&Facts { apppwd: None, ..of(SITE) }, None);
    let file = none.file(Path::new(apppwd::PATH)).unwrap();
    assert!(file.before.is_none() && file.after.starts_with("# Not root"), "{file:?}");
    // A peer by its uid is the same peer.
    let by_uid = Facts { apppwd: Some("[peers.33]\nservices = [\"x\"]\n".into()), ..of(SITE) };
    let file = plan(&by_uid, None).file(Path::new(apppwd::PATH)).cloned().unwrap();
    assert_eq!(file.after, "[peers.33]\nservices = [\"webdav\", \"x\"]\n");
}

#[test]
fn each_service_is_written_once() {
    // libpam takes names in lower case: another file would be nobody's.
    let site = format!("{SITE}{}", SITE.replace("webdav", "Apache2")) + &SITE.replace("webdav", "WebDAV");
    let made = plan(&of(&site), None);
    let paths: Vec<_> = made.changes().map(|file| file.path.display().to_string()).collect();
    assert_eq!(paths, ["/etc/pam.d/webdav", "/etc/pam.d/apache2", "/etc/apppw/apppwd.toml"]);
    assert!(made.changes().any(|file| file.after.contains("services = [\"apache2\", \"webdav\"]")));
}

#[test]
fn what_is_not_understood_or_would_let_others_in_is_left_alone_with_lines_to_paste() {
    let with = |old: &str, new: &str| SITE.replace(old, new);
    let provider = "AuthBasicProvider PAM";
    for (site, id) in [
        (String::new(), "apache-no-location"),
        ("<Location /x>\nAuthBasicProvider file\n</Location>\n".into(), "apache-no-location"),
        (format!("{SITE}Use Macro a\n"), "apache-not-understood"),
        (with(provider, "AuthBasicProvider PAM file"), "apache-second-provider"),
        (with(provider, "AuthBasicProvider ldap pam"), "apache-second-provider"),
        (with(provider, "AuthBasicProvider socache PAM"), "apache-second-provider"),
        (with(provider, "AuthFormProvider PAM file"), "apache-second-provider"),
        (format!("AuthnCacheProvideFor dbd PAM\n{SITE}"), "apache-cache"),
        (with(provider, "AuthBasicProvider PAM\nAuthBasicAuthoritative Off"), "apache-not-authoritative"),
        (format!("<AuthnProviderAlias PAM mine>\n</AuthnProviderAlias>\n{SITE}"), "apache-alias"),
        (with("AuthPAMService webdav\n", ""), "apache-no-service"),
        (with("webdav", "sshd"), "apache-service"),
        (with("webdav", "common-auth"), "apache-service"),
        (with("webdav", "../x"), "apache-service"),
        (with("webdav", "${SERVICE}"), "apache-service"),
        (with("Require valid-user", "Require pam-account webdav"), "apache-pam-account"),
        (with("Require valid-user", "Require pam-account WebDAV"), "apache-pam-account"),
        (format!("InterceptFormPAMService webdav\n{SITE}"), "apache-form"),
        (format!("AssignUserID a b\n{SITE}"), "apache-user"),
        (format!("User ${{OTHER}}\n{SITE}"), "apache-user"),
    ] {
        let made = plan(&of(&site), None);
        assert_eq!(ids(&made.stops), [id], "{site}");
        assert_eq!(made.paste.len(), 3);
    }
    let unloaded = Facts { source: source(&format!("User www-data\n{SITE}")), ..of("") };
    assert_eq!(ids(&plan(&unloaded, None).stops), ["apache-no-module"]);
    assert_eq!(ids(&plan(&of(SITE), Some(Stack::SystemUsers)).stops)[..1], ["apache-stack"]);
    for (toml, id) in
        [("nonsense", "apppwd-config"), ("[peers]\nwww-data = { services = [] }\n", "apppwd-peers")]
    {
        let made = plan(&Facts { apppwd: Some(toml.into()), ..of(SITE) }, None);
        assert_eq!(ids(&made.stops), [id]);
    }
    let elsewhere = Facts { elsewhere: Some("/x.toml".into()), ..of(SITE) };
    assert_eq!(ids(&plan(&elsewhere, None).stops), ["apppwd-elsewhere"]);
}

#[test]
fn what_would_refuse_everybody_or_let_in_without_a_password_is_said() {
    let outside = plan(&Facts { groups: "apppw-auth:x:111:\n".into(), ..of(SITE) }, None);
    assert!(outside.stops.is_empty() && ids(&outside.findings).contains(&"apache-not-in-group"));
    assert_eq!(
        outside.then,
        ["usermod -aG apppw-auth www-data", "systemctl restart apppwd", "systemctl restart apache2"]
    );
    let with = |old: &str, new: &str| SITE.replace(old, new);
    let require = "Require valid-user";
    for (site, id, said) in [
        (with("webdav", "webapp"), "apache-group", true),
        (SITE.to_owned(), "apache-group", false),
        (with(require, "Require valid-user\nRequire ip 10.0.0.0/8"), "apache-any", true),
        (with(require, "Require all granted"), "apache-any", true),
        (with(require, "Require all denied"), "apache-any", false),
        (with(require, "Require not ip 10.0.0.1\nRequire valid-user"), "apache-any", false),
        (
            with(require, "<RequireAll>\nRequire ip 10.0.0.0/8\nRequire valid-user\n</RequireAll>"),
            "apache-any",
            false,
        ),
        (with(require, "<RequireAny>\nRequire local\n</RequireAny>"), "apache-any", true),
        (with(require, "Require valid-user\nSatisfy Any"), "apache-any", true),
        (with("SSLEngine on", "Satisfy any\nSSLEngine on"), "apache-any", true),
        (with(require, "Satisfy All"), "apache-any", false),
        (
            format!("{SITE}<Location /o>\nSatisfy Any\nRequire all granted\n</Location>\n"),
            "apache-any",
            false,
        ),
        (with("SSLEngine on\n", ""), "apache-cleartext", true),
        (with("SSLEngine on", "SSLEngine off"), "apache-cleartext", true),
        (with("SSLEngine on", "SSLRequireSSL"), "apache-cleartext", false),
        (
            format!("<VirtualHost a>\nSSLEngine on\n</VirtualHost>\n{}", with("SSLEngine on\n", "")),
            "apache-cleartext",
            true,
        ),
        (SITE.to_owned(), "apache-cleartext", false),
        (format!("DefineExternalAuth pw pipe /usr/sbin/pwauth\n{SITE}"), "apache-external", true),
        (format!("<Directory /w>\nAllowOverride AuthConfig\n</Directory>\n{SITE}"), "apache-htaccess", true),
        (format!("<Directory /w>\nAllowOverride None\n</Directory>\n{SITE}"), "apache-htaccess", false),
    ] {
        let made = plan(&of(&site), None);
        assert_eq!(made.stops, [], "{site}");
        assert_eq!(ids(&made.findings).contains(&id), said, "{id}: {site}");
    }
}

#[test]
fn the_packaged_location_is_what_setup_looks_for() {
    let made = plan(
        &of(&format!("<VirtualHost *:443>\nSSLEngine on\n{}</VirtualHost>\n", texts::APACHE_LOCATION)),
        None,
    );
    assert_eq!(made.stops, []);
    assert_eq!(ids(&made.findings), ["apache-scope", "apache-address"]);
    assert_eq!(made.changes().next().unwrap().path, pam::path("webdav"));
}

#[test]
fn a_daemon_with_a_configuration_of_its_own_is_known() {
    const USUAL: Option<&str> = Some(apppwd::PATH);
    for (cmdline, path) in [
        ("/usr/sbin/apppwd", USUAL),
        ("/usr/sbin/apppwd\0--config\0/etc/apppw/apppwd.toml\0", USUAL),
        ("/usr/sbin/apppwd\0--config\0/x.toml\0", Some("/x.toml")),
        ("apppwd\0--config=/x.toml\0--init\0", Some("/x.toml")),
        ("apppwd\0--config", USUAL),
        ("/usr/sbin/dovecot\0--config\0/x", None),
        ("", None),
    ] {
        assert_eq!(config_of(cmdline.as_bytes()).as_deref(), path, "{cmdline}");
    }
    let of = |cmdlines: &[&str]| {
        elsewhere(&cmdlines.iter().map(|cmdline| cmdline.as_bytes().to_vec()).collect::<Vec<_>>())
    };
    assert_eq!(of(&["apppwd\0--config=/x.toml\0", "init"]).as_deref(), Some("/x.toml"));
    assert_eq!(of(&["apppwd\0--config=/x.toml\0", "/usr/sbin/apppwd\0"]), None);
    assert_eq!(of(&["init"]), None);
}
