//! What to type into a mail program.

use super::super::{Key, Section, Value};

/// What stands for a server.
const SERVER: Value = Value::Other(
    "`\"HOST\"`, `\"HOST:PORT\"` or `{ host = \"HOST\", port = 10993, encryption = \"tls\", services = [\"imap\"] }`",
);

/// What stands for a page.
const URL: Value = Value::Other("`\"https://…\"` or `{ url = \"https://…\", services = [\"caldav\"] }`");

pub const CLIENT: Section = Section {
    name: "client",
    about: "What to type into a mail program, shown beside each new secret whose scope covers it (docs/client.md). A server says by its port \
            how it is encrypted: TLS on 993, 995 and 465, STARTTLS on 143, 110, 587 and 4190; on others write encryption, \
            which is `\"tls\"` or `\"starttls\"`. In a URL `{user}` is the user name. Where a PAM service has another name than \
            usual, services says which are meant.",
    keys: &[
        key("imap", SERVER, "Incoming mail.", "\"imap.example.org:993\""),
        key("pop3", SERVER, "Incoming mail that is taken away.", "\"pop.example.org:995\""),
        key("smtp", SERVER, "Outgoing mail.", "\"smtp.example.org:465\""),
        key(
            "sieve",
            SERVER,
            "Mail filters.",
            "{ host = \"imap.example.org\", services = [\"managesieve\"] }",
        ),
        key("carddav", URL, "Address books.", "\"https://dav.example.org/{user}/\""),
        key("caldav", URL, "Calendars.", "\"https://dav.example.org/{user}/\""),
        key("webdav", URL, "Files.", "\"https://files.example.org/{user}/\""),
        key(
            "help",
            Value::Other("a URL"),
            "A page that helps on, always shown.",
            "\"https://help.example.org/mail\"",
        ),
        key(
            "note",
            Value::Other("a text of at most 255 bytes"),
            "A sentence of your own, always shown.",
            "\"Questions: ring 42\"",
        ),
    ],
    overrides: &[],
    example: "",
};

const fn key(name: &'static str, value: Value, about: &'static str, example: &'static str) -> Key {
    Key { name, value, default: None, about, example }
}
