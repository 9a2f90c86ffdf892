//! `--pin`: what first uses an app password is the only thing that uses it.

use super::Case;
use super::asking::{self, USER, create, done, imap, login, show, site};
use apppw_proto::frame::Verdict;
use apppw_tests::among::{fill_disk, on_small_disk};
use apppw_tests::frames::Ask;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Mutex;

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("to_the_service_or_the_network_of_the_first_use", table),
        Case::new("verify_pins_nothing", verify),
        Case::new("a_login_that_is_refused_pins_nothing", refused),
        Case::new("a_pin_survives_kill_9", survives),
        Case::new("racing_first_uses_pin_once", race),
        Case::as_root("on_a_full_disk_a_pending_pin_is_unavailable", full_disk).with_program("unshare"),
    ]
}

/// Pins, the address of the first use (at `imap`), and what comes then: service, address, judged.
type Row = (&'static [&'static str], &'static str, &'static [(&'static str, &'static str, &'static str)]);

fn table() {
    let daemon = site("").start();
    #[rustfmt::skip]
    let table: [Row; 4] = [
        // pins                   first from                      then: service, address, judged
        (&["service"],            "192.0.2.7",                    &[("imap", "198.51.100.7", "accepted"), ("imap", "", "accepted"), ("smtp", "192.0.2.7", "pinned-service")]),
        (&["network"],            "::ffff:192.0.2.7",             &[("smtp", "192.0.2.99", "accepted"), ("smtp", "192.0.3.7", "pinned-network"), ("imap", "", "no-address"), ("imap", "2001:db8::7", "pinned-network")]),
        (&["network"],            "2001:db8:0:1::7",              &[("imap", "2001:db8:0:1:ffff::9", "accepted"), ("imap", "2001:db8:0:2::7", "pinned-network"), ("imap", "192.0.2.7", "pinned-network")]),
        (&["service", "network"], "192.0.2.7",                    &[("imap", "192.0.2.1", "accepted"), ("smtp", "192.0.2.1", "pinned-service"), ("imap", "192.0.3.1", "pinned-network"), ("smtp", "192.0.3.1", "pinned-service")]),
    ];
    for (number, (pins, first, then)) in table.into_iter().enumerate() {
        let one = create(&daemon, &number.to_string(), json!({"pin": pins}));
        for pin in pins {
            assert_eq!(one.answer["app_password"][format!("pin_{pin}")], "pending");
        }
        assert_eq!(login(&daemon, USER, &one.secret, "imap", first), "accepted", "{pins:?}");
        for (service, address, wanted) in then {
            let found = login(&daemon, USER, &one.secret, service, address);
            assert_eq!(found, *wanted, "{pins:?} by imap from {first}, then {service} from {address:?}");
        }
        // What was refused has moved nothing.
        assert_eq!(login(&daemon, USER, &one.secret, "imap", first), "accepted", "{pins:?}");
    }
    let told = |number: usize| {
        let listed = asking::all(&daemon);
        let one = listed
            .into_iter()
            .find(|one| one["name"].as_str() == Some(&number.to_string()))
            .expect("it is there");
        (one["pin_service"]["to"].clone(), one["pin_network"]["to"].clone())
    };
    assert_eq!(told(0), (json!("imap"), json!(null)));
    assert_eq!(told(1), (json!(null), json!("192.0.2.0/24")));
    assert_eq!(told(2), (json!(null), json!("2001:db8:0:1::/64")));
    assert_eq!(told(3), (json!("imap"), json!("192.0.2.0/24")));
}

fn verify() {
    let daemon = site("").start();
    let one = create(&daemon, "phone", json!({"pin": ["service", "network"]}));
    for _ in 0..2 {
        let args = json!({"user": USER, "secret": one.secret, "service": "smtp", "rhost": "198.51.100.7"});
        assert_eq!(done(&daemon, "verify", args)["reason"], "accepted");
        let record = show(&daemon, &one.id);
        assert_eq!((&record["pin_service"], &record["pin_network"]), (&json!("pending"), &json!("pending")));
    }
    assert_eq!(imap(&daemon, &one), "accepted");
    let args = json!({"user": USER, "secret": one.secret, "service": "smtp", "rhost": "192.0.2.7"});
    assert_eq!(done(&daemon, "verify", args)["reason"], "pinned-service");
}

fn refused() {
    let daemon = site("").start();
    let one = create(&daemon, "phone", json!({"pin": ["service", "network"], "networks": ["192.0.2.0/24"]}));
    for (service, address, wanted) in [
        ("xmpp", "192.0.2.7", "wrong-service"),
        ("smtp", "192.0.3.7", "wrong-network"),
        ("smtp", "", "no-address"),
    ] {
        assert_eq!(login(&daemon, USER, &one.secret, service, address), wanted);
    }
    let wrong = "0000000000000000";
    assert_eq!(login(&daemon, USER, wrong, "smtp", "192.0.2.7"), "unknown-secret");
    let record = show(&daemon, &one.id);
    assert_eq!((&record["pin_service"], &record["pin_network"]), (&json!("pending"), &json!("pending")));
}

fn survives() {
    let daemon = site("").start();
    let one = create(&daemon, "phone", json!({"pin": ["service", "network"]}));
    assert_eq!(imap(&daemon, &one), "accepted");
    let daemon = daemon.kill().start();
    assert_eq!(login(&daemon, USER, &one.secret, "smtp", "192.0.2.7"), "pinned-service");
    assert_eq!(login(&daemon, USER, &one.secret, "imap", "192.0.3.7"), "pinned-network");
    assert_eq!(imap(&daemon, &one), "accepted");
}

/// Many clients at once, each of another service and network, cold and warm: one pair wins, and
/// nobody else was ever let in.
fn race() {
    const SERVICES: [&str; 4] = ["imap", "smtp", "sieve", "pop3"];
    let daemon = site("").start();
    for round in 0..12 {
        let one = create(&daemon, &round.to_string(), json!({"pin": ["service", "network"]}));
        if round % 2 == 1 {
            // Warm: no Argon2id keeps the first uses apart.
            done(&daemon, "verify", json!({"user": USER, "secret": one.secret}));
        }
        let accepted = Mutex::new(BTreeMap::new());
        std::thread::scope(|scope| {
            for thread in 0..16 {
                let (daemon, accepted, secret) = (&daemon, &accepted, one.secret.as_bytes());
                scope.spawn(move || {
                    let (service, rhost) = (SERVICES[thread % 4], format!("192.0.{}.7", thread / 4));
                    let ask = Ask {
                        service: service.as_bytes(),
                        rhost: rhost.as_bytes(),
                        secret,
                        ..Ask::default()
                    };
                    let verdict = ask.send(&daemon.auth_socket()).verdict;
                    assert!(matches!(verdict, Verdict::Accepted | Verdict::Refused), "{verdict:?}");
                    if verdict == Verdict::Accepted {
                        let place = (service, format!("192.0.{}.0/24", thread / 4));
                        *accepted.lock().expect("unpoisoned").entry(place).or_insert(0) += 1;
                    }
                });
            }
        });
        let accepted = accepted.into_inner().expect("unpoisoned");
        assert_eq!(accepted.values().sum::<i32>(), 1, "round {round}: {accepted:?}");
        let ((service, network), _) = accepted.first_key_value().expect("one");
        let record = show(&daemon, &one.id);
        assert_eq!(
            (&record["pin_service"]["to"], &record["pin_network"]["to"]),
            (&json!(service), &json!(network))
        );
    }
}

/// What is pinned or has no pin goes on; what would have to be pinned first waits for room.
fn full_disk() {
    let site = site("");
    let command = on_small_disk(&site, "state");
    let daemon = site.start_by(command);
    let (pending, pinned, plain) = (
        create(&daemon, "pending", json!({"pin": ["service"]})),
        create(&daemon, "pinned", json!({"pin": ["service", "network"]})),
        create(&daemon, "plain", json!({})),
    );
    assert_eq!(imap(&daemon, &pinned), "accepted");
    let filler = fill_disk(&daemon, "state");
    for _ in 0..2 {
        assert_eq!(imap(&daemon, &pending), "store-failed");
        assert_eq!(imap(&daemon, &plain), "accepted");
        assert_eq!(imap(&daemon, &pinned), "accepted");
        assert_eq!(login(&daemon, USER, &pinned.secret, "smtp", "192.0.2.7"), "pinned-service");
    }
    assert_eq!(show(&daemon, &pending.id)["pin_service"], "pending");
    std::fs::remove_file(filler).expect("room again");
    assert_eq!(login(&daemon, USER, &pending.secret, "smtp", "192.0.2.7"), "accepted");
    assert_eq!(imap(&daemon, &pending), "pinned-service");
}
