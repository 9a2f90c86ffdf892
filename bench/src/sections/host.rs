//! A PAM host in a process of its own: this program again, which logs in and tells its times.

use crate::bed::{Bed, Try, timed};
use apppw_tests::pam::Login;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The first argument of such a process.
pub const ROLE: &str = "host";

/// One that runs.
pub struct Host(Child);

/// Starts one that logs in `count` times.
pub fn spawn(bed: &Bed, login: &Try, count: usize) -> Host {
    let child = Command::new(std::env::current_exe().expect("this program"))
        .arg(ROLE)
        .arg(bed.confdir.path())
        .args([login.service, &login.user, &login.password, &count.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn();
    Host(child.expect("a host"))
}

impl Host {
    /// Its times, when it is through.
    pub fn times(mut self) -> Vec<Duration> {
        let mut text = String::new();
        let read = self.0.stdout.take().map(|mut stdout| stdout.read_to_string(&mut text));
        assert!(matches!(read, Some(Ok(_))) && self.0.wait().is_ok_and(|status| status.success()));
        text.lines().filter_map(|line| line.parse().ok()).map(Duration::from_nanos).collect()
    }
}

/// What such a process does with its arguments.
pub fn main(args: &[String]) {
    let [confdir, service, user, password, count] = args else { panic!("five arguments") };
    let count: usize = count.parse().expect("a number");
    let login = Login::new(service, user).password(password);
    let confdir = Path::new(confdir);
    let mut text = String::new();
    for _ in 0..count {
        let (_, took) = timed(confdir, &login);
        text += &format!("{}\n", took.as_nanos());
    }
    print!("{text}");
}
