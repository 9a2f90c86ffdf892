//! `apppwd --restore`: a backup from standard input becomes the database, while no daemon runs. `apppw restore` calls it.
//!
//! Journal and key stay as they are: what the two tell differently the next start brings together.

use crate::admin::caller;
use crate::config::Config;
use crate::fault::Fault;
use crate::key::{self, Keyring};
use crate::store::sqlite::{Database, incoming};
use crate::{clock, ownership, start};
use apppw_admin::verbs::{Actor, Restored};
use nix::unistd::{Gid, Uid, User, setgroups, setresgid, setresuid};
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Does all of it, and says on standard output what came of it.
///
/// # Errors
/// Any [`Fault`]; the database is as it was then.
pub fn run(config: &Config) -> Result<(), Fault> {
    let by = caller::this_process();
    become_owner(&config.state_dir)?;
    start::keep_memory_private();
    let _lock = start::lock(config)?;
    let restored = restore(config, &by)?;
    let line = serde_json::to_string(&restored).unwrap_or_default();
    let told = writeln!(std::io::stdout(), "{line}");
    tracing::info!("{} is a backup now; key and journal are as they were", restored.database);
    told.map_err(|source| Fault::System { what: "the backup is put back, but can't say so", source })
}

fn restore(config: &Config, by: &Actor) -> Result<Restored, Fault> {
    let database = Database::in_dir(&config.state_dir);
    let keys = find_keys(&config.key_dir)?;
    let keys = keys.as_ref().map(|(keys, path)| (keys, path.as_path()));
    let at = clock::now();
    let incoming = incoming::take(&database, &mut std::io::stdin().lock(), keys, by, at)?;
    let (accounts, app_passwords, shows) = (incoming.accounts, incoming.app_passwords, incoming.shows);
    let stamp = jiff::Timestamp::from_second(at)
        .map_or_else(|_| at.to_string(), |at| at.strftime("%Y%m%dT%H%M%SZ").to_string());
    let kept = incoming.put(&database, &stamp)?;
    Ok(Restored {
        database: database.path.display().to_string(),
        kept: kept.map(|kept| kept.display().to_string()),
        at: shows,
        accounts,
        app_passwords,
        key_checked: keys.is_some(),
        key_dir: config.key_dir.display().to_string(),
    })
}

/// `None`: there is none here. It may be a credential, which only the daemon's unit is given.
fn find_keys(key_dir: &Path) -> Result<Option<(Keyring, std::path::PathBuf)>, Fault> {
    if !ownership::is_there(key_dir)? {
        return Ok(None);
    }
    ownership::private_dir(key_dir)?;
    let found = key::find(key_dir)?;
    let keys = found.keys.as_deref().map(|keys| Keyring::new(keys, &found.place.path)).transpose()?;
    drop(found.keys);
    key::wipe_stack();
    Ok(keys.map(|keys| (keys, found.place.path)))
}

/// Root becomes the owner of `state_dir`: what it makes there is the daemon's then. Where the folder isn't there yet,
/// it will be that of the user apppwd, if there is one.
fn become_owner(state_dir: &Path) -> Result<(), Fault> {
    if !Uid::effective().is_root() {
        return Ok(());
    }
    let system = |what| move |e: nix::errno::Errno| Fault::System { what, source: e.into() };
    let owner = match std::fs::symlink_metadata(state_dir) {
        Ok(meta) if meta.is_dir() => Some((Uid::from_raw(meta.uid()), Gid::from_raw(meta.gid()))),
        _ => None,
    };
    let Some((uid, gid)) = owner else {
        let Some(user) = User::from_name("apppwd").map_err(system("can't look up the user apppwd"))? else {
            return Ok(());
        };
        let made = state_dir.parent().map_or(Ok(()), std::fs::create_dir_all);
        // New, and no link to a folder of somebody else's: it is given away below.
        let made = made.and_then(|()| std::fs::create_dir(state_dir));
        made.map_err(|e| Fault::io("can't make the folder", state_dir, e))?;
        std::os::unix::fs::chown(state_dir, Some(user.uid.as_raw()), Some(user.gid.as_raw()))
            .map_err(|e| Fault::io("can't give away the folder", state_dir, e))?;
        let private = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        std::fs::set_permissions(state_dir, private)
            .map_err(|e| Fault::io("can't close the folder", state_dir, e))?;
        return drop_to(user.uid, user.gid).map_err(system("can't become the user apppwd"));
    };
    if uid.is_root() {
        return Ok(());
    }
    drop_to(uid, gid).map_err(system("can't become the owner of state_dir"))
}

fn drop_to(uid: Uid, gid: Gid) -> nix::Result<()> {
    setgroups(&[])?;
    setresgid(gid, gid, gid)?;
    setresuid(uid, uid, uid)
}
