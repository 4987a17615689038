//! Runs a target's function on every input of its corpus: what was found once is tried each time.

use std::path::Path;

/// `fuzz/corpus/TARGET` of the repository.
///
/// # Panics
/// There is no such corpus, or `run` panics.
pub fn replay(target: &str, run: fn(&[u8])) {
    let corpus = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../corpus")).join(target);
    let inputs: Vec<_> = std::fs::read_dir(&corpus)
        .unwrap_or_else(|error| panic!("{}: {error}", corpus.display()))
        .collect();
    assert!(!inputs.is_empty(), "{} is empty", corpus.display());
    for input in inputs {
        let path = input.unwrap_or_else(|error| panic!("{error}")).path();
        let data = std::fs::read(&path).unwrap_or_else(|error| panic!("{error}"));
        // The name of the input that panics.
        println!("{}", path.display());
        run(&data);
    }
}
