//! Account names: one place where a name as typed becomes the canonical one.

use apppw_admin::text::{NameError, check_field};
use std::borrow::Cow;

/// The canonical name of an account.
///
/// The name as it is: the host goes on with it too, and a name that is folded here but not
/// there would be another person's.
///
/// # Errors
/// If it is empty, longer than 255 bytes, or has control, bidi or zero-width characters.
pub fn canonical(name: &str) -> Result<Cow<'_, str>, NameError> {
    check_field(name)?;
    Ok(Cow::Borrowed(name))
}
