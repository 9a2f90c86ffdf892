//! `apppw doctor`: looks at everything that app passwords depend on, and says what to mend.
//!
//! Each check is a pure function from facts to lines; what gathers the facts stands beside it. [`judge`](stacks::judge) and
//! its like decide, [`show`] prints.

pub mod child;
mod daemon;
mod data;
mod elf;
mod hosts;
mod line;
mod login;
mod module;
mod running;
mod show;
mod sockets;
mod stacks;
mod walls;

use super::Session;
use super::setup::system::Host;
use crate::cli::Doctor;
use crate::exit::{Failure, Status};
use crate::hosts::pam;
use crate::output::terminal::Stream;
use crate::output::{Fit, json, time};
use apppw_admin::verbs::{self, Checkup, DoctorArgs};
use apppw_admin::{Client, ClientError, Verb};
use child::{LibpamFound, Task};
pub use line::{Line, State};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long it may take to say how it is.
const FIRST_ANSWER: Duration = Duration::from_secs(10);

/// How long the daemon may look at its database: SQLite reads some hundred MB a second.
const PATIENCE: Duration = Duration::from_secs(300);

/// Most services that a login is tried at: each costs an Argon2id, and a fault in one is mostly a fault in all.
const MOST_LOGINS: usize = 8;

pub(super) fn run(session: &mut Session, args: &Doctor) -> Result<Status, Failure> {
    let mut said: Vec<Line> = Vec::new();
    for line in lines(session, args) {
        // Both sockets lie in one folder, for one.
        if !said.contains(&line) {
            said.push(line);
        }
    }
    let lines = said;
    if session.json {
        json::print(&json::doctor(&lines))?;
    } else {
        show::text(&lines, Fit::of(Stream::Stdout).limit()).print()?;
    }
    let all_ok = lines.iter().all(|line| line.state == State::Ok);
    Ok(if all_ok { Status::Done } else { Status::Refused })
}

fn lines(session: &mut Session, args: &Doctor) -> Vec<Line> {
    let stacks = stacks::gather(&pam::Disk);
    let asked = ask(session, stacks.services());
    let checkup = asked.as_ref().ok();
    let now = time::Clock::system().now;
    let wanted_uids: Vec<u32> = stacks.lines().filter_map(stacks::wanted_uid).collect();
    let auth_sockets = auth_sockets(&stacks);
    let whose = checkup.map(|checkup| (checkup.uid, checkup.pid));

    let mut lines = daemon::judge(&asked, env!("CARGO_PKG_VERSION"));
    for socket in &auth_sockets {
        lines.extend(sockets::judge(&sockets::gather(sockets::Role::Auth, socket, &wanted_uids, whose)));
    }
    let admin_socket = session.socket.clone();
    lines.extend(sockets::judge(&sockets::gather(sockets::Role::Admin, &admin_socket, &wanted_uids, whose)));
    if let Some(checkup) = checkup {
        lines.extend(data::judge(checkup, &data::gather(checkup, now)));
    }
    let libpam = child::ask::<LibpamFound>(&Task::Libpam);
    let modules = modules(&stacks, &libpam);
    for (path, named) in &modules {
        let load = |path: &Path| Some(loaded(path));
        lines.extend(module::judge(&module::gather(path.clone(), *named, load)));
    }
    let unlisted = checkup.map_or(&[][..], |checkup| checkup.unlisted.as_slice());
    lines.extend(stacks::judge(&stacks, unlisted));
    let served: Vec<String> = stacks.used.iter().map(|used| used.name.to_ascii_lowercase()).collect();
    let served: Vec<&str> = served.iter().map(String::as_str).collect();
    lines.extend(hosts::judge(&hosts::gather(&Host), &served));
    let socket = auth_sockets.first().cloned().unwrap_or_default();
    lines.extend(walls::judge(&walls::gather(&socket)));
    let installed = modules.keys().next().and_then(|path| std::fs::read(path).ok());
    lines.extend(running::judge(&running::gather(installed.as_deref())));
    if !args.no_login {
        lines.extend(log_in(session, &stacks, checkup, &libpam, now));
    }
    lines
}

/// The daemon, on a connection of its own: it may take longer than for other answers, if it answers at all.
fn ask(session: &Session, services: Vec<String>) -> Result<Checkup, Failure> {
    let fail = |error: ClientError| Failure::from_call(error, &session.socket, false);
    let mut client = Client::connect_with_timeout(&session.socket, FIRST_ANSWER).map_err(fail)?;
    let _: verbs::Status = client.call(Verb::Status, &serde_json::json!({})).map_err(fail)?;
    let mut client = Client::connect_with_timeout(&session.socket, PATIENCE).map_err(fail)?;
    client.call(Verb::Doctor, &DoctorArgs { services }).map_err(fail)
}

/// Where the module asks: as the stacks say, or where it does by itself.
fn auth_sockets(stacks: &stacks::Facts) -> BTreeSet<PathBuf> {
    let default = apppw_proto::limits::DEFAULT_AUTH_SOCKET;
    let mut sockets: BTreeSet<PathBuf> =
        stacks.lines().map(|line| PathBuf::from(stacks::socket(line).unwrap_or(default))).collect();
    if sockets.is_empty() {
        sockets.insert(default.into());
    }
    sockets
}

/// The module's files that stacks mean, and how many services mean each.
fn modules(stacks: &stacks::Facts, libpam: &Result<LibpamFound, String>) -> BTreeMap<PathBuf, usize> {
    let file = libpam.as_ref().ok().and_then(|found| found.path.as_deref());
    let mut folders = file
        .and_then(|file| std::fs::read(file).ok())
        .map(|file| module::folders_in(&file))
        .unwrap_or_default();
    if folders.is_empty() {
        folders = module::usual_folders();
    }
    let folder = module::folder_of(folders).unwrap_or_default();
    let mut modules = BTreeMap::from([(folder.join(module::NAME), 0)]);
    for path in stacks.used.iter().flat_map(|used| {
        let own = used.service.own().filter(|(_, handler)| handler.calls(module::NAME));
        own.map(|(_, handler)| folder.join(&handler.module)).collect::<BTreeSet<_>>()
    }) {
        *modules.entry(path).or_default() += 1;
    }
    // Where every stack says itself which file it means, the usual place may be empty.
    if modules.len() > 1 {
        modules.retain(|_, named| *named > 0);
    }
    modules
}

fn loaded(path: &Path) -> child::Loaded {
    let asked = child::ask(&Task::Load(path.to_owned()));
    asked.unwrap_or_else(|why| child::Loaded { error: Some(why), missing: Vec::new() })
}

fn log_in(
    session: &mut Session,
    stacks: &stacks::Facts,
    checkup: Option<&Checkup>,
    libpam: &Result<LibpamFound, String>,
    now: i64,
) -> Vec<Line> {
    let Some(checkup) = checkup else { return Vec::new() };
    if !nix::unistd::geteuid().is_root() {
        return vec![Line::unseen("login", "no login was tried: only root may ask as any PAM service")];
    }
    if checkup.panic > 0 {
        // Said above: that is why.
        return Vec::new();
    }
    let mut places: Vec<login::Place> = stacks
        .used
        .iter()
        .filter(|used| !checkup.unlisted.contains(&used.name.to_ascii_lowercase()))
        .filter(|used| stacks::opens_by_itself(used))
        .map(|used| login::Place { service: used.name.to_ascii_lowercase(), own_stack: false })
        .take(MOST_LOGINS)
        .collect();
    let has_confdir = libpam.as_ref().is_ok_and(|found| found.confdir);
    if places.is_empty()
        && has_confdir
        // The daemon's word becomes the name of a file that root writes: a plain name, or none.
        && let Some(service) = checkup.default_services.iter().find(|name| login::is_plain(name))
    {
        places.push(login::Place { service: service.clone(), own_stack: true });
    }
    if places.is_empty() {
        return match libpam {
            Ok(LibpamFound { error: None, .. }) => {
                vec![Line::warning(
                    "login",
                    "no login was tried: no stack lets an app password alone in",
                    "apppw setup",
                )]
            }
            Ok(LibpamFound { error: Some(why), .. }) | Err(why) => {
                vec![Line::fault(
                    "login",
                    format!("libpam can't be loaded: {why}"),
                    "install the package libpam0g, or pam",
                )]
            }
        };
    }
    let uid = stacks.lines().find_map(stacks::wanted_uid).map(|uid| format!(" server_uid={uid}"));
    login::run(session, &places, &uid.unwrap_or_default(), now)
}
