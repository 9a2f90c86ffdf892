//! What the fuzz targets (`fuzz/`) reach beyond this crate's interface.

pub use crate::cli::TypedId;
pub use crate::cli::values::{Since, Until, date, since, until};
