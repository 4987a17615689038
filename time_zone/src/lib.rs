//! The zone in which a person is shown a time: `TZ`, else this machine's.
//!
//! One file is read. [`TimeZone::system`] gives the same, and first lists every zone of the system's
//! database to find that one by its name in any letter case: two thirds of all that
//! `token inspect` did.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;

/// A laptop travels: the zone is looked for again after this, as `jiff` does.
const KEPT: Duration = Duration::from_secs(5 * 60);

/// This process's zone.
pub fn system() -> TimeZone {
    static LAST: Mutex<Option<(Instant, TimeZone)>> = Mutex::new(None);
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    match &*last {
        Some((since, zone)) if since.elapsed() < KEPT => zone.clone(),
        _ => {
            let zone = found();
            *last = Some((Instant::now(), zone.clone()));
            zone
        }
    }
}

#[cfg(unix)]
fn found() -> TimeZone {
    let named = std::env::var_os("TZ");
    of_files::zone(
        named.as_deref(),
        of_files::LOCALTIME.as_ref(),
        &of_files::folders(),
    )
    .unwrap_or_else(TimeZone::system)
}

/// Elsewhere the zones are part of the program, and nothing is listed.
#[cfg(not(unix))]
fn found() -> TimeZone {
    TimeZone::system()
}

#[cfg(unix)]
mod of_files {
    use std::ffi::OsStr;
    use std::path::{Component, Path, PathBuf};

    use jiff::tz::TimeZone;

    /// This machine's zone (localtime(5)).
    pub(super) const LOCALTIME: &str = "/etc/localtime";

    /// Where a zone's file is looked for, as `jiff` does.
    pub(super) fn folders() -> Vec<PathBuf> {
        let named = std::env::var_os("TZDIR").filter(|name| !name.is_empty());
        let usual = [
            "/usr/share/zoneinfo",
            "/usr/share/lib/zoneinfo",
            "/etc/zoneinfo",
        ];
        named
            .into_iter()
            .map(PathBuf::from)
            .chain(usual.map(PathBuf::from))
            .collect()
    }

    /// The zone of a file: of the one that `TZ` names, where it is set, else of this machine's.
    /// None where `TZ` says something else: a rule, a path, a name in other letter case where the
    /// file system minds that.
    pub(super) fn zone(
        tz: Option<&OsStr>,
        localtime: &Path,
        folders: &[PathBuf],
    ) -> Option<TimeZone> {
        let Some(tz) = tz else {
            return read(localtime);
        };
        let tz = tz.to_str()?;
        let name = tz.strip_prefix(':').unwrap_or(tz);
        if matches!(name, "UTC" | "Etc/UTC") {
            return Some(TimeZone::UTC);
        }
        // `EST5EDT` is a rule as well as a name: area and place are a name only.
        let is_name = name.contains('/')
            && Path::new(name)
                .components()
                .all(|part| matches!(part, Component::Normal(_)));
        // The first folder that is there is the database.
        let folder = folders.iter().find(|folder| folder.is_dir())?;
        is_name.then(|| read(&folder.join(name)))?
    }

    fn read(path: &Path) -> Option<TimeZone> {
        let name = path.file_name()?.to_str()?;
        TimeZone::tzif(name, &std::fs::read(path).ok()?).ok()
    }

    #[cfg(test)]
    mod tests {
        use super::*;
        use jiff::Timestamp;

        /// A zone two hours east of Greenwich, in the format of RFC 9636 (version 1): no
        /// transition, one type, the abbreviation `XYZ`.
        fn two_hours_east() -> Vec<u8> {
            let counts = [0_u32, 0, 0, 0, 1, 4];
            let mut file = b"TZif\0".to_vec();
            file.extend([0; 15]);
            file.extend(counts.iter().flat_map(|count| count.to_be_bytes()));
            file.extend(7200_i32.to_be_bytes());
            file.extend([0, 0]);
            file.extend(b"XYZ\0");
            file
        }

        fn seconds_east(zone: &TimeZone) -> i32 {
            zone.to_offset(Timestamp::UNIX_EPOCH).seconds()
        }

        #[test]
        fn point_5_the_zone_is_read_from_its_own_file() {
            let folder = std::env::temp_dir().join(format!("time-zone-{}", std::process::id()));
            std::fs::create_dir_all(folder.join("Area")).unwrap();
            std::fs::write(folder.join("Area/Place"), two_hours_east()).unwrap();
            let (file, folders) = (folder.join("Area/Place"), [folder.clone()]);
            let of = |tz: Option<&str>| zone(tz.map(OsStr::new), &file, &folders);
            let offset = |tz| of(tz).map(|zone| seconds_east(&zone));
            assert_eq!(offset(None), Some(7200), "this machine's");
            assert_eq!(offset(Some("Area/Place")), Some(7200));
            assert_eq!(offset(Some(":Area/Place")), Some(7200));
            assert_eq!(offset(Some("UTC")), Some(0));
            // What is no name of a file, is left to the library.
            for other in [
                "",
                " ",
                "EST5EDT",
                "XYZ-2",
                "../Area/Place",
                "/Area/Place",
                "Area",
            ] {
                assert_eq!(offset(Some(other)), None, "{other:?}");
            }
            std::fs::remove_dir_all(&folder).unwrap();
        }

        /// Only where the machine has zones; the test above needs none.
        #[test]
        fn the_library_finds_the_same() {
            let moments = [0, 951_782_400, 1_711_846_800, 1_893_456_000, 4_102_444_800];
            for name in [
                "Europe/Berlin",
                "America/New_York",
                "Asia/Kolkata",
                "Australia/Lord_Howe",
            ] {
                let (Ok(theirs), Some(ours)) = (
                    TimeZone::get(name),
                    zone(Some(OsStr::new(name)), Path::new("/none"), &folders()),
                ) else {
                    continue;
                };
                for moment in moments.map(|second| Timestamp::from_second(second).unwrap()) {
                    assert_eq!(
                        ours.to_offset(moment),
                        theirs.to_offset(moment),
                        "{name} {moment}"
                    );
                }
            }
        }
    }
}
