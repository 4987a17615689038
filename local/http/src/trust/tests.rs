use super::*;

fn ca(folder: &Path) -> DevelopmentCa {
    DevelopmentCa::load_or_create(folder).unwrap()
}

fn found(certs: Vec<CertificateDer<'static>>) -> CertificateResult {
    let mut found = CertificateResult::default();
    found.certs = certs;
    found
}

/// A root of somebody else's.
fn root(name: &str) -> CertificateDer<'static> {
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new([name.to_owned()]).unwrap();
    params.self_signed(&key).unwrap().der().clone()
}

#[test]
fn the_systems_roots_come_once_each_and_no_other_development_ca() {
    let [own, other] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let (ca, other) = (ca(own.path()), ca(other.path()));
    let (a, b) = (root("a"), root("b"));
    let system = [&a, other.certificate(), &b, ca.certificate(), &a];
    let (all, warning) = trusted(ca.certificate(), found(system.map(Clone::clone).into()));
    assert_eq!(all, [ca.certificate().clone(), a, b]);
    assert_eq!(warning, None);
}

#[test]
fn a_system_without_roots_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let ca = ca(folder.path());
    for certs in [Vec::new(), vec![ca.certificate().clone()]] {
        let (all, warning) = trusted(ca.certificate(), found(certs));
        assert_eq!(all, [ca.certificate().clone()]);
        assert!(warning.unwrap().contains("the development CA alone"));
    }
}

#[test]
fn both_files_hold_the_same_certificates() {
    use tokio_rustls::rustls::pki_types::pem::PemObject;
    let folder = tempfile::tempdir().unwrap();
    let all = [ca(folder.path()).certificate().clone(), root("a")];
    let read: Vec<_> = CertificateDer::pem_slice_iter(pem(&all).as_bytes())
        .map(Result::unwrap)
        .collect();
    assert_eq!(read, all);
    assert_eq!(certificates_of(&java::truststore(&all)), all);
}

/// A reader of the format, as the JDK's documentation of `JavaKeyStore` has it: numbers are
/// big-endian, and a name has its length in two bytes before it.
fn certificates_of(file: &[u8]) -> Vec<CertificateDer<'static>> {
    let mut rest = file;
    let mut take = |length: usize| {
        let (taken, after) = rest.split_at(length);
        rest = after;
        taken.to_vec()
    };
    let number = |bytes: Vec<u8>| {
        bytes
            .iter()
            .fold(0, |sum, byte| sum << 8 | usize::from(*byte))
    };
    assert_eq!(take(4), [0xfe, 0xed, 0xfe, 0xed]);
    assert_eq!(number(take(4)), 2, "version");
    let count = number(take(4));
    let mut names = Vec::new();
    let certificates = (0..count)
        .map(|_| {
            assert_eq!(number(take(4)), 2, "a trusted certificate");
            let length = number(take(2));
            names.push(take(length));
            assert_eq!(number(take(8)), 0, "date");
            let length = number(take(2));
            assert_eq!(take(length), b"X.509");
            let length = number(take(4));
            take(length).into()
        })
        .collect();
    // A name that is there twice is one certificate.
    assert_eq!(names, [b"greeting-local".to_vec(), b"system-1".to_vec()]);
    assert_eq!(take(20).len(), 20, "SHA-1");
    assert!(rest.is_empty());
    certificates
}

#[cfg(unix)]
#[test]
fn what_is_right_already_is_not_written_again() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let number = || std::fs::metadata(&path).unwrap().ino();
    replace(&path, b"one").unwrap();
    let first = number();
    let kept = std::fs::File::open(&path).unwrap();
    replace(&path, b"one").unwrap();
    assert_eq!(number(), first);
    replace(&path, b"two").unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"two");
    assert_ne!(number(), first);
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o644);
    drop(kept);
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o666)).unwrap();
    let refused = replace(&path, b"two").unwrap_err();
    assert!(matches!(refused, TlsError::Unusable(_)), "{refused}");
}
