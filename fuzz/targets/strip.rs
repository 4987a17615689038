#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| local_easy_auth::fuzzing::strip(data));
