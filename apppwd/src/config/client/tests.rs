//! What may be written, what is shown to whom, and what is said of the rest.

use crate::config::{Config, parse};
use crate::scope::{Pin, Scope};
use apppw_admin::verbs::{ClientSettings, Encryption};
use std::path::Path;

fn config(client: &str) -> Config {
    parse(&format!("[client]\n{client}\n"), Path::new("x")).unwrap_or_else(|e| panic!("{client}: {e}"))
}

fn scope(services: &[&str]) -> Scope {
    Scope {
        services: services.iter().map(|name| (*name).to_owned()).collect(),
        networks: vec![],
        expires: Some(0),
        pin_service: Pin::No,
        pin_network: Pin::No,
    }
}

fn shown(config: &Config, scope: &Scope) -> ClientSettings {
    config.client.settings(&config.groups, scope, "alice@example.org").expect("something is configured")
}

#[test]
fn a_server_is_a_text_or_a_table_and_its_port_says_how_it_is_encrypted() {
    use Encryption::{Starttls, Tls};
    for (text, host, port, encryption) in [
        ("imap = \"imap.example.org\"", "imap.example.org", 993, Tls),
        ("imap = \"imap.example.org:993\"", "imap.example.org", 993, Tls),
        ("imap = \"imap.example.org:143\"", "imap.example.org", 143, Starttls),
        ("imap = { host = \"192.0.2.7\", encryption = \"starttls\" }", "192.0.2.7", 143, Starttls),
        ("imap = { host = \"mail\", port = 10993, encryption = \"tls\" }", "mail", 10993, Tls),
        ("imap = \"[2001:db8::7]:143\"", "[2001:db8::7]", 143, Starttls),
        ("imap = \"[2001:db8::7]\"", "[2001:db8::7]", 993, Tls),
        ("imap.host = \"xn--bcher-kva.example\"", "xn--bcher-kva.example", 993, Tls),
    ] {
        let server = shown(&config(text), &scope(&["mail"])).imap.unwrap();
        assert_eq!(
            (server.host.as_str(), server.port, server.encryption),
            (host, port, encryption),
            "{text}"
        );
    }
    let all = config("pop3 = \"a\"\nsmtp = \"b:587\"\nsieve = \"c\"");
    let ClientSettings { pop3, smtp, sieve, .. } = shown(&all, &scope(&["mail"]));
    let found =
        [pop3, smtp, sieve].map(|server| server.map(|server| (server.port, server.encryption)).unwrap());
    assert_eq!(found, [(995, Tls), (587, Starttls), (4190, Starttls)]);
}

#[test]
fn only_what_the_scope_opens_is_shown() {
    let config = config(
        "imap = \"imap.example.org\"\nsmtp = \"smtp.example.org\"\npop3 = \"pop.example.org\"\n\
         caldav = \"https://dav.example.org/{user}/\"\nhelp = \"https://help.example.org\"\nnote = \"Ring 42\"",
    );
    let keys = |scope: &Scope| {
        let shown = shown(&config, scope);
        assert_eq!(shown.user, "alice@example.org");
        assert_eq!(
            shown.help.as_deref().zip(shown.note.as_deref()),
            Some(("https://help.example.org", "Ring 42"))
        );
        let found =
            [shown.imap.is_some(), shown.pop3.is_some(), shown.smtp.is_some(), shown.caldav.is_some()];
        found.map(u8::from)
    };
    assert_eq!(keys(&scope(&["mail"])), [1, 1, 1, 0]);
    assert_eq!(keys(&scope(&["smtp"])), [0, 0, 1, 0], "a printer");
    assert_eq!(keys(&scope(&["imap", "dav"])), [1, 0, 0, 1]);
    assert_eq!(keys(&scope(&["dovecot"])), [1, 1, 1, 0], "one PAM service for all");
    assert_eq!(keys(&scope(&["chat"])), [0, 0, 0, 0]);
    let pinned = Scope { pin_service: Pin::To("imap".into()), ..scope(&["mail"]) };
    assert_eq!(keys(&pinned), [1, 0, 0, 0]);
    let caldav = shown(&config, &scope(&["dav"])).caldav;
    assert_eq!(caldav.as_deref(), Some("https://dav.example.org/alice@example.org/"));
}

#[test]
fn a_site_may_say_what_each_is_the_server_of() {
    let config = parse(
        "[groups]\npost = [\"site-imap\", \"site-smtp\"]\n[client]\n\
         imap = { host = \"a\", services = [\"site-imap\"] }\nsmtp = { host = \"b\", services = [\"post\"] }\n\
         caldav = { url = \"https://c\", services = [\"post\"] }\n",
        Path::new("x"),
    )
    .unwrap();
    let of = |services: &[&str]| {
        let shown = shown(&config, &scope(services));
        [shown.imap.is_some(), shown.smtp.is_some(), shown.caldav.is_some()]
    };
    assert_eq!(of(&["post"]), [true, true, true]);
    assert_eq!(of(&["site-smtp"]), [false, true, true]);
    assert_eq!(of(&["mail"]), [false, false, false]);
}

#[test]
fn without_the_section_there_is_nothing() {
    let config = parse("", Path::new("x")).unwrap();
    assert_eq!(config.client.settings(&config.groups, &scope(&["mail"]), "alice"), None);
}

#[test]
fn a_name_in_a_url_is_encoded() {
    let config = config("caldav = \"https://dav.example.org:8443/{user}/?u={user}\"");
    let url = config.client.settings(&config.groups, &scope(&["dav"]), "jü/ a?").unwrap().caldav.unwrap();
    assert_eq!(url, "https://dav.example.org:8443/j%C3%BC%2F%20a%3F/?u=j%C3%BC%2F%20a%3F");
}

#[test]
fn what_is_wrong_is_said_with_its_line_and_what_is_allowed() {
    for (text, wanted) in [
        ("imapp = \"a\"", "did you mean `imap`?"),
        ("imap = 993", "expected \"HOST:PORT\" or {"),
        (
            "imap = \"imaps://imap.example.org/\"",
            "a server has no scheme (imaps://): write \"imap.example.org\"",
        ),
        ("imap = \"imap.example.org:imaps\"", "\"imaps\" is no port: allowed are 1 to 65535"),
        ("imap = \"imap.example.org:65536\"", "\"65536\" is no port"),
        ("imap = \"imap.example.org:+993\"", "\"+993\" is no port"),
        ("imap = \"imap.example.org:0\"", "\"0\" is no port"),
        ("imap = { host = \"a\", port = 0 }", "port is 0, allowed are 1 to 65535"),
        ("imap = \"\"", "\"\" is no host name: write it as imap.example.org"),
        ("imap = \"imap example.org\"", "is no host name"),
        ("imap = \"imap..example.org\"", "is no host name"),
        ("imap = \"-a.example.org\"", "is no host name"),
        ("imap = \"192.0.2.300\"", "is no host name"),
        ("imap = \"[2001:db8::x]:993\"", "\"2001:db8::x\" is no IPv6 address"),
        ("imap = \"bücher.example\"", "write it as xn--"),
        ("imap = \"a\\u001b[2J\"", "is no host name"),
        (
            "imap = \"imap.example.org:10993\"",
            "port 10993 doesn't say how it is encrypted (993 is TLS, 143 is STARTTLS)",
        ),
        (
            "smtp = \"smtp.example.org:25\"",
            "port 25 doesn't say how it is encrypted (465 is TLS, 587 is STARTTLS)",
        ),
        ("sieve = { host = \"a\", encryption = \"tls\" }", "no usual port for that with TLS"),
        ("imap = { host = \"a\", encryption = \"ssl\" }", "expected `tls` or `starttls`"),
        ("imap = { host = \"a\", encryption = \"startls\" }", "did you mean `starttls`?"),
        ("imap = { host = \"a\", prot = 993 }", "did you mean `port`?"),
        ("imap = { port = 993 }", "missing key `host`"),
        ("caldav = \"http://dav.example.org\"", "must begin with https://"),
        ("caldav = \"https://dav.example.org/{name}\"", "has the character '{'"),
        ("caldav = \"https://dav.example.org/a b\"", "has the character ' '"),
        ("caldav = \"https:///x\"", "is no host name"),
        ("help = \"help.example.org\"", "must begin with https://"),
        ("help = \"https://help.example.org/{user}\"", "leave {user} out"),
    ] {
        let said = parse(&format!("[client]\n{text}\n"), Path::new("/etc/x.toml")).unwrap_err().to_string();
        assert!(said.contains(wanted), "{text}: {said}");
        assert!(said.contains("/etc/x.toml") && said.contains("line 2"), "{text}: {said}");
        assert!(!said.contains('\u{1b}'), "{text}: {said:?}");
    }
    for (text, wanted) in [
        ("note = \"\"", "[client] note is empty"),
        ("note = \"a\\u202eb\"", "[client] note has the character"),
        ("imap = { host = \"a\", services = [\"mial\"] }", "did you mean \"mail\"?"),
        ("caldav = { url = \"https://a\", services = [] }", "[client] caldav services is empty"),
    ] {
        let said = parse(&format!("[client]\n{text}\n"), Path::new("/etc/x.toml")).unwrap_err().to_string();
        assert!(said.contains(wanted), "{text}: {said}");
    }
}

#[test]
fn what_is_hardly_meant_is_warned_of() {
    let warnings = |text: &str| parse(text, Path::new("x")).unwrap().warnings();
    assert_eq!(warnings("[client]\nimap = \"a\"\ncaldav = \"https://a\"\n"), Vec::<String>::new());
    let slip = warnings("[client]\nimap = { host = \"a\", port = 993, encryption = \"starttls\" }\n");
    assert!(
        slip[0].starts_with("[client] imap says encryption = \"starttls\", but port 993 is \"tls\"'s"),
        "{slip:?}"
    );
    let unseen = warnings("[client]\nimap = \"a\"\n[groups]\nmail = [\"site-imap\"]\n");
    assert!(unseen[0].starts_with("[client] imap is shown to nobody"), "{unseen:?}");
}

#[test]
fn the_document_names_the_services_of_each() {
    let document = include_str!("../../../../docs/client.md");
    let config = config(
        "imap = \"a\"\npop3 = \"a\"\nsmtp = \"a\"\nsieve = \"a\"\ncarddav = \"https://a\"\ncaldav = \"https://a\"\n\
         webdav = \"https://a\"",
    );
    let mut rows = 0;
    for (key, _, usual) in config.client.entries() {
        let services: Vec<String> = usual.iter().map(|service| format!("`{service}`")).collect();
        let end = format!("| {} |", services.join(", "));
        let row = document.lines().find(|line| line.starts_with(&format!("| `{key}` |")));
        assert!(row.is_some_and(|row| row.ends_with(&end)), "{key} in docs/client.md should end: {end}");
        assert!(
            usual.iter().all(|service| config.groups.has_service(service)),
            "{key}: in a group by default"
        );
        rows += 1;
    }
    assert_eq!(rows, 7);
}

#[test]
fn the_examples_of_the_sample_configuration_are_right() {
    let sample = include_str!("../../../../packaging/apppwd.toml");
    let (_, section) = sample.split_once("\n[client]\n").unwrap();
    let section = section.split("\n[").next().unwrap();
    // Examples are set in.
    let keys: Vec<&str> = section.lines().filter_map(|line| line.strip_prefix("#     ")).collect();
    assert_eq!(keys.len(), 9, "{keys:?}");
    let config = config(&keys.join("\n"));
    let all = shown(&config, &scope(&["mail", "dav", "files"]));
    assert!(
        all.imap.is_some() && all.sieve.is_some() && all.webdav.is_some() && all.note.is_some(),
        "{all:?}"
    );
    assert_eq!(config.warnings(), Vec::<String>::new());
}
