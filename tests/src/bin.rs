//! The built programs: the release build, as it is shipped.

use std::path::PathBuf;

/// Where `make` has built them: `$APPPW_BIN_DIR`, or `release` beside this test's profile.
pub fn dir() -> PathBuf {
    if let Some(dir) = std::env::var_os("APPPW_BIN_DIR") {
        return dir.into();
    }
    let exe = std::env::current_exe().expect("a test knows its own executable");
    let target = exe.ancestors().find(|path| path.join("CACHEDIR.TAG").exists());
    target.expect("a test lies in cargo's target folder").join("release")
}

fn built(name: &str) -> PathBuf {
    let path = dir().join(name);
    assert!(path.exists(), "{} is not built: run the tests by `make test`", path.display());
    path
}

/// The daemon.
pub fn apppwd() -> PathBuf {
    built("apppwd")
}

/// The command line.
pub fn apppw() -> PathBuf {
    built("apppw")
}

/// The PAM module: `$APPPW_MODULE`, or the release build.
pub fn module() -> PathBuf {
    std::env::var_os("APPPW_MODULE").map_or_else(|| built("libpam_apppw.so"), PathBuf::from)
}
