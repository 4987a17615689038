//! The gate's decision on a bearer token, its issuer's keys being known.

use divan::{Bencher, black_box};
use local_easy_auth::Verdict;
use micro::Gate;
use tokio::runtime::Runtime;

fn main() {
    divan::main();
}

/// A gate that has its issuer's keys.
fn gate() -> (Runtime, Gate) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let gate = Gate::new();
    let verdict = judged(&runtime, &gate, &gate.token(0));
    assert!(matches!(verdict, Verdict::Pass(_)), "{verdict:?}");
    (runtime, gate)
}

fn judged(runtime: &Runtime, gate: &Gate, token: &str) -> Verdict {
    runtime.block_on(gate.rules.judge("/api/greeting", black_box(token)))
}

/// The same token again.
#[divan::bench]
fn one_token(bencher: Bencher) {
    let (runtime, gate) = gate();
    let token = gate.token(1);
    bencher.bench_local(|| judged(&runtime, &gate, &token));
}

/// A token that it has not seen: its signature is checked. To sign it is not measured.
#[divan::bench(sample_count = 20, sample_size = 20)]
fn a_new_token(bencher: Bencher) {
    let (runtime, gate) = gate();
    let mut number = 1;
    bencher
        .with_inputs(|| {
            number += 1;
            gate.token(number)
        })
        .bench_local_values(|token| judged(&runtime, &gate, &token));
}

/// A token that nobody signed.
#[divan::bench]
fn a_forged_token(bencher: Bencher) {
    let (runtime, gate) = gate();
    let mut token = gate.token(1);
    let last = token.rfind('.').expect("three parts") + 10;
    let other = if &token[last..=last] == "A" { "B" } else { "A" };
    token.replace_range(last..=last, other);
    assert!(matches!(
        judged(&runtime, &gate, &token),
        Verdict::Unauthorized(_)
    ));
    bencher.bench_local(|| judged(&runtime, &gate, &token));
}
