//! Real mail servers, from the distribution's packages and with the files of `packaging/`, asking
//! a real apppwd through `pam_apppw.so`.
//!
//! `APPPW_SKIP_TRIXIE`, if set, leaves Dovecot 2.4 out.

#[path = "servers/accounts.rs"]
mod accounts;
#[path = "servers/command.rs"]
mod command;
#[path = "servers/ends.rs"]
mod ends;
#[path = "servers/hosts.rs"]
mod hosts;
#[path = "servers/kick.rs"]
mod kick;
#[path = "servers/lab.rs"]
mod lab;
#[path = "servers/life.rs"]
mod life;
#[path = "servers/mistakes.rs"]
mod mistakes;
#[path = "servers/names.rs"]
mod names;
#[path = "servers/networks.rs"]
mod networks;
#[path = "servers/outage.rs"]
mod outage;
#[path = "servers/panic.rs"]
mod panic;
#[path = "servers/pins.rs"]
mod pins;
#[path = "servers/place.rs"]
mod place;
#[path = "servers/policy.rs"]
mod policy;
#[path = "servers/primary.rs"]
mod primary;
#[path = "servers/setup.rs"]
mod setup;
#[path = "servers/story.rs"]
mod story;
#[path = "servers/table.rs"]
mod table;
#[path = "servers/tally.rs"]
mod tally;
#[path = "servers/trail.rs"]
mod trail;
#[path = "servers/trials.rs"]
mod trials;
#[path = "servers/users.rs"]
mod users;

use lab::Lab;
use libtest_mimic::Arguments;

/// Most cases only wait: Dovecot 2.3 answers refusals every half second.
const THREADS: usize = 48;

fn main() {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(THREADS);
    let lab = Lab::new();
    let conclusion = libtest_mimic::run(&arguments, trials::all(&lab));
    if arguments.list {
        conclusion.exit();
    }
    println!("{}\n", lab.tally);
    let leaks = lab.leaks();
    for leak in &leaks {
        println!("leak: {leak}");
    }
    // The trials are gone, so this is the last hold on the servers: they end here.
    drop(lab);
    if !leaks.is_empty() {
        std::process::exit(101);
    }
    conclusion.exit();
}
