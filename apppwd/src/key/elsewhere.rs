//! A file beside the journal that says: the keys of this host are a systemd credential. Who runs apppwd by hand isn't given
//! it, and would take keys for lost that are there.

use crate::fault::Fault;
use crate::ownership;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

const FILE_NAME: &str = "server.key.is-a-credential";

const TEXT: &str = "The server keys of this host are the systemd credential apppwd.key (apppw key show). If it is lost for good, \
                    remove this file and see docs/operations.md, \"The key is lost\".\n";

/// Its path, if it is there.
///
/// # Errors
/// [`Fault::Io`].
pub fn said(key_dir: &Path) -> Result<Option<PathBuf>, Fault> {
    let path = key_dir.join(FILE_NAME);
    Ok(ownership::is_there(&path)?.then_some(path))
}

/// Says so, or, where the keys are a file again, no longer.
///
/// # Errors
/// If it can't be made or removed.
pub fn say(key_dir: &Path, is_credential: bool) -> std::io::Result<()> {
    let path = key_dir.join(FILE_NAME);
    match (path.symlink_metadata().is_ok(), is_credential) {
        (false, true) => {
            let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
            file.write_all(TEXT.as_bytes())
        }
        (true, false) => std::fs::remove_file(path),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_there_while_the_keys_are_a_credential() {
        let dir = tempfile::tempdir().unwrap();
        for (is_credential, files) in [(false, 0), (true, 1), (true, 1), (false, 0)] {
            say(dir.path(), is_credential).unwrap();
            assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), files);
            assert_eq!(said(dir.path()).unwrap().is_some(), is_credential);
        }
    }
}
