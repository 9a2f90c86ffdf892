//! What is allowed, and to whom.

use super::super::{Key, Section, Value};

pub const POLICY: Section = Section {
    name: "policy",
    about: "What is allowed.",
    keys: &[
        Key {
            name: "primary",
            value: Value::Word(&[
                ("refuse", "nothing"),
                ("refuse-enrolled", "open the service, until the account makes its first app password"),
                ("allow", "open the service (as the PAM stack's next module says)"),
            ]),
            default: Some(r#""refuse""#),
            about: "What the primary password may do where pam_apppw stands.",
            example: r#""refuse-enrolled""#,
        },
        Key {
            name: "primary_networks",
            value: Value::Networks,
            default: Some("[]"),
            about: "Networks from which the primary password stays permitted all the same: webmail behind two-step \
                    sign-in.",
            example: r#"["192.0.2.10/32"]"#,
        },
        Key {
            name: "report_only",
            value: Value::Switch,
            default: Some("false"),
            about: "With true no primary password is refused, and only counted who uses one: `apppw report` says what \
                    would change.",
            example: "true",
        },
        Key {
            name: "default_services",
            value: Value::ServicesAndGroups,
            default: Some(r#"["mail"]"#),
            about: "What `apppw create` without --service allows.",
            example: r#"["mail", "dav"]"#,
        },
        Key {
            name: "self_service",
            value: Value::Word(&[
                ("revoke", "list, show, verify, rename and revoke"),
                ("create", "create and rotate, too"),
            ]),
            default: Some(r#""revoke""#),
            about: "What users may do for themselves.",
            example: r#""create""#,
        },
        Key {
            name: "default_life",
            value: Value::Life,
            default: Some(r#""never""#),
            about: "How long an app password lives unless its creation says otherwise.",
            example: r#""1y""#,
        },
        Key {
            name: "longest_life",
            value: Value::Life,
            default: Some(r#""never""#),
            about: "The longest life that a creation may ask for.",
            example: r#""2y""#,
        },
    ],
    overrides: &[],
    example: "",
};

pub const POLICY_GROUP: Section = Section {
    name: "policy.group.NAME",
    about: "For the services of one group some keys of [policy] and [limits] may be set otherwise. Where a service is in \
            several groups, the strictest counts.",
    keys: &[],
    overrides: &[
        "primary",
        "primary_networks",
        "report_only",
        "default_life",
        "longest_life",
        "per_account",
        "creations_per_day",
        "suspend_unused",
        "drop_never_used",
    ],
    example: "[policy.group.files]\nlongest_life = \"90d\"",
};

pub const POLICY_USER: Section = Section {
    name: "policy.user.NAME",
    about: "The same for one account, by its canonical name. It comes before those of groups.",
    keys: &[],
    overrides: &[
        "primary",
        "primary_networks",
        "report_only",
        "default_services",
        "default_life",
        "longest_life",
        "per_account",
        "creations_per_day",
        "suspend_unused",
        "drop_never_used",
    ],
    example: "[policy.user.\"robot@example.org\"]\nprimary = \"allow\"",
};
