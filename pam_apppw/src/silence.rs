//! Macros. Descriptors 0 to 2 belong to the host: printing doesn't compile in this crate.

macro_rules! no_printing {
    ($d:tt $($name:ident)*) => {$(
        #[allow(unused_macros)]
        macro_rules! $name {
            ($d($d anything:tt)*) => {
                compile_error!("descriptors 0 to 2 belong to the host process: use Host::log")
            };
        }
    )*};
}

no_printing!($ print println eprint eprintln dbg);

/// A point at which the tests may have the module panic (feature `fault-injection`).
macro_rules! point {
    () => {
        #[cfg(feature = "fault-injection")]
        crate::fault::point();
    };
}
