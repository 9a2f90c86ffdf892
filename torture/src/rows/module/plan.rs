//! The file that the host reads its plan from and writes what came of it to. Its layout is `host/shared.h`.

use super::scene::Scene;

const NUMBERS: usize = 512;
const RUN: usize = 256;
const HEADER: usize = 2 * 4 + LEFT;
const LEFT: usize = 4 * 4 + 2 * NUMBERS * 4 + 4 * 4;
const PASSWORD: usize = 8 * 4;
const RESULTS: usize = PASSWORD + 64;

/// What came of a run. Codes are those of libpam; -1: not called.
#[derive(Debug, Clone, Copy)]
#[allow(dead_code, reason = "read in findings")]
pub struct Result {
    /// 0: not begun, 1: begun, 2: ended.
    pub state: i32,
    pub module_auth: i32,
    pub pam_auth: i32,
    pub module_account: i32,
    pub pam_account: i32,
    pub first_auth: i32,
    pub events: i32,
    pub injected: i32,
    pub blocks: i32,
    pub descriptors: i32,
    pub odd_hook: i32,
    pub child_module_auth: i32,
    pub child_pam_auth: i32,
    pub child_module_account: i32,
    pub child_ended: i32,
    pub child_injected: i32,
}

/// What is left in the host, less what was there before.
#[derive(Debug, Clone, Copy)]
pub struct Left {
    pub descriptors: i32,
    pub threads: i32,
    pub maps: i32,
    pub blocks: i32,
}

/// The plan's bytes.
pub fn write(scenes: &[Scene], threads: u32) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER + scenes.len() * RUN);
    bytes.extend(u32::try_from(scenes.len()).expect("a few thousand").to_ne_bytes());
    bytes.extend(threads.to_ne_bytes());
    bytes.resize(HEADER, 0);
    for (number, scene) in scenes.iter().enumerate() {
        let start = bytes.len();
        let number = u32::try_from(number).expect("a few thousand");
        let Scene { mode, n, alternative, seed, service, .. } = *scene;
        let (answer, flags) = (scene.answer(), scene.flags);
        for word in [number, mode as u32, n, alternative, seed, service, answer, flags] {
            bytes.extend(word.to_ne_bytes());
        }
        bytes.extend(scene.password.as_bytes());
        bytes.resize(start + RUN, 0);
    }
    bytes
}

/// What the host made of it: each run, what is left, how often what was met and failed.
pub fn read(bytes: &[u8]) -> (Vec<Result>, Left, Vec<(String, u64, u64)>) {
    let word = |at: usize| i32::from_ne_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
    let runs = (HEADER..bytes.len()).step_by(RUN).map(|run| {
        let at = |index: usize| word(run + RESULTS + 4 * index);
        Result {
            state: at(0),
            module_auth: at(1),
            pam_auth: at(2),
            module_account: at(3),
            pam_account: at(4),
            first_auth: at(5),
            events: at(6),
            injected: at(7),
            blocks: at(8),
            descriptors: at(9),
            odd_hook: at(10),
            child_module_auth: at(11),
            child_pam_auth: at(12),
            child_module_account: at(13),
            child_ended: at(14),
            child_injected: at(15),
        }
    });
    let runs = runs.collect();
    let left = |index: usize| word(8 + 4 * index);
    let left = Left { descriptors: left(0), threads: left(1), maps: left(2), blocks: left(3) };
    let count = |index: usize| u64::from(word(8 + 16 + 4 * index).cast_unsigned());
    let mut counts: Vec<(String, u64, u64)> = (0..NUMBERS)
        .map(|number| (call_name(number), count(number), count(NUMBERS + number)))
        .filter(|(_, met, _)| *met > 0)
        .collect();
    let rest = 2 * NUMBERS;
    counts.push(("allocations".to_owned(), count(rest), count(rest + 1)));
    counts.push(("clock_gettime".to_owned(), count(rest + 2), count(rest + 3)));
    (runs, left, counts)
}

/// The system calls of x86-64 that are met; a number for the rest.
fn call_name(number: usize) -> String {
    let name = match number {
        0 => "read",
        1 => "write",
        3 => "close",
        5 => "fstat",
        7 => "poll",
        8 => "lseek",
        16 => "ioctl",
        17 => "pread64",
        41 => "socket",
        42 => "connect",
        44 => "sendto",
        45 => "recvfrom",
        47 => "recvmsg",
        49 => "bind",
        51 => "getsockname",
        55 => "getsockopt",
        72 => "fcntl",
        102 => "getuid",
        257 => "openat",
        262 => "newfstatat",
        _ => return format!("call {number}"),
    };
    name.to_owned()
}
