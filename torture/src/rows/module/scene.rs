//! What happens in a case: drawn from its number alone.

use crate::random::Random;
use apppw_proto::frame::Verdict;
use apppw_proto::secret::{Secret, Shape, classify};

/// How calls fail; the numbers are those of `host/shared.h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    None = 0,
    Nth = 1,
    From = 2,
    Random = 3,
    MemoryNth = 4,
    MemoryFrom = 5,
    Storm = 6,
    Short = 7,
    StormShort = 8,
}

/// Flags of `host/shared.h`.
pub const TWICE: u32 = 1;
pub const ALL_HOOKS: u32 = 2;
pub const FORK: u32 = 4;
pub const WIDE: u32 = 8;

/// What a host process is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One thread.
    Alone,
    /// One thread, and descriptors 0 to 2 are closed.
    Closed,
    /// One thread; allocations fail in libpam as well, from `pam_authenticate` on.
    Wide,
    /// Each transaction is forked: parent and child authenticate.
    Forks,
    /// 64 threads, a transaction in each.
    Threads,
}

impl Kind {
    /// That of the n-th host. Nine in turn: the sweep of [`Scene::of`] begins anew after 224 hosts, and each of its cases
    /// meets another kind then.
    pub const fn of(host: u64) -> Self {
        match host % 9 {
            0 | 1 | 8 => Self::Alone,
            2 => Self::Wide,
            3 => Self::Closed,
            4 => Self::Forks,
            _ => Self::Threads,
        }
    }

    pub const fn threads(self) -> u32 {
        if matches!(self, Self::Threads) { 64 } else { 1 }
    }
}

/// What is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Typed {
    Secret,
    WrongCheck,
    Primary,
    Empty,
    /// The application yields no answer.
    Nothing,
    /// The conversation fails.
    Failure,
}

/// What the daemon does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    Says(Verdict),
    /// That many bytes of "accepted", then it closes.
    Part(usize),
    /// "accepted", but for one byte.
    Flipped(usize),
    /// "accepted" and a byte more.
    Trailing,
    /// Closes without reading.
    Closes,
}

const ACTS: [Act; 16] = [
    Act::Says(Verdict::Accepted),
    Act::Says(Verdict::Refused),
    Act::Says(Verdict::NotMine),
    Act::Says(Verdict::Accepted),
    Act::Says(Verdict::Unavailable),
    Act::Says(Verdict::Accepted),
    Act::Says(Verdict::OtherVersion),
    Act::Says(Verdict::NotMine),
    Act::Part(0),
    Act::Part(1),
    Act::Part(5),
    Act::Part(7),
    Act::Flipped(4),
    Act::Flipped(5),
    Act::Trailing,
    Act::Closes,
];

/// The lines of the module in the stack: `s0` to `s3`.
pub const SERVICES: [&str; 4] = ["timeout=8s", "timeout=8s debug nonsense=1", "timeout=40ms", "timeout=99s"];
const PLAIN: u32 = 0;
const LOUD: u32 = 1;
const HASTY: u32 = 2;
const UNUSABLE: u32 = 3;

/// A primary password never goes over the socket nor into a log: these bytes are looked for.
pub const PRIMARY_MARK: &str = "hunter2";
/// Every secret begins so: looked for in logs.
pub const SECRET_MARKS: [&str; 2] = ["0v0v-0v0v", "0v0v0v0v"];

/// A case.
#[derive(Debug, Clone)]
pub struct Scene {
    pub mode: Mode,
    pub n: u32,
    pub alternative: u32,
    pub seed: u32,
    pub service: u32,
    pub flags: u32,
    pub typed: Typed,
    pub password: String,
    /// As it goes over the socket; empty but for a secret.
    pub canonical: Vec<u8>,
    pub act: Act,
}

impl Scene {
    /// Half of the cases sweep: the n-th event fails in each of its ways, for every act and kind of password. The
    /// other half are drawn.
    pub fn of(case: u64, kind: Kind) -> Self {
        let mut random = Random::of(case, 1);
        let small = |number: u64| u32::try_from(number).unwrap_or(0);
        // 64 events, 14 ways, 16 acts, 4 kinds of password, 2 services; each once before one comes again.
        let sweep = case / 2 * 40_503 % (64 * 14 * 16 * 4 * 2);
        let is_sweep = case.is_multiple_of(2);
        let mut scene = Self {
            mode: Mode::Nth,
            n: 1 + small(sweep % 64),
            alternative: small(sweep / 64 % 14),
            seed: small(random.below(1 << 31)),
            service: small(sweep / (64 * 14 * 16 * 4) % 2),
            flags: 0,
            typed: [Typed::Secret, Typed::Secret, Typed::WrongCheck, Typed::Primary]
                [usize::try_from(sweep / (64 * 14 * 16) % 4).unwrap_or(0)],
            password: String::new(),
            canonical: Vec::new(),
            act: ACTS[usize::try_from(sweep / (64 * 14) % 16).unwrap_or(0)],
        };
        if !is_sweep {
            (scene.mode, scene.n, scene.service) = match random.below(10) {
                0 => (Mode::None, 0, PLAIN),
                1 => (Mode::Nth, 1 + small(random.below(80)), PLAIN),
                2 => (Mode::From, 1 + small(random.below(40)), HASTY),
                3 => (Mode::Random, 2 + small(random.below(30)), HASTY),
                4 | 5 => (Mode::MemoryNth, 1 + small(random.below(16)), PLAIN),
                6 => (Mode::MemoryFrom, 1 + small(random.below(12)), PLAIN),
                7 => (Mode::Storm, 1 + small(random.below(12)), PLAIN),
                8 => (Mode::Short, 1, PLAIN),
                _ => (Mode::StormShort, 1 + small(random.below(4)), PLAIN),
            };
            scene.alternative = small(random.below(1 << 16));
            scene.act = *random.one_of(&ACTS);
            scene.typed = match random.below(16) {
                0..=8 => Typed::Secret,
                9 | 10 => Typed::WrongCheck,
                11 | 12 => Typed::Primary,
                13 => Typed::Empty,
                14 => Typed::Nothing,
                _ => Typed::Failure,
            };
            scene.service = match random.below(16) {
                0 => UNUSABLE,
                1..=6 if scene.service == PLAIN => LOUD,
                _ => scene.service,
            };
            if random.below(4) == 0 {
                scene.flags |= TWICE;
            }
            if random.below(8) == 0 {
                scene.flags |= ALL_HOOKS;
            }
        }
        if kind == Kind::Forks {
            scene.flags |= FORK;
        }
        if kind == Kind::Wide {
            // Not the system calls: libaudit and getaddrinfo, which libpam calls, hang on faulty netlink sockets.
            scene.flags |= WIDE;
            scene.mode = if is_sweep { Mode::MemoryNth } else { Mode::MemoryFrom };
            scene.n = 1 + small(random.below(100));
        }
        scene.type_it(&mut random);
        scene
    }

    fn type_it(&mut self, random: &mut Random) {
        let mut values = [0_u8, 27, 0, 27, 0, 27, 0, 27, 0, 0, 0, 0, 0, 0, 0];
        for value in &mut values[8..] {
            *value = u8::try_from(random.below(32)).unwrap_or(0);
        }
        let secret = Secret::from_values(&values).expect("fifteen values");
        let shown = secret.display();
        match self.typed {
            Typed::Secret => {
                self.canonical = secret.as_bytes().to_vec();
                self.password = shown;
            }
            Typed::WrongCheck => {
                let begin = &shown[..shown.len() - 1];
                let wrong = if shown.ends_with('7') { '8' } else { '7' };
                self.password = format!("{begin}{wrong}");
                assert_eq!(classify(self.password.as_bytes()), Shape::WrongCheck);
            }
            Typed::Primary => self.password = format!("{PRIMARY_MARK} of u {}", random.below(1000)),
            Typed::Empty | Typed::Nothing | Typed::Failure => {}
        }
    }

    /// How the application answers: 0 with the password, 1 with nothing, 2 with an error.
    pub const fn answer(&self) -> u32 {
        match self.typed {
            Typed::Nothing => 1,
            Typed::Failure => 2,
            _ => 0,
        }
    }

    pub const fn has(&self, flag: u32) -> bool {
        self.flags & flag != 0
    }

    /// Whether what fails here must not show: the calls go on when they are called again.
    pub const fn is_harmless(&self) -> bool {
        matches!(self.mode, Mode::None | Mode::Storm | Mode::Short | Mode::StormShort) && !self.has(WIDE)
    }

    /// The module's code when nothing fails: the table of the contract.
    pub const fn expected(&self, act: Act) -> i32 {
        if self.service == UNUSABLE {
            return 3;
        }
        match (self.typed, act) {
            (Typed::Empty, _) => 7,
            (Typed::Nothing | Typed::Failure, _) => 9,
            (Typed::Secret, Act::Says(Verdict::Accepted)) => 0,
            (_, Act::Says(Verdict::Refused)) => 7,
            (_, Act::Says(Verdict::NotMine)) => 10,
            _ => 9,
        }
    }
}
