//! What holds a daemon that has been taken over, and who can't look into its memory: the systemd unit,
//! tried on daemons of our own, and what apppwd does itself.

use super::Case;
use apppw_proto::frame::Verdict;
use apppw_tests::activate::DAEMON_UID;
use apppw_tests::apppwd::{Apppwd, CHEAP_ARGON2, Site};
use apppw_tests::frames::{canonical, try_login};
use apppw_tests::identity::Identity;
use apppw_tests::walls;
use hkdf::Hkdf;
use nix::errno::Errno;
use nix::sys::ptrace;
use nix::unistd::Pid;
use sha2::Sha256;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::process::Command;

const USER: &str = "alice@example.org";

/// Parts of this suite that `make test` runs once more behind walls. `make torture` runs all of it.
const AGAIN: [&str; 6] = ["authorize", "full_disk", "hashing", "inherited", "life", "secrets"];

pub fn cases() -> Vec<Case> {
    let mut cases = vec![
        Case::unless("the_units_exposure_is_at_most_half_a_point", exposure),
        Case::new("the_unit_leaves_peers_their_names", peers),
        Case::unless("no_call_that_an_intruder_wants_is_allowed", calls),
        Case::unless("a_daemon_behind_the_units_walls_serves", inside),
        Case::as_root("nobody_of_its_uid_looks_into_it", same_uid).with_program("setpriv"),
        Case::as_root("its_keys_are_locked_in_memory", locked),
        Case::as_root("where_nothing_may_be_locked_it_says_so_and_serves", unlockable)
            .with_program("prlimit"),
        Case::as_root("no_core_image_has_keys_or_secrets", image).with_program("gcore"),
    ];
    for part in AGAIN {
        cases.push(Case::unless(format!("also_behind_walls::{part}"), move || again(part)));
    }
    cases.into_iter().map(|case| case.not_behind_walls("puts up walls of its own")).collect()
}

fn exposure() -> Option<String> {
    let analyze = |threshold: u32| {
        let mut command = Command::new("systemd-analyze");
        command.args(["security", "--no-pager", "--offline=true"]).arg(format!("--threshold={threshold}"));
        command.arg(walls::unit()).output().ok()
    };
    let Some(output) = analyze(5) else { return Some("systemd-analyze is not installed".into()) };
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    if said.contains("unrecognized option") {
        return Some("systemd-analyze is older than 250".into());
    }
    assert!(output.status.success(), "{said}");
    // It is a threshold: none passes at 0.
    assert!(!analyze(0).is_some_and(|output| output.status.success()));
    None
}

fn peers() {
    for setting in walls::settings("PrivateUsers") {
        assert_eq!(setting, "no", "every peer would be nobody");
    }
    assert_eq!(walls::settings("NoNewPrivileges"), ["yes"]);
    assert_eq!(walls::settings("CapabilityBoundingSet"), [""]);
    assert_eq!(walls::settings("RestrictAddressFamilies"), ["AF_UNIX"]);
    assert_eq!(walls::settings("LimitCORE"), ["0"]);
    // Locked keys and 2,048 connections fit in; a program that runs wild doesn't take the machine along.
    for (limit, value) in [
        ("MemoryMax", "1G"),
        ("MemorySwapMax", "0"),
        ("TasksMax", "512"),
        ("LimitMEMLOCK", "1M"),
        ("LimitNOFILE", "8192"),
    ] {
        assert_eq!(walls::settings(limit), [value], "{limit}");
    }
}

fn calls() -> Option<String> {
    let Some(allowed) = walls::allowed_calls() else {
        return Some("systemd-analyze is not installed".into());
    };
    #[rustfmt::skip]
    let unwanted = [
        "fork", "vfork", "execveat", "ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "kill",
        "kcmp", "listen", "bind", "chown", "fchown", "fchownat", "mknod", "mknodat", "mount", "umount2", "pivot_root",
        "chroot", "unshare", "setns", "setuid", "setresuid", "setgroups", "capset", "bpf", "perf_event_open",
        "userfaultfd", "io_uring_setup", "io_setup", "add_key", "keyctl", "request_key", "memfd_create", "shmget",
        "init_module", "kexec_load", "reboot", "swapon", "settimeofday", "clock_settime", "personality", "seccomp",
        "open_by_handle_at", "name_to_handle_at", "fanotify_init", "quotactl", "vmsplice", "setrlimit",
        "sched_setscheduler", "acct", "syslog", "modify_ldt", "iopl", "pkey_mprotect", "uselib",
    ];
    let found: Vec<_> = unwanted.iter().filter(|call| allowed.contains(**call)).collect();
    assert!(found.is_empty(), "{found:?} are allowed");
    // The list is the one that is meant.
    for wanted in ["openat", "accept4", "futex", "clone", "mlock", "ppoll"] {
        assert!(allowed.contains(wanted), "{wanted}");
    }
    None
}

fn inside() -> Option<String> {
    if let Some(why) = walls::missing() {
        return Some(why.into());
    }
    let site = Site::new(CHEAP_ARGON2);
    let mut command = walls::walled(&site.path(""));
    command.arg("--config").arg(site.config_path());
    let daemon = site.start_by(command);
    let made = daemon.create(USER, "phone", &[]);
    let secret = canonical(made.secret.expose());
    assert_eq!(try_login(&daemon.auth_socket(), USER, &secret), Verdict::Accepted);
    daemon.revoke(made.app_password.id);
    assert_eq!(try_login(&daemon.auth_socket(), USER, &secret), Verdict::Refused);
    for (key, value) in [("NoNewPrivs", "1"), ("Seccomp", "2"), ("CapEff", "0000000000000000")] {
        assert_eq!(status(&daemon, key), value, "{key}");
    }
    assert_eq!(status(&daemon, "CapBnd"), "0000000000000000");
    let mounts = fs::read_to_string(format!("/proc/{}/mountinfo", daemon.id())).expect("its mounts");
    let root = mounts.lines().rfind(|line| line.split(' ').nth(4) == Some("/")).expect("a root");
    assert!(root.contains("ro,") && root.contains("noexec"), "{root}");
    let interfaces = fs::read_to_string(format!("/proc/{}/net/dev", daemon.id())).expect("its network");
    assert_eq!(interfaces.lines().filter(|line| line.contains(':')).count(), 1, "only lo: {interfaces}");
    let (status, _) = daemon.stop();
    assert!(status.success(), "{status}");
    None
}

/// A line of /proc/PID/status.
fn status(daemon: &Apppwd, key: &str) -> String {
    let status = fs::read_to_string(format!("/proc/{}/status", daemon.id())).expect("its status");
    let value = status.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
    value.unwrap_or_else(|| panic!("no {key} in {status}")).trim().to_owned()
}

/// As somebody who runs something else as the daemon's uid.
fn same_uid() {
    let daemon = Site::new(CHEAP_ARGON2).start_activated(DAEMON_UID);
    let limits = fs::read_to_string(format!("/proc/{}/limits", daemon.id())).expect("its limits");
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).expect("a limit");
    assert_eq!(core.split_whitespace().filter(|word| *word == "0").count(), 2, "{core}");
    let (uid, gid) = (format!("--reuid={DAEMON_UID}"), format!("--regid={DAEMON_UID}"));
    let mut open = Command::new("setpriv")
        .args([&*uid, &*gid, "--clear-groups", "--bounding-set=-all", "--inh-caps=-all", "sleep", "60"])
        .spawn()
        .expect("setpriv runs");
    let pid = |id: u32| Pid::from_raw(i32::try_from(id).expect("a process id"));
    while fs::read_to_string(format!("/proc/{}/comm", open.id())).is_ok_and(|name| name != "sleep\n") {
        std::thread::yield_now();
    }
    let seen = Identity::new(DAEMON_UID).act(|| {
        [open.id(), daemon.id()].map(|id| {
            let traced = ptrace::seize(pid(id), ptrace::Options::empty());
            let files =
                ["mem", "maps", "environ"].map(|file| fs::File::open(format!("/proc/{id}/{file}")).is_ok());
            (traced, files)
        })
    });
    let _ = open.kill();
    let _ = open.wait();
    // Another process of that uid shows what would be.
    assert_eq!(seen[0], (Ok(()), [true; 3]));
    assert_eq!(seen[1], (Err(Errno::EPERM), [false; 3]));
    let owner = fs::metadata(format!("/proc/{}/fd", daemon.id())).expect("its descriptors").uid();
    assert_eq!(owner, 0, "the files of a process that is not dumpable are root's");
}

fn locked_kib(daemon: &Apppwd) -> u64 {
    status(daemon, "VmLck").trim_end_matches(" kB").parse().expect("a number")
}

fn locked() {
    let daemon = Site::new(CHEAP_ARGON2).start_activated(DAEMON_UID);
    assert!(locked_kib(&daemon) >= 8, "{} KiB are locked", locked_kib(&daemon));
    assert!(!daemon.log().contains("can't lock"), "{}", daemon.log());
}

fn unlockable() {
    let site = Site::new(CHEAP_ARGON2);
    let plain = site.command();
    let mut command = Command::new("setpriv");
    command.args(["--bounding-set=-all", "--inh-caps=-all", "prlimit", "--memlock=0"]);
    command.arg(plain.get_program()).args(plain.get_args());
    let daemon = site.start_by(command);
    assert_eq!(locked_kib(&daemon), 0);
    daemon.wait_for_line(&["warning: can't lock the server key in memory", "LimitMEMLOCK="]);
    let made = daemon.create(USER, "phone", &[]);
    let verdict = try_login(&daemon.auth_socket(), USER, &canonical(made.secret.expose()));
    assert_eq!(verdict, Verdict::Accepted);
    assert_eq!(daemon.settled_log().matches("can't lock").count(), 1);
}

/// root may make one (gcore): what is wiped is not in it, and what is locked is left out.
fn image() {
    let daemon = Apppwd::start();
    let secrets: Vec<String> = (0..20)
        .map(|i| canonical(daemon.create(USER, &format!("device {i}"), &[]).secret.expose()))
        .collect();
    for _ in 0..2 {
        for secret in &secrets {
            assert_eq!(try_login(&daemon.auth_socket(), USER, secret), Verdict::Accepted);
        }
    }
    std::thread::sleep(std::time::Duration::from_secs(1));
    let prefix = daemon.path("image");
    let made =
        Command::new("gcore").arg("-o").arg(&prefix).arg(daemon.id().to_string()).output().expect("gcore");
    let file = daemon.path(&format!("image.{}", daemon.id()));
    let bytes = fs::read(&file).unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&made.stderr)));
    let text = fs::read_to_string(daemon.path("key/server.key")).expect("the key");
    let hex = text.trim().split_once(' ').expect("a key").1;
    let digit = |i: usize| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).expect("a digit");
    let key: Vec<u8> = (0..32).map(digit).collect();
    let derived = Hkdf::<Sha256>::new(None, &key);
    let own = ("its folder".to_owned(), daemon.path("state").display().to_string().into_bytes());
    let mut wanted = vec![own, ("the key's text".into(), hex.into()), ("the key".into(), key)];
    for (name, length) in [("argon2 secret", 32), ("tag", 64), ("journal name", 64)] {
        let mut out = vec![0; length];
        derived.expand(format!("apppw v1 {name}").as_bytes(), &mut out).expect("a length");
        wanted.push((name.to_owned(), out));
    }
    wanted.extend(
        secrets.iter().enumerate().map(|(i, secret)| (format!("secret {i}"), secret.clone().into_bytes())),
    );
    assert_eq!(found_in(&bytes, &wanted), BTreeSet::from(["its folder".to_owned()]));
}

/// Which of some texts, of 16 bytes or more, have 16 bytes in an image.
fn found_in(image: &[u8], wanted: &[(String, Vec<u8>)]) -> BTreeSet<String> {
    let parts: Vec<(&str, &[u8])> = wanted
        .iter()
        .flat_map(|(name, bytes)| bytes.chunks_exact(16).map(move |part| (&**name, part)))
        .collect();
    let mut begins = vec![false; 1 << 16];
    for (_, part) in &parts {
        begins[usize::from(u16::from_ne_bytes([part[0], part[1]]))] = true;
    }
    let mut found = BTreeSet::new();
    for (at, two) in image.windows(2).enumerate() {
        if begins[usize::from(u16::from_ne_bytes([two[0], two[1]]))] {
            let here = &image[at..];
            found.extend(
                parts.iter().filter(|(_, part)| here.starts_with(part)).map(|(name, _)| (*name).to_owned()),
            );
        }
    }
    found
}

fn again(part: &str) -> Option<String> {
    if let Some(why) = walls::missing() {
        return Some(why.into());
    }
    let this = std::env::current_exe().expect("this program");
    let mut command = Command::new(this);
    command.env(walls::VARIABLE, "1").args(["--test-threads", "2", &format!("daemon::{part}::")]);
    let output = command.output().expect("this program runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(!said.contains(" 0 passed"), "{said}");
    None
}
