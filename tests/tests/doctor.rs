//! `apppw doctor` on a host with a real Dovecot: all is ok; then each fault, planted by itself, is found by the line that is
//! meant and no other, and is gone once the remedy is followed.
//!
//! Root only, and with a tree of the distribution's packages.

#[path = "doctor/faults.rs"]
mod faults;
#[path = "doctor/host.rs"]
mod host;

use faults::FAULTS;
use host::Host;
use std::fmt::Write as _;

#[test]
fn a_healthy_host_is_well_and_each_fault_is_found_by_its_line() {
    let Some(host) = Host::start() else { return };
    let healthy = host.doctor(&[]);
    assert_eq!(healthy.troubles(), [], "{}", healthy.text);
    assert_eq!((healthy.status, healthy.ok), (0, true), "{}", healthy.text);
    let ids: Vec<&str> = healthy.lines.iter().map(|line| line.id.as_str()).collect();
    for id in ["daemon", "socket", "key", "database", "clock", "module", "stack", "walls", "running", "login"]
    {
        assert!(ids.contains(&id), "{id}: {}", healthy.text);
    }
    assert_eq!(host.accounts(), "", "it leaves no account");

    let wanted = std::env::var("APPPW_FAULT").ok();
    let mut wrong = String::new();
    let mut tried = 0;
    for fault in
        FAULTS.iter().filter(|fault| wanted.as_deref().is_none_or(|wanted| fault.name.contains(wanted)))
    {
        tried += 1;
        println!("{}", fault.name);
        host.inside(fault.plant);
        let found = host.doctor(fault.options());
        host.inside(fault.remedy);
        let after = host.doctor(fault.options());
        let expected: Vec<(String, String)> =
            fault.lines.iter().map(|(id, state)| ((*id).to_owned(), (*state).to_owned())).collect();
        if found.troubles() != expected || found.status != 1 || found.ok {
            let _ = writeln!(
                wrong,
                "{}: planted, and found {:?}, status {}\n{}",
                fault.name,
                found.troubles(),
                found.status,
                found.text
            );
        }
        for line in found.lines.iter().filter(|line| line.state != "ok") {
            let remedy = line.remedy.as_deref().unwrap_or_default();
            if !fault.says.iter().all(|words| line.what.contains(words) || remedy.contains(words))
                || remedy.is_empty()
            {
                let _ = writeln!(
                    wrong,
                    "{}: says neither {:?} nor what to do:\n{}",
                    fault.name, fault.says, found.text
                );
            }
        }
        if !after.troubles().is_empty() || after.status != 0 {
            let _ = writeln!(wrong, "{}: mended, and still:\n{}", fault.name, after.text);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    println!("{tried} faults planted, found and mended");
    if wanted.is_none() {
        a_killed_run_is_cleaned_up_after(&host);
        a_user_is_told_what_he_may_not_see(&host);
        without_the_daemon(host);
    }
}

fn a_killed_run_is_cleaned_up_after(host: &Host) {
    host.inside("apppw create doctor-run-7-1000@apppw.invalid 'apppw doctor' --service imap >/dev/null");
    assert!(host.accounts().contains("doctor-run-7-1000@apppw.invalid"));
    let found = host.doctor(&[]);
    assert_eq!(found.status, 0, "{}", found.text);
    assert_eq!(host.accounts(), "");
}

fn a_user_is_told_what_he_may_not_see(host: &Host) {
    let found = host.doctor_as(4711, &[]);
    assert_eq!(found.status, 1);
    assert!(found.troubles().iter().all(|(_, state)| state == "warning"), "{}", found.text);
    assert!(found.troubles().iter().any(|(id, _)| id == "daemon"), "{}", found.text);
    assert!(found.lines.iter().any(|line| line.id == "stack" && line.state == "ok"), "{}", found.text);
}

fn without_the_daemon(mut host: Host) {
    host.stop_daemon();
    let found = host.doctor(&[]);
    assert_eq!(found.troubles(), [("daemon".to_owned(), "fault".to_owned())], "it hangs: {}", found.text);
    host.close_sockets();
    let found = host.doctor(&[]);
    let missing = ("socket-missing".to_owned(), "fault".to_owned());
    assert_eq!(
        found.troubles(),
        [("daemon".to_owned(), "fault".to_owned()), missing.clone(), missing],
        "{}",
        found.text
    );
    host.start_daemon();
    let found = host.doctor(&[]);
    assert_eq!(found.status, 0, "{}", found.text);
}
