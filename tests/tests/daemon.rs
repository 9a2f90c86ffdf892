//! `apppwd` as it is shipped, attacked over its two sockets, starved of what it needs, killed.

#[path = "daemon/accounts.rs"]
mod accounts;
#[path = "daemon/asking.rs"]
mod asking;
#[path = "daemon/attempts.rs"]
mod attempts;
#[path = "daemon/authorize.rs"]
mod authorize;
#[path = "daemon/backup.rs"]
mod backup;
#[path = "daemon/backups.rs"]
mod backups;
#[path = "daemon/closing.rs"]
mod closing;
#[path = "daemon/completion.rs"]
mod completion;
#[path = "daemon/configuration.rs"]
mod configuration;
#[path = "daemon/day.rs"]
mod day;
#[path = "daemon/descriptors.rs"]
mod descriptors;
#[path = "daemon/directory.rs"]
mod directory;
#[path = "daemon/drill.rs"]
mod drill;
#[path = "daemon/durability.rs"]
mod durability;
#[path = "daemon/events.rs"]
mod events;
#[path = "daemon/expiry.rs"]
mod expiry;
#[path = "daemon/fail2ban.rs"]
mod fail2ban;
#[path = "daemon/find.rs"]
mod find;
#[path = "daemon/folding.rs"]
mod folding;
#[path = "daemon/frames.rs"]
mod frames;
#[path = "daemon/full_disk.rs"]
mod full_disk;
#[path = "daemon/gaps.rs"]
mod gaps;
#[path = "daemon/hashing.rs"]
mod hashing;
#[path = "daemon/hostile.rs"]
mod hostile;
#[path = "daemon/housekeeping.rs"]
mod housekeeping;
#[path = "daemon/inherited.rs"]
mod inherited;
#[path = "daemon/keys.rs"]
mod keys;
#[path = "daemon/life.rs"]
mod life;
#[path = "daemon/limits.rs"]
mod limits;
#[path = "daemon/lines.rs"]
mod lines;
#[path = "daemon/load.rs"]
mod load;
#[path = "daemon/metrics.rs"]
mod metrics;
#[path = "daemon/node_exporter.rs"]
mod node_exporter;
#[path = "daemon/panic.rs"]
mod panic;
#[path = "daemon/peers.rs"]
mod peers;
#[path = "daemon/pins.rs"]
mod pins;
#[path = "daemon/policy.rs"]
mod policy;
#[path = "daemon/primary.rs"]
mod primary;
#[path = "daemon/properties.rs"]
mod properties;
#[path = "daemon/provoked.rs"]
mod provoked;
#[path = "daemon/record.rs"]
mod record;
#[path = "daemon/report.rs"]
mod report;
#[path = "daemon/restored.rs"]
mod restored;
#[path = "daemon/restoring.rs"]
mod restoring;
#[path = "daemon/revocation.rs"]
mod revocation;
#[path = "daemon/scope.rs"]
mod scope;
#[path = "daemon/screens.rs"]
mod screens;
#[path = "daemon/secrets.rs"]
mod secrets;
#[path = "daemon/selection.rs"]
mod selection;
#[path = "daemon/startup.rs"]
mod startup;
#[path = "daemon/stop.rs"]
mod stop;
#[path = "daemon/values.rs"]
mod values;
#[path = "daemon/verdicts.rs"]
mod verdicts;
#[path = "daemon/waiting.rs"]
mod waiting;
#[path = "daemon/walls.rs"]
mod walls;
#[path = "daemon/watches.rs"]
mod watches;

use apppw_tests::identity::{is_root, rerun_as_root};
use libtest_mimic::{Arguments, Completion, Trial};
use std::process::ExitCode;

fn main() -> ExitCode {
    if let Some(code) = rerun_as_root() {
        return code;
    }
    let groups = [
        // The long ones first.
        ("gaps", gaps::cases()),
        ("directory", directory::cases()),
        ("properties", properties::cases()),
        ("record", record::cases()),
        ("housekeeping", housekeeping::cases()),
        ("closing", closing::cases()),
        ("walls", walls::cases()),
        ("revocation", revocation::cases()),
        ("durability", durability::cases()),
        ("load", load::cases()),
        ("stop", stop::cases()),
        ("authorize", authorize::cases()),
        ("attempts", attempts::cases()),
        ("events", events::cases()),
        ("provoked", provoked::cases()),
        ("hostile", hostile::cases()),
        ("metrics", metrics::cases()),
        ("backup", backup::cases()),
        ("descriptors", descriptors::cases()),
        ("backups", backups::cases()),
        ("restoring", restoring::cases()),
        ("completion", completion::cases()),
        ("day", day::cases()),
        ("drill", drill::cases()),
        ("screens", screens::cases()),
        ("configuration", configuration::cases()),
        ("fail2ban", fail2ban::cases()),
        ("find", find::cases()),
        ("frames", frames::cases()),
        ("full_disk", full_disk::cases()),
        ("hashing", hashing::cases()),
        ("inherited", inherited::cases()),
        ("keys", keys::cases()),
        ("lines", lines::cases()),
        ("node_exporter", node_exporter::cases()),
        ("peers", peers::cases()),
        ("policy", policy::cases()),
        ("secrets", secrets::cases()),
        ("startup", startup::cases()),
        ("scope", scope::cases()),
        ("pins", pins::cases()),
        ("expiry", expiry::cases()),
        ("limits", limits::cases()),
        ("life", life::cases()),
        ("accounts", accounts::cases()),
        ("panic", panic::cases()),
        ("primary", primary::cases()),
        ("folding", folding::cases()),
        ("restored", restored::cases()),
        ("selection", selection::cases()),
        ("report", report::cases()),
        ("values", values::cases()),
        ("waiting", waiting::cases()),
        ("watches", watches::cases()),
    ];
    let trials = groups.into_iter().flat_map(|(group, cases)| {
        cases.into_iter().map(move |case| match case.skip {
            None => Trial::ignorable_test(format!("daemon::{group}::{}", case.name), move || {
                Ok((case.run)().map_or(Completion::Completed, Completion::ignored_with))
            }),
            Some(reason) => {
                Trial::test(format!("daemon::{group}::{} (skipped: {reason})", case.name), || Ok(()))
                    .with_ignored_flag(true)
            }
        })
    });
    let mut arguments = Arguments::from_args();
    // Most cases wait for a disk or a deadline.
    arguments.test_threads.get_or_insert(6);
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

/// A named check; it panics if it fails.
struct Case {
    name: String,
    skip: Option<&'static str>,
    run: Box<dyn FnOnce() -> Option<String> + Send>,
}

impl Case {
    fn new(name: impl Into<String>, run: impl FnOnce() + Send + 'static) -> Self {
        Self::unless(name, || {
            run();
            None
        })
    }

    /// One that may find out that it can't be run here, and says why.
    fn unless(name: impl Into<String>, run: impl FnOnce() -> Option<String> + Send + 'static) -> Self {
        Self { name: name.into(), skip: None, run: Box::new(run) }
    }

    /// One that acts as other users, too.
    fn as_root(name: impl Into<String>, run: impl FnOnce() + Send + 'static) -> Self {
        Self::new(name, run).with_root()
    }

    /// One whose outcome says nothing of a daemon behind walls (`walls.rs`).
    fn not_behind_walls(self, why: &'static str) -> Self {
        let skip = std::env::var_os(apppw_tests::walls::VARIABLE).map(|_| why);
        Self { skip: self.skip.or(skip), ..self }
    }

    fn with_root(self) -> Self {
        let skip = (!is_root()).then_some("needs root to act as other users");
        Self { skip: self.skip.or(skip), ..self }
    }

    /// One that needs a program.
    fn with_program(self, program: &str) -> Self {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let found = std::env::split_paths(&path).any(|dir| dir.join(program).is_file());
        if found { self } else { Self { skip: self.skip.or(Some("a program is not installed")), ..self } }
    }
}
