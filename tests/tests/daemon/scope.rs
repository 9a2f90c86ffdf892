//! What an app password is good for: services, networks, presets. Each rule as a table.

use super::Case;
use super::asking::{USER, create, done, login, make, reason, refused, site};
use apppw_tests::apppwd::Apppwd;
use apppw_tests::frames::Ask;
use apppw_tests::identity::Identity;
use serde_json::{Value, json};
use std::os::unix::fs::MetadataExt;

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("services_and_groups", services),
        Case::new("networks", networks),
        Case::new("verify_judges_only_what_it_is_asked", verify),
        Case::new("presets_and_what_comes_before_them", presets),
        Case::new("an_unusable_preset_is_no_preset", unknown_preset),
        Case::as_root("an_address_that_is_not_proven_is_none", unproven),
        Case::new("a_group_that_shrinks_or_goes_takes_its_services_along", shrunken),
    ]
}

fn services() {
    let daemon = site("[groups]\nphone = [\"imap\", \"smtp\"]\n").start();
    #[rustfmt::skip]
    let table = [
        // scope                    imap             smtp             xmpp             gopher
        (json!(["imap"]),           ["accepted",      "wrong-service", "wrong-service", "service-in-no-group"]),
        (json!(["mail"]),           ["accepted",      "accepted",      "wrong-service", "service-in-no-group"]),
        (json!(["phone", "xmpp"]),  ["accepted",      "accepted",      "accepted",      "service-in-no-group"]),
        (json!(["chat"]),           ["wrong-service", "wrong-service", "accepted",      "service-in-no-group"]),
        (json!([]),                 ["accepted",      "accepted",      "wrong-service", "service-in-no-group"]), // default_services
    ];
    for (scope, wanted) in table {
        let one = create(&daemon, &scope.to_string(), json!({"services": scope}));
        for (service, reason) in ["imap", "smtp", "xmpp", "gopher"].into_iter().zip(wanted) {
            assert_eq!(
                login(&daemon, USER, &one.secret, service, "192.0.2.7"),
                reason,
                "{scope} at {service}"
            );
        }
    }
}

const ADDRESSES: [&str; 8] = [
    "192.0.2.7",
    "::ffff:192.0.2.7",
    "192.0.3.7",
    "2001:db8::7",
    "2001:db9::7",
    "fe80::7%eth0",
    "mail.example.org",
    "",
];

fn networks() {
    const A: &str = "accepted";
    const W: &str = "wrong-network";
    const N: &str = "no-address";
    let daemon = site("").start();
    #[rustfmt::skip]
    let table: [(&[&str], [&str; 8]); 10] = [
        // networks                              v4 mapped other v6 other link name none
        (&[],                                    [A, A, A, A, A, A, A, A]),
        (&["192.0.2.0/24"],                      [A, A, W, W, W, W, N, N]),
        (&["192.0.2.7"],                         [A, A, W, W, W, W, N, N]),
        (&["::ffff:192.0.2.0/120"],              [A, A, W, W, W, W, N, N]),
        (&["2001:db8::/32"],                     [W, W, W, A, W, W, N, N]),
        (&["192.0.2.0/24", "2001:db8::/32"],     [A, A, W, A, W, W, N, N]),
        (&["0.0.0.0/0"],                         [A, A, A, W, W, W, N, N]),
        (&["::/0"],                              [W, W, W, A, A, A, N, N]),
        (&["fe80::/10"],                         [W, W, W, W, W, A, N, N]),
        (&["203.0.113.0/24"],                    [W, W, W, W, W, W, N, N]),
    ];
    for (number, (networks, wanted)) in table.into_iter().enumerate() {
        let one = create(&daemon, &number.to_string(), json!({"networks": networks}));
        // Warm and cold logins are judged alike.
        for _ in 0..2 {
            for (address, reason) in ADDRESSES.into_iter().zip(wanted) {
                let found = login(&daemon, USER, &one.secret, "imap", address);
                assert_eq!(found, reason, "{networks:?} from {address:?}");
            }
        }
    }
    // As they are told: the v4-mapped network is the v4 one, and each is there once.
    let said = json!({"networks": ["::ffff:192.0.2.0/120", "192.0.2.0/24", "2001:DB8::1"]});
    let told = create(&daemon, "told", said).answer["app_password"]["networks"].clone();
    assert_eq!(told, json!(["192.0.2.0/24", "2001:db8::1/128"]));
}

fn verify() {
    let daemon = site("").start();
    let one = create(&daemon, "phone", json!({"services": ["imap"], "networks": ["192.0.2.0/24"]}));
    #[rustfmt::skip]
    let table = [
        (json!({}),                                             "accepted"),
        (json!({"service": "imap"}),                            "accepted"),
        (json!({"service": "smtp"}),                            "wrong-service"),
        (json!({"service": "gopher"}),                          "service-in-no-group"),
        (json!({"service": "sshd"}),                            "never-service"),
        (json!({"rhost": "192.0.2.7"}),                         "accepted"),
        (json!({"rhost": "::ffff:192.0.2.7"}),                  "accepted"),
        (json!({"rhost": "198.51.100.7"}),                      "wrong-network"),
        (json!({"service": "smtp", "rhost": "198.51.100.7"}),   "wrong-service"),
    ];
    for (more, wanted) in table {
        let mut args = json!({"user": USER, "secret": one.secret});
        more.as_object().into_iter().flatten().for_each(|(key, value)| args[key] = value.clone());
        let answer = done(&daemon, "verify", args);
        assert_eq!(answer["reason"], wanted, "{more}");
        assert_eq!(answer["accepted"], wanted == "accepted", "{more}");
    }
    assert_eq!(done(&daemon, "show", json!({"id": one.id}))["uses"], json!([]), "verify counts no use");
}

const PRESETS: &str = "[policy]\nlongest_life = \"30d\"\ndefault_life = \"20d\"\n\
    [presets.phone]\nservices = [\"imap\", \"smtp\"]\npin = [\"service\"]\nlife = \"90d\"\n\
    [presets.printer]\nservices = [\"submission\"]\nnetworks = [\"192.0.2.0/24\"]\nlife = \"10d\"\n\
    [presets.bare]\n";

fn presets() {
    const DAY: i64 = 86_400;
    let daemon = site(PRESETS).start();
    #[rustfmt::skip]
    let table = [
        // what is said                                                    services               networks              pins                     days
        (json!({"preset": "phone"}),                                       json!(["imap", "smtp"]), json!(null),          [json!("pending"), json!(null)], 30),
        (json!({"preset": "printer"}),                                     json!(["submission"]), json!(["192.0.2.0/24"]), [json!(null), json!(null)],     10),
        (json!({"preset": "bare"}),                                        json!(["mail"]),       json!(null),            [json!(null), json!(null)],      20),
        (json!({"preset": "printer", "services": ["xmpp"]}),               json!(["xmpp"]),       json!(["192.0.2.0/24"]), [json!(null), json!(null)],     10),
        (json!({"preset": "printer", "networks": ["2001:db8::/32"]}),      json!(["submission"]), json!(["2001:db8::/32"]), [json!(null), json!(null)],    10),
        (json!({"preset": "printer", "expires": {"after": "1d"}}),         json!(["submission"]), json!(["192.0.2.0/24"]), [json!(null), json!(null)],     1),
        (json!({"preset": "printer", "expires": {"after": "30d"}}),        json!(["submission"]), json!(["192.0.2.0/24"]), [json!(null), json!(null)],     30),
        (json!({"preset": "phone", "pin": ["network"]}),                   json!(["imap", "smtp"]), json!(null),          [json!(null), json!("pending")], 30),
    ];
    for (more, services, networks, [pin_service, pin_network], days) in table {
        let one = create(
            &daemon,
            &more.to_string()[..40.min(more.to_string().len())].replace('"', ""),
            more.clone(),
        );
        let told = &one.answer["app_password"];
        assert_eq!((&told["services"], &told["networks"]), (&services, &networks), "{more}");
        assert_eq!((&told["pin_service"], &told["pin_network"]), (&pin_service, &pin_network), "{more}");
        let life = told["expires"].as_i64().expect("it ends") - told["created"].as_i64().expect("it began");
        // The two clocks are read one after the other.
        assert!((days * DAY - 5..=days * DAY).contains(&life), "{more}: {life} s");
        done(&daemon, "revoke", json!({"ids": [one.id]}));
    }
}

fn unknown_preset() {
    let daemon = site(PRESETS).start();
    for (preset, hint) in
        [("phnoe", "did you mean \"phone\"?"), ("xyzzy", "[presets] has bare, phone, printer")]
    {
        let args = json!({"user": USER, "name": "x", "preset": preset});
        assert_eq!(refused(&daemon, "create", args.clone()), ("invalid".into(), "preset".into()));
        let message = super::asking::ask(&daemon, "create", args)["error"]["message"].clone();
        assert!(message.as_str().is_some_and(|message| message.contains(hint)), "{message}");
    }
    assert_eq!(daemon.status().accounts, 0);
}

/// Somebody of the socket's group, which is root's where there is no group `apppw-auth`.
fn host(daemon: &Apppwd, uid: u32) -> Identity {
    let gid = daemon.auth_socket().metadata().expect("the socket").gid();
    Identity { groups: vec![gid], ..Identity::new(uid) }
}

fn unproven() {
    let daemon = site(
        "[peers.4711]\nservices = [\"exim\"]\n[peers.4712]\nservices = [\"exim\"]\ntrust_rhost = true\n\
         [policy]\nprimary_networks = [\"192.0.2.0/24\"]\n",
    )
    .start();
    let open = create(&daemon, "open", json!({}));
    let ruled = create(&daemon, "ruled", json!({"networks": ["192.0.2.0/24"]}));
    let pinned = create(&daemon, "pinned", json!({"pin": ["network"]}));
    #[rustfmt::skip]
    let table: [(u32, &str, [&str; 4]); 5] = [
        // who    address         open        ruled            to be pinned     primary
        (4711,    "192.0.2.7",    ["accepted", "no-address",    "no-address",    "primary-refused"]),
        (4712,    "192.0.2.7",    ["accepted", "accepted",      "accepted",      "primary-allowed"]),
        (4711,    "192.0.2.7",    ["accepted", "no-address",    "no-address",    "primary-refused"]),
        (4712,    "192.0.3.7",    ["accepted", "wrong-network", "pinned-network", "primary-refused"]),
        (0,       "192.0.2.9",    ["accepted", "accepted",      "accepted",      "primary-allowed"]),
    ];
    for (uid, address, wanted) in table {
        let who = host(&daemon, uid);
        let asks =
            [&open, &ruled, &pinned].map(|one| (1, one.secret.as_bytes())).into_iter().chain([(2, &b""[..])]);
        for ((kind, secret), wanted) in asks.zip(wanted) {
            let ask = Ask { kind, service: b"exim", rhost: address.as_bytes(), secret, ..Ask::default() };
            let ask = Ask { user: USER.as_bytes(), ..ask };
            assert_eq!(who.act(|| reason(&daemon, &ask)), wanted, "kind {kind} by {uid} from {address}");
        }
    }
}

/// Tightening `[groups]` never opens anything.
fn shrunken() {
    let config = |groups: &str| format!("[policy]\ndefault_services = [\"imap\"]\n[groups]\n{groups}\n");
    let mut daemon = site(&config("phone = [\"imap\", \"xmpp\"]")).start();
    let by_group: Value =
        make(&daemon, "create", json!({"user": USER, "name": "g", "services": ["phone"]})).answer;
    let by_group = super::asking::made(by_group);
    let by_service = create(&daemon, "s", json!({"services": ["xmpp"]}));
    let reasons = |daemon: &Apppwd| {
        let at = |secret: &str, service| login(daemon, USER, secret, service, "192.0.2.7");
        [at(&by_group.secret, "imap"), at(&by_group.secret, "xmpp"), at(&by_service.secret, "xmpp")]
    };
    assert_eq!(reasons(&daemon), ["accepted", "accepted", "accepted"]);
    #[rustfmt::skip]
    let table = [
        ("phone = [\"imap\"]",                  ["accepted",      "wrong-service",       "accepted"]), // xmpp is in chat still
        ("phone = [\"imap\"]\nchat = []",       ["accepted",      "service-in-no-group", "service-in-no-group"]),
        ("phone = []\nchat = []",               ["wrong-service", "service-in-no-group", "service-in-no-group"]),
        ("chat = []",                           ["wrong-service", "service-in-no-group", "service-in-no-group"]),
        ("",                                    ["wrong-service", "wrong-service",       "accepted"]),
    ];
    for (groups, wanted) in table {
        daemon = super::asking::reconfigured(daemon, &config(groups)).start();
        assert_eq!(reasons(&daemon), wanted, "{groups}");
    }
}
