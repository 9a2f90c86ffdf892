//! Where things lie, and how secrets are made and hashed.

use super::super::{Key, Section, Value};

pub const FILES: Section = Section {
    name: "",
    about: "",
    keys: &[
        Key {
            name: "state_dir",
            value: Value::Path,
            default: Some(r#""/var/lib/apppwd""#),
            about: "The folder of the database.",
            example: r#""/srv/apppwd""#,
        },
        Key {
            name: "key_dir",
            value: Value::Path,
            default: Some(r#""/var/lib/apppwd-key""#),
            about: "The folder of the server key and of `journal.log`. Apart from state_dir and from its backup: who \
                    has both can test guesses.",
            example: r#""/srv/apppwd-key""#,
        },
        Key {
            name: "auth_socket",
            value: Value::Path,
            default: Some(r#""/run/apppwd/auth.sock""#),
            about: "Where the PAM module asks. Only for a daemon started by hand: systemd passes the sockets of its own \
                    units.",
            example: r#""/run/mail/auth.sock""#,
        },
        Key {
            name: "admin_socket",
            value: Value::Path,
            default: Some(r#""/run/apppwd/admin.sock""#),
            about: "Where `apppw` asks. Only for a daemon started by hand, too.",
            example: r#""/run/mail/admin.sock""#,
        },
    ],
    overrides: &[],
    example: "",
};

pub const SECRET: Section = Section {
    name: "secret",
    about: "How new secrets are made.",
    keys: &[Key {
        name: "length",
        value: Value::OneOf(&[16, 20, 24]),
        default: Some("16"),
        about: "Characters of a new secret; 16 have 75 random bits.",
        example: "20",
    }],
    overrides: &[],
    example: "",
};

pub const ARGON2: Section = Section {
    name: "argon2",
    about: "How new secrets are hashed (Argon2id), and how many hashes are computed at once. The memory limit is workers × \
            memory_kib.",
    keys: &[
        Key {
            name: "memory_kib",
            value: Value::Number(8, Some(262_144)),
            default: Some("19456"),
            about: "Memory of one computation, in KiB; at least 8 for each lane.",
            example: "65536",
        },
        Key {
            name: "iterations",
            value: Value::Number(1, Some(64)),
            default: Some("2"),
            about: "Passes of one computation.",
            example: "3",
        },
        Key {
            name: "parallelism",
            value: Value::Number(1, Some(16)),
            default: Some("1"),
            about: "Lanes of one computation.",
            example: "2",
        },
        Key {
            name: "workers",
            value: Value::Number(0, Some(256)),
            default: Some("0"),
            about: "Computations at once; 0 is one for each core, at most 16.",
            example: "4",
        },
        Key {
            name: "queue",
            value: Value::Number(1, Some(1_000_000)),
            default: Some("1024"),
            about: "Logins that may wait for a computation; more are unavailable at once.",
            example: "4096",
        },
    ],
    overrides: &[],
    example: "",
};
