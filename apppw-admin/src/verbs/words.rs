//! Closed lists of words, each said once.

/// An enum whose values each have a word: `$name::ALL`, and `$word` from a value to its word.
macro_rules! words {
    (
        $(#[$list_doc:meta])* $name:ident, $(#[$word_doc:meta])* $word:ident:
        $($(#[$doc:meta])* $value:ident => $literal:literal,)*
    ) => {
        $(#[$list_doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$doc])* #[serde(rename = $literal)] $value,)*
        }

        impl $name {
            /// Each of them, in the order in which they are listed.
            pub const ALL: &[Self] = &[$(Self::$value),*];

            $(#[$word_doc])*
            #[must_use]
            pub const fn $word(self) -> &'static str {
                match self {
                    $(Self::$value => $literal,)*
                }
            }
        }
    };
}

pub(super) use words;
