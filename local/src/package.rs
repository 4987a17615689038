//! `greeting-local package`: the zip that Azure Functions runs.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::cli::PackageArgs;
use crate::deploy;
use crate::failure::Failure;
use crate::say;

const HANDLER: &str = "greeting-server";
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Writes the zip and lists what is in it.
///
/// # Errors
/// The handler can't be built, is not a static Linux x86_64 program, or a file can't be written.
pub(crate) fn run(args: &PackageArgs) -> Result<(), Failure> {
    let executable = match &args.handler {
        Some(path) => path.clone(),
        None => build()?,
    };
    let program = std::fs::read(&executable).map_err(|error| {
        Failure::new(
            format!("{} can't be read", executable.display()),
            error,
            "name the handler with --handler",
        )
    })?;
    check_elf(&program).map_err(|why| {
        Failure::new(
            format!("{} can't be deployed", executable.display()),
            why,
            format!(
                "build it so: RUSTFLAGS='-C target-feature=+crt-static' cargo build --profile dist --target {TARGET} -p {HANDLER}"
            ),
        )
    })?;
    let bytes = zip(&program).map_err(|error| Failure::new("the zip can't be made", error, ""))?;
    write_whole(&args.out, &bytes).map_err(|error| {
        Failure::new(
            format!("{} can't be written", args.out.display()),
            error,
            "choose another place with --out",
        )
    })?;
    for (name, content) in deploy::function_app_files() {
        say::line(format_args!("{:>9}  {name}", content.len()));
    }
    say::line(format_args!("{:>9}  {HANDLER}", program.len()));
    say::line(format_args!(
        "{:>9}  {} (sha256 {})",
        bytes.len(),
        args.out.display(),
        sha256(&bytes)
    ));
    Ok(())
}

fn sha256(bytes: &[u8]) -> String {
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes)
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn build() -> Result<PathBuf, Failure> {
    let failed = |why: String| {
        Failure::new(
            "the handler could not be built",
            why,
            "run it in a checkout, or name a built handler with --handler",
        )
    };
    let output = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()))
        .args([
            "build",
            "--quiet",
            "--message-format",
            "json-render-diagnostics",
        ])
        .args(["--profile", "dist", "--target", TARGET, "-p", HANDLER])
        .env("RUSTFLAGS", "-C target-feature=+crt-static")
        .stderr(std::process::Stdio::inherit())
        .output()
        .map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        return Err(failed(format!("cargo ended with {}", output.status)));
    }
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .ok_or_else(|| failed("cargo named no executable".to_owned()))
}

/// Whether `program` runs on Azure's Linux with whatever libc it has: a static x86_64 ELF
/// executable (System V ABI: `e_machine` 62, no `PT_INTERP` program header).
fn check_elf(program: &[u8]) -> Result<(), &'static str> {
    const SHORT: &str = "it is cut short";
    let u16_at = |at: usize| {
        let bytes = program.get(at..at.checked_add(2)?)?;
        Some(u16::from_le_bytes(bytes.try_into().ok()?))
    };
    if program.get(..6) != Some(b"\x7fELF\x02\x01") {
        return Err("it is not a 64-bit Linux program");
    }
    if u16_at(18).ok_or(SHORT)? != 62 {
        return Err("it is not for x86_64");
    }
    let offset = program
        .get(32..40)
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or(SHORT)?;
    let offset = usize::try_from(u64::from_le_bytes(offset)).map_err(|_| SHORT)?;
    let size = usize::from(u16_at(54).ok_or(SHORT)?);
    let count = usize::from(u16_at(56).ok_or(SHORT)?);
    for index in 0..count {
        let at = index
            .checked_mul(size)
            .and_then(|distance| distance.checked_add(offset))
            .ok_or(SHORT)?;
        let kind = at
            .checked_add(4)
            .and_then(|end| program.get(at..end))
            .ok_or(SHORT)?;
        if kind == 3_u32.to_le_bytes() {
            return Err("it is dynamically linked: the libc it wants may not be there");
        }
    }
    Ok(())
}

/// The zip: the same input gives the same bytes, and the handler stays executable whatever the
/// building system.
fn zip(program: &[u8]) -> zip::result::ZipResult<Vec<u8>> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default());
    let mut writer = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in deploy::function_app_files() {
        writer.start_file(name, options.unix_permissions(0o644))?;
        writer.write_all(content.as_bytes())?;
    }
    writer.start_file(HANDLER, options.unix_permissions(0o755))?;
    writer.write_all(program)?;
    Ok(writer.finish()?.into_inner())
}

fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    std::fs::write(path, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A minimal ELF header with one program header of `kind`.
    fn elf(machine: u16, kind: u32) -> Vec<u8> {
        let mut bytes = vec![0; 64];
        bytes[..6].copy_from_slice(b"\x7fELF\x02\x01");
        bytes[18..20].copy_from_slice(&machine.to_le_bytes());
        bytes[32..40].copy_from_slice(&64_u64.to_le_bytes());
        bytes[54..56].copy_from_slice(&56_u16.to_le_bytes());
        bytes[56..58].copy_from_slice(&1_u16.to_le_bytes());
        bytes.extend(kind.to_le_bytes());
        bytes.extend([0; 52]);
        bytes
    }

    #[test]
    fn only_a_static_linux_program_is_packaged() {
        assert_eq!(check_elf(&elf(62, 1)), Ok(()));
        assert!(check_elf(&elf(62, 3)).unwrap_err().contains("dynamically"));
        assert!(check_elf(&elf(183, 1)).unwrap_err().contains("x86_64"));
        assert!(check_elf(b"MZ").is_err());
        for length in 0..elf(62, 1).len() - 53 {
            assert!(check_elf(&elf(62, 1)[..length]).is_err(), "{length} bytes");
        }
    }

    #[test]
    fn the_same_input_gives_the_same_zip_with_an_executable_handler() {
        let bytes = zip(b"program").unwrap();
        assert_eq!(bytes, zip(b"program").unwrap());
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
        let handler = archive.by_name(HANDLER).unwrap();
        assert_eq!(handler.unix_mode().unwrap() & 0o777, 0o755);
    }
}
