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
mod tests;
