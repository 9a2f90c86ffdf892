//! packaging/selinux, compiled and put into Debian's policy, which is then asked who may do what. No kernel with SELinux is
//! needed, and none asked.

use apppw_tests::identity::is_root;
use libtest_mimic::{Arguments, Failed, Trial};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

/// Who, may he do what, and the answer: `yes`, `no`, or the boolean that it depends on.
const QUESTIONS: &[(&str, &str, &str, &str, &str)] = &[
    // PAM hosts reach the module's socket.
    ("dovecot_auth_t", "apppwd_t", "unix_stream_socket", "connectto", "yes"),
    ("dovecot_auth_t", "apppwd_runtime_t", "sock_file", "write", "yes"),
    ("dovecot_auth_t", "apppwd_runtime_t", "dir", "search", "yes"),
    ("saslauthd_t", "apppwd_t", "unix_stream_socket", "connectto", "yes"),
    ("saslauthd_t", "apppwd_runtime_t", "sock_file", "write", "yes"),
    ("exim_t", "apppwd_t", "unix_stream_socket", "connectto", "yes"),
    ("exim_t", "apppwd_runtime_t", "sock_file", "write", "yes"),
    ("ftpd_t", "apppwd_t", "unix_stream_socket", "connectto", "yes"),
    ("courier_authdaemon_t", "apppwd_t", "unix_stream_socket", "connectto", "yes"),
    ("jabberd_t", "apppwd_t", "unix_stream_socket", "connectto", "yes"),
    ("smbd_t", "apppwd_t", "unix_stream_socket", "connectto", "yes"),
    ("httpd_t", "apppwd_t", "unix_stream_socket", "connectto", "httpd_can_connect_apppwd"),
    ("httpd_t", "apppwd_runtime_t", "sock_file", "write", "httpd_can_connect_apppwd"),
    // Nobody else does.
    ("dovecot_t", "apppwd_t", "unix_stream_socket", "connectto", "no"),
    ("postfix_smtpd_t", "apppwd_t", "unix_stream_socket", "connectto", "no"),
    ("sshd_t", "apppwd_t", "unix_stream_socket", "connectto", "no"),
    ("named_t", "apppwd_t", "unix_stream_socket", "connectto", "no"),
    ("user_t", "apppwd_runtime_t", "sock_file", "write", "no"),
    // People manage, PAM hosts don't, though they are root.
    ("user_t", "apppwd_t", "unix_stream_socket", "connectto", "yes"),
    ("user_t", "apppwd_admin_runtime_t", "sock_file", "write", "yes"),
    ("staff_t", "apppwd_admin_runtime_t", "sock_file", "write", "yes"),
    ("sysadm_t", "apppwd_admin_runtime_t", "sock_file", "write", "yes"),
    ("unconfined_t", "apppwd_admin_runtime_t", "sock_file", "write", "yes"),
    ("unconfined_t", "apppwd_runtime_t", "sock_file", "write", "yes"),
    ("system_cronjob_t", "apppwd_admin_runtime_t", "sock_file", "write", "yes"),
    ("dovecot_auth_t", "apppwd_admin_runtime_t", "sock_file", "write", "no"),
    ("saslauthd_t", "apppwd_admin_runtime_t", "sock_file", "write", "no"),
    ("exim_t", "apppwd_admin_runtime_t", "sock_file", "write", "no"),
    ("httpd_t", "apppwd_admin_runtime_t", "sock_file", "write", "no"),
    // systemd starts it under NoNewPrivileges=, makes its sockets with its label, and its folders.
    ("init_t", "apppwd_t", "process", "transition", "yes"),
    ("init_t", "apppwd_t", "process2", "nnp_transition", "yes"),
    ("init_t", "apppwd_t", "unix_stream_socket", "listen", "yes"),
    ("init_t", "apppwd_runtime_t", "sock_file", "create", "yes"),
    ("init_t", "apppwd_admin_runtime_t", "sock_file", "create", "yes"),
    ("init_t", "apppwd_key_t", "dir", "create", "yes"),
    // What it needs: its files, one of them mapped; to say that it is ready; who is behind sudo.
    ("apppwd_t", "apppwd_t", "unix_stream_socket", "accept", "yes"),
    ("apppwd_t", "apppwd_var_lib_t", "file", "map", "yes"),
    ("apppwd_t", "apppwd_var_lib_t", "file", "create", "yes"),
    ("apppwd_t", "apppwd_key_t", "file", "create", "yes"),
    ("apppwd_t", "etc_t", "file", "open", "yes"),
    ("apppwd_t", "init_t", "unix_dgram_socket", "sendto", "yes"),
    ("apppwd_t", "sysadm_t", "file", "read", "yes"),
    ("apppwd_t", "sysadm_t", "fifo_file", "write", "yes"),
    // What it doesn't.
    ("apppwd_t", "shadow_t", "file", "read", "no"),
    ("apppwd_t", "bin_t", "file", "execute_no_trans", "no"),
    ("apppwd_t", "apppwd_t", "process", "execmem", "no"),
    ("apppwd_t", "apppwd_t", "capability", "dac_override", "no"),
    ("apppwd_t", "home_root_t", "dir", "write", "no"),
    // Who sees "all files" doesn't see the key.
    ("dovecot_auth_t", "apppwd_key_t", "file", "read", "no"),
    ("smbd_t", "apppwd_key_t", "file", "read", "no"),
    ("httpd_t", "apppwd_key_t", "file", "read", "no"),
    ("unconfined_t", "apppwd_key_t", "file", "read", "yes"),
];

/// Paths, what they are for matchpathcon, and the type that they get.
const LABELS: &[(&str, &str, &str)] = &[
    ("/usr/sbin/apppwd", "file", "apppwd_exec_t"),
    ("/usr/bin/apppwd", "file", "apppwd_exec_t"),
    ("/usr/bin/apppw", "file", "bin_t"),
    ("/var/lib/apppwd", "dir", "apppwd_var_lib_t"),
    ("/var/lib/apppwd/apppw.db-wal", "file", "apppwd_var_lib_t"),
    ("/var/lib/apppwd-key", "dir", "apppwd_key_t"),
    ("/var/lib/apppwd-key/journal.log", "file", "apppwd_key_t"),
    ("/run/apppwd", "dir", "apppwd_runtime_t"),
    ("/run/apppwd/auth.sock", "socket", "apppwd_runtime_t"),
    ("/run/apppwd/admin.sock", "socket", "apppwd_admin_runtime_t"),
];

/// Compiles as `make selinux` does, on a copy of the policy that is thrown away.
const INSIDE: &str = "set -e
cp -R /sources /tmp/sources
cd /tmp/sources
sh tools/selinux /tmp/module >&2
semodule -n -s default -X 200 -i /tmp/module/apppw.pp >&2
python3 /tools/selinux-query.py /etc/selinux/default/policy/policy.* </question/questions >/question/answers
while read -r path kind; do
    matchpathcon -n -f /etc/selinux/default/contexts/files/file_contexts -m \"$kind\" \"$path\"
done </question/paths >/question/labels
";

fn main() -> ExitCode {
    let trial = match tree() {
        Ok(tree) => Trial::test("selinux::who_may_what", move || check(&tree).map_err(Failed::from)),
        Err(needs) => Trial::test(format!("selinux::who_may_what (skipped: {needs})"), || Ok(()))
            .with_ignored_flag(true),
    };
    libtest_mimic::run(&Arguments::from_args(), vec![trial]).exit_code()
}

fn repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// The policy and its tools, unpacked; or why not.
fn tree() -> Result<PathBuf, String> {
    if !is_root() {
        return Err("needs root, to unpack a policy".to_owned());
    }
    let base = std::env::var_os("APPPW_TREES").map_or_else(|| repository("target/trees"), PathBuf::from);
    let path = base.join("selinux");
    let run = Command::new("sh").arg(repository("tests/tree/selinux.sh")).arg(&path).output();
    let run = run.map_err(|error| format!("needs sh: {error}"))?;
    match run.status.code() {
        Some(0) => Ok(path),
        Some(3) => Err(format!("needs a policy: {}", String::from_utf8_lossy(&run.stderr).trim())),
        _ => panic!("selinux.sh: {}", String::from_utf8_lossy(&run.stderr)),
    }
}

fn check(tree: &Path) -> Result<(), String> {
    let place = tempfile::tempdir().map_err(|error| error.to_string())?;
    let write =
        |name: &str, text: String| std::fs::write(place.path().join(name), text).map_err(|e| e.to_string());
    let questions =
        QUESTIONS.iter().map(|(who, what, class, how, _)| format!("{who} {what} {class} {how}\n"));
    write("questions", questions.collect())?;
    write("paths", LABELS.iter().map(|(path, kind, _)| format!("{path} {kind}\n")).collect())?;

    let mut command = Command::new("sh");
    command.arg(repository("tests/tree/enter.sh"));
    for (path, inside) in [
        (repository("tools"), "/sources/tools"),
        (repository("packaging/selinux"), "/sources/packaging/selinux"),
        (repository("tests/tree"), "/tools"),
        (place.path().to_owned(), "/question"),
    ] {
        command.arg("--bind").arg(format!("{}:{inside}", path.display()));
    }
    // Its standard input is a life line: held open until it has ended.
    let child =
        command.arg(tree).args(["sh", "-c", INSIDE]).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.map_err(|error| error.to_string())?;
    let line = child.stdin.take();
    let done = child.wait_with_output().map_err(|error| error.to_string())?;
    drop(line);
    if !done.status.success() {
        return Err(String::from_utf8_lossy(&done.stderr).into_owned());
    }

    let read =
        |name: &str| std::fs::read_to_string(place.path().join(name)).map_err(|error| error.to_string());
    let (answers, labels) = (read("answers")?, read("labels")?);
    let mut wrong = Vec::new();
    let mut answers = answers.lines();
    for (who, what, class, how, expected) in QUESTIONS {
        let answer = answers.next().unwrap_or("nothing");
        if answer != *expected {
            wrong.push(format!("{who} {what}:{class} {how}: {answer}, not {expected}"));
        }
    }
    let mut labels = labels.lines();
    for (path, _, expected) in LABELS {
        let label = labels.next().unwrap_or("nothing");
        if label.split(':').nth(2) != Some(expected) {
            wrong.push(format!("{path} is {label}, not {expected}"));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}
