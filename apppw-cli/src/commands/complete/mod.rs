//! `apppw completion` and what its scripts ask: `apppw complete`.
//!
//! A shell is in the middle of a line: this never asks, never tells an error, and soon gives up.
//! Names come from people: [`shell`] lets none through that the shell would read as anything
//! else than a word.

mod lookup;
mod shell;
mod walk;

use crate::cli::{Cli, Shell};
use crate::exit::{Failure, Status};
use crate::output;
use clap::CommandFactory;
use lookup::Lookup;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::path::PathBuf;
use walk::Wanted;

/// Most that is read of a command line, in bytes.
const LONGEST_LINE: u64 = 64 * 1024;

/// A word that could stand here, and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub value: String,
    /// In a few words; may be empty.
    pub about: String,
}

impl Candidate {
    fn new(value: impl Into<String>, about: impl Into<String>) -> Self {
        Self { value: value.into(), about: about.into() }
    }
}

/// Prints what a shell reads to be able to complete.
pub fn script(shell: Shell) -> Result<Status, Failure> {
    let script = match shell {
        Shell::Bash => include_str!("../../../completion/apppw.bash"),
        Shell::Zsh => include_str!("../../../completion/apppw.zsh"),
        Shell::Fish => include_str!("../../../completion/apppw.fish"),
    };
    output::print(script.as_bytes())?;
    Ok(Status::Done)
}

/// Prints what could stand at the end of the words on standard input. [`Status::Refused`]: a
/// file, which shells know best.
pub fn run(socket: PathBuf, shell: Shell) -> Result<Status, Failure> {
    let Some(line) = read().ok().and_then(|input| shell::Line::of(shell, &input)) else {
        return Ok(Status::Done);
    };
    let command = {
        let mut command = Cli::command();
        // Now each subcommand has the options that all take.
        command.build();
        command
    };
    let (wanted, typed_socket) = walk::wanted(&command, &line.words, &line.current);
    let lookup = Lookup { socket: typed_socket.unwrap_or(socket) };
    let candidates = match wanted {
        Wanted::File => return Ok(Status::Refused),
        Wanted::Nothing => Vec::new(),
        Wanted::OneOf(candidates) => candidates,
        Wanted::Known { what, all, text, before, but } => {
            let mut found = lookup.find(what, all, text);
            // One that looks like an option would be read as one.
            let is_a_word = |value: &str| !before.is_empty() || !value.starts_with('-');
            found.retain(|candidate| is_a_word(&candidate.value) && !but.contains(&candidate.value));
            found.iter_mut().for_each(|candidate| candidate.value.insert_str(0, &before));
            found
        }
    };
    // A shell that went on without waiting wants nothing any more.
    let _ = output::write_stdout(line.print(&candidates).as_bytes());
    Ok(Status::Done)
}

/// Not through `std::io::Stdin`: nothing is to be left in its buffer.
fn read() -> io::Result<Vec<u8>> {
    let mut input = Vec::new();
    File::from(io::stdin().as_fd().try_clone_to_owned()?).take(LONGEST_LINE).read_to_end(&mut input)?;
    Ok(input)
}
