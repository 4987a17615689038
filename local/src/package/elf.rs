//! What a handler is built for: Azure's Linux runs static ELF programs of its own architecture,
//! whatever libc it has.

use std::fmt;
use std::str::FromStr;

use object::Endianness;
use object::elf::{self, FileHeader64, Machine};
use object::read::elf::{FileHeader, ProgramHeader};

/// A Linux target of rustc's, and the architecture that its programs have.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// Such as `x86_64-unknown-linux-gnu`.
    pub(crate) triple: String,
    architecture: &'static str,
    machine: Machine,
}

/// The architectures that rustc has 64-bit Linux targets of and that people run functions on.
const MACHINES: [(&str, Machine); 2] = [("x86_64", elf::EM_X86_64), ("aarch64", elf::EM_AARCH64)];

impl Target {
    /// Whether Azure Functions itself runs it: its Linux plans are x86-64 (documented).
    pub(crate) fn runs_on_azure(&self) -> bool {
        self.machine == elf::EM_X86_64
    }
}

impl FromStr for Target {
    type Err = String;

    fn from_str(triple: &str) -> Result<Self, String> {
        let known = MACHINES
            .into_iter()
            .find(|(name, _)| triple.split('-').next() == Some(name))
            .filter(|_| triple.contains("-linux-"));
        let Some((architecture, machine)) = known else {
            return Err("Azure runs Linux programs: write x86_64-unknown-linux-gnu or x86_64-unknown-linux-musl (aarch64-… is for hosts of your own)".to_owned());
        };
        let triple = triple.to_owned();
        Ok(Self {
            triple,
            architecture,
            machine,
        })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.triple)
    }
}

/// Whether `program` is a static Linux program of the target's architecture (System V ABI: no
/// `PT_INTERP` program header).
///
/// # Errors
/// What it is instead, as a sentence.
pub(crate) fn check(program: &[u8], target: &Target) -> Result<(), String> {
    let header = FileHeader64::<Endianness>::parse(program)
        .map_err(|error| format!("it is not a 64-bit Linux program ({error})"))?;
    let cut_short = |error: object::Error| format!("it is cut short ({error})");
    let endian = header.endian().map_err(cut_short)?;
    let machine = header.e_machine(endian);
    if machine != target.machine {
        let is = MACHINES.iter().find(|(_, known)| *known == machine);
        return Err(format!(
            "it is for {}, not for {}",
            is.map_or("another architecture", |(name, _)| name),
            target.architecture
        ));
    }
    let segments = header.program_headers(endian, program).map_err(cut_short)?;
    if segments.is_empty() {
        return Err("it is not a program: nothing in it is loaded".to_owned());
    }
    for segment in segments {
        // This also checks that the file is as long as its headers say.
        segment
            .data(endian, program)
            .map_err(|()| "it is cut short".to_owned())?;
        if let Some(interpreter) = segment.interpreter(endian, program).map_err(cut_short)? {
            return Err(format!(
                "it is dynamically linked: it wants {} and the libc of the machine that built it, which Azure may not have",
                String::from_utf8_lossy(interpreter).escape_debug()
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOAD: u32 = 1;
    const INTERPRETER: u32 = 3;

    /// A minimal program: a header, one segment of `kind`, and that segment's content.
    fn program(machine: u16, kind: u32) -> Vec<u8> {
        let content = b"/lib64/ld-linux-x86-64.so.2\0";
        let mut bytes = vec![0; 64];
        bytes[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
        bytes[16..18].copy_from_slice(&2_u16.to_le_bytes());
        bytes[18..20].copy_from_slice(&machine.to_le_bytes());
        bytes[32..40].copy_from_slice(&64_u64.to_le_bytes());
        bytes[54..56].copy_from_slice(&56_u16.to_le_bytes());
        bytes[56..58].copy_from_slice(&1_u16.to_le_bytes());
        bytes.extend(kind.to_le_bytes());
        bytes.extend(0_u32.to_le_bytes());
        bytes.extend(120_u64.to_le_bytes());
        bytes.extend([0; 16]);
        for _ in 0..2 {
            bytes.extend(u64::try_from(content.len()).unwrap().to_le_bytes());
        }
        bytes.extend([0; 8]);
        bytes.extend(content);
        bytes
    }

    #[test]
    fn only_a_static_program_of_the_target_is_packaged() {
        let x86: Target = "x86_64-unknown-linux-gnu".parse().unwrap();
        let arm: Target = "aarch64-unknown-linux-musl".parse().unwrap();
        assert_eq!(check(&program(62, LOAD), &x86), Ok(()));
        assert_eq!(check(&program(183, LOAD), &arm), Ok(()));
        for (bytes, target, says) in [
            (
                program(62, INTERPRETER),
                &x86,
                "wants /lib64/ld-linux-x86-64.so.2 ",
            ),
            (
                program(183, LOAD),
                &x86,
                "it is for aarch64, not for x86_64",
            ),
            (program(62, LOAD), &arm, "it is for x86_64, not for aarch64"),
            (program(3, LOAD), &x86, "another architecture"),
            (b"MZ\x90".to_vec(), &x86, "not a 64-bit Linux program"),
            (vec![], &x86, "not a 64-bit Linux program"),
        ] {
            let why = check(&bytes, target).unwrap_err();
            assert!(why.contains(says), "{why}");
        }
        let whole = program(62, LOAD);
        for length in 0..whole.len() {
            assert!(check(&whole[..length], &x86).is_err(), "{length} bytes");
        }
    }

    #[test]
    fn what_is_no_linux_is_no_target() {
        for triple in [
            "x86_64-pc-windows-msvc",
            "i686-unknown-linux-gnu",
            "",
            "linux",
        ] {
            let why = triple.parse::<Target>().unwrap_err();
            assert!(why.contains("x86_64-unknown-linux-musl"), "{why}");
        }
        assert!(
            "x86_64-unknown-linux-musl"
                .parse::<Target>()
                .unwrap()
                .runs_on_azure()
        );
        assert!(
            !"aarch64-unknown-linux-gnu"
                .parse::<Target>()
                .unwrap()
                .runs_on_azure()
        );
    }
}
