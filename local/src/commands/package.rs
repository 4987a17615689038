//! `greeting-local package`: the zip that Azure Functions runs.

use std::io::{Read as _, Write as _};
use std::path::Path;

use local_events::tell;
use local_failure::Failure;

use crate::cli::PackageArgs;
use crate::package::{AppFiles, archive, build, elf};
use crate::say::{self, Layout};

/// Writes the zip and lists what is in it.
///
/// # Errors
/// The app's files are wrong, the handler can't be built or is not a static Linux program of the
/// target's architecture, or the zip can't be written.
pub(crate) fn run(args: &PackageArgs) -> Result<(), Failure> {
    // Before minutes of building.
    check_out(&args.out)?;
    let app = AppFiles::of(args.app_root.as_deref())?;
    let handler = match &args.handler {
        Some(path) => path.clone(),
        None => build::handler(&app, &args.target)?,
    };
    let mut program = Vec::new();
    // It may be larger than any other file that is read whole.
    let read = state_folder::open_regular(&handler).and_then(|mut it| it.read_to_end(&mut program));
    read.map_err(|error| {
        Failure::new(
            format!("{} can't be read", handler.display()),
            error,
            "name the handler's executable with --handler",
        )
    })?;
    elf::check(&program, &args.target).map_err(|why| {
        Failure::new(
            format!("{} can't be deployed", handler.display()),
            why,
            build::hint(&args.target),
        )
    })?;
    let mut entries = app.files;
    entries.push(archive::Entry::program(&app.executable, program));
    let bytes = archive::zip(&entries).map_err(|error| {
        Failure::new(
            "the zip can't be made",
            error,
            "a zip holds files of up to 4 GiB: build a smaller handler (--release, strip)",
        )
    })?;
    write_whole(&args.out, &bytes).map_err(|error| not_written(&args.out, &error))?;
    list(&entries, &args.out, &bytes)?;
    if !args.target.runs_on_azure() {
        tell(
            "note: ",
            format!(
                "Azure Functions runs x86_64 only; {} is for hosts of your own",
                args.target
            ),
        );
    }
    Ok(())
}

/// Each file, in the order of the zip, then the zip.
fn list(entries: &[archive::Entry], out: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let layout = Layout::of_stdout();
    for entry in entries {
        let mode = format!("{:04o}", entry.mode);
        say::line(listed(layout, &mode, &entry.content, &entry.name))?;
    }
    say::line(listed(layout, "", bytes, &out.display().to_string()))
}

/// A file's size, mode, SHA-256 and name: in one line, but where 80 columns would cut the hash.
fn listed(layout: Layout, mode: &str, content: &[u8], name: &str) -> String {
    let (size, hash) = (content.len(), sha256(content));
    match layout {
        Layout::Whole => format!("{size:>9}  {mode:>4}  {hash}  {name}"),
        Layout::Wrapped => format!("{size:>9}  {mode:>4}  {name}\n{:16}{hash}", ""),
    }
}

fn sha256(bytes: &[u8]) -> String {
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes)
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

fn not_written(out: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::new(
        format!("{} can't be written", out.display()),
        error,
        "choose another file with --out, in a folder that exists",
    )
}

fn check_out(out: &Path) -> Result<(), Failure> {
    if out.is_dir() {
        return Err(not_written(out, &"it is a folder"));
    }
    let folder = folder_of(out);
    if !folder.is_dir() {
        let why = format!("there is no folder {}", folder.display());
        return Err(not_written(out, &why));
    }
    Ok(())
}

/// Replaces `path` whole: half a zip is never there to deploy, and a failure leaves the old one.
fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut builder = tempfile::Builder::new();
    // Others may deploy it: tempfile's own default is 0600.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    let mut file = builder.tempfile_in(folder_of(path))?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn point_14_a_file_and_its_hash_are_whole_in_80_columns() {
        let name = "greeting/function.json";
        let hash = sha256(b"{}");
        let whole = listed(Layout::Whole, "0644", b"{}", name);
        assert_eq!(whole, format!("        2  0644  {hash}  {name}"));
        let wrapped = listed(Layout::Wrapped, "0644", b"{}", name);
        let lines: Vec<&str> = wrapped.lines().collect();
        assert_eq!(
            lines,
            [
                format!("        2  0644  {name}"),
                format!("{:16}{hash}", "")
            ]
        );
        assert!(lines.iter().all(|line| line.len() <= 80), "{wrapped}");
    }
}
