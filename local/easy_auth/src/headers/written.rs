//! The principal's header, written straight from the claims: the same bytes as
//! [`Principal::encode`](greeting_server::principal::Principal::encode) of
//! [`principal`](super::principal), without a copy of each claim.

use std::io;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::ser::{Serialize, Serializer};
use serde_json::ser::Formatter;

use super::{PROVIDER, ROLE_TYPE, entries, name_type};
use crate::behaviour::Behaviour;
use crate::claims::Claims;

/// The principal of these claims, as the header has it.
pub(super) fn principal(claims: &Claims, behaviour: &Behaviour) -> String {
    let principal = Principal {
        auth_typ: PROVIDER,
        claims: Entries(claims, behaviour),
        name_typ: name_type(claims),
        role_typ: ROLE_TYPE,
    };
    let mut json = Vec::with_capacity(ORDINARY_BYTES);
    let mut writer = serde_json::Serializer::with_formatter(&mut json, EscapedSlashes);
    match principal.serialize(&mut writer) {
        Ok(()) => STANDARD.encode(json),
        // Memory takes what is written to it; if it did not, there is the longer way.
        Err(_) => super::principal(claims, behaviour).encode(),
    }
}

/// Of the JSON: a principal of 20 claims fits.
const ORDINARY_BYTES: usize = 4096;

#[derive(serde::Serialize)]
struct Principal<'a> {
    auth_typ: &'a str,
    claims: Entries<'a>,
    name_typ: &'a str,
    role_typ: &'a str,
}

struct Entries<'a>(&'a Claims, &'a Behaviour);

#[derive(serde::Serialize)]
struct Entry<'a> {
    typ: &'a str,
    val: &'a str,
}

impl Serialize for Entries<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeSeq;
        let mut list = serializer.serialize_seq(None)?;
        for (typ, val) in entries(self.0, self.1) {
            list.serialize_element(&Entry { typ, val: &val })?;
        }
        list.end()
    }
}

/// Compact, and each `/` as `\/`, which stands only inside strings.
struct EscapedSlashes;

impl Formatter for EscapedSlashes {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut parts = fragment.split('/');
        writer.write_all(parts.next().unwrap_or("").as_bytes())?;
        for part in parts {
            writer.write_all(b"\\/")?;
            writer.write_all(part.as_bytes())?;
        }
        Ok(())
    }
}
