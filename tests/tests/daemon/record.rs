//! Under load the record of uses stays complete, and its writes are few.

use super::Case;
use super::asking::{Made, create_for, done};
use apppw_proto::frame::Verdict;
use apppw_tests::apppwd::Apppwd;
use apppw_tests::frames::Ask;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

const CLIENTS: usize = 8;
const LOGINS_EACH: usize = 625;
/// 8 clients at 125 logins a second are 1,000.
const PACE: Duration = Duration::from_millis(8);

const SERVICES: [&str; 3] = ["imap", "smtp", "submission"];

pub fn cases() -> Vec<Case> {
    vec![Case::new("5000_logins_at_1000_a_second_are_all_told_and_written_together", load)]
}

/// What the client does at its `n`th login: with which app password, at which service, from where,
/// with the right secret or not.
fn step(client: usize, n: usize, made: &[Made]) -> (usize, &'static str, String, bool) {
    let which = (client * 7 + n) % made.len();
    (which, SERVICES[n % SERVICES.len()], format!("192.0.2.{}", (client + n) % 5), n % 10 != 9)
}

fn load() {
    let daemon = Apppwd::start();
    let made: Vec<Made> = (0..20)
        .map(|n| create_for(&daemon, &format!("user{}@example.org", n / 2), &format!("phone {n}"), json!({})))
        .collect();
    let metrics = || done(&daemon, "metrics", json!({}));
    let before = metrics();
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (made, daemon) = (&made, &daemon);
            scope.spawn(move || {
                for n in 0..LOGINS_EACH {
                    let due = PACE * u32::try_from(n).expect("few");
                    std::thread::sleep(due.saturating_sub(begun.elapsed()));
                    let (which, service, rhost, is_right) = step(client, n, made);
                    let user = format!("user{}@example.org", which / 2);
                    let secret = if is_right { made[which].secret.as_str() } else { "0000000000000000" };
                    let ask = Ask::login(&user, service, &rhost, secret);
                    let wanted = if is_right { Verdict::Accepted } else { Verdict::Refused };
                    assert_eq!(ask.send(&daemon.auth_socket()).verdict, wanted);
                }
            });
        }
    });
    let all = CLIENTS * LOGINS_EACH;
    println!("{all} logins, {:.0} a second", f64::from(5_000_u32) / begun.elapsed().as_secs_f64());
    let after = metrics();
    let grew = |key: &str| after[key].as_u64().unwrap_or(0) - before[key].as_u64().unwrap_or(0);
    // Nothing was written for so many logins but, at the most, the uses of each half minute.
    let flushes = begun.elapsed().as_secs() / 30 + 1;
    assert!(grew("store_writes") <= flushes, "{} transactions", grew("store_writes"));
    assert_eq!((grew("uses_dropped"), grew("log_lines_dropped"), grew("store_errors")), (0, 0, 0));

    // What each was told, and what is told now, from memory and again from the disk.
    let (mut uses, mut verdicts) = (BTreeMap::<(String, String, String), u64>::new(), BTreeMap::new());
    for (client, n) in (0..CLIENTS).flat_map(|client| (0..LOGINS_EACH).map(move |n| (client, n))) {
        let (which, service, rhost, is_right) = step(client, n, &made);
        if is_right {
            *uses.entry((made[which].id.clone(), service.to_owned(), rhost)).or_default() += 1;
        }
        let reason = if is_right { "accepted" } else { "unknown-secret" };
        *verdicts.entry((service.to_owned(), reason.to_owned())).or_insert(0_u64) += 1;
    }
    assert_eq!(told(&daemon, &made), uses);
    assert_eq!(counted(&after), verdicts);
    let log = daemon.settled_log();
    let lines = |words: &str| log.lines().filter(|line| line.contains(words)).count();
    let accepted = usize::try_from(uses.values().sum::<u64>()).expect("few");
    assert_eq!(lines(": accepted reason=accepted "), accepted);
    assert_eq!(lines(": refused reason=unknown-secret "), all - accepted);
    done(&daemon, "users", json!({}));
    let daemon = daemon.kill().start();
    assert_eq!(told(&daemon, &made), uses);
    let listed = done(&daemon, "list", json!({}))["app_passwords"].clone();
    for one in listed.as_array().expect("a list") {
        let of_one = uses.keys().filter(|(id, ..)| one["id"] == id.as_str());
        let places: Vec<_> = of_one.map(|(_, service, rhost)| (json!(service), json!(rhost))).collect();
        let last = &one["last_use"];
        assert!(places.contains(&(last["service"].clone(), last["rhost"].clone())), "{last} of {places:?}");
    }
}

/// Uses by app password, service and address, as `show` tells them.
fn told(daemon: &Apppwd, made: &[Made]) -> BTreeMap<(String, String, String), u64> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut told = BTreeMap::new();
    for one in made {
        let shown = done(daemon, "show", json!({"id": one.id}));
        for used in shown["uses"].as_array().expect("uses") {
            let key = (one.id.clone(), text(&used["service"]), text(&used["rhost"]));
            assert!(told.insert(key, used["count"].as_u64().unwrap_or(0)).is_none(), "{used}");
        }
    }
    told
}

/// Logins by service and reason, as the metrics have them.
fn counted(metrics: &Value) -> BTreeMap<(String, String), u64> {
    let logins = metrics["logins"].as_object().expect("logins");
    let one = |service: &String, reasons: &Value| -> Vec<((String, String), u64)> {
        let reasons = reasons.as_object().expect("reasons");
        let count = |(reason, count): (&String, &Value)| {
            ((service.clone(), reason.clone()), count["count"].as_u64().unwrap_or(0))
        };
        reasons.iter().map(count).collect()
    };
    logins.iter().flat_map(|(service, reasons)| one(service, reasons)).collect()
}
