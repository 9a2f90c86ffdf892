//! The arguments on the module's line in a PAM configuration.

use crate::text::Escaped;
use apppw_proto::limits::{DEFAULT_AUTH_SOCKET, DEFAULT_TIMEOUT_MS, MAX_TIMEOUT_MS};
use std::ffi::CStr;
use std::fmt;

/// Longest socket path in bytes: what `sun_path` holds besides its final NUL.
pub const MAX_SOCKET_PATH: usize = 107;

/// `(uid_t)-1` means "no user" to the kernel; nobody can be that.
const NO_UID: u32 = u32::MAX;

/// Arguments that `pam_get_authtok` reads by itself, so that we need not but must know them.
const LIBPAMS_OWN: [&[u8]; 3] = [b"use_first_pass", b"try_first_pass", b"use_authtok"];

/// Parsed arguments. Of one given twice the last counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Args<'a> {
    /// `socket=`: an absolute path.
    pub socket: &'a [u8],
    /// `timeout=`: the deadline of one exchange in milliseconds, 1 to 8,000.
    pub timeout_ms: u32,
    /// `server_uid=`: who must have called `listen` on the socket.
    pub server_uid: u32,
    /// `debug`: more lines in syslog, never secrets.
    pub debug: bool,
    /// The first argument that is not known.
    pub unknown: Option<&'a [u8]>,
}

/// An argument whose value can't be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unusable<'a> {
    argument: &'a [u8],
    wanted: &'static str,
}

impl fmt::Display for Unusable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "argument {} is unusable: {}", Escaped(self.argument), self.wanted)
    }
}

impl<'a> Args<'a> {
    /// Reads the arguments as libpam gives them.
    ///
    /// # Errors
    /// The first argument with a value that can't be used. An unknown argument is no error.
    pub fn parse(argv: impl IntoIterator<Item = &'a CStr>) -> Result<Self, Unusable<'a>> {
        let mut args = Self {
            socket: DEFAULT_AUTH_SOCKET.as_bytes(),
            timeout_ms: DEFAULT_TIMEOUT_MS,
            server_uid: 0,
            debug: false,
            unknown: None,
        };
        for argument in argv.into_iter().map(CStr::to_bytes) {
            args.take(argument).map_err(|wanted| Unusable { argument, wanted })?;
        }
        Ok(args)
    }

    fn take(&mut self, argument: &'a [u8]) -> Result<(), &'static str> {
        if let Some(value) = argument.strip_prefix(b"socket=") {
            self.socket = socket(value)?;
        } else if let Some(value) = argument.strip_prefix(b"timeout=") {
            self.timeout_ms = timeout_ms(value)?;
        } else if let Some(value) = argument.strip_prefix(b"server_uid=") {
            self.server_uid = server_uid(value)?;
        } else if argument == b"debug" {
            self.debug = true;
        } else if !is_known_elsewhere(argument) {
            self.unknown = self.unknown.or(Some(argument));
        }
        Ok(())
    }
}

fn is_known_elsewhere(argument: &[u8]) -> bool {
    LIBPAMS_OWN.contains(&argument)
        || argument.starts_with(b"authtok_type=")
        || (cfg!(feature = "fault-injection") && argument.starts_with(b"fault="))
}

fn socket(value: &[u8]) -> Result<&[u8], &'static str> {
    if value.first() == Some(&b'/') && value.len() <= MAX_SOCKET_PATH {
        Ok(value)
    } else {
        Err("wants an absolute path of at most 107 bytes")
    }
}

fn timeout_ms(value: &[u8]) -> Result<u32, &'static str> {
    let wanted = "wants a time as 2s or 500ms, more than zero, at most 8s";
    let (number, unit_ms) = match value.strip_suffix(b"ms") {
        Some(number) => (number, 1),
        None => (value.strip_suffix(b"s").ok_or(wanted)?, 1000),
    };
    let ms = decimal(number).and_then(|number| number.checked_mul(unit_ms)).ok_or(wanted)?;
    if (1..=MAX_TIMEOUT_MS).contains(&ms) { Ok(ms) } else { Err(wanted) }
}

fn server_uid(value: &[u8]) -> Result<u32, &'static str> {
    decimal(value).filter(|uid| *uid != NO_UID).ok_or("wants a numeric user id")
}

/// Digits only: no sign, no spaces, no names (looking one up would call NSS).
fn decimal(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u32, |number, digit| {
        let digit = char::from(*digit).to_digit(10)?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests {
    use super::{Args, LIBPAMS_OWN};
    use std::collections::BTreeSet;
    use std::ffi::{CStr, CString};

    #[test]
    fn nothing_given_is_the_contracts_defaults() {
        let args = Args::parse([]).unwrap();
        assert_eq!(args.socket, b"/run/apppwd/auth.sock");
        assert_eq!(args.timeout_ms, 3_000);
        assert_eq!(args.server_uid, 0);
        assert!(!args.debug);
        assert_eq!(args.unknown, None);
    }

    #[test]
    fn everything_given() {
        let argv: [&CStr; 4] = [c"socket=/tmp/a.sock", c"timeout=500ms", c"server_uid=992", c"debug"];
        let args = Args::parse(argv).unwrap();
        assert_eq!(args.socket, b"/tmp/a.sock");
        assert_eq!(args.timeout_ms, 500);
        assert_eq!(args.server_uid, 992);
        assert!(args.debug);
        assert_eq!(args.unknown, None);
    }

    #[test]
    fn the_last_of_two_counts() {
        assert_eq!(Args::parse([c"timeout=1s", c"timeout=2s"]).unwrap().timeout_ms, 2_000);
    }

    #[test]
    fn the_first_unknown_one_is_kept_and_no_error() {
        let args = Args::parse([c"use_first_pass", c"nullok", c"Debug", c"authtok_type=x"]).unwrap();
        assert_eq!(args.unknown, Some(&b"nullok"[..]));
    }

    #[test]
    fn limits_of_the_timeout() {
        for (argument, ms) in [(c"timeout=1ms", 1), (c"timeout=8s", 8_000), (c"timeout=8000ms", 8_000)] {
            assert_eq!(Args::parse([argument]).unwrap().timeout_ms, ms);
        }
    }

    #[test]
    fn unusable_values() {
        let long_path = CString::new([b"socket=/".as_slice(), &[b'a'; 107]].concat()).unwrap();
        let longest = CString::new([b"socket=/".as_slice(), &[b'a'; 106]].concat()).unwrap();
        assert!(Args::parse([longest.as_c_str()]).is_ok());
        let unusable: [&CStr; 20] = [
            c"socket=",
            c"socket=relative",
            &long_path,
            c"timeout=",
            c"timeout=2",
            c"timeout=s",
            c"timeout=ms",
            c"timeout=0s",
            c"timeout=0ms",
            c"timeout=9s",
            c"timeout=8001ms",
            c"timeout=-1s",
            c"timeout=+1s",
            c"timeout=1.5s",
            c"timeout= 1s",
            c"timeout=4294968s",
            c"server_uid=",
            c"server_uid=root",
            c"server_uid=4294967295",
            c"server_uid=4294967296",
        ];
        for argument in unusable {
            let error = Args::parse([c"debug", argument]).unwrap_err().to_string();
            assert!(error.contains(argument.to_str().unwrap()), "{error}");
        }
    }

    #[test]
    fn an_unusable_value_is_logged_escaped() {
        let error = Args::parse([c"timeout=\x1b[2J\n"]).unwrap_err().to_string();
        assert!(!error.contains(['\x1b', '\n']), "{error}");
    }

    /// The page of the manual has every option that is read here, and no other.
    #[test]
    fn every_option_is_in_the_manual() {
        let page = include_str!("../../docs/man/pam_apppw.8");
        let options = page.split(".Ss").next().unwrap();
        let documented: BTreeSet<&str> = options
            .lines()
            .filter_map(|line| line.strip_prefix(".It Cm "))
            .map(|item| item.split(' ').next().unwrap())
            .collect();
        let synopsis: BTreeSet<&str> =
            options.lines().filter_map(|line| line.strip_prefix(".Op Cm ")?.split(' ').next()).collect();
        let source = include_str!("args.rs").split("#[cfg(test)]").next().unwrap();
        let (_, take) = source.split_once("fn take").unwrap();
        let (take, _) = take.split_once("is_known_elsewhere").unwrap();
        let known: BTreeSet<&str> =
            take.split("b\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
        assert_eq!(known.len(), 4, "{known:?}");
        assert_eq!((&documented, &synopsis), (&known, &known));
        for option in documented {
            let given = CString::new(option).unwrap();
            assert!(
                !matches!(Args::parse([given.as_c_str()]), Ok(Args { unknown: Some(_), .. })),
                "{option}"
            );
        }
        for own in LIBPAMS_OWN {
            assert!(options.contains(std::str::from_utf8(own).unwrap()));
        }
    }
}
