//! How many and for how long.

use super::super::{Key, Section, Value};

pub const LIMITS: Section = Section {
    name: "limits",
    about: "How many there may be, and for how long.",
    keys: &[
        Key {
            name: "per_account",
            value: Value::Count,
            default: Some("20"),
            about: "Most live app passwords of one account.",
            example: "5",
        },
        Key {
            name: "creations_per_day",
            value: Value::Count,
            default: Some("100"),
            about: "Most creations for one account in a day (UTC). Root is never refused.",
            example: "10",
        },
        Key {
            name: "suspend_unused",
            value: Value::Life,
            default: Some(r#""never""#),
            about: "Suspends an app password that was not used for so long.",
            example: r#""180d""#,
        },
        Key {
            name: "drop_never_used",
            value: Value::Life,
            default: Some(r#""never""#),
            about: "Revokes an app password that was made so long ago and never used.",
            example: r#""30d""#,
        },
        Key {
            name: "tombstones",
            value: Value::Life,
            default: Some(r#""2y""#),
            about: "How long a revoked app password is remembered, so that the log can name it.",
            example: r#""5y""#,
        },
    ],
    overrides: &[],
    example: "",
};

pub const EVENTS: Section = Section {
    name: "events",
    about: "How long `apppw events` remembers. That something is forgotten is an event, too.",
    keys: &[
        Key {
            name: "keep",
            value: Value::Life,
            default: Some(r#""2y""#),
            about: "How long an event is kept; with \"never\" none is forgotten for its age.",
            example: r#""1y""#,
        },
        Key {
            name: "most",
            value: Value::Number(1000, None),
            default: Some("1000000"),
            about: "How many events are kept, of some 250 bytes each; of refused verbs and of uses of dead app passwords, \
                    which anybody can provoke, a quarter of that each.",
            example: "200000",
        },
    ],
    overrides: &[],
    example: "",
};
