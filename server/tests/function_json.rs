//! `greeting/function.json` against Microsoft's published schema.

use std::path::Path;

#[test]
#[ignore = "needs third-party schemas: set GREETING_SHARED"]
fn function_json_fits_the_schema() {
    let shared = std::env::var("GREETING_SHARED")
        .expect("GREETING_SHARED names the folder that holds schemas/");
    let read = |path: &Path| {
        let text = std::fs::read_to_string(path).unwrap();
        // Microsoft's file begins with a byte order mark.
        serde_json::from_str::<serde_json::Value>(text.trim_start_matches('\u{feff}')).unwrap()
    };
    let schema = read(&Path::new(&shared).join("schemas/function.schema.json"));
    let function = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../greeting/function.json"));
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<_> = validator
        .iter_errors(&function)
        .map(|error| error.to_string())
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
}
