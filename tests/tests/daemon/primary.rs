//! What the primary password may do: each policy × group × user × network × `report_only`.

use super::Case;
use super::asking::{USER, create_for, done, primary, site};
use serde_json::json;

const POLICIES: [&str; 3] = ["refuse", "refuse-enrolled", "allow"];

pub fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = POLICIES
        .into_iter()
        .flat_map(|policy| [true, false].map(|report_only| (policy, report_only)))
        .map(|(policy, report_only)| {
            let name = format!("{policy}{}", if report_only { "_report_only" } else { "" });
            Case::new(name, move || table(policy, report_only))
        })
        .collect();
    cases.push(Case::new("of_several_groups_the_strictest_counts", overlapping));
    cases.push(Case::new("the_first_creation_says_what_ends", ends));
    cases
}

/// A service that is in one group alone, and what that group overrides.
struct Group {
    service: &'static str,
    primary: Option<&'static str>,
    exempts: Option<bool>,
    report_only: Option<bool>,
}

#[rustfmt::skip]
const GROUPS: [Group; 7] = [
    Group { service: "plain",    primary: None,                    exempts: None,        report_only: None },
    Group { service: "refused",  primary: Some("refuse"),          exempts: None,        report_only: None },
    Group { service: "enrolled", primary: Some("refuse-enrolled"), exempts: None,        report_only: None },
    Group { service: "allowed",  primary: Some("allow"),           exempts: None,        report_only: None },
    Group { service: "closed",   primary: Some("refuse"),          exempts: Some(false), report_only: None },
    Group { service: "enforced", primary: None,                    exempts: None,        report_only: Some(false) },
    Group { service: "watched",  primary: None,                    exempts: None,        report_only: Some(true) },
];

/// The same of users; each is there enrolled and not.
const USERS: [Group; 7] = GROUPS;

const EXEMPT: &str = "192.0.2.0/24";

fn overrides(one: &Group) -> String {
    let primary = one.primary.map(|word| format!("primary = \"{word}\"\n"));
    let networks = one.exempts.map(|yes| {
        if yes {
            format!("primary_networks = [\"{EXEMPT}\"]\n")
        } else {
            "primary_networks = []\n".to_owned()
        }
    });
    let report = one.report_only.map(|yes| format!("report_only = {yes}\n"));
    [primary, networks, report].into_iter().flatten().collect()
}

fn table(policy: &str, report_only: bool) {
    let mut config = format!(
        "[policy]\nprimary = \"{policy}\"\nreport_only = {report_only}\nprimary_networks = [\"{EXEMPT}\"]\n[groups]\n"
    );
    config.extend(GROUPS.iter().map(|group| format!("g-{0} = [\"{0}\"]\n", group.service)));
    config.extend(
        GROUPS.iter().map(|group| format!("[policy.group.g-{}]\n{}", group.service, overrides(group))),
    );
    for enrolled in ["old", "new"] {
        config.extend(
            USERS
                .iter()
                .map(|user| format!("[policy.user.\"{enrolled}-{}\"]\n{}", user.service, overrides(user))),
        );
    }
    let daemon = site(&config).start();
    for user in &USERS {
        done(&daemon, "user.enroll", json!({"user": format!("old-{}", user.service)}));
    }
    let mut rows = 0;
    for user in &USERS {
        for group in &GROUPS {
            // The user's own word, else the group's, else the global one: key by key.
            let primary_is = user.primary.or(group.primary).unwrap_or(policy);
            let exempts = user.exempts.or(group.exempts).unwrap_or(true);
            let reports = user.report_only.or(group.report_only).unwrap_or(report_only);
            for (enrolled, who) in [(true, "old"), (false, "new")] {
                for (address, inside) in
                    [("192.0.2.7", true), ("::ffff:192.0.2.7", true), ("198.51.100.7", false), ("", false)]
                {
                    let refusal = match primary_is {
                        "refuse" => Some("primary-refused"),
                        "refuse-enrolled" if enrolled => Some("primary-refused-enrolled"),
                        _ => None,
                    };
                    let wanted = match refusal {
                        None => "primary-allowed",
                        Some(_) if exempts && inside => "primary-allowed",
                        Some(_) if reports => "primary-reported",
                        Some(refusal) => refusal,
                    };
                    let name = format!("{who}-{}", user.service);
                    let found = primary(&daemon, &name, group.service, address);
                    assert_eq!(found, wanted, "{name} at {} from {address:?} under {policy}", group.service);
                    rows += 1;
                }
            }
        }
    }
    println!("{rows} rows under {policy}, report_only = {report_only}");
}

/// `ab` is in both groups, `a` and `b` in one each.
fn overlapping() {
    const IN_BOTH: &str = "[groups]\na = [\"a1\", \"ab\"]\nb = [\"b1\", \"ab\"]\n";
    #[rustfmt::skip]
    let table = [
        // global            group a                          group b                             a1                 b1                  ab
        ("allow",            "primary = \"refuse\"",          "primary = \"allow\"",              ["primary-refused", "primary-allowed", "primary-refused"]),
        ("refuse",           "primary = \"allow\"",           "primary = \"refuse-enrolled\"",    ["primary-allowed", "primary-refused-enrolled", "primary-refused-enrolled"]),
        ("refuse",           "primary = \"allow\"",           "",                                 ["primary-allowed", "primary-refused", "primary-allowed"]),
        ("refuse",           "report_only = true",            "report_only = false",              ["primary-reported", "primary-refused", "primary-refused"]),
        ("refuse",           "primary_networks = [\"192.0.2.0/24\"]", "primary_networks = []",    ["primary-allowed", "primary-refused", "primary-refused"]),
        ("refuse",           "primary_networks = [\"192.0.2.0/24\"]", "primary_networks = [\"192.0.0.0/16\"]", ["primary-allowed", "primary-allowed", "primary-allowed"]),
    ];
    for (global, a, b, wanted) in table {
        let config = format!(
            "[policy]\nprimary = \"{global}\"\n[policy.group.a]\n{a}\n[policy.group.b]\n{b}\n{IN_BOTH}"
        );
        let daemon = site(&config).start();
        done(&daemon, "user.enroll", json!({"user": USER}));
        let found = ["a1", "b1", "ab"].map(|service| primary(&daemon, USER, service, "192.0.2.7"));
        assert_eq!(found, wanted, "{global}, {a}, {b}");
    }
}

/// What an account may still do with its primary password is said at its first creation.
fn ends() {
    let config = "[policy]\nprimary = \"refuse-enrolled\"\n[policy.group.files]\nprimary = \"allow\"\n\
        [policy.group.chat]\nprimary = \"refuse\"\n[policy.user.\"free@example.org\"]\nprimary = \"allow\"\n";
    let daemon = site(config).start();
    #[rustfmt::skip]
    let table = [
        (USER,                   true,  "refuse-enrolled", json!(["dav", "mail"])),
        (USER,                   false, "refuse-enrolled", json!(null)),
        ("free@example.org",     true,  "allow",           json!(null)),
    ];
    for (number, (user, newly_enrolled, policy, ends)) in table.into_iter().enumerate() {
        let answer = create_for(&daemon, user, &number.to_string(), json!({})).answer;
        assert_eq!(answer["newly_enrolled"], newly_enrolled, "{user}");
        assert_eq!((&answer["primary"], &answer["primary_ends"]), (&json!(policy), &ends), "{user}");
    }
}
