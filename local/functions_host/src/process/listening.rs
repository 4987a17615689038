//! Where a handler listens, where the system says it: Linux, in /proc.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Where the processes of one start listen.
pub(super) enum Listens {
    /// Nowhere, or at these addresses.
    At(Vec<SocketAddr>),
    /// The system does not say.
    #[cfg_attr(target_os = "linux", allow(dead_code, reason = "Linux does"))]
    NotKnown,
}

/// Where the processes of the start with this worker id listen.
#[cfg(target_os = "linux")]
pub(super) fn of_worker(worker: &str) -> Listens {
    let sockets: Vec<String> = processes(worker).into_iter().flat_map(sockets).collect();
    let mut found = Vec::new();
    for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
        let text = std::fs::read_to_string(table).unwrap_or_default();
        for (address, inode) in text.lines().filter_map(listener) {
            if sockets.contains(&inode) {
                found.push(address);
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    Listens::At(found)
}

/// The same elsewhere.
#[cfg(not(target_os = "linux"))]
pub(super) fn of_worker(_worker: &str) -> Listens {
    Listens::NotKnown
}

/// Whether a process of this start is left: those that it has started itself carry its worker id in
/// their environment, too.
#[cfg(target_os = "linux")]
pub(super) fn is_anyone_left(worker: &str) -> bool {
    !processes(worker).is_empty()
}

/// The same elsewhere, where nobody says so: the time for a start decides.
#[cfg(not(target_os = "linux"))]
pub(super) fn is_anyone_left(_worker: &str) -> bool {
    true
}

#[cfg(target_os = "linux")]
fn processes(worker: &str) -> Vec<std::path::PathBuf> {
    let says = format!("FUNCTIONS_CUSTOMHANDLER_WORKER_ID={worker}");
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            // Another user's can't be read, and are not the handler's.
            let environment = std::fs::read(path.join("environ")).unwrap_or_default();
            environment
                .split(|byte| *byte == 0)
                .any(|variable| variable == says.as_bytes())
        })
        .collect()
}

/// The inodes of a process's sockets.
#[cfg(target_os = "linux")]
fn sockets(process: std::path::PathBuf) -> Vec<String> {
    let files = std::fs::read_dir(process.join("fd"));
    files
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|file| {
            let target = std::fs::read_link(file.path()).ok()?;
            let inode = target.to_str()?.strip_prefix("socket:[")?;
            inode.strip_suffix(']').map(str::to_owned)
        })
        .collect()
}

/// A line of /proc/net/tcp or tcp6: an address that is listened on, and its socket's inode
/// (proc_net_tcp in the kernel's documentation: addresses in the order of the machine's bytes).
#[cfg(target_os = "linux")]
fn listener(line: &str) -> Option<(SocketAddr, String)> {
    const LISTEN: &str = "0A";
    let fields: Vec<&str> = line.split_whitespace().collect();
    let [_, local, _, LISTEN, _, _, _, _, _, inode, ..] = fields.as_slice() else {
        return None;
    };
    let (address, port) = local.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let words: Vec<u32> = (0..address.len() / 8)
        .map(|index| u32::from_str_radix(address.get(index * 8..index * 8 + 8)?, 16).ok())
        .collect::<Option<_>>()?;
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
    let address = match bytes.len() {
        4 => IpAddr::from(<[u8; 4]>::try_from(bytes).ok()?),
        16 => IpAddr::from(<[u8; 16]>::try_from(bytes).ok()?),
        _ => return None,
    };
    Some((SocketAddr::new(address, port), (*inode).to_owned()))
}

/// What is wrong with where it listens, after "the handler"; `port` is the one that it was given.
pub(super) fn diagnosis(listens: &Listens, port: u16) -> String {
    let asked = format!("127.0.0.1:{port}, the port in FUNCTIONS_CUSTOMHANDLER_PORT");
    let Listens::At(listens) = listens else {
        return format!("does not answer on {asked}");
    };
    let reached = |address: &SocketAddr| {
        address.port() == port
            && (address.ip() == Ipv4Addr::LOCALHOST
                || address.ip() == Ipv4Addr::UNSPECIFIED
                || address.ip() == Ipv6Addr::UNSPECIFIED)
    };
    let all: Vec<String> = listens.iter().map(ToString::to_string).collect();
    match listens.as_slice() {
        [] => format!("listens on no port, and should on {asked}"),
        listens if listens.iter().any(reached) => {
            format!("accepts connections on {asked}, and does not answer GET / there")
        }
        _ => format!("listens on {}, and should on {asked}", all.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wrong_port_and_the_wrong_address_are_named() {
        for (listens, says) in [
            (vec![], "listens on no port"),
            (
                vec!["127.0.0.1:18080"],
                "listens on 127.0.0.1:18080, and should on 127.0.0.1:7000",
            ),
            (vec!["[::1]:7000"], "listens on [::1]:7000, and should on"),
            (vec!["0.0.0.0:7000"], "does not answer GET /"),
            (vec!["[::]:7000"], "does not answer GET /"),
        ] {
            let listens: Vec<SocketAddr> = listens
                .into_iter()
                .map(|text| text.parse().unwrap())
                .collect();
            let text = diagnosis(&Listens::At(listens), 7000);
            assert!(text.contains(says), "{text}");
        }
        assert!(diagnosis(&Listens::NotKnown, 7000).contains("does not answer on 127.0.0.1:7000"));
    }

    #[cfg(all(target_os = "linux", target_endian = "little"))]
    #[test]
    fn the_kernels_table_is_read() {
        let line = |local: &str, state: &str| {
            format!(
                "0: {local} 00000000:0000 {state} 00000000:00000000 00:00000000 00000000 0 0 4711 1"
            )
        };
        let read =
            |text: String| listener(&text).map(|(address, inode)| format!("{address} {inode}"));
        assert_eq!(
            read(line("0100007F:1F90", "0A")).as_deref(),
            Some("127.0.0.1:8080 4711")
        );
        assert_eq!(
            read(line("00000000000000000000000001000000:1F90", "0A")).as_deref(),
            Some("[::1]:8080 4711")
        );
        assert_eq!(read(line("0100007F:1F90", "01")), None);
    }
}
