//! For which machine a file was made: the first bytes of an ELF file (elf(5)).

/// What two files must have in common to run in one process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Machine {
    /// 1: 32 bits, 2: 64 bits.
    class: u8,
    /// 1: the lowest byte first, 2: the highest.
    data: u8,
    machine: u16,
}

/// As much of a file is looked at.
pub const HEADER: usize = 20;

const SHARED_OBJECT: u16 = 3;

/// Reads a shared object's header; `None`: it is none. (A position-independent program is one, too.)
pub fn read(bytes: &[u8]) -> Option<Machine> {
    let header: &[u8; HEADER] = bytes.first_chunk()?;
    let [0x7f, b'E', b'L', b'F', class, data, .., type_1, type_2, machine_1, machine_2] = *header else {
        return None;
    };
    let number = |one, two| match data {
        2 => u16::from_be_bytes([one, two]),
        _ => u16::from_le_bytes([one, two]),
    };
    (number(type_1, type_2) == SHARED_OBJECT).then_some(Machine {
        class,
        data,
        machine: number(machine_1, machine_2),
    })
}

impl std::fmt::Display for Machine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = match self.machine {
            3 => "x86",
            8 => "MIPS",
            21 => "POWER",
            22 => "S/390",
            40 => "ARM",
            62 => "x86-64",
            183 => "AArch64",
            243 => "RISC-V",
            258 => "LoongArch",
            other => return write!(f, "machine {other}, {} bits", if self.class == 2 { 64 } else { 32 }),
        };
        write!(f, "{name}, {} bits", if self.class == 2 { 64 } else { 32 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers() {
        let own = read(&std::fs::read("/proc/self/exe").unwrap()).unwrap();
        let mut other = std::fs::read("/proc/self/exe").unwrap()[..HEADER].to_vec();
        assert_eq!(read(&other), Some(own));
        other[18] = 183;
        let other_machine = read(&other).unwrap();
        assert_ne!(other_machine, own);
        assert_eq!(other_machine.to_string(), "AArch64, 64 bits");
        for wrong in [&b"#!/bin/sh\n0000000000"[..], &other[..19], b""] {
            assert_eq!(read(wrong), None);
        }
        other[16] = 2;
        assert_eq!(read(&other), None, "a program, no shared object");
    }
}
