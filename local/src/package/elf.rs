//! What a handler is built for: Azure's Linux runs static ELF programs of its own architecture,
//! whatever libc it has.

use std::fmt;
use std::str::FromStr;

use elf::abi::{EM_AARCH64, EM_X86_64, PT_INTERP};
use elf::endian::AnyEndian;
use elf::file::Class;
use elf::{ElfBytes, ParseError};

/// A Linux target of rustc's, and the architecture that its programs have.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// Such as `x86_64-unknown-linux-gnu`.
    pub(crate) triple: String,
    architecture: &'static str,
    machine: u16,
}

/// The architectures that rustc has 64-bit Linux targets of and that people run functions on.
const MACHINES: [(&str, u16); 2] = [("x86_64", EM_X86_64), ("aarch64", EM_AARCH64)];

impl Target {
    /// Whether Azure Functions itself runs it: its Linux plans are x86-64 (documented).
    pub(crate) fn runs_on_azure(&self) -> bool {
        self.machine == EM_X86_64
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
    let file = ElfBytes::<AnyEndian>::minimal_parse(program)
        .map_err(|error| format!("it is not a 64-bit Linux program ({error})"))?;
    if file.ehdr.class != Class::ELF64 {
        return Err("it is not a 64-bit Linux program".to_owned());
    }
    let machine = file.ehdr.e_machine;
    if machine != target.machine {
        let is = MACHINES.iter().find(|(_, known)| *known == machine);
        return Err(format!(
            "it is for {}, not for {}",
            is.map_or("another architecture", |(name, _)| name),
            target.architecture
        ));
    }
    let Some(segments) = file.segments().filter(|segments| !segments.is_empty()) else {
        return Err("it is not a program: nothing in it is loaded".to_owned());
    };
    for segment in segments {
        // This also checks that the file is as long as its headers say.
        let data = file
            .segment_data(&segment)
            .map_err(|error: ParseError| format!("it is cut short ({error})"))?;
        if segment.p_type == PT_INTERP {
            let interpreter = data.strip_suffix(b"\0").unwrap_or(data);
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
