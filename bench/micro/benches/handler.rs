//! The handler's decision on a principal of 20 claims.

use divan::{Bencher, black_box};
use greeting_server::authorize::{Decision, EasyAuth, authorize};
use micro::principal;

fn main() {
    divan::main();
}

fn decision(header: &str) -> Decision {
    authorize(EasyAuth::On, [black_box(header.as_bytes())])
}

/// The same bytes as the time before.
#[divan::bench]
fn granted_again(bencher: Bencher) {
    let header = principal("Greeting.Read", 0);
    assert_eq!(decision(&header), Decision::Granted);
    bencher.bench_local(|| decision(&header));
}

/// Two callers in turn: every header is read.
#[divan::bench]
fn granted_to_two_in_turn(bencher: Bencher) {
    let headers = [0, 1].map(|number| principal("Greeting.Read", number));
    let mut turn = 0;
    bencher.bench_local(|| {
        turn ^= 1;
        decision(&headers[turn])
    });
}

#[divan::bench]
fn refused_for_its_scope(bencher: Bencher) {
    let header = principal("Profile.Read", 0);
    assert_eq!(decision(&header), Decision::MissingScope);
    bencher.bench_local(|| decision(&header));
}

#[divan::bench]
fn refused_as_malformed(bencher: Bencher) {
    let mut header = principal("Greeting.Read", 0);
    header.replace_range(0..1, "*");
    bencher.bench_local(|| decision(&header));
}
