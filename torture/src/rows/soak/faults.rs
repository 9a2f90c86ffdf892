//! What befalls the daemon, and when it was so.

use apppw_tests::activate::DAEMON_UID;
use apppw_tests::apppwd::Apppwd;
use nix::sys::signal::Signal;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// One thing that befalls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// SIGSTOP, and SIGCONT so much later that nobody's deadline is over.
    Paused,
    /// The same for longer than deadlines last.
    Hung,
    /// No room where the database is.
    FullDisk,
    /// SIGTERM, and started again.
    Restart,
    /// kill -9, and started again.
    Kill,
}

impl Fault {
    /// In that minute of so many.
    pub const fn of_minute(number: u64, minutes: u64) -> Self {
        if number < minutes / 2 {
            return match number % 5 {
                1 => Self::Paused,
                2 => Self::FullDisk,
                4 => Self::Hung,
                _ => Self::None,
            };
        }
        match number % 4 {
            0 | 2 => Self::Restart,
            1 => Self::Kill,
            _ => Self::FullDisk,
        }
    }

    /// For the report.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "minutes without a fault",
            Self::Paused => "stopped for a moment",
            Self::Hung => "stopped beyond deadlines",
            Self::FullDisk => "disks full",
            Self::Restart => "restarts",
            Self::Kill => "kills",
        }
    }

    /// Whether a login may fail because of it. A restart keeps who connects waiting, and a full disk
    /// is none of a login's business.
    const fn excuses_logins(self) -> bool {
        matches!(self, Self::Hung | Self::Kill)
    }

    /// Whether a change may.
    const fn excuses_changes(self) -> bool {
        matches!(self, Self::Hung | Self::Kill | Self::FullDisk)
    }
}

/// The faults so far: from when until when. One that is on has no end.
#[derive(Default)]
pub struct Faults(Mutex<Vec<(Fault, Instant, Option<Instant>)>>);

impl Faults {
    /// Brings one about, and its end; `lasts`: how long a disk is full.
    pub fn bring(&self, fault: Fault, daemon: Apppwd, lasts: Duration) -> Apppwd {
        self.0.lock().expect("unpoisoned").push((fault, Instant::now(), None));
        let daemon = match fault {
            Fault::None => daemon,
            Fault::Paused => pause(daemon, (lasts / 4).min(Duration::from_secs(1))),
            Fault::Hung => pause(daemon, super::clients::DEADLINE + Duration::from_millis(500)),
            Fault::FullDisk => {
                daemon.disk().fill();
                std::thread::sleep(lasts);
                daemon.disk().empty();
                daemon
            }
            Fault::Restart => daemon.stop().1.start_activated(DAEMON_UID),
            Fault::Kill => daemon.kill().start_activated(DAEMON_UID),
        };
        if let Some(last) = self.0.lock().expect("unpoisoned").last_mut() {
            last.2 = Some(Instant::now());
        }
        daemon
    }

    /// Whether something was on in that time that explains why a login, or a change, failed.
    pub fn excuse(&self, is_login: bool, from: Instant, until: Instant) -> bool {
        let all = self.0.lock().expect("unpoisoned");
        all.iter().any(|(fault, since, to)| {
            let excuses = if is_login { fault.excuses_logins() } else { fault.excuses_changes() };
            excuses && *since <= until && to.is_none_or(|to| from <= to)
        })
    }
}

fn pause(daemon: Apppwd, lasts: Duration) -> Apppwd {
    daemon.signal(Signal::SIGSTOP);
    std::thread::sleep(lasts);
    daemon.signal(Signal::SIGCONT);
    daemon
}
