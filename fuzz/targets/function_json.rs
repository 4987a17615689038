#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| local_functions_host::fuzzing::function_json(data));
