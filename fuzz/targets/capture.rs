#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| greeting_cli::fuzzing::capture(data));
