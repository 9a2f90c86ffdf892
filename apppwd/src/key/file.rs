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

/// Keys that were found, and where.
#[derive(Debug)]
pub struct Found {
    /// The file or credential.
    pub path: PathBuf,
    /// Newest first; none: there is no such file.
    pub keys: Option<Vec<ServerKey>>,
}

/// Whether systemd gave a credential, so that the file in `key_dir` is not the key.
#[must_use]
pub fn is_credential() -> bool {
    std::env::var_os("CREDENTIALS_DIRECTORY")
        .is_some_and(|dir| Path::new(&dir).join(CREDENTIAL_NAME).exists())
}

/// Looks for the keys: the systemd credential if there is one, else the file in `key_dir`.
///
/// # Errors
/// [`Fault::Access`] if others could read it, [`Fault::Key`] if it is malformed.
pub fn find(key_dir: &Path) -> Result<Found, Fault> {
    let credential =
        std::env::var_os("CREDENTIALS_DIRECTORY").map(|dir| Path::new(&dir).join(CREDENTIAL_NAME));
    let is_credential = credential.as_deref().map_or(Ok(false), ownership::is_there)?;
    let path = credential.filter(|_| is_credential).unwrap_or_else(|| key_dir.join(FILE_NAME));
    // systemd owns a credential and keeps others out by the folder.
    if !is_credential {
        ownership::private_file(&path)?;
    }
    let text = match read(&path) {
        Ok(text) => text,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Found { path, keys: None }),
        Err(source) => return Err(KeyError::Io { what: "can't read", path, source }.into()),
    };
    if text.len() > MAX_SIZE {
        return Err(KeyError::Malformed { path, why: "is too large".to_owned() }.into());
    }
    match parse(&text) {
        Ok(keys) => Ok(Found { path, keys: Some(keys) }),
        Err(why) => Err(KeyError::Malformed { path, why }.into()),
    }
}

/// What is in a file, as far as a key's file may go and a byte more. It never moves: what it leaves behind is
/// not wiped.
fn read(path: &Path) -> std::io::Result<Zeroizing<Vec<u8>>> {
    let mut text = Zeroizing::new(Vec::with_capacity(MAX_SIZE + 1));
    let most = u64::try_from(MAX_SIZE).unwrap_or(u64::MAX);
    std::fs::File::open(path)?.take(most + 1).read_to_end(&mut text)?;
    Ok(text)
}

/// Makes the first key in `key_dir` and syncs it to disk.
///
/// # Errors
/// [`KeyError::Random`] or [`KeyError::Io`].
pub fn create(key_dir: &Path) -> Result<Found, KeyError> {
    let path = key_dir.join(FILE_NAME);
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *bytes).map_err(KeyError::Random)?;
    let key = ServerKey { id: 1, bytes: *bytes };
    write(&path, &key).map_err(|source| KeyError::Io { what: "can't make", path: path.clone(), source })?;
    Ok(Found { path, keys: Some(vec![key]) })
}

fn write(path: &Path, key: &ServerKey) -> std::io::Result<()> {
    let mut line = Zeroizing::new(String::with_capacity(128));
    let _ = write!(line, "{} ", key.id);
    for byte in key.bytes {
        let _ = write!(line, "{byte:02x}");
    }
    line.push('\n');
    if path.symlink_metadata().is_ok() {
        return Err(ErrorKind::AlreadyExists.into());
    }
    // Whole or not at all: half a key would be no key file, and would have to be cleared away.
    let new = path.with_file_name(NEW_NAME);
    match std::fs::remove_file(&new) {
        Err(e) if e.kind() != ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    file.write_all(line.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&new, path)?;
    path.parent().map_or(Ok(()), ownership::sync_dir)
}

fn parse(text: &[u8]) -> Result<Vec<ServerKey>, String> {
    let text = std::str::from_utf8(text).map_err(|_| "is not text".to_owned())?;
    let mut keys: Vec<ServerKey> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let key = parse_line(line).ok_or_else(|| format!("has no key in line {}", number + 1))?;
        if keys.iter().any(|other| other.id == key.id) {
            return Err(format!("has key {} twice", key.id));
        }
        keys.push(key);
    }
    match keys.len() {
        0 => Err("holds no key".to_owned()),
        n if n > MAX_ACTIVE => Err(format!("holds {n} keys, at most {MAX_ACTIVE} can be active")),
        _ => Ok(keys),
    }
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
        let made = create(dir.path()).unwrap().keys.unwrap();
        let found = find(dir.path()).unwrap().keys.unwrap();
        assert_eq!(made[0].bytes, found[0].bytes);
        assert_eq!(found[0].id, 1);
        assert!(create(dir.path()).is_err(), "a key is never overwritten");
        let names: Vec<_> =
            std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, [FILE_NAME], "and nothing else is left of it");
    }

    #[test]
    fn what_a_killed_start_left_is_no_key_and_in_nobodys_way() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(NEW_NAME), "1 abc").unwrap();
        assert!(find(dir.path()).unwrap().keys.is_none());
        create(dir.path()).unwrap();
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
        create(dir.path()).unwrap();
        std::fs::set_permissions(dir.path().join(FILE_NAME), std::fs::Permissions::from_mode(0o640)).unwrap();
        let text = find(dir.path()).unwrap_err().to_string();
        assert!(text.contains("mode is 0640"), "{text}");
    }

    #[test]
    fn debug_shows_no_key() {
        let dir = tempfile::tempdir().unwrap();
        let keys = create(dir.path()).unwrap().keys.unwrap();
        assert_eq!(format!("{keys:?}"), "[ServerKey(1)]");
    }
}
