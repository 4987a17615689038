//! The development CA: two files, made once, and a fresh leaf for `localhost` at each start.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, SerialNumber, date_time_ymd,
};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::{ServerConfig, crypto};

const CERTIFICATE: &str = "ca.pem";
const KEY: &str = "ca-key.pem";
/// Days that the CA is valid, and then the leaf (clients refuse leaves of more than 398).
const CA_DAYS: i64 = 3650;
const LEAF_DAYS: i64 = 90;

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file of the CA can't be written.
    #[error(transparent)]
    File(#[from] io::Error),
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
}

impl DevelopmentCa {
    /// The CA in `folder`, made if there is none that can be used.
    ///
    /// # Errors
    /// The files can't be written.
    pub fn load_or_create(folder: &Path) -> Result<Self, TlsError> {
        if let Some(ca) = Self::load(folder) {
            return Ok(ca);
        }
        let key = KeyPair::generate()?;
        let mut params = ca_params();
        set_validity(&mut params, CA_DAYS)?;
        params.serial_number = Some(serial());
        let certificate = params.self_signed(&key)?;
        // One file holds both, so that two processes at once can't mix two CAs' halves: the
        // certificate is in the key's file too, and the public file follows it.
        let both = format!("{}{}", key.serialize_pem(), certificate.pem());
        state_folder::write_private(&folder.join(KEY), both.as_bytes())?;
        Self::load(folder).ok_or(TlsError::NotReadBack)
    }

    fn load(folder: &Path) -> Option<Self> {
        let both = std::fs::read_to_string(folder.join(KEY)).ok()?;
        let certificate_pem = &both[both.find("-----BEGIN CERTIFICATE-----")?..];
        let key = KeyPair::from_pem(&both).ok()?;
        let path = folder.join(CERTIFICATE);
        if std::fs::read_to_string(&path).ok().as_deref() != Some(certificate_pem) {
            publish(&path, certificate_pem).ok()?;
        }
        let issuer = Issuer::new(ca_params(), key);
        let certificate = rustls_pem(certificate_pem)?;
        Some(Self {
            path,
            certificate,
            issuer,
        })
    }

    /// The certificate that clients have to trust, a PEM file.
    pub fn certificate_path(&self) -> &Path {
        &self.path
    }

    /// TLS for `localhost`, `127.0.0.1` and `::1`.
    ///
    /// # Errors
    /// The leaf can't be made.
    pub fn acceptor(&self, alpn: &[&[u8]]) -> Result<TlsAcceptor, TlsError> {
        let key = KeyPair::generate()?;
        let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name = name("localhost (greeting-local)");
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.is_ca = IsCa::ExplicitNoCa;
        set_validity(&mut params, LEAF_DAYS)?;
        params.serial_number = Some(serial());
        let leaf = params.signed_by(&key, &self.issuer)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(crypto::aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone(), self.certificate.clone()], key)?;
        config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

/// The subject name of every CA of this program; what it signs has it as issuer.
fn ca_params() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = name("greeting-local development CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn rustls_pem(pem: &str) -> Option<CertificateDer<'static>> {
    use tokio_rustls::rustls::pki_types::pem::PemObject;
    CertificateDer::from_pem_slice(pem.as_bytes()).ok()
}

/// Writes the public half, readable by all: other accounts' tools may trust it too.
fn publish(path: &Path, pem: &str) -> std::io::Result<()> {
    state_folder::write_private(path, pem.as_bytes())?;
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
