//! A daemon that answers each case as its scene says, and knows what it has said in full. And the end of /dev/log.

use super::scene::{Act, PRIMARY_MARK, SECRET_MARKS, Scene, TWICE, Typed};
use apppw_proto::frame::{Detail, HEADER_LEN, Kind, Reply, Request, Verdict};
use std::io::{Read, Write};
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use tempfile::TempDir;

const THREADS: usize = 8;
/// Ends the thread that reads the log.
const LAST_LINE: &[u8] = b"the last line of the test";

/// What was said in full to one process of a case.
#[derive(Debug, Clone, Copy, Default)]
pub struct Said {
    pub asked: u32,
    pub accepted: u32,
    pub refused: u32,
    pub not_mine: u32,
}

/// What the daemon heard and said.
#[derive(Debug, Default)]
pub struct Heard {
    /// To the process that began each case, and to its child.
    pub said: Vec<[Said; 2]>,
    /// What must not have been sent or logged.
    pub wrong: Vec<String>,
    pub log_lines: u64,
}

struct Shared {
    scenes: Vec<Scene>,
    heard: Mutex<Heard>,
    stop: AtomicBool,
}

pub struct Daemon {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
    socket: PathBuf,
    log: PathBuf,
    _directory: TempDir,
}

impl Daemon {
    pub fn start(scenes: &[Scene]) -> Self {
        let directory = TempDir::new().expect("a temporary folder");
        let (socket, log) = (directory.path().join("auth.sock"), directory.path().join("log"));
        let heard = Heard { said: vec![Default::default(); scenes.len()], ..Heard::default() };
        let shared =
            Shared { scenes: scenes.to_vec(), heard: Mutex::new(heard), stop: AtomicBool::new(false) };
        let shared = Arc::new(shared);
        let listener = Arc::new(UnixListener::bind(&socket).expect("a socket"));
        let lines = UnixDatagram::bind(&log).expect("a socket for the log");
        let mut threads: Vec<_> = (0..THREADS)
            .map(|_| {
                let (shared, listener) = (Arc::clone(&shared), Arc::clone(&listener));
                std::thread::spawn(move || accept(&listener, &shared))
            })
            .collect();
        let reader = Arc::clone(&shared);
        threads.push(std::thread::spawn(move || read_log(&lines, &reader)));
        Self { shared, threads, socket, log, _directory: directory }
    }

    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Stops it: what it heard and said.
    pub fn stop(self) -> Heard {
        self.shared.stop.store(true, Ordering::SeqCst);
        for _ in 0..THREADS {
            let _ = UnixStream::connect(&self.socket);
        }
        let _ = UnixDatagram::unbound().and_then(|socket| socket.send_to(LAST_LINE, &self.log));
        for thread in self.threads {
            thread.join().expect("no panic in the daemon");
        }
        std::mem::take(&mut *self.shared.heard.lock().expect("no panic in the daemon"))
    }
}

fn accept(listener: &UnixListener, shared: &Shared) {
    while let Ok((stream, _)) = listener.accept() {
        if shared.stop.load(Ordering::SeqCst) {
            return;
        }
        serve(stream, shared);
    }
}

fn serve(mut stream: UnixStream, shared: &Shared) {
    let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
    let frame = read_frame(&mut stream);
    let wrong = |text: String| shared.heard.lock().expect("no panic in the daemon").wrong.push(text);
    if contains(&frame, PRIMARY_MARK) {
        wrong(format!("a primary password was sent: {}", String::from_utf8_lossy(&frame)));
    }
    // What is not whole was broken off by a fault.
    let Ok(request) = Request::decode(&frame) else { return };
    let (who, number) = match (request.user.strip_prefix("user"), request.user.strip_prefix("child")) {
        (Some(number), _) => (0, number),
        (_, Some(number)) => (1, number),
        _ => return wrong(format!("a request of nobody: {request:?}")),
    };
    let number: usize = number.parse().unwrap_or(usize::MAX);
    // Warming up.
    let Some(scene) = shared.scenes.get(number) else {
        let _ = stream.write_all(&reply(Verdict::Refused));
        return;
    };
    if let Some(why) = mismatch(scene, &request) {
        wrong(format!("{why}: {request:?} for {scene:?}"));
    }
    if request.kind == Kind::PrimaryWasUsed {
        let _ = stream.write_all(&reply(Verdict::Accepted));
        return;
    }
    let attempt = {
        let said = &mut shared.heard.lock().expect("no panic in the daemon").said[number][who];
        said.asked += 1;
        said.asked
    };
    let is_first_of_two = scene.has(TWICE) && attempt == 1 && who == 0;
    let act = if is_first_of_two { Act::Says(Verdict::Accepted) } else { scene.act };
    // Counted before it is sent, so that the host is never ahead of it.
    let verdict = match act {
        Act::Says(verdict) => Some(verdict),
        Act::Trailing => Some(Verdict::Accepted),
        Act::Part(_) | Act::Flipped(_) | Act::Closes => None,
    };
    if let Some(verdict) = verdict {
        let said = &mut shared.heard.lock().expect("no panic in the daemon").said[number][who];
        match verdict {
            Verdict::Accepted if request.kind == Kind::Login => said.accepted += 1,
            Verdict::Refused => said.refused += 1,
            Verdict::NotMine => said.not_mine += 1,
            _ => {}
        }
    }
    let _ = stream.write_all(&bytes_of(act));
}

fn reply(verdict: Verdict) -> Vec<u8> {
    Reply { version: 1, verdict, detail: Detail::NONE }.encode().to_vec()
}

fn bytes_of(act: Act) -> Vec<u8> {
    let mut bytes = reply(Verdict::Accepted);
    match act {
        Act::Says(verdict) => return reply(verdict),
        Act::Part(length) => bytes.truncate(length),
        Act::Flipped(at) => bytes[at] ^= 0x20,
        Act::Trailing => bytes.push(0),
        Act::Closes => bytes.clear(),
    }
    bytes
}

/// Why this is not what the scene's host has to ask.
fn mismatch(scene: &Scene, request: &Request<'_>) -> Option<&'static str> {
    let is_secret = scene.typed == Typed::Secret;
    if request.rhost != "192.0.2.7" || request.service != format!("s{}", scene.service) {
        return Some("another login's service or address");
    }
    match request.kind {
        Kind::Login if !is_secret => Some("asked about what is no secret"),
        Kind::Login if request.secret != scene.canonical => Some("another login's secret"),
        Kind::MayUsePrimary if is_secret => Some("took a secret for none"),
        Kind::MayUsePrimary if request.wrong_check != (scene.typed == Typed::WrongCheck) => {
            Some("the wrong flag")
        }
        Kind::MayUsePrimary if matches!(scene.typed, Typed::Empty | Typed::Nothing | Typed::Failure) => {
            Some("asked without a password")
        }
        _ => None,
    }
}

/// One frame, or what there is of it.
fn read_frame(stream: &mut UnixStream) -> Vec<u8> {
    let mut frame = vec![0; HEADER_LEN];
    let mut filled = 0;
    while filled < frame.len() {
        match stream.read(&mut frame[filled..]) {
            Ok(0) | Err(_) => break,
            Ok(length) => filled += length,
        }
        if filled == HEADER_LEN && frame.len() == HEADER_LEN {
            let body = u16::from_be_bytes([frame[HEADER_LEN - 2], frame[HEADER_LEN - 1]]);
            frame.resize(HEADER_LEN + usize::from(body), 0);
        }
    }
    frame.truncate(filled);
    frame
}

fn read_log(lines: &UnixDatagram, shared: &Shared) {
    let mut line = [0; 4096];
    while let Ok(length) = lines.recv(&mut line) {
        let line = &line[..length];
        if line == LAST_LINE {
            return;
        }
        let mut heard = shared.heard.lock().expect("no panic in the daemon");
        heard.log_lines += 1;
        if SECRET_MARKS.iter().chain([&PRIMARY_MARK]).any(|mark| contains(line, mark)) {
            heard.wrong.push(format!("a secret in a log line: {}", String::from_utf8_lossy(line)));
        }
    }
}

fn contains(hay: &[u8], needle: &str) -> bool {
    hay.windows(needle.len()).any(|window| window == needle.as_bytes())
}
