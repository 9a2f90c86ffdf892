//! What stands in the way: nothing is changed where we can't tell what for it is so.

use super::{Facts, is_done};
use crate::commands::setup::plan::Plan;
use crate::hosts::dovecot::{Block, Passdb, judge};
use crate::hosts::finding::Finding;

/// Password databases that only look up what a person types. Others (proxies, scripts, tokens) may mean something else
/// by their answers, and are asked first for a reason.
const PLAIN_DRIVERS: [&str; 8] =
    ["pam", "passwd", "passwd-file", "shadow", "sql", "ldap", "dict", "checkpassword"];

/// What can't be changed without knowing why it is so.
pub fn stops(facts: &Facts, plan: &mut Plan) {
    if let Err(odd) = &facts.source {
        plan.stops.push(Finding::grave(
            "dovecot-not-understood",
            format!(
                "{}: {}: apppw doesn't understand it, and changes no file that it doesn't understand",
                odd.place, odd.what
            ),
            "Set it up by hand",
        ));
    }
    let others = judge::other_mechanisms(&facts.effective);
    if !others.is_empty() {
        plan.stops.push(Finding::grave(
            "dovecot-other-mechanisms",
            format!(
                "auth_mechanisms has {}: PAM can't check these, so another passdb does, and the file of apppw would take them \
                 away",
                others.join(" ")
            ),
            "Take them out of auth_mechanisms, or set it up by hand and keep them",
        ));
    }
    let passdbs = judge::passdbs(&facts.effective);
    for passdb in passdbs.iter().filter(|passdb| passdb.is_for_logins()) {
        if !PLAIN_DRIVERS.contains(&passdb.driver.as_str()) {
            plan.stops.push(Finding::grave(
                "dovecot-driver",
                format!(
                    "There is a passdb with driver {:?}, of which apppw can't tell what it is for",
                    passdb.driver
                ),
                "Set it up by hand: apppw's passdb first, with result_failure = return-fail",
            ));
        }
        if !passdb.conditions.is_empty() {
            let conditions: Vec<_> =
                passdb.conditions.iter().map(|(key, value)| format!("{key} = {value}")).collect();
            plan.stops.push(Finding::grave(
                "dovecot-conditions",
                format!(
                    "The passdb {:?} is asked under conditions: {}",
                    passdb.driver,
                    conditions.join(", ")
                ),
                "Set it up by hand: apppw's passdb first, with result_failure = return-fail",
            ));
        }
    }
    // Those of the passdb that decides once we have are somebody's who has thought of it.
    if !is_done(facts.language, &facts.effective, &passdbs) {
        let giving = passdbs.iter().filter(|passdb| passdb.is_for_logins() && !passdb.fields.is_empty());
        plan.stops.extend(giving.map(|passdb| {
            Finding::grave(
                "dovecot-fields",
                format!(
                    "The passdb {:?} adds fields to who is let in: {}: apppw's passdb would take its place, and these would be gone",
                    passdb.driver,
                    passdb.fields.join(", ")
                ),
                "Set it up by hand, and write those fields into apppw's passdb that shall go on to hold (allow_nets, nologin)",
            )
        }));
    }
    let userdbs: Vec<_> = facts.effective.of_kind("userdb").collect();
    let prefetch =
        |userdb: &&&Block| userdb.any(&["driver", "userdb_driver"]).unwrap_or(&userdb.name) == "prefetch";
    if !userdbs.is_empty() && userdbs.iter().filter(prefetch).count() == userdbs.len() {
        plan.stops.push(Finding::grave(
            "dovecot-prefetch",
            "The only userdb is prefetch: it takes what the passdb has looked up, and PAM looks nothing up",
            "Add a userdb of its own (sql, ldap, static) and run this again",
        ));
    }
    if judge::has_nested_passdb(&facts.effective) {
        plan.stops.push(Finding::grave(
            "dovecot-nested-passdb",
            "A passdb stands within another block (protocol, local, remote): it may be asked instead of apppw's",
            "Set it up by hand",
        ));
    }
    if let Ok(source) = &facts.source {
        let kind = |block: &Block| {
            let passdb = Passdb::of(block);
            (passdb.driver, passdb.deny, passdb.master)
        };
        let written: Vec<_> = source.blocks("passdb").map(|(_, block)| kind(block)).collect();
        let holds: Vec<_> = facts.effective.of_kind("passdb").map(kind).collect();
        if written != holds {
            plan.stops.push(Finding::grave(
                "dovecot-elsewhere",
                "What the files say of passdb isn't what doveconf -n says: it may stand within another block",
                "Set it up by hand",
            ));
        }
    }
}
