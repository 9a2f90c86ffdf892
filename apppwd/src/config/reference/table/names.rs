//! Names: of presets, users, services and peers.

use super::super::{Key, Section, Value};

pub const PRESETS: Section = Section {
    name: "presets.NAME",
    about: "What `apppw create --preset NAME` sets, unless it is given beside it.",
    keys: &[
        Key {
            name: "services",
            value: Value::ServicesAndGroups,
            default: None,
            about: "What it is good for; without it default_services.",
            example: r#"["mail", "dav"]"#,
        },
        Key {
            name: "networks",
            value: Value::Networks,
            default: None,
            about: "The networks that it is good from; without it any.",
            example: r#"["192.0.2.0/24"]"#,
        },
        Key {
            name: "life",
            value: Value::Life,
            default: None,
            about: "How long it lives; without it default_life.",
            example: r#""1y""#,
        },
        Key {
            name: "pin",
            value: Value::Words(&["service", "network"]),
            default: None,
            about: "What its first use locks it to; without it nothing.",
            example: r#"["network"]"#,
        },
    ],
    overrides: &[],
    example: "[presets.phone]\nservices = [\"mail\", \"dav\"]\npin = [\"network\"]\n\
              [presets.\"printer: send only\"]\nservices = [\"smtp\", \"submission\", \"submissions\"]\n\
              networks = [\"192.0.2.0/24\"]\nlife = \"1y\"",
};

pub const USERS: Section = Section {
    name: "users",
    about: "Which names mean the same account. The mail server goes on with the name as typed: set here what it does too.",
    keys: &[
        Key {
            name: "fold_case",
            value: Value::Switch,
            default: Some("false"),
            about: "With true upper and lower case of ASCII letters don't count.",
            example: "true",
        },
        Key {
            name: "default_domain",
            value: Value::Domain,
            default: None,
            about: "The domain of a name without one. Never applies to Unix accounts.",
            example: r#""example.org""#,
        },
        Key {
            name: "domain_aliases",
            value: Value::Domains,
            default: Some("{}"),
            about: "Domains that stand for another.",
            example: r#"{ "example.net" = "example.org" }"#,
        },
    ],
    overrides: &[],
    example: "",
};

pub const GROUPS: Section = Section {
    name: "groups",
    about: "Named sets of services. Services in no group are refused. A line here replaces the group of that name or adds \
            one; these are there by default.",
    keys: &[
        Key {
            name: "mail",
            value: Value::Services,
            default: Some(
                r#"["dovecot", "imap", "imaps", "pop3", "pop3s", "smtp", "smtps", "submission", "submissions", "sieve", "managesieve", "exim", "postfix", "cyrus", "nntp"]"#,
            ),
            about: "",
            example: r#"["imap", "smtp"]"#,
        },
        Key {
            name: "dav",
            value: Value::Services,
            default: Some(r#"["radicale", "caldav", "carddav", "webdav", "davical", "sogo"]"#),
            about: "",
            example: r#"["radicale"]"#,
        },
        Key {
            name: "chat",
            value: Value::Services,
            default: Some(r#"["xmpp", "prosody", "ejabberd", "irc"]"#),
            about: "",
            example: r#"["xmpp"]"#,
        },
        Key {
            name: "files",
            value: Value::Services,
            default: Some(
                r#"["ftp", "vsftpd", "proftpd", "pure-ftpd", "apache2", "httpd", "nginx", "samba"]"#,
            ),
            about: "",
            example: r#"["proftpd"]"#,
        },
    ],
    overrides: &[],
    example: "",
};

pub const PEERS: Section = Section {
    name: "peers.NAME",
    about: "PAM hosts that don't run as root, by user name or uid. Such a user must be in the group apppw-auth to reach the \
            socket: `usermod -aG apppw-auth Debian-exim`.",
    keys: &[
        Key {
            name: "services",
            value: Value::Services,
            default: None,
            about: "The services that it may name; must be there.",
            example: r#"["exim"]"#,
        },
        Key {
            name: "trust_rhost",
            value: Value::Switch,
            default: None,
            about: "Whether the client addresses that it names count as proven; without it they don't.",
            example: "true",
        },
    ],
    overrides: &[],
    example: "[peers.Debian-exim]\nservices = [\"exim\"]\ntrust_rhost = false",
};
