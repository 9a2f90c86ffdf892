//! What can be set up, one file each: facts gathered from the host, and a pure plan made of them.

pub mod apache;
pub mod cyrus;
pub mod dovecot;
pub mod exim;
pub mod pam;
pub mod postfix;
pub mod postfix_dovecot;
pub mod postfix_saslauthd;
pub mod prosody;
pub mod saslauthd;

use super::plan::Plan;
use super::system::System;
use crate::cli::{SetupTarget, Stack};
use crate::exit::Failure;
use crate::hosts::finding::Finding;

/// Looks at the host and plans.
pub fn plan(target: SetupTarget, stack: Option<Stack>, system: &dyn System) -> Result<Plan, Failure> {
    match target {
        SetupTarget::Dovecot => Ok(dovecot::plan(&dovecot::Facts::gather(system)?, stack, false)),
        SetupTarget::PostfixDovecot => {
            Ok(postfix_dovecot::plan(&postfix_dovecot::Facts::gather(system)?, stack))
        }
        SetupTarget::Exim => Ok(exim::plan(&exim::Facts::gather(system)?, stack)),
        SetupTarget::Cyrus => Ok(cyrus::plan(&cyrus::Facts::gather(system)?, stack)),
        SetupTarget::Apache => Ok(apache::plan(&apache::Facts::gather(system)?, stack)),
        SetupTarget::Prosody => Ok(prosody::plan(&prosody::Facts::gather(system)?, stack)),
        SetupTarget::PostfixSaslauthd => {
            Ok(postfix_saslauthd::plan(&postfix_saslauthd::Facts::gather(system)?, stack))
        }
    }
}

/// What is wrong with the host after what was planned is written.
pub fn verify(target: SetupTarget, system: &dyn System) -> Result<Vec<Finding>, Failure> {
    match target {
        SetupTarget::Dovecot => dovecot::verify(system),
        SetupTarget::PostfixDovecot => {
            let mut wrong = dovecot::verify(system)?;
            wrong.extend(postfix_dovecot::verify(system)?);
            Ok(wrong)
        }
        SetupTarget::Exim => {
            let mut wrong = dovecot::verify(system)?;
            wrong.extend(exim::verify(system)?);
            Ok(wrong)
        }
        SetupTarget::Cyrus => cyrus::verify(system),
        SetupTarget::Prosody => prosody::verify(system),
        SetupTarget::Apache => apache::verify(system),
        SetupTarget::PostfixSaslauthd => postfix_saslauthd::verify(system),
    }
}
