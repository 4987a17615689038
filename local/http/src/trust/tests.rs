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

/// Counts how often the roots are read.
#[cfg(unix)]
#[test]
fn point_5_the_systems_roots_are_read_when_they_or_the_files_have_changed() {
    use std::os::unix::fs::PermissionsExt;
    let [state, system, elsewhere] = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let (ca, files) = (ca(state.path()), TrustFiles::of(state.path()));
    let (file, folder) = (system.path().join("roots.pem"), system.path().join("certs"));
    let target = elsewhere.path().join("linked.pem");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(&file, "one").unwrap();
    std::fs::write(&target, "two").unwrap();
    std::os::unix::fs::symlink(&target, folder.join("link.pem")).unwrap();
    let roots = Roots::Files(vec![file.clone(), folder.clone()]);
    let publish = |ca: &DevelopmentCa| {
        let mut times = 0;
        let read = || {
            times += 1;
            found(vec![root("a")])
        };
        files.publish_from(ca, &roots, read).map(|_| times)
    };
    let times = || publish(&ca).unwrap();
    assert_eq!((times(), times()), (1, 0));
    let new = folder.join("new.pem");
    let changes: [(&str, &dyn Fn() -> std::io::Result<()>); 6] = [
        ("a file's content", &|| std::fs::write(&file, "eno")),
        ("what a link is to", &|| std::fs::write(&target, "owt")),
        ("one more", &|| std::fs::write(&new, "")),
        ("one less", &|| std::fs::remove_file(&new)),
        ("what was written", &|| std::fs::write(&files.pem, "")),
        ("that for Java", &|| std::fs::remove_file(&files.java)),
    ];
    for (what, change) in changes {
        change().unwrap();
        assert_eq!((times(), times()), (1, 0), "{what}");
        assert!(std::fs::metadata(&files.pem).unwrap().len() > 0, "{what}");
    }
    // Another CA.
    let other = DevelopmentCa::load_or_create(elsewhere.path()).unwrap();
    assert_eq!(publish(&other).unwrap(), 1);
    // Others may write what clients trust.
    std::fs::set_permissions(&files.pem, PermissionsExt::from_mode(0o666)).unwrap();
    let refused = publish(&other).unwrap_err();
    assert!(matches!(refused, TlsError::Unusable(_)), "{refused}");
}

#[test]
fn a_system_without_roots_is_said_at_each_start() {
    let folder = tempfile::tempdir().unwrap();
    let (ca, files) = (ca(folder.path()), TrustFiles::of(folder.path()));
    let roots = Roots::Files(Vec::new());
    for _ in 0..2 {
        let said = files.publish_from(&ca, &roots, || found(Vec::new()));
        assert!(said.unwrap().is_some());
    }
}
