//! Management: `admin.sock`.
//!
//! [`caller`] says who asks, from the peer's credentials alone; [`rules`] is the table of
//! who may do what; [`dispatch`] brings a verb to its handler in [`verbs`].

pub mod caller;
pub mod descriptors;
pub mod dispatch;
mod login_uid;
pub mod rules;
pub mod serve;
pub mod staff;
pub mod verbs;

use apppw_admin::{AdminError, Code};

impl From<crate::change::ChangeError> for AdminError {
    fn from(error: crate::change::ChangeError) -> Self {
        match error {
            crate::change::ChangeError::NotDone(error) => error.into(),
            crate::change::ChangeError::InMemory(_)
            | crate::change::ChangeError::WithoutHalves(_)
            | crate::change::ChangeError::WithoutAppPasswords(_)
            | crate::change::ChangeError::NotJournaled(_) => Self::new(Code::ReadOnly, error.to_string()),
        }
    }
}

impl From<crate::store::StoreError> for AdminError {
    fn from(error: crate::store::StoreError) -> Self {
        let (code, message) = match error {
            crate::store::StoreError::ReadOnly(_) => {
                (Code::ReadOnly, format!("{error}; nothing has changed. Try again when its disk has room"))
            }
            crate::store::StoreError::Failed(_) => (
                Code::Busy,
                format!("{error}; nothing has changed. Its log may say more (journalctl -u apppwd)"),
            ),
        };
        Self::new(code, message)
    }
}
