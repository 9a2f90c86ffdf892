//! What is typed for an id.

use apppw_admin::{AppPasswordId, IdPrefix};
use std::convert::Infallible;
use std::str::FromStr;

/// An id, or what may be a part of one: only apppwd knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TypedId {
    /// A whole one, with or without `ap-`.
    Whole(AppPasswordId),
    /// Anything else, as it was typed.
    Part(String),
}

impl FromStr for TypedId {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        let whole = text.parse::<IdPrefix>().ok().and_then(IdPrefix::whole);
        Ok(whole.map_or_else(|| Self::Part(text.to_owned()), Self::Whole))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_id_needs_no_look_up() {
        let whole = TypedId::Whole("ap-7k3m9qxe".parse().unwrap());
        for typed in ["ap-7k3m9qxe", "AP-7K3M9QXE", "7k3m9qxe"] {
            assert_eq!(typed.parse(), Ok(whole.clone()));
        }
        for typed in ["", "ap-", "ap-7k3m9qx", "laptop", "ap-7k3m9qxe0", "alice/phone"] {
            assert_eq!(typed.parse(), Ok(TypedId::Part(typed.to_owned())));
        }
    }
}
