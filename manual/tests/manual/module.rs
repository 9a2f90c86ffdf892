//! pam_apppw.8, which is written by hand, against the module and the packaged stacks. Its options are held against the
//! code in pam_apppw/src/args.rs.

use super::{page, read};

pub fn services() {
    let page = page("pam_apppw.8");
    let (_, list) = page.split_once("begin of the services\n").expect("where they begin");
    let (list, _) = list.split_once(".\\\" end of the services").expect("where they end");
    let listed: Vec<_> =
        list.lines().filter_map(|line| line.strip_prefix(".Ql ")?.split(' ').next()).collect();
    assert_eq!(listed, apppw_proto::services::NEVER);
}

/// What is shown is what is shipped, and tested against real servers.
pub fn stacks() {
    let page = page("pam_apppw.8");
    for name in ["app-passwords-only", "primary-where-permitted", "system-users"] {
        let stack = read(format!("packaging/pam/{name}"));
        let lines: Vec<_> = stack.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
        assert!(page.contains(&format!("\n{}\n.Ed\n", lines.join("\n"))), "{name}");
    }
}
