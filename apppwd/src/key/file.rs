//! The file that holds the server keys.
//!
//! One line a key, newest first: `NUMBER HEX`, 64 hexadecimal digits. Empty lines and
//! lines that begin with `#` don't count.

use super::{KeyError, MAX_ACTIVE, ServerKey};
use crate::fault::Fault;
use crate::ownership;
use std::fmt::Write as _;
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The file in `key_dir`.
const FILE_NAME: &str = "server.key";

/// Most bytes of it, comments included.
const MAX_SIZE: usize = 64 << 10;

/// What becomes that file.
const NEW_NAME: &str = "server.key.new";

/// The systemd credential that takes its place (systemd.exec(5), `LoadCredential=`).
const CREDENTIAL_NAME: &str = "apppwd.key";

/// Where the keys are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file or credential.
    pub path: PathBuf,
    /// It is a systemd credential: it can't be changed while the daemon runs.
    pub is_credential: bool,
}

/// Keys that were found, and where.
#[derive(Debug)]
pub struct Found {
    /// The file or credential.
    pub place: Place,
    /// Newest first; none: there is no such file.
    pub keys: Option<Vec<ServerKey>>,
}

/// Looks for the keys: the systemd credential if there is one, else the file in `key_dir`.
///
/// # Errors
/// [`Fault::Access`] if others could read it, [`Fault::Key`] if it is malformed.
pub fn find(key_dir: &Path) -> Result<Found, Fault> {
    let credential =
        std::env::var_os("CREDENTIALS_DIRECTORY").map(|dir| Path::new(&dir).join(CREDENTIAL_NAME));
    let is_credential = credential.as_deref().map_or(Ok(false), ownership::is_there)?;
    let file = key_dir.join(FILE_NAME);
    let is_beside = ownership::is_there(&file)?;
    let path = match credential.filter(|_| is_credential) {
        Some(credential) if is_beside => {
            tracing::warn!(
                "the server key is the credential {}; {} is not used: take it away, or the credential if that is not the \
                 one that is meant",
                credential.display(),
                file.display()
            );
            credential
        }
        Some(credential) => credential,
        None => file,
    };
    // systemd owns a credential and keeps others out by the folder.
    if !is_credential && is_beside {
        ownership::private_file(&path)?;
    }
    let place = Place { path, is_credential };
    Ok(match read(&place) {
        Ok(keys) => Found { place, keys: Some(keys) },
        Err(KeyError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {
            Found { place, keys: None }
        }
        Err(error) => return Err(error.into()),
    })
}

/// The keys of a place, newest first.
///
/// # Errors
/// [`KeyError::Io`] or [`KeyError::Malformed`].
pub fn read(place: &Place) -> Result<Vec<ServerKey>, KeyError> {
    let path = place.path.clone();
    let text = match read_file(&path) {
        Ok(text) => text,
        Err(source) => return Err(KeyError::Io { what: "can't read", path, source }),
    };
    if text.len() > MAX_SIZE {
        return Err(KeyError::Malformed { path, why: "is too large".to_owned() });
    }
    parse(&text).map_err(|why| KeyError::Malformed { path, why })
}

/// What is in a file, as far as a key's file may go and a byte more. It never moves: what it leaves behind is
/// not wiped.
fn read_file(path: &Path) -> std::io::Result<Zeroizing<Vec<u8>>> {
    let mut text = Zeroizing::new(Vec::with_capacity(MAX_SIZE + 1));
    let most = u64::try_from(MAX_SIZE).unwrap_or(u64::MAX);
    std::fs::File::open(path)?.take(most + 1).read_to_end(&mut text)?;
    Ok(text)
}

/// Makes a key with that number, where there is none, in `key_dir` and syncs it to disk.
///
/// # Errors
/// [`KeyError::Random`] or [`KeyError::Io`].
pub fn create(key_dir: &Path, id: u32) -> Result<Found, KeyError> {
    let place = Place { path: key_dir.join(FILE_NAME), is_credential: false };
    let keys = vec![ServerKey::draw(id)?];
    if place.path.symlink_metadata().is_ok() {
        let source = ErrorKind::AlreadyExists.into();
        return Err(KeyError::Io { what: "can't make", path: place.path, source });
    }
    write(&place.path, &keys)?;
    Ok(Found { place, keys: Some(keys) })
}

/// Puts these keys, newest first, into the place of what is in the file, whole or not at all, and syncs that.
///
/// # Errors
/// [`KeyError::Io`]: be it that the folder could not be synced, the file may be the new one all the same.
pub fn write(path: &Path, keys: &[ServerKey]) -> Result<(), KeyError> {
    try_write(path, keys).map_err(|source| KeyError::Io {
        what: "can't write",
        path: path.to_owned(),
        source,
    })
}

fn try_write(path: &Path, keys: &[ServerKey]) -> std::io::Result<()> {
    let text = to_text(keys);
    clear(path)?;
    let new = path.with_file_name(NEW_NAME);
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    // What of it is there after a failure is nobody's.
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    if let Err(error) = written.and_then(|()| std::fs::rename(&new, path)) {
        let _ = std::fs::remove_file(&new);
        return Err(error);
    }
    path.parent().map_or(Ok(()), ownership::sync_dir)
}

/// Takes away what a writing that was cut off has left.
///
/// # Errors
/// If it can't be removed.
pub fn clear(path: &Path) -> std::io::Result<()> {
    let left = path.with_file_name(NEW_NAME);
    match left.symlink_metadata() {
        // Before it is asked for a change: a disk may be read-only.
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(()),
        _ => std::fs::remove_file(left),
    }
}

/// A line each, as they stand in the file.
#[must_use]
pub fn to_text(keys: &[ServerKey]) -> Zeroizing<String> {
    // It never moves: what it leaves behind is not wiped.
    let mut text = Zeroizing::new(String::with_capacity(128 * MAX_ACTIVE));
    for key in keys {
        let _ = write!(text, "{} ", key.id);
        for byte in key.bytes {
            let _ = write!(text, "{byte:02x}");
        }
        text.push('\n');
    }
    text
}

/// Reads such lines.
///
/// # Errors
/// Why they are no server keys; never what they are.
pub fn parse(text: &[u8]) -> Result<Vec<ServerKey>, String> {
    let text = std::str::from_utf8(text).map_err(|_| "is not text".to_owned())?;
    // It never moves, either.
    let mut keys: Vec<ServerKey> = Vec::with_capacity(MAX_ACTIVE);
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let key = parse_line(line).ok_or_else(|| format!("has no key in line {}", number + 1))?;
        if keys.iter().any(|other| other.id == key.id) {
            return Err(format!("has key {} twice", key.id));
        }
        if keys.len() == MAX_ACTIVE {
            return Err(format!("holds more than {MAX_ACTIVE} keys, which is how many can be active"));
        }
        keys.push(key);
    }
    if keys.is_empty() { Err("holds no key".to_owned()) } else { Ok(keys) }
}

fn parse_line(line: &str) -> Option<ServerKey> {
    let (id, hex) = line.split_once(' ')?;
    if hex.len() != 64 || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let mut key = ServerKey { id: id.parse().ok().filter(|id| *id > 0)?, bytes: [0; 32] };
    for (i, byte) in key.bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hex.get(2 * i..2 * i + 2)?, 16).ok()?;
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_key_is_found_again() {
        let dir = tempfile::tempdir().unwrap();
        assert!(find(dir.path()).unwrap().keys.is_none());
        let made = create(dir.path(), 1).unwrap().keys.unwrap();
        let found = find(dir.path()).unwrap().keys.unwrap();
        assert_eq!(made[0].bytes, found[0].bytes);
        assert_eq!(found[0].id, 1);
        assert!(create(dir.path(), 1).is_err(), "a key is never overwritten");
        let names: Vec<_> =
            std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, [FILE_NAME], "and nothing else is left of it");
    }

    #[test]
    fn what_a_killed_start_left_is_no_key_and_in_nobodys_way() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(NEW_NAME), "1 abc").unwrap();
        assert!(find(dir.path()).unwrap().keys.is_none());
        create(dir.path(), 1).unwrap();
        assert!(find(dir.path()).unwrap().keys.is_some());
        assert!(!dir.path().join(NEW_NAME).exists());
    }

    #[test]
    fn what_is_no_key_file_is_refused() {
        let hex = "ab".repeat(32);
        for text in [
            String::new(),
            "# only a comment\n".to_owned(),
            hex.clone(),
            format!("0 {hex}"),
            format!("1 {hex}ab"),
            format!("1 {}zz", &hex[2..]),
            format!("1 {hex}\n1 {hex}"),
            format!("1 {hex}\n2 {hex}\n3 {hex}\n4 {hex}"),
        ] {
            assert!(parse(text.as_bytes()).is_err(), "{text}");
        }
        assert!(parse(b"\xff").is_err());
        assert_eq!(parse(format!("2 {hex}\n1 {hex}\n").as_bytes()).unwrap().len(), 2);
    }

    #[test]
    fn a_key_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        create(dir.path(), 1).unwrap();
        std::fs::set_permissions(dir.path().join(FILE_NAME), std::fs::Permissions::from_mode(0o640)).unwrap();
        let text = find(dir.path()).unwrap_err().to_string();
        assert!(text.contains("mode is 0640"), "{text}");
    }

    #[test]
    fn debug_shows_no_key() {
        let dir = tempfile::tempdir().unwrap();
        let keys = create(dir.path(), 1).unwrap().keys.unwrap();
        assert_eq!(format!("{keys:?}"), "[ServerKey(1)]");
    }
}
