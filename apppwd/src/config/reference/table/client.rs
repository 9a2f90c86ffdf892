//! What is told beside a secret.

use super::super::{Key, Section, Value};

const SERVER: Value = Value::Other(
    "`\"HOST\"`, `\"HOST:PORT\"`, or a table of `host` and, where they differ, `port`, `encryption` (`\"tls\"` or \
     `\"starttls\"`) and `services`",
);
const URL: Value = Value::Other(
    "a URL in which `{user}` stands for the user name, or a table of `url` and, where they differ, `services`",
);

const fn key(name: &'static str, value: Value, about: &'static str, example: &'static str) -> Key {
    Key { name, value, default: None, about, example }
}

pub const CLIENT: Section = Section {
    name: "client",
    about: "What to type into a mail program, shown beside each new secret whose scope covers it (docs/client.md). Without \
            a port it is that of TLS; 143, 110, 587 and 4190 mean STARTTLS, other ports need `encryption`.",
    keys: &[
        key("imap", SERVER, "Incoming mail.", r#""imap.example.org:993""#),
        key("pop3", SERVER, "Incoming mail that is taken away.", r#""pop.example.org:995""#),
        key(
            "smtp",
            SERVER,
            "Outgoing mail. With what `apppw setup` opens in Postfix, port 587 with STARTTLS, it is \
             `\"smtp.example.org:587\"`.",
            r#""smtp.example.org:465""#,
        ),
        key(
            "sieve",
            SERVER,
            "Mail filters. `services` say whose server it is, where the PAM service has another name than usual.",
            r#"{ host = "imap.example.org", services = ["managesieve"] }"#,
        ),
        key("carddav", URL, "Address books.", r#""https://dav.example.org/{user}/""#),
        key("caldav", URL, "Calendars.", r#""https://dav.example.org/{user}/""#),
        key("webdav", URL, "Files.", r#""https://files.example.org/{user}/""#),
        key("help", Value::Other("a URL"), "A page that helps on.", r#""https://help.example.org/mail""#),
        key(
            "note",
            Value::Other("a line of at most 255 bytes"),
            "A sentence of your own.",
            r#""Questions: ring 42""#,
        ),
    ],
    overrides: &[],
    example: "",
};
