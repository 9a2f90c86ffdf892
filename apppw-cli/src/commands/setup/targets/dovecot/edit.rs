//! Our file in its place, and what it replaces switched off.

use super::{Facts, PASSDB_FILE, is_done};
use crate::commands::setup::plan::Plan;
use crate::commands::setup::texts;
use crate::hosts::dovecot::source::{Edits, Item, Source};
use crate::hosts::dovecot::{Block, Language, Passdb, judge};
use crate::hosts::finding::Finding;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Puts our file in its place and switches off what it replaces; gives what Dovecot will then see.
pub fn edit(facts: &Facts, source: &Source, plan: &mut Plan) -> Block {
    let mut after = facts.effective.clone();
    let mut edits: BTreeMap<PathBuf, Edits> = BTreeMap::new();
    let passdbs = judge::passdbs(&facts.effective);
    let ours = facts.directory().join(PASSDB_FILE);
    let text = match facts.language {
        Language::V2_3 => texts::DOVECOT_2_3,
        Language::V2_4 => texts::DOVECOT_2_4,
    };
    let caches = switch_off_settings(facts, source, &mut edits, &mut after);
    if is_done(facts.language, &after, &passdbs) {
        // As it is, also where somebody wrote it by hand.
        if let Some(text) = source.files.get(&ours) {
            plan.write(&ours, Some(text.clone()), text.clone());
        }
    } else {
        replace(source, &ours, text, &mut edits, plan);
        let is_pam = |block: &Block| {
            block.kind == "passdb" && {
                let passdb = Passdb::of(block);
                passdb.pam.is_some() && passdb.is_for_logins()
            }
        };
        after.blocks.retain(|block| !is_pam(block));
        let guarded = Block {
            kind: "passdb".into(),
            name: "pam".into(),
            settings: [
                ("driver", "pam"),
                ("args", "%s"),
                ("pam_service_name", "%{protocol}"),
                ("result_failure", "return-fail"),
                ("result_internalfail", "return-fail"),
            ]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into(),
            blocks: Vec::new(),
        };
        after.blocks.insert(0, guarded);
        told_of_replaced(&passdbs, plan);
    }
    if caches {
        plan.findings.push(Finding::note(
            "dovecot-cache-off",
            "Dovecot's auth cache is switched off: it would keep a revoked app password working for an hour",
            "",
        ));
    }
    for (path, edits) in edits {
        let before = source.files.get(&path).cloned();
        let text = edits.applied(before.as_deref().unwrap_or_default());
        plan.write(&path, before, text);
    }
    after
}

const OFF: &str = "# Switched off by apppw setup (--undo puts it back)";

/// Our include before the first passdb of people's logins; those with PAM off.
fn replace(source: &Source, ours: &Path, text: &str, edits: &mut BTreeMap<PathBuf, Edits>, plan: &mut Plan) {
    let logins: Vec<(&Item, Passdb)> = source
        .blocks("passdb")
        .map(|(item, block)| (item, Passdb::of(block)))
        .filter(|(_, passdb)| passdb.is_for_logins())
        .collect();
    plan.write(ours, source.files.get(ours).cloned(), text);
    if source.included.iter().any(|path| path == ours) {
        // It is the first one, or somebody has put it where it does nothing.
        if logins.first().is_some_and(|(item, _)| item.file != ours) {
            plan.stops.push(Finding::grave(
                "dovecot-include-late",
                format!("{} is included behind another passdb, which is asked before it", ours.display()),
                "Move the line that includes it before all passdb blocks",
            ));
        }
        return;
    }
    let main = source.included.first().cloned().unwrap_or_default();
    let (file, line) = logins
        .first()
        .map_or_else(|| (main, usize::MAX), |(item, _)| (item.file.clone(), *item.lines.start()));
    let name =
        if file.parent() == ours.parent() { PASSDB_FILE.to_owned() } else { ours.display().to_string() };
    let edit = edits.entry(file).or_default();
    edit.add_before(line, "# apppw setup: app passwords, and who decides on all others");
    edit.add_before(line, format!("!include {name}"));
    for (item, passdb) in &logins {
        if passdb.pam.is_some() {
            let edit = edits.entry(item.file.clone()).or_default();
            edit.add_before(*item.lines.start(), OFF);
            edit.switch_off(&item.lines);
        }
    }
}

/// Settings that keep secrets, or revoked ones alive. Whether the cache is one of them.
fn switch_off_settings(
    facts: &Facts,
    source: &Source,
    edits: &mut BTreeMap<PathBuf, Edits>,
    after: &mut Block,
) -> bool {
    let caches = facts.language == Language::V2_4 && judge::caches(facts.language, &facts.effective);
    let debug = facts.effective.is_on("auth_debug_passwords");
    let verbose = facts.effective.get("auth_verbose_passwords").is_some_and(|value| value != "no");
    let keys =
        [("auth_cache_size", caches), ("auth_debug_passwords", debug), ("auth_verbose_passwords", verbose)];
    for (key, is_bad) in keys {
        let items: Vec<_> = source.items.iter().filter(|item| item.is_setting(key)).collect();
        // Written elsewhere, it stays and is judged.
        if !is_bad || items.is_empty() {
            continue;
        }
        for item in items {
            let edit = edits.entry(item.file.clone()).or_default();
            edit.add_before(*item.lines.start(), OFF);
            edit.switch_off(&item.lines);
        }
        after.settings.retain(|(name, _)| name != key);
    }
    caches
}

/// What no longer happens.
fn told_of_replaced(passdbs: &[Passdb], plan: &mut Plan) {
    for passdb in passdbs.iter().filter(|passdb| passdb.is_for_logins()) {
        match &passdb.pam {
            None => plan.findings.push(Finding::warning(
                "dovecot-passdb-unused",
                format!(
                    "The passdb {:?} is no longer asked when people log in: the passwords stored there open nothing any \
                     more, and what it added to a login (allow_nets, nologin, proxy) no longer holds",
                    passdb.driver
                ),
                "",
            )),
            Some(pam) => {
                if pam.session || pam.setcred {
                    plan.findings.push(Finding::warning(
                        "dovecot-pam-session",
                        "The passdb has session=yes or setcred=yes today: the session modules of its stack (pam_mkhomedir \
                         ...) won't be run any more",
                        "If home directories are made that way, make them otherwise",
                    ));
                }
                if !pam.is_per_protocol() {
                    plan.findings.push(Finding::note(
                        "dovecot-old-service",
                        format!("Dovecot won't read /etc/pam.d/{} any more; the file stays as it is", pam.service),
                        "",
                    ));
                }
            }
        }
    }
}
