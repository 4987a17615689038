//! The development CA: two files, made once, and a fresh leaf for `localhost` at each start.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, SerialNumber, date_time_ymd,
};
use state_folder::{Kept, Readers, Unusable};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{ServerConfig, crypto};

use crate::public_host::PublicHost;

const CERTIFICATE: &str = "ca.pem";
const KEY: &str = "ca-key.pem";
/// The common name of every CA of this program.
pub(crate) const CA_NAME: &str = "greeting-local development CA";
/// Days that the CA is valid, and then the leaf (clients refuse leaves of more than 398).
const CA_DAYS: i64 = 3650;
const LEAF_DAYS: i64 = 90;

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file of the CA can't be written.
    #[error(transparent)]
    File(#[from] io::Error),
    /// A file of the CA is there and can't be used.
    #[error("{0}")]
    Unusable(#[from] Unusable),
    /// A file holds no key, or no certificate.
    #[error("it holds no certificate")]
    NoCertificate,
    /// A file is not text.
    #[error(transparent)]
    NotText(#[from] std::str::Utf8Error),
    /// A key or a certificate can't be made.
    #[error(transparent)]
    Certificate(#[from] rcgen::Error),
    /// The CA that was just written can't be read.
    #[error("{KEY} can't be read back")]
    NotReadBack,
    /// This machine's clock is outside of what a certificate can say.
    #[error(transparent)]
    Time(#[from] jiff::Error),
    /// The TLS library does not take the certificate.
    #[error(transparent)]
    Tls(#[from] tokio_rustls::rustls::Error),
}

/// A CA for this machine only: its key never leaves the state folder.
pub struct DevelopmentCa {
    path: PathBuf,
    certificate: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
    warnings: Vec<String>,
}

/// The CA's key, with the certificate that belongs to it.
struct Pair {
    key: KeyPair,
    certificate: CertificateDer<'static>,
    certificate_pem: String,
}

impl DevelopmentCa {
    /// The CA in `folder`, made if there is none. One that is damaged is renamed, and another is
    /// made: `warnings` says so.
    ///
    /// # Errors
    /// The files can't be written, or others may write one of them or read the key.
    pub fn load_or_create(folder: &Path) -> Result<Self, TlsError> {
        let path = folder.join(KEY);
        let mut warnings = Vec::new();
        match state_folder::load(&path, Readers::Owner, Pair::parse)? {
            Kept::Content(pair) => return Self::published(folder, pair, warnings),
            Kept::Missing => {}
            Kept::Damaged(damaged) => warnings.push(format!(
                "{damaged}. A new development CA is made: clients have to trust the new {CERTIFICATE}"
            )),
        }
        state_folder::write_private(&path, Pair::new_pem()?.as_bytes())?;
        // Another process may have written after us; what is on disk is what both use.
        match state_folder::load(&path, Readers::Owner, Pair::parse)? {
            Kept::Content(pair) => Self::published(folder, pair, warnings),
            Kept::Missing | Kept::Damaged(_) => Err(TlsError::NotReadBack),
        }
    }

    /// The CA of this pair, whose certificate is in a file of its own.
    fn published(folder: &Path, pair: Pair, mut warnings: Vec<String>) -> Result<Self, TlsError> {
        let path = folder.join(CERTIFICATE);
        let same = |pem: &[u8]| {
            let is_same = pem == pair.certificate_pem.as_bytes();
            is_same
                .then_some(())
                .ok_or("it is not the certificate of ca-key.pem")
        };
        match state_folder::load(&path, Readers::All, same)? {
            Kept::Content(()) => {}
            Kept::Missing => publish(&path, pair.certificate_pem.as_bytes())?,
            Kept::Damaged(damaged) => {
                publish(&path, pair.certificate_pem.as_bytes())?;
                // A new CA has said so already.
                if warnings.is_empty() {
                    warnings.push(format!("{damaged}. The certificate was written again"));
                }
            }
        }
        Ok(Self {
            path,
            certificate: pair.certificate,
            issuer: Issuer::new(ca_params(), pair.key),
            warnings,
        })
    }

    /// What became of files that were damaged, in sentences.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The certificate that clients have to trust, a PEM file.
    pub fn certificate_path(&self) -> &Path {
        &self.path
    }

    /// That certificate, DER.
    pub(crate) fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// TLS for `localhost`, `127.0.0.1` and `::1`, and for the name by which a network calls this
    /// machine, if one does.
    ///
    /// # Errors
    /// The leaf can't be made.
    pub fn acceptor(
        &self,
        alpn: &[&[u8]],
        public_host: Option<&PublicHost>,
    ) -> Result<TlsAcceptor, TlsError> {
        self.acceptor_for(alpn, public_host, &[])
    }

    /// The same, and for each of these other names a leaf that carries it alone, which whoever asks
    /// for that name (RFC 6066 section 3) is shown.
    ///
    /// # Errors
    /// A leaf can't be made.
    pub fn acceptor_for(
        &self,
        alpn: &[&[u8]],
        public_host: Option<&PublicHost>,
        others: &[&'static str],
    ) -> Result<TlsAcceptor, TlsError> {
        let key = KeyPair::generate()?;
        let provider = Arc::new(crypto::aws_lc_rs::default_provider());
        let certified = |names: Vec<String>| -> Result<_, TlsError> {
            let chain = vec![self.leaf(&key, names)?, self.certificate.clone()];
            let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
            Ok(Arc::new(CertifiedKey::from_der(chain, key, &provider)?))
        };
        let public = public_host.map(PublicHost::as_str);
        let names = ["localhost", "127.0.0.1", "::1"].into_iter().chain(public);
        let own = certified(names.map(str::to_owned).collect())?;
        let mut by_name = BTreeMap::new();
        for name in others {
            by_name.insert(*name, certified(vec![(*name).to_owned()])?);
        }
        let mut config = ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(Leaves { own, by_name }));
        config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    /// A certificate of these names.
    fn leaf(&self, key: &KeyPair, names: Vec<String>) -> Result<CertificateDer<'static>, TlsError> {
        let common = names.first().cloned().unwrap_or_default();
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name = name(&format!("{common} (greeting-local)"));
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.is_ca = IsCa::ExplicitNoCa;
        set_validity(&mut params, LEAF_DAYS)?;
        params.serial_number = Some(serial());
        Ok(params.signed_by(key, &self.issuer)?.der().clone())
    }
}

/// Certificates by the name that a client asks for.
#[derive(Debug)]
struct Leaves {
    /// For this machine's names, and for who asks for none.
    own: Arc<CertifiedKey>,
    by_name: BTreeMap<&'static str, Arc<CertifiedKey>>,
}

impl ResolvesServerCert for Leaves {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let named = hello.server_name().and_then(|name| {
            let name = name.to_ascii_lowercase();
            self.by_name.get(name.as_str())
        });
        Some(named.unwrap_or(&self.own).clone())
    }
}

impl Pair {
    /// A new pair, PEM.
    fn new_pem() -> Result<String, TlsError> {
        let key = KeyPair::generate()?;
        let mut params = ca_params();
        set_validity(&mut params, CA_DAYS)?;
        params.serial_number = Some(serial());
        let certificate = params.self_signed(&key)?;
        // One file holds both, so that two processes at once can't mix two CAs' halves: the
        // certificate is in the key's file too, and the public file follows it.
        Ok(format!("{}{}", key.serialize_pem(), certificate.pem()))
    }

    fn parse(both: &[u8]) -> Result<Self, TlsError> {
        let both = std::str::from_utf8(both)?;
        let key = KeyPair::from_pem(both)?;
        let begin = both.find("-----BEGIN CERTIFICATE-----");
        let certificate_pem = &both[begin.ok_or(TlsError::NoCertificate)?..];
        Ok(Self {
            key,
            certificate: rustls_pem(certificate_pem).ok_or(TlsError::NoCertificate)?,
            certificate_pem: certificate_pem.to_owned(),
        })
    }
}

/// The subject name of every CA of this program; what it signs has it as issuer.
fn ca_params() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = name(CA_NAME);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn rustls_pem(pem: &str) -> Option<CertificateDer<'static>> {
    use tokio_rustls::rustls::pki_types::pem::PemObject;
    CertificateDer::from_pem_slice(pem.as_bytes()).ok()
}

/// Writes a file of certificates, readable by all: other accounts' tools may trust them too.
///
/// # Errors
/// It can't be written.
pub fn publish(path: &Path, certificates: &[u8]) -> io::Result<()> {
    state_folder::write_private(path, certificates)?;
    #[cfg(unix)]
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
    Ok(())
}

fn name(common: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::OrganizationName, "greeting-local");
    name.push(DnType::CommonName, common);
    name
}

fn serial() -> SerialNumber {
    // RFC 5280 section 4.1.2.2: positive, at most 20 octets.
    let mut bytes = *uuid::Uuid::new_v4().as_bytes();
    bytes[0] &= 0x7f;
    SerialNumber::from_slice(&bytes)
}

/// Sets the validity: from yesterday, since clocks differ, for `days`.
fn set_validity(params: &mut CertificateParams, days: i64) -> Result<(), TlsError> {
    let at = |days: i64| -> Result<_, TlsError> {
        let moment = Timestamp::now().checked_add(SignedDuration::from_hours(24 * days))?;
        let date = jiff::tz::TimeZone::UTC.to_datetime(moment).date();
        let (month, day) = (date.month().unsigned_abs(), date.day().unsigned_abs());
        Ok(date_time_ymd(i32::from(date.year()), month, day))
    };
    params.not_before = at(-1)?;
    params.not_after = at(days)?;
    Ok(())
}
