//! Every number that the module says in the golden conversations, replaced by what no number should be.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Instant;

use telit_fuzz_targets::clients::{attempt, encode};

/// Too large for every type, just within the largest, negative, none at all, and no number.
const HOSTILE: [&str; 6] =
    ["18446744073709551615", "4294967295", "65536", "-1", "", "999999999999999999999999999999"];

/// Answers and codes whose numbers are lengths: each gets them all, every other number one after the other.
const LENGTHS: [&str; 9] = [
    "#HTTPRING",
    "#MQRING",
    "#MQREAD",
    "SSLSRING",
    "#SSLRECV",
    "#SSLI",
    "#FTPRECV",
    "#FTPFSIZE",
    "#FTPAPPEXT",
];

/// A conversation of platform 37: the job, and the answers in order.
struct Conversation {
    job: Vec<u8>,
    answers: Vec<Vec<u8>>,
}

fn conversations() -> Vec<Conversation> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds/clients");
    let files =
        fs::read_dir(folder).expect("the folder is there").map(|file| file.expect("it is readable").path());
    let is_ours =
        |path: &Path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("golden-37-"));
    let mut files: Vec<_> = files.filter(|path| is_ours(path)).collect();
    files.sort();
    assert_eq!(files.len(), 11, "every job");
    files.iter().map(|path| conversation(&fs::read(path).expect("it is readable"))).collect()
}

fn conversation(seed: &[u8]) -> Conversation {
    let (job, script) = seed.split_at(3);
    let answers: Vec<Vec<u8>> = script.split(|byte| *byte == 0).map(<[u8]>::to_vec).collect();
    Conversation { job: job.to_vec(), answers }
}

impl Conversation {
    fn with(&self, at: usize, answer: Vec<u8>) -> Vec<u8> {
        let mut answers = self.answers.clone();
        if let Some(changed) = answers.get_mut(at) {
            *changed = answer;
        }
        [self.job.clone(), encode(&answers)].concat()
    }
}

/// Where the numbers of a text are.
fn numbers(text: &[u8]) -> Vec<std::ops::Range<usize>> {
    let is_digit = |at: usize| text.get(at).is_some_and(u8::is_ascii_digit);
    let starts = (0..text.len()).filter(|at| is_digit(*at) && (*at == 0 || !is_digit(*at - 1)));
    starts.map(|start| start..(start..=text.len()).find(|at| !is_digit(*at)).unwrap_or(text.len())).collect()
}

/// Each client ends with a result or with an error: no panic, no wait beyond its bound, no memory for what is only
/// announced.
#[test]
fn hostile_numbers_end_in_results_or_typed_errors() {
    let started = Instant::now();
    let (mut seen, mut run, mut refused) = (BTreeSet::new(), 0, 0);
    for conversation in conversations() {
        for (at, answer) in conversation.answers.iter().enumerate() {
            if !seen.insert(answer.clone()) {
                continue;
            }
            let text = String::from_utf8_lossy(answer);
            let count = if LENGTHS.iter().any(|name| text.contains(name)) { HOSTILE.len() } else { 1 };
            for number in numbers(answer) {
                for hostile in HOSTILE.iter().cycle().skip(run).take(count) {
                    let mut changed = answer.clone();
                    changed.splice(number.clone(), hostile.bytes());
                    run += 1;
                    refused += usize::from(attempt(&conversation.with(at, changed)).is_err());
                }
            }
        }
    }
    println!(
        "{run} conversations with a hostile number, {refused} ended in an error ({:?})",
        started.elapsed()
    );
    assert!(run > 500 && refused > 50, "{run} {refused}");
}
