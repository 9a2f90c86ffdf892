//! Upgrades while logins go on: the real module through libpam in hosts that live long and in hosts that live for one login,
//! the real daemon on sockets that outlive it, both replaced again and again.
//!
//! `APPPW_RESTARTS` says how often (100). What counts is that no login fails; how long one waits is told.

use super::Case;
use super::faults::fault_module;
use super::site::{module, write_stack};
use apppw_tests::activate::DAEMON_UID;
use apppw_tests::apppwd::{CHEAP_ARGON2, Site};
use apppw_tests::identity::is_root;
use apppw_tests::pam::{Code, Confdir, Login};
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// First argument that makes this program a PAM host.
pub const ARGUMENT: &str = "host-of-the-upgrade-tests";

const USER: &str = "alice@example.org";

/// Hosts that live long, and how often each logs somebody in.
const HOSTS: u32 = 2;
const EVERY: Duration = Duration::from_millis(40);

/// A host that lives for one login comes so often beside them.
const SHORT_LIVED_EVERY: Duration = Duration::from_millis(150);

pub fn cases() -> Vec<Case> {
    if is_root() {
        vec![Case::new("no_login_fails_while_daemon_and_module_are_replaced", replaced)]
    } else {
        vec![Case::Skip("no_login_fails_while_daemon_and_module_are_replaced".to_owned(), "needs root")]
    }
}

/// A PAM host: logs in until nobody holds its input any more, and tells what came of it.
pub fn host() {
    let args: Vec<String> = std::env::args().skip(2).collect();
    let [confdir, secret, how_long] = args.as_slice() else { std::process::exit(2) };
    let once = how_long == "once";
    let ended = std::thread::spawn(|| drop(std::io::stdin().read_to_end(&mut Vec::new())));
    let (mut told, mut longest) = (BTreeMap::<i32, u64>::new(), Duration::ZERO);
    let mut next = Instant::now();
    loop {
        let begun = Instant::now();
        let code = login(Path::new(confdir), secret);
        longest = longest.max(begun.elapsed());
        *told.entry(code.0).or_default() += 1;
        if once || ended.is_finished() {
            break;
        }
        next += EVERY;
        sleep(next.saturating_duration_since(Instant::now()));
    }
    for (code, count) in told {
        println!("{code} {count}");
    }
    println!("longest {}", longest.as_millis());
}

fn login(confdir: &Path, secret: &str) -> Code {
    let mut transaction = Login::new("imap", USER).password(secret).start_in(confdir);
    match transaction.authenticate() {
        Code::SUCCESS => transaction.acct_mgmt(),
        other => other,
    }
}

fn spawn(confdir: &Confdir, secret: &str, how_long: &str) -> Child {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.arg(ARGUMENT).arg(confdir.path()).arg(secret).arg(how_long);
    let stdin = if how_long == "once" { Stdio::null() } else { Stdio::piped() };
    command.stdin(stdin).stdout(Stdio::piped()).spawn().expect("a host")
}

/// What hosts have told: logins by code, and how long the longest took, in ms.
#[derive(Debug, Default)]
struct Told {
    codes: BTreeMap<i32, u64>,
    longest: u64,
}

impl Told {
    fn add(&mut self, mut host: Child) {
        drop(host.stdin.take());
        let output = host.wait_with_output().expect("what it tells");
        assert!(output.status.success(), "{output:?}");
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            let (what, number) = line.split_once(' ').expect("two words");
            let number: u64 = number.parse().expect("a number");
            match what.parse() {
                Ok(code) => *self.codes.entry(code).or_default() += number,
                Err(_) => self.longest = self.longest.max(number),
            }
        }
    }

    fn logins(&self) -> u64 {
        self.codes.values().sum()
    }
}

/// As dpkg does it: beside it, then in its place.
fn install(file: &Path, as_: &Path) {
    let new = as_.with_extension("dpkg-new");
    fs::copy(file, &new).expect("a copy");
    fs::rename(&new, as_).expect("its place");
}

fn replaced() {
    let restarts: u32 =
        std::env::var("APPPW_RESTARTS").ok().and_then(|number| number.parse().ok()).unwrap_or(100);
    let site = Site::new(CHEAP_ARGON2);
    let installed = site.path("pam_apppw.so");
    // One that speaks a version first which this daemon doesn't know, and comes down to the one that it does.
    let modules = [(module(), ""), (fault_module(), "fault=version")];
    install(&modules[0].0, &installed);
    let confdir = Confdir::new();
    let configure = |more: &str, socket: &Path| {
        let line = format!("{} socket={} server_uid=0 {more}", installed.display(), socket.display());
        write_stack(&confdir, "imap.new", &line);
        fs::rename(confdir.path().join("imap.new"), confdir.path().join("imap")).expect("its place");
    };
    let socket = site.auth_socket();
    configure("", &socket);
    let mut daemon = site.start_activated(DAEMON_UID);
    let secret = daemon.create(USER, "phone", &[]).secret.expose().to_owned();
    let hosts: Vec<Child> = (0..HOSTS).map(|_| spawn(&confdir, &secret, "long")).collect();
    let (mut told, mut short_lived) = (Told::default(), Vec::new());
    let (begun, mut last) = (Instant::now(), Instant::now());
    for n in 0..restarts {
        let upgrade = |more_first: bool| {
            // Every tenth restart is an upgrade or its way back: module first, or daemon first.
            if n % 10 == 5 && (n / 10 % 2 == 0) == more_first {
                let (file, more) = &modules[usize::from(n / 10 % 2 == 0)];
                if !more.is_empty() {
                    // The old one doesn't know that argument: it warns, and goes on.
                    configure(more, &socket);
                }
                install(file, &installed);
                if more.is_empty() {
                    configure(more, &socket);
                }
            }
        };
        upgrade(true);
        let (status, site) = daemon.stop();
        assert!(status.success(), "{status}");
        daemon = site.start_activated(DAEMON_UID);
        upgrade(false);
        while last.elapsed() < Duration::from_millis(200) {
            short_lived.push(spawn(&confdir, &secret, "once"));
            sleep(SHORT_LIVED_EVERY);
        }
        last = Instant::now();
    }
    let took = begun.elapsed();
    for host in hosts.into_iter().chain(short_lived) {
        told.add(host);
    }
    let rate = f64::from(u32::try_from(told.logins()).expect("few")) / took.as_secs_f64();
    println!(
        "{restarts} restarts in {:.1} s, {} logins ({rate:.0} a second), the longest {} ms: {:?}",
        took.as_secs_f64(),
        told.logins(),
        told.longest,
        told.codes
    );
    assert_eq!(told.codes.keys().copied().collect::<Vec<_>>(), [Code::SUCCESS.0], "{told:?}");
    let least = u64::from(HOSTS) * u64::try_from(took.as_millis() / EVERY.as_millis()).expect("few") / 2;
    assert!(told.logins() > least, "{} logins in {took:?} are not many", told.logins());
}
