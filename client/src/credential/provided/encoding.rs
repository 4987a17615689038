//! Text in the encodings that shells write files in.

/// The text of these bytes. What is none has the replacement character in it.
pub(super) fn text(bytes: &[u8]) -> String {
    match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        // A token is ASCII: every other byte of its UTF-16 is zero.
        [first, 0, ..] if *first != 0 => utf16(bytes, u16::from_le_bytes),
        [0, second, ..] if *second != 0 => utf16(bytes, u16::from_be_bytes),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let (pairs, odd) = bytes.as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
    let mut text = String::from_utf16_lossy(&units);
    // A pipe of a shell that writes UTF-16 may end with one plain line break.
    if odd.iter().any(|byte| *byte != b'\n') {
        text.push(char::REPLACEMENT_CHARACTER);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_powershell_writes_is_read() {
        let le: Vec<u8> = "eyJ.é\r\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        let be: Vec<u8> = "eyJ.é\r\n"
            .encode_utf16()
            .flat_map(u16::to_be_bytes)
            .collect();
        for bytes in [
            "eyJ.é\r\n".as_bytes().to_vec(),
            [b"\xef\xbb\xbf", "eyJ.é\r\n".as_bytes()].concat(),
            [b"\xff\xfe", &le[..]].concat(),
            [b"\xfe\xff", &be[..]].concat(),
            le.clone(),
            be.clone(),
        ] {
            assert_eq!(text(&bytes), "eyJ.é\r\n", "{bytes:?}");
        }
        assert_eq!(text(&[&le[..], b"\n"].concat()), "eyJ.é\r\n");
    }

    #[test]
    fn what_is_no_text_is_marked() {
        for bytes in [
            &b"\xff\xff\xff"[..],
            b"a\0b",
            b"\xff\xfe\0\xd8",
            b"PK\x03\x04\xff",
        ] {
            assert!(text(bytes).contains('\u{fffd}'), "{bytes:?}");
        }
        for bytes in [&b""[..], b"\0", b"\0\0", b"\xff\xfe", b"\xef\xbb\xbf"] {
            let _ = text(bytes);
        }
    }
}
