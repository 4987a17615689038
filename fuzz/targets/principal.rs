#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| greeting_server::fuzzing::principal(data));
