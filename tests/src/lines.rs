//! Lines on `admin.sock`, whole and broken, without the client in between.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// Longest that a test waits for an answer: a busy machine's disk may take its time.
const PATIENCE: Duration = Duration::from_secs(120);

/// A connection.
pub struct Lines {
    stream: BufReader<UnixStream>,
}

impl Lines {
    /// Connects.
    pub fn connect(socket: &Path) -> Self {
        let stream = UnixStream::connect(socket).expect("admin.sock takes connections");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        stream.set_write_timeout(Some(PATIENCE)).expect("a timeout");
        Self { stream: BufReader::new(stream) }
    }

    /// Sends bytes as they are. The daemon may hang up before it has read all.
    pub fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.get_mut().write_all(bytes);
    }

    /// Says that nothing more comes.
    pub fn end(&mut self) {
        let _ = self.stream.get_mut().shutdown(std::net::Shutdown::Write);
    }

    /// The next line, newline included; `None` if the daemon hung up.
    pub fn receive(&mut self) -> Option<String> {
        let mut line = String::new();
        match self.stream.read_line(&mut line) {
            Ok(0) => None,
            Ok(_) => Some(line),
            Err(e) if e.kind() == ErrorKind::ConnectionReset => None,
            Err(e) => panic!("neither answered nor closed: {e}"),
        }
    }

    /// Sends one line and reads one.
    pub fn ask(&mut self, line: &str) -> Value {
        self.send(line.as_bytes());
        self.send(b"\n");
        let answer = self.receive().expect("an answer");
        assert!(answer.len() <= apppw_admin::MAX_LINE, "an answer of {} bytes", answer.len());
        serde_json::from_str(&answer).expect("JSON")
    }

    /// Asks for `verb`.
    pub fn call(&mut self, verb: &str, args: &Value) -> Value {
        self.ask(&json!({"v": 1, "id": 7, "verb": verb, "args": args}).to_string())
    }
}

/// The code of an answer that is an error.
pub fn code(answer: &Value) -> &str {
    answer["error"]["code"].as_str().unwrap_or_else(|| panic!("not an error: {answer}"))
}

/// Its field.
pub fn field(answer: &Value) -> Option<&str> {
    answer["error"]["field"].as_str()
}

/// Its message.
pub fn message(answer: &Value) -> &str {
    answer["error"]["message"].as_str().expect("an error has a message")
}
