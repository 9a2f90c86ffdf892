//! Files with server keys: nobody else may read them, and no terminal shows them.

use crate::exit::Failure;
use crate::output;
use crate::output::terminal;
use apppw_admin::SecretText;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Longest file that is read, in bytes: three keys and some comments are far less.
const MAX_SIZE: usize = 16 << 10;

/// Where keys go.
pub(super) enum Target {
    /// A pipe, or a file that is read by nobody else.
    Stdout,
    /// A new file.
    File(PathBuf, File),
}

impl Target {
    /// A new file, or standard output for `-`.
    pub(super) fn open(to: &str) -> Result<Self, Failure> {
        if to == "-" {
            if terminal::stdout_is_terminal() {
                return Err(Failure::usage(
                    "server keys are not shown on a terminal: give a file, or a pipe behind it",
                ));
            }
            let meta = io::stdout().as_fd().try_clone_to_owned().and_then(|fd| File::from(fd).metadata());
            return match meta {
                Ok(meta) if meta.is_file() && meta.mode() & 0o077 != 0 => Err(Failure::usage(
                    "others could read the file that standard output goes to: umask 077 first, or give a file, which is \
                     made so that they can't",
                )),
                Ok(_) => Ok(Self::Stdout),
                Err(error) => Err(Failure::io(format!("can't look at standard output: {error}"))),
            };
        }
        let path = Path::new(to);
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        match file {
            Ok(file) => Ok(Self::File(path.to_owned(), file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(Failure::io(format!(
                "{to} is there already, and keys are put into new files only: move it away, or give another name"
            ))),
            Err(error) => Err(Failure::io(format!("can't make {to}: {error}"))),
        }
    }

    /// There is nothing to write: the file goes again.
    pub(super) fn give_up(self) {
        if let Self::File(path, _) = self {
            let _ = std::fs::remove_file(path);
        }
    }

    /// Writes and, of a file, syncs it.
    pub(super) fn write(self, text: &str) -> Result<(), Failure> {
        match self {
            Self::Stdout => output::print(text.as_bytes()),
            Self::File(path, mut file) => {
                let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
                let written = file
                    .write_all(text.as_bytes())
                    .and_then(|()| file.sync_all())
                    .and_then(|()| File::open(folder)?.sync_all());
                written.map_err(|error| {
                    let _ = std::fs::remove_file(&path);
                    Failure::io(format!("can't write {}: {error}; it is removed again", path.display()))
                })
            }
        }
    }
}

/// What is in a file, or on standard input for `-`.
pub(super) fn read(from: &str) -> Result<SecretText, Failure> {
    let unreadable = |error: io::Error| Failure::io(format!("can't read {}: {error}", named(from)));
    let file = match from {
        "-" if terminal::stdin_is_terminal() => {
            return Err(Failure::usage("server keys are not typed: give a file, or a pipe before it"));
        }
        "-" => io::stdin().as_fd().try_clone_to_owned().map(File::from),
        path => File::open(path),
    };
    let file = file.map_err(unreadable)?;
    let meta = file.metadata().map_err(unreadable)?;
    // It never moves: what it leaves behind is not wiped.
    let mut text = Zeroizing::new(String::with_capacity(MAX_SIZE + 1));
    let most = u64::try_from(MAX_SIZE).unwrap_or(u64::MAX);
    let read = file.take(most + 1).read_to_string(&mut text);
    match read {
        Ok(read) if read > MAX_SIZE => Err(Failure::invalid(
            "text",
            format!("{} is longer than server keys are: is it the right file?", named(from)),
        )),
        Ok(_) => {
            // Not of /etc/passwd, which others shall read.
            if meta.is_file() && meta.mode() & 0o077 != 0 && text.lines().any(is_key) {
                output::warn(&format!(
                    "others may read {}, which has server keys in it: chmod 600 it",
                    named(from)
                ));
            }
            Ok(SecretText::new(std::mem::take(&mut *text)))
        }
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(Failure::invalid(
            "text",
            format!("{} is no text, as server keys are: is it the right file?", named(from)),
        )),
        Err(error) => Err(unreadable(error)),
    }
}

/// Whether a line looks like a key's: `NUMBER HEX`.
pub(super) fn is_key(line: &str) -> bool {
    line.split_once(' ').is_some_and(|(number, hex)| {
        let hex = hex.trim_end_matches([' ', '\t', '\r']);
        number.parse::<u32>().is_ok() && hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit())
    })
}

fn named(from: &str) -> &str {
    if from == "-" { "standard input" } else { from }
}
