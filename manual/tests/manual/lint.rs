//! mandoc(1) over all pages.

use super::{pages, root};
use std::process::Command;

/// Why it can't be done here, if it can't.
pub fn run() -> Option<String> {
    let target = std::env::current_exe().expect("a test knows its own executable");
    let target =
        target.ancestors().find(|path| path.join("CACHEDIR.TAG").exists()).expect("cargo's target folder");
    let found =
        Command::new("sh").arg(root().join("tests/tree/mandoc.sh")).arg(target.join("mandoc")).output();
    let found = found.expect("sh");
    if found.status.code() == Some(3) {
        let why = String::from_utf8_lossy(&found.stderr).trim().to_owned();
        return Some(format!("the pages are not linted: {why}; apt-get install mandoc"));
    }
    assert!(found.status.success(), "{}", String::from_utf8_lossy(&found.stderr));
    let mandoc = String::from_utf8(found.stdout).expect("a path");
    for (name, text) in pages() {
        let faults = faults(mandoc.trim(), &name, &text);
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
    // It would find something.
    assert!(!faults(mandoc.trim(), "wrong.1", ".Dd today\n.Dt X 1\n.Os\n.Sh NAME\n").is_empty());
    None
}

/// What mandoc says. Not that another page isn't installed here: `references` looks after those.
fn faults(mandoc: &str, name: &str, text: &str) -> Vec<String> {
    let dir = std::env::temp_dir().join(format!("apppw-manual-{}", std::process::id()));
    std::fs::create_dir_all(&dir).expect("a folder");
    std::fs::write(dir.join(name), text).expect("a file");
    let said = Command::new(mandoc).args(["-Tlint", name]).current_dir(&dir).output().expect("mandoc runs");
    std::fs::remove_dir_all(&dir).expect("the folder goes");
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let about_it =
        said.lines().filter(|line| line.contains(name) && !line.contains("referenced manual not found"));
    about_it.map(str::to_owned).collect()
}
