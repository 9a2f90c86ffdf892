//! `apppw` in a case, as root: what it changes is what an administrator would.

use super::place::{Check, Place};
use libtest_mimic::Failed;
use serde_json::Value;

/// An app password, by the command line.
pub struct Made {
    pub id: String,
    pub secret: String,
    /// The whole answer.
    pub told: Value,
}

impl Place<'_> {
    /// What `apppw ARGS --json` says.
    pub fn apppw(&self, args: &[&str]) -> Result<Value, Failed> {
        let output = self.daemon.cli(args).arg("--json").output()?;
        if output.status.success() {
            return Ok(serde_json::from_slice(&output.stdout)?);
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(format!("apppw {args:?}: {}: {said}", output.status).into())
    }

    /// It refuses that, with this code.
    pub fn apppw_refuses(&self, args: &[&str], code: &str) -> Check {
        let output = self.daemon.cli(args).arg("--json").output()?;
        let error: Value = serde_json::from_slice(&output.stderr).unwrap_or_default();
        if !output.status.success() && error["error"]["code"] == code {
            return Ok(());
        }
        Err(format!("apppw {args:?}: {}: {error}", output.status).into())
    }

    /// `apppw create USER NAME` with these options.
    pub fn make(&self, user: &str, options: &[&str]) -> Result<Made, Failed> {
        self.made(&[&["create", user, self.case], options].concat())
    }

    /// `apppw rotate ID` with these options: the new one.
    pub fn rotate(&self, old: &Made, options: &[&str]) -> Result<Made, Failed> {
        self.made(&[&["rotate", &old.id], options].concat())
    }

    /// The pin is there, and locked to this.
    pub fn locked(&self, made: &Made, pin: &str, to: Option<&str>) -> Check {
        let shown = self.apppw(&["show", &made.id])?;
        if shown[pin].is_object() && shown[pin]["to"].as_str() == to {
            return Ok(());
        }
        Err(format!("expected {pin} to be locked to {to:?}: {shown:#}").into())
    }

    fn made(&self, args: &[&str]) -> Result<Made, Failed> {
        let told = self.apppw(args)?;
        let text = |field: &str| told[field].as_str().map(str::to_owned).ok_or("a field is missing");
        let made = Made { id: text("id")?, secret: text("secret")?, told };
        self.lab.keep(&made.secret);
        Ok(made)
    }
}
