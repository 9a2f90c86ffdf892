//! Logins by IMAP (RFC 9051): connect, LOGIN, LOGOUT.

use crate::stats::Sample;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// Logs in `count` times, one behind the other.
pub fn log_in(address: SocketAddr, user: &str, password: &str, count: usize) -> Sample {
    let times: Vec<Duration> = (0..count).map(|_| log_in_once(address, user, password)).collect();
    Sample::of(&times)
}

fn log_in_once(address: SocketAddr, user: &str, password: &str) -> Duration {
    let begun = Instant::now();
    let stream = TcpStream::connect(address).expect("the IMAP port");
    stream.set_nodelay(true).expect("no delay");
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout");
    let mut stream = BufReader::new(stream);
    read_until(&mut stream, "* OK");
    say(&mut stream, &format!("a LOGIN \"{user}\" \"{password}\"\r\n"));
    read_until(&mut stream, "a OK");
    say(&mut stream, "b LOGOUT\r\n");
    read_until(&mut stream, "b OK");
    begun.elapsed()
}

fn say(stream: &mut BufReader<TcpStream>, line: &str) {
    stream.get_mut().write_all(line.as_bytes()).expect("a command");
}

fn read_until(stream: &mut BufReader<TcpStream>, wanted: &str) {
    let mut line = String::new();
    loop {
        line.clear();
        let read = stream.read_line(&mut line).expect("an answer");
        assert!(
            read > 0 && !line.starts_with("a NO") && !line.starts_with("* BYE ["),
            "instead of {wanted}: {line}"
        );
        if line.starts_with(wanted) {
            return;
        }
    }
}
