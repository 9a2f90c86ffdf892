//! A program that is heard out, but not waited for too long.

use std::io::{self, PipeReader, Read};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// As much of each output is looked at, in bytes: a list of more than a hundred thousand sessions.
pub const MAX_OUTPUT: u64 = 16 * 1024 * 1024;

/// How a program ended.
pub struct Outcome {
    /// None: by a signal.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Outcome {
    /// The lines of both outputs.
    pub fn lines(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.stdout.lines().chain(self.stderr.lines())
    }

    /// The line that says what failed.
    pub fn complaint(&self) -> Option<&str> {
        let words = ["Error: ", "Fatal: ", "Panic: "];
        self.stderr.lines().find(|line| words.iter().any(|word| line.contains(word)))
    }

    /// What is told of a failure.
    pub fn last_word(&self) -> String {
        let last = || self.lines().rfind(|line| !line.trim().is_empty());
        match (self.complaint().or_else(last), self.code) {
            (Some(line), _) => line.trim().to_owned(),
            (None, Some(code)) => format!("ended with status {code}"),
            (None, None) => "was killed".to_owned(),
        }
    }
}

/// Runs it. An error is that it can't be run, or didn't end in time.
pub fn run(program: &str, args: &[&str], timeout: Duration) -> Result<Outcome, String> {
    let cant = |e: io::Error| match e.kind() {
        io::ErrorKind::NotFound => format!("{program} isn't in PATH (is Dovecot on this host?)"),
        _ => format!("{program} can't be run: {e}"),
    };
    let (stdout, out) = io::pipe().map_err(cant)?;
    let (stderr, err) = io::pipe().map_err(cant)?;
    let mut command = crate::program::command(program);
    // Where we are may be gone, or closed to it.
    command.args(args).current_dir("/").stdin(Stdio::null()).stdout(out).stderr(err);
    let mut child = command.spawn().map_err(cant)?;
    // The writing ends that it holds would keep the pipes open.
    drop(command);
    let outputs = [stdout, stderr].map(hear_out);
    wait(&mut child, outputs, Instant::now() + timeout).map_err(cant)?.ok_or_else(|| {
        // Nothing to do if it is gone in this moment.
        let _ = child.kill();
        let _ = child.wait();
        let seconds = timeout.as_secs();
        format!("{program} did not end within {seconds} s (is Dovecot running?)")
    })
}

fn hear_out(mut output: PipeReader) -> Receiver<String> {
    let (sender, whole) = channel();
    std::thread::spawn(move || {
        let mut said = Vec::new();
        // What can't be read wasn't said. The rest is read too, or the program would wait for us.
        let _ = output.by_ref().take(MAX_OUTPUT).read_to_end(&mut said);
        let _ = io::copy(&mut output, &mut io::sink());
        // Nobody listens any more if it took too long.
        let _ = sender.send(String::from_utf8_lossy(&said).into_owned());
    });
    whole
}

/// Its outputs and exit status; none if it didn't end in time.
fn wait(child: &mut Child, outputs: [Receiver<String>; 2], deadline: Instant) -> io::Result<Option<Outcome>> {
    let whole =
        |output: Receiver<String>| output.recv_timeout(deadline.saturating_duration_since(Instant::now()));
    let [Ok(stdout), Ok(stderr)] = outputs.map(whole) else { return Ok(None) };
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(Outcome { code: status.code(), stdout, stderr }));
        }
        if Instant::now() >= deadline {
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}
