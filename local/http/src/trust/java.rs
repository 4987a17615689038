//! A Java truststore.
//!
//! The format is JKS, since Java reads its certificates without a password: of a PKCS12 it reads
//! none, and says nothing of it. The crate that writes JKS (`jks`) brings readers of ASN.1, of
//! PKCS #8 and their macros, for the records below: numbers, names and certificates.

use aws_lc_rs::digest;
use tokio_rustls::rustls::pki_types::CertificateDer;

/// What the JDK's own file (`cacerts`) has, and everybody types. It guards against damage alone.
const PASSWORD: &str = "changeit";
const MAGIC: u32 = 0xFEED_FEED;
const VERSION: u32 = 2;
const TRUSTED_CERTIFICATE: u32 = 2;

/// The file. The first certificate is the development CA.
pub(super) fn truststore(certificates: &[CertificateDer<'_>]) -> Vec<u8> {
    let mut file = Vec::new();
    number(&mut file, MAGIC);
    number(&mut file, VERSION);
    number(&mut file, length(certificates.len()));
    for (index, certificate) in certificates.iter().enumerate() {
        number(&mut file, TRUSTED_CERTIFICATE);
        match index {
            0 => name(&mut file, "greeting-local"),
            _ => name(&mut file, &format!("system-{index}")),
        }
        // When it was added, in milliseconds: always the same, so that the file is too.
        file.extend(0_u64.to_be_bytes());
        name(&mut file, "X.509");
        number(&mut file, length(certificate.len()));
        file.extend(certificate.iter());
    }
    let mut checked = Vec::new();
    checked.extend(PASSWORD.encode_utf16().flat_map(u16::to_be_bytes));
    checked.extend(b"Mighty Aphrodite");
    checked.extend(&file);
    let sum = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &checked);
    file.extend(sum.as_ref());
    file
}

fn number(file: &mut Vec<u8>, number: u32) {
    file.extend(number.to_be_bytes());
}

/// As Java's `DataOutput.writeUTF` writes ASCII.
fn name(file: &mut Vec<u8>, name: &str) {
    let length = u16::try_from(name.len()).expect("the names above are short");
    file.extend(length.to_be_bytes());
    file.extend(name.bytes());
}

fn length(length: usize) -> u32 {
    u32::try_from(length).expect("no system has 4 GiB of certificates")
}
