use super::*;

const LOAD: u32 = 1;
const INTERPRETER: u32 = 3;

/// A minimal program: a header, one segment of `kind`, and that segment's content.
fn program(machine: u16, kind: u32) -> Vec<u8> {
    let content = b"/lib64/ld-linux-x86-64.so.2\0";
    let mut bytes = vec![0; 64];
    bytes[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
    bytes[16..18].copy_from_slice(&2_u16.to_le_bytes());
    bytes[18..20].copy_from_slice(&machine.to_le_bytes());
    bytes[32..40].copy_from_slice(&64_u64.to_le_bytes());
    bytes[54..56].copy_from_slice(&56_u16.to_le_bytes());
    bytes[56..58].copy_from_slice(&1_u16.to_le_bytes());
    bytes.extend(kind.to_le_bytes());
    bytes.extend(0_u32.to_le_bytes());
    bytes.extend(120_u64.to_le_bytes());
    bytes.extend([0; 16]);
    for _ in 0..2 {
        bytes.extend(u64::try_from(content.len()).unwrap().to_le_bytes());
    }
    bytes.extend([0; 8]);
    bytes.extend(content);
    bytes
}

#[test]
fn only_a_static_program_of_the_target_is_packaged() {
    let x86: Target = "x86_64-unknown-linux-gnu".parse().unwrap();
    let arm: Target = "aarch64-unknown-linux-musl".parse().unwrap();
    assert_eq!(check(&program(62, LOAD), &x86), Ok(()));
    assert_eq!(check(&program(183, LOAD), &arm), Ok(()));
    for (bytes, target, says) in [
        (
            program(62, INTERPRETER),
            &x86,
            "wants /lib64/ld-linux-x86-64.so.2 ",
        ),
        (
            program(183, LOAD),
            &x86,
            "it is for aarch64, not for x86_64",
        ),
        (program(62, LOAD), &arm, "it is for x86_64, not for aarch64"),
        (program(3, LOAD), &x86, "another architecture"),
        (b"MZ\x90".to_vec(), &x86, "not a 64-bit Linux program"),
        (vec![], &x86, "not a 64-bit Linux program"),
    ] {
        let why = check(&bytes, target).unwrap_err();
        assert!(why.contains(says), "{why}");
    }
    let whole = program(62, LOAD);
    for length in 0..whole.len() {
        assert!(check(&whole[..length], &x86).is_err(), "{length} bytes");
    }
}

#[test]
fn what_is_no_linux_is_no_target() {
    for triple in [
        "x86_64-pc-windows-msvc",
        "i686-unknown-linux-gnu",
        "",
        "linux",
    ] {
        let why = triple.parse::<Target>().unwrap_err();
        assert!(why.contains("x86_64-unknown-linux-musl"), "{why}");
    }
    assert!(
        "x86_64-unknown-linux-musl"
            .parse::<Target>()
            .unwrap()
            .runs_on_azure()
    );
    assert!(
        !"aarch64-unknown-linux-gnu"
            .parse::<Target>()
            .unwrap()
            .runs_on_azure()
    );
}
