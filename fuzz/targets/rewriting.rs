#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| local_http::fuzzing::rewriting(data));
