//! Any bytes as the files of a source. A byte that no UTF-8 text contains divides them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pure::{answer, tree};

/// Where the files lie: two with documents, one of configuration, and one that says what to leave out.
const PATHS: [&str; 4] = ["apps/a.yaml", "b.yml", "apps/config/c", ".portfolioignore"];

fuzz_target!(|bytes: &[u8]| {
    let files = bytes.splitn(PATHS.len(), |byte| *byte == 0xff);
    answer(&tree(PATHS.into_iter().zip(files)), Some("prod"));
});
