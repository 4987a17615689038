//! What clients are given to trust: most of them read one file in place of the system's roots, so
//! that the file has to hold those roots too.

mod java;
mod last_read;

use std::path::{Path, PathBuf};

use rustls_native_certs::CertificateResult;
use state_folder::{Kept, Readers, Unusable};
use tokio_rustls::rustls::pki_types::CertificateDer;

use self::last_read::{LastRead, Roots};
use crate::tls::{CA_NAME, DevelopmentCa, TlsError, publish};

/// The files of a state folder that hold the system's roots and the development CA.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustFiles {
    /// PEM, one certificate after the other: what `SSL_CERT_FILE` and its like name.
    pub pem: PathBuf,
    /// A Java keystore: what `javax.net.ssl.trustStore` names.
    pub java: PathBuf,
    last_read: LastRead,
}

impl TrustFiles {
    /// Those of the state folder `folder`.
    pub fn of(folder: &Path) -> Self {
        Self {
            pem: folder.join("ca-bundle.pem"),
            java: folder.join("java-truststore"),
            last_read: LastRead::of(folder),
        }
    }

    /// Writes them, where they do not hold this already: the system's roots change too. The answer
    /// is a warning, where the system has none.
    ///
    /// # Errors
    /// One can't be written, or others may write it.
    pub fn publish(&self, ca: &DevelopmentCa) -> Result<Option<String>, TlsError> {
        self.publish_from(
            ca,
            &Roots::of_system(),
            rustls_native_certs::load_native_certs,
        )
    }

    fn publish_from(
        &self,
        ca: &DevelopmentCa,
        roots: &Roots,
        read: impl FnOnce() -> CertificateResult,
    ) -> Result<Option<String>, TlsError> {
        // Before they are read: what changes meanwhile is read the next time.
        let state = roots.state(ca.certificate());
        let written = [self.pem.as_path(), self.java.as_path()];
        if self.last_read.is(state.as_ref(), written)? {
            return Ok(None);
        }
        let (certificates, warning) = trusted(ca.certificate(), read());
        replace(&self.pem, pem(&certificates).as_bytes())?;
        replace(&self.java, &java::truststore(&certificates))?;
        // Where there are none, each start says so.
        if let (Some(state), None) = (state, &warning) {
            self.last_read.note(&state, written)?;
        }
        Ok(warning)
    }
}

/// The development CA and the system's roots, and what to say where there are none.
fn trusted(
    ca: &CertificateDer<'static>,
    found: CertificateResult,
) -> (Vec<CertificateDer<'static>>, Option<String>) {
    let CertificateResult { certs, errors, .. } = found;
    // A shell that `env` has pointed at a stack names a bundle as the system's: what was this
    // stack's CA, or is another's, does not stay trusted that way.
    let roots = certs.into_iter().filter(|root| !is_development_ca(root));
    let mut all = vec![ca.clone()];
    for root in roots {
        if !all.contains(&root) {
            all.push(root);
        }
    }
    let warning = (all.len() == 1).then(|| {
        let why = errors
            .first()
            .map(|error| format!(" ({error})"))
            .unwrap_or_default();
        format!(
            "no root certificates of this system were found{why}: clients that `greeting-local env` \
             points here trust the development CA alone, and reach no other server by HTTPS. Install \
             the system's (ca-certificates), or unset SSL_CERT_FILE and SSL_CERT_DIR, and start again"
        )
    });
    (all, warning)
}

/// By the name that each of them has.
fn is_development_ca(certificate: &CertificateDer<'_>) -> bool {
    certificate
        .windows(CA_NAME.len())
        .any(|part| part == CA_NAME.as_bytes())
}

fn pem(certificates: &[CertificateDer<'_>]) -> String {
    let encoded = certificates.iter().map(|certificate| {
        let block = pem::Pem::new("CERTIFICATE", certificate.as_ref());
        let lines = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
        pem::encode_config(&block, lines)
    });
    encoded.collect()
}

/// A file that holds `content` is left as it is: clients read it at any moment.
fn replace(path: &Path, content: &[u8]) -> Result<(), TlsError> {
    let same = |kept: &[u8]| Ok::<_, std::convert::Infallible>(kept == content);
    match state_folder::load(path, Readers::All, same)? {
        Kept::Content(true) => Ok(()),
        Kept::Content(false) | Kept::Missing | Kept::Damaged(_) => {
            publish(path, content).map_err(|error| Unusable::new(path, error).into())
        }
    }
}

#[cfg(test)]
mod tests;
