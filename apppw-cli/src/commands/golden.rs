//! What the commands show on terminals of 120, 80 and 40 columns: kept as files, so that one can
//! look at them. `APPPW_WRITE_GOLDEN=1 cargo test -p apppw` writes them anew.

use crate::output::{Fit, Text};
use std::path::Path;

/// Compares what `write` shows with `golden/NAME.txt`.
pub fn check(name: &str, write: impl Fn(Fit) -> Text) {
    let mut shown = String::new();
    for columns in [120, 80, 40] {
        shown += &format!("{:=<columns$}\n", format!("=== {columns} columns "));
        shown += write(Fit::columns(columns)).as_str();
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/commands/golden/{name}.txt"));
    if std::env::var_os("APPPW_WRITE_GOLDEN").is_some() {
        std::fs::write(&file, &shown).unwrap();
    }
    assert_eq!(shown, std::fs::read_to_string(&file).unwrap_or_default(), "{}", file.display());
}
