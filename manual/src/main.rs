//! Writes what [`apppw_manual::pages`] has: `make man`.

use std::io;
use std::path::Path;

fn main() -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for stale in apppw_manual::pages::stale(&root)? {
        std::fs::remove_file(stale)?;
    }
    for (path, text) in apppw_manual::pages::made() {
        let path = root.join(path);
        if std::fs::read_to_string(&path).ok().as_deref() != Some(text.as_str()) {
            std::fs::write(path, text)?;
        }
    }
    Ok(())
}
