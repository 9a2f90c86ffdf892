//! Whether the time of a refusal says why: unknown user, no app password, wrong secret, another's
//! secret, in random order, daemon and client each on a processor of its own.
//!
//! What is compared are quantiles of blocks: of each block the difference between two classes, and of
//! these differences the median, so that what else the machine does in some of the time counts little.

use crate::random::Random;
use crate::row::{Cases, Outcome, Row};
use apppw_admin::Verb;
use apppw_proto::frame::{Reply, Verdict};
use apppw_proto::secret::Secret;
use apppw_tests::apppwd::{Apppwd, CHEAP_ARGON2, Site};
use apppw_tests::frames::{Ask, canonical};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::time::{Duration, Instant};

/// The classes; the first four must not be told apart.
const CLASSES: [&str; 7] = [
    "unknown user",
    "no app password",
    "wrong secret",
    "another's secret",
    "revoked",
    "expired",
    "wrong service",
];
const ALIKE: usize = 4;

/// Most that any decile of two classes may differ by, in nanoseconds.
const MOST: i64 = 1000;

/// Accounts of each class.
const ACCOUNTS: usize = 16;

/// Blocks that the samples are compared in.
const BLOCKS: usize = 100;

/// Not counted: caches and memory come first.
const WARM_UP: u64 = 5000;

/// In the campaign only: it needs a quiet machine.
pub const TIMING: Row = Row {
    number: 14,
    name: "timing",
    shows: "the time and the bytes of a refusal don't say whether the user is unknown, has no app password, or the secret is wrong or another's",
    unit: "samples of each class",
    full: 1_000_000,
    short: 0,
    batch: 1_000_000,
    run,
};

/// The whole of it.
fn run(cases: &Cases) -> Outcome {
    let site = Site::in_memory(&format!("{CHEAP_ARGON2}[policy]\nprimary = \"refuse\"\n"));
    let daemon = site.start();
    let frames = frames(&daemon);
    let mut outcome = Outcome { done: cases.len(), ..Outcome::default() };
    let this = std::fs::read_link("/proc/thread-self").unwrap_or_default();
    let this = this.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let is_pinned = pin(&daemon.id().to_string(), 0) && pin(&this, 1);
    if !is_pinned {
        return Outcome::unable("needs taskset, and two processors");
    }
    let mut random = Random::of(cases.range.start, 14);
    let mut times: [Vec<u32>; CLASSES.len()] = Default::default();
    let mut first_reply: Option<Vec<u8>> = None;
    let mut order: [usize; CLASSES.len()] = std::array::from_fn(|class| class);
    for round in 0..cases.len() + WARM_UP {
        // One of each, in an order of its own.
        for at in (1..order.len()).rev() {
            order.swap(at, random.index(at + 1));
        }
        for class in order {
            let frame = random.one_of(&frames[class]);
            let (reply, took) = sample(&daemon, frame);
            if *first_reply.get_or_insert_with(|| reply.clone()) != reply {
                let text = format!("{}: the reply {reply:?} instead of {first_reply:?}", CLASSES[class]);
                outcome.find(round, text);
                return outcome;
            }
            if round >= WARM_UP {
                times[class].push(u32::try_from(took.as_nanos()).unwrap_or(u32::MAX));
            }
        }
    }
    let is_refused = Reply::decode(&first_reply.unwrap_or_default(), 1)
        .is_ok_and(|reply| reply.verdict == Verdict::Refused);
    if !is_refused {
        outcome.find(cases.range.start, "what was timed are no refusals");
    }
    // Back to any processor.
    let _ = Command::new("taskset").args(["-cp", "0-1023", &this]).output();
    compare(&times, cases, &mut outcome);
    outcome
}

fn pin(thread: &str, processor: usize) -> bool {
    let output = Command::new("taskset").args(["-cp", &processor.to_string(), thread]).output();
    output.is_ok_and(|output| output.status.success())
}

/// One refusal, as the module asks for it, and how long it took from connect(2) to the reply.
fn sample(daemon: &Apppwd, frame: &[u8]) -> (Vec<u8>, Duration) {
    let socket = daemon.auth_socket();
    let begun = Instant::now();
    let mut stream = UnixStream::connect(&socket).expect("auth.sock takes connections");
    stream.write_all(frame).expect("a request");
    let mut reply = [0; 64];
    let length = stream.read(&mut reply).expect("a reply");
    let took = begun.elapsed();
    (reply[..length].to_vec(), took)
}

/// Some frames of each class, all of the same length.
fn frames(daemon: &Apppwd) -> [Vec<Vec<u8>>; CLASSES.len()] {
    let mut random = Random::of(0, 15);
    let mut all: [Vec<Vec<u8>>; CLASSES.len()] = Default::default();
    let ask = |verb: Verb, args: Value| -> Value { daemon.call(verb, &args).expect("it can be done") };
    for number in 0..ACCOUNTS {
        let user = |what: &str| format!("{what}{number:02}@example.org");
        let create = |user: &str, more: Value| -> (String, String) {
            let mut args = json!({"user": user, "name": "phone"});
            for (key, value) in more.as_object().into_iter().flatten() {
                args[key] = value.clone();
            }
            let made = ask(Verb::Create, args);
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            (canonical(&text(&made["secret"])), text(&made["app_password"]["id"]))
        };
        let mut strange = || {
            let values: [u8; 15] = std::array::from_fn(|_| u8::try_from(random.below(32)).unwrap_or(0));
            canonical(&Secret::from_values(&values).expect("a secret").display())
        };
        let frame = |user: &str, secret: &str| Ask::login(user, "imap", "192.0.2.7", secret).bytes();
        ask(Verb::UserEnroll, json!({"user": user("none")}));
        create(&user("some"), json!({}));
        let (others, _) = create(&user("else"), json!({}));
        let (revoked, id) = create(&user("gone"), json!({}));
        ask(Verb::Revoke, json!({"ids": [id]}));
        let (expired, _) = create(&user("over"), json!({"expires": {"after": "1s"}}));
        let (elsewhere, _) = create(&user("chat"), json!({"services": ["chat"]}));
        for _ in 0..8 {
            all[0].push(frame(&user("anon"), &strange()));
            all[1].push(frame(&user("none"), &strange()));
            all[2].push(frame(&user("some"), &strange()));
            all[3].push(frame(&user("some"), &others));
            all[4].push(frame(&user("gone"), &revoked));
            all[5].push(frame(&user("over"), &expired));
            all[6].push(frame(&user("chat"), &elsewhere));
        }
    }
    std::thread::sleep(Duration::from_millis(2100));
    all
}

/// Deciles of each class, and the differences.
fn compare(times: &[Vec<u32>; CLASSES.len()], cases: &Cases, outcome: &mut Outcome) {
    let length = times[0].len();
    let block = (length / BLOCKS).max(100).min(length.max(1));
    let of_block = |class: usize, at: usize| -> [i64; 9] {
        let mut part = times[class][at..(at + block).min(length)].to_vec();
        part.sort_unstable();
        std::array::from_fn(|decile| i64::from(part[part.len() * (decile + 1) / 10]))
    };
    let blocks: Vec<[[i64; 9]; CLASSES.len()]> = (0..length / block)
        .map(|number| std::array::from_fn(|class| of_block(class, number * block)))
        .collect();
    for (class, name) in CLASSES.iter().enumerate() {
        let deciles: Vec<String> =
            (0..9).map(|decile| median(blocks.iter().map(|one| one[class][decile])).to_string()).collect();
        eprintln!("   {name:<16} deciles in ns: {}", deciles.join(" "));
        outcome.count(
            &format!("median ns, {name}"),
            median(blocks.iter().map(|one| one[class][4])).unsigned_abs(),
        );
    }
    let mut worst = 0;
    for one in 0..CLASSES.len() {
        for other in 0..one {
            let differences: Vec<i64> =
                (0..9).map(|d| median(blocks.iter().map(|block| block[one][d] - block[other][d]))).collect();
            let most = differences.iter().map(|d| d.abs()).max().unwrap_or_default();
            let is_judged = one < ALIKE && other < ALIKE;
            let text = format!("{} against {}: {differences:?} ns", CLASSES[one], CLASSES[other]);
            eprintln!("   {text}");
            if is_judged {
                worst = worst.max(most);
            }
            if is_judged && most > MOST {
                outcome.find(cases.range.start, text);
            }
        }
    }
    outcome.count("most that a decile of the four differs by, ns", worst.unsigned_abs());
}

fn median(of: impl Iterator<Item = i64>) -> i64 {
    let mut all: Vec<i64> = of.collect();
    all.sort_unstable();
    all.get(all.len() / 2).copied().unwrap_or_default()
}
