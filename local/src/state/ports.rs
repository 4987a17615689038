//! The ports of a stack with a name: it keeps them from run to run, so that what was pointed at it
//! stays so, and takes none that another one has.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::home::Home;

/// The file in the state folder.
const FILE: &str = "ports.json";
/// How many ports are tried, from the first.
const TRIED: u16 = 200;

/// The ports of a stack's last run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Had {
    /// The function app's.
    pub(crate) function: Option<u16>,
    /// The local authority's.
    pub(crate) authority: Option<u16>,
}

impl Had {
    /// What is noted in a stack's folder; nothing, where that can't be read.
    pub(crate) fn load(folder: &Path) -> Self {
        let text = state_folder::read_private(&folder.join(FILE));
        text.ok()
            .and_then(|text| serde_json::from_slice(&text).ok())
            .unwrap_or_default()
    }

    /// Notes the ports; one that is none now stays as it was.
    pub(crate) fn save(self, folder: &Path) -> io::Result<()> {
        let before = Self::load(folder);
        let now = Self {
            function: self.function.or(before.function),
            authority: self.authority.or(before.authority),
        };
        if now == before {
            return Ok(());
        }
        state_folder::write_private(&folder.join(FILE), &serde_json::to_vec(&now)?)
    }

    fn all(self) -> impl Iterator<Item = u16> {
        [self.function, self.authority].into_iter().flatten()
    }
}

/// What a stack with a name goes by where no port is asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reserved {
    /// Those of its last run.
    pub(crate) had: Had,
    /// Those of the other stacks with a name, be they running or not.
    pub(crate) others: BTreeSet<u16>,
}

impl Reserved {
    /// Of the stack at `home`; none, where it has no name.
    pub(crate) fn of(home: &Home) -> Option<Self> {
        let own = home.stack.own_name()?;
        let all = home.stack.all().unwrap_or_default();
        let others = all
            .iter()
            .filter(|other| other.stack.own_name().is_some_and(|name| name != own));
        Some(Self {
            had: Had::load(&home.path),
            others: others
                .flat_map(|other| Had::load(&other.path).all())
                .collect(),
        })
    }

    /// The ports to try, in order: the one that it had; the one that its files name; those after
    /// `usual`, which the stack without a name has.
    pub(crate) fn candidates(&self, had: Option<u16>, named: Option<u16>, usual: u16) -> Vec<u16> {
        let after = (1..=TRIED).filter_map(|more| usual.checked_add(more));
        let free = |port: &u16| !self.others.contains(port);
        let mut ports: Vec<u16> = had.into_iter().collect();
        ports.extend(named.into_iter().chain(after).filter(free));
        ports
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_another_stack_has_is_not_tried() {
        let reserved = Reserved {
            had: Had::default(),
            others: [7072, 7074, 8000].into(),
        };
        let ports = reserved.candidates(None, None, 7071);
        assert_eq!(ports[..3], [7073, 7075, 7076]);
        // That of local.settings.json is first, and its own before it.
        let ports = reserved.candidates(Some(9000), Some(7100), 7071);
        assert_eq!(ports[..3], [9000, 7100, 7073]);
        assert_eq!(reserved.candidates(None, Some(8000), 7071)[0], 7073);
        assert!(reserved.candidates(None, None, u16::MAX).is_empty());
    }

    #[test]
    fn ports_are_noted_until_there_are_others() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Had::load(folder.path()), Had::default());
        let both = Had {
            function: Some(1),
            authority: Some(2),
        };
        both.save(folder.path()).unwrap();
        // A run with a real tenant has no authority.
        let one = Had {
            function: Some(3),
            authority: None,
        };
        one.save(folder.path()).unwrap();
        let now = Had::load(folder.path());
        assert_eq!((now.function, now.authority), (Some(3), Some(2)));
        std::fs::write(folder.path().join(FILE), "{").unwrap();
        assert_eq!(Had::load(folder.path()), Had::default());
    }
}
