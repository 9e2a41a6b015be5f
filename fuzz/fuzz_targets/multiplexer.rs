#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| telit_fuzz_targets::multiplexer(input));
