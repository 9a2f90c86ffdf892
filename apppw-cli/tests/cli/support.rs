//! A daemon that answers what it is told to, and ways to run `apppw` against it.

use apppw_admin::{AdminError, Code, Request, Response};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

pub const SECRET: &str = "abcd-efgh-jkmn-pqrs";

/// A uid that no host gives away.
pub const NAMELESS: u32 = 3_999_999_999;

/// What a daemon answers to a verb with arguments.
pub trait Answer: Fn(&str, &Value) -> Result<Value, AdminError> + Send + Sync + 'static {}

impl<F: Fn(&str, &Value) -> Result<Value, AdminError> + Send + Sync + 'static> Answer for F {}

/// A fake apppwd on a socket of its own.
pub struct Daemon {
    dir: tempfile::TempDir,
    calls: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Daemon {
    /// Answers every call by `answer(verb, args)`.
    pub fn answering(answer: impl Answer) -> Self {
        Self::answering_calls(usize::MAX, answer)
    }

    /// As `answering`, but only one call on each connection.
    pub fn answering_once(answer: impl Answer) -> Self {
        Self::answering_calls(1, answer)
    }

    fn answering_calls(limit: usize, answer: impl Answer) -> Self {
        Self::serving(move |stream, calls| answer_calls(stream, limit, &answer, calls))
    }

    /// Reads a request and answers with these bytes, whatever they are, then hangs up.
    pub fn babbling(bytes: &'static [u8]) -> Self {
        Self::serving(move |mut stream, _| {
            let mut line = String::new();
            BufReader::new(stream.try_clone().unwrap()).read_line(&mut line).unwrap();
            stream.write_all(bytes).unwrap();
        })
    }

    /// Answers so many calls on one connection at `socket`, and is gone then, the socket too.
    pub fn brief(socket: PathBuf, limit: usize, answer: impl Answer) -> JoinHandle<Vec<(String, Value)>> {
        let listener = UnixListener::bind(&socket).unwrap();
        std::thread::spawn(move || {
            let calls = Mutex::default();
            let (stream, _) = listener.accept().unwrap();
            answer_calls(stream, limit, &answer, &calls);
            std::fs::remove_file(socket).unwrap();
            calls.into_inner().unwrap()
        })
    }

    fn serving(serve: impl Fn(UnixStream, &Mutex<Vec<(String, Value)>>) + Send + Sync + 'static) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(dir.path().join("admin.sock")).unwrap();
        let calls = Arc::default();
        let (serve, shared) = (Arc::new(serve), Arc::clone(&calls));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (serve, calls) = (Arc::clone(&serve), Arc::clone(&shared));
                std::thread::spawn(move || serve(stream.unwrap(), &calls));
            }
        });
        Self { dir, calls }
    }

    pub fn socket(&self) -> PathBuf {
        self.dir.path().join("admin.sock")
    }

    /// What was asked: verbs and arguments.
    pub fn calls(&self) -> Vec<(String, Value)> {
        self.calls.lock().unwrap().clone()
    }

    /// `apppw` with these arguments, nothing on its standard input, and no terminal.
    pub fn run(&self, args: &[&str]) -> Run {
        self.run_with(args, b"")
    }

    /// As `run`, with a standard input.
    pub fn run_with(&self, args: &[&str], stdin: &[u8]) -> Run {
        finish(apppw().env("APPPW_SOCKET", self.socket()).args(args), stdin)
    }

    /// `apppw` on a terminal of its own (util-linux `script`). `line` is a shell command line
    /// in which `$APPPW` is the program; after `until` appears, `typed` is typed.
    pub fn on_a_terminal(&self, line: &str, until: &str, typed: &str) -> Run {
        let mut child = Command::new("script")
            .args(["-qec", line, "/dev/null"])
            .env("APPPW", env!("CARGO_BIN_EXE_apppw"))
            .env("APPPW_SOCKET", self.socket())
            .envs([("TZ", "UTC"), ("LC_ALL", "C.UTF-8"), ("TERM", "dumb")])
            .env_remove("USER")
            .env_remove("COLUMNS")
            .env_remove("NO_COLOR")
            .env_remove("PAGER")
            .env_remove("APPPW_PAGER")
            .env_remove("LESS")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("script (util-linux)");
        let shown = type_after(&mut child, until, typed);
        Run { status: child.wait().unwrap().code().unwrap(), stdout: shown, stderr: String::new() }
    }
}

/// Answers so many calls, or as many as come.
fn answer_calls(
    mut stream: UnixStream,
    limit: usize,
    answer: &impl Answer,
    calls: &Mutex<Vec<(String, Value)>>,
) {
    let mut lines = BufReader::new(stream.try_clone().unwrap());
    let mut line = String::new();
    for _ in 0..limit {
        if lines.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        let request: Request = serde_json::from_str(&line).expect("a request");
        let args: Value = request.args.map_or(Value::Null, |raw| serde_json::from_str(raw.get()).unwrap());
        let response = Response::new(request.id, answer(&request.verb, &args));
        calls.lock().unwrap().push((request.verb.into_owned(), args));
        let mut bytes = serde_json::to_vec(&response).unwrap();
        bytes.push(b'\n');
        if stream.write_all(&bytes).is_err() {
            return;
        }
        line.clear();
    }
}

/// Waits until `until` is shown, types `typed`, returns all that was shown.
fn type_after(child: &mut Child, until: &str, typed: &str) -> String {
    let mut screen = child.stdout.take().unwrap();
    // Held to the end: to close it would end the session.
    let mut keyboard = child.stdin.take().unwrap();
    let mut typed = Some(typed);
    let (mut shown, mut piece) = (Vec::new(), [0_u8; 1024]);
    loop {
        match screen.read(&mut piece) {
            Ok(0) | Err(_) => break,
            Ok(n) => shown.extend_from_slice(&piece[..n]),
        }
        if String::from_utf8_lossy(&shown).contains(until)
            && let Some(typed) = typed.take()
        {
            // The prompt is shown a moment before the echo is turned off.
            std::thread::sleep(Duration::from_millis(300));
            keyboard.write_all(typed.as_bytes()).unwrap();
        }
    }
    String::from_utf8(shown).unwrap()
}

/// The program, with nothing of the tester's in its environment.
pub fn apppw() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_apppw"));
    command.env_clear().env("TZ", "UTC");
    command
}

/// Runs to the end.
pub fn finish(command: &mut Command, stdin: &[u8]) -> Run {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // It may end without reading.
    let _ = child.stdin.take().unwrap().write_all(stdin);
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    Run {
        status: status.code().expect("not killed by a signal"),
        stdout: String::from_utf8(stdout).unwrap(),
        stderr: String::from_utf8(stderr).unwrap(),
    }
}

/// The writing end of a pipe whose reader is gone.
pub fn closed_pipe() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

/// What came of a run.
#[derive(Debug)]
pub struct Run {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    /// The JSON on standard output.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    /// The JSON on standard error.
    pub fn json_error(&self) -> Value {
        serde_json::from_str(&self.stderr).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }
}

/// An app password as the daemon sends it.
pub fn record(id: &str, user: &str, name: &str) -> Value {
    json!({
        "id": id, "user": user, "name": name, "state": "live", "services": ["mail"],
        "created": 1_800_000_000, "created_by": {"uid": 0, "role": "admin", "name": "root"},
    })
}

/// An event of alice's as the daemon sends it.
pub fn event(seq: u64, kind: &str) -> Value {
    json!({
        "seq": seq, "at": 1_800_000_000, "host": "mail1", "kind": kind, "user": "alice",
        "id": "ap-0000002a", "name": "old phone", "actor": {"uid": 0, "login_uid": NAMELESS, "role": "admin", "name": "root"},
    })
}

/// An answer to `create`.
pub fn created(newly_enrolled: bool) -> Value {
    json!({
        "secret": SECRET, "app_password": record("ap-0000002a", "alice", "laptop"),
        "newly_enrolled": newly_enrolled, "primary": "refuse-enrolled",
        "primary_ends": if newly_enrolled { json!(["mail", "dav"]) } else { json!([]) },
    })
}

/// A daemon that says no.
pub fn refusing(code: Code, message: &'static str) -> Daemon {
    Daemon::answering(move |_, _| Err(AdminError::in_field(code, "name", message)))
}
