//! Dovecot's auth protocol, version 1.2, as a login process speaks it.

use crate::stats::Sample;
use apppw_tests::clients::Attempt;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// Logs in `count` times, with `in_flight` requests under way.
pub fn ask(socket: &Path, user: &str, password: &str, count: usize, in_flight: usize) -> Sample {
    let mut stream = BufReader::new(UnixStream::connect(socket).expect("the auth socket"));
    stream.get_ref().set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout");
    let mut line = String::new();
    while line != "DONE\n" {
        line.clear();
        stream.read_line(&mut line).expect("Dovecot's greeting");
    }
    // Each client process is to have a number of its own.
    static CLIENT: AtomicU32 = AtomicU32::new(1_000_000);
    let client = CLIENT.fetch_add(1, Ordering::Relaxed);
    write!(stream.get_mut(), "VERSION\t1\t2\nCPID\t{client}\n").expect("a greeting");
    let response = Attempt::new(user, password).sasl_plain();
    let mut begins: Vec<Instant> = Vec::with_capacity(count);
    let ask_one = |stream: &mut BufReader<UnixStream>, begins: &mut Vec<Instant>| {
        begins.push(Instant::now());
        let id = begins.len();
        let request = format!(
            "AUTH\t{id}\tPLAIN\tservice=imap\tsecured\tno-penalty\tlip=127.0.0.1\trip=192.0.2.7\tresp={response}\n"
        );
        stream.get_mut().write_all(request.as_bytes()).expect("a request");
    };
    let begun = Instant::now();
    for _ in 0..in_flight.min(count) {
        ask_one(&mut stream, &mut begins);
    }
    let mut times = Vec::with_capacity(count);
    while times.len() < count {
        line.clear();
        stream.read_line(&mut line).expect("an answer");
        let mut words = line.split('\t');
        let (verdict, id) = (words.next(), words.next().and_then(|id| id.trim().parse::<usize>().ok()));
        assert_eq!(verdict, Some("OK"), "{user}: {line}");
        times.push(begins[id.expect("a number") - 1].elapsed());
        if begins.len() < count {
            ask_one(&mut stream, &mut begins);
        }
    }
    Sample::within(&times, begun.elapsed())
}
