//! Seeds made from the golden transcripts: they lead deep into what the targets test.

use std::fs;

use telit_core::platform::PlatformId;
use telit_fuzz_targets::clients::{JOBS, PASSWORD, PAYLOAD, Turn, attempt_with, encode, fixtures, turns};

use crate::{files, seeds, workspace};

/// What begins the names of generated seeds.
const PREFIX: &str = "golden-";
/// Not every module has it, so another's answer is worth nothing.
const SERVER_NAME_FORM: &[u8] = b"AT#SSLSECCFG2=?\r";

fn folder(name: &str) -> Vec<(String, Vec<u8>)> {
    let files = files(&workspace().join("tests/transcripts").join(name));
    files.into_iter().map(|(name, file)| (name.trim_end_matches(".txt").to_owned(), file)).collect()
}

/// Compares the seeds that are kept with those that the transcripts give, or writes them.
pub(crate) fn check(target: &str, expected: Vec<(String, Vec<u8>)>) {
    let folder = seeds(target);
    let mut expected: Vec<_> =
        expected.into_iter().map(|(name, seed)| (format!("{PREFIX}{name}"), seed)).collect();
    expected.sort();
    if std::env::var_os("TELIT_WRITE_SEEDS").is_some() {
        fs::create_dir_all(&folder).expect("the folder is writable");
        for (name, _) in files(&folder).iter().filter(|(name, _)| name.starts_with(PREFIX)) {
            fs::remove_file(folder.join(name)).expect("it is writable");
        }
        for (name, seed) in &expected {
            fs::write(folder.join(name), seed).expect("it is writable");
        }
    }
    let kept: Vec<_> = files(&folder).into_iter().filter(|(name, _)| name.starts_with(PREFIX)).collect();
    let names = |seeds: &[(String, Vec<u8>)]| seeds.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&kept), names(&expected), "TELIT_WRITE_SEEDS=1 writes them anew");
    let different = kept.iter().zip(&expected).filter(|(kept, expected)| kept.1 != expected.1);
    let different: Vec<&str> = different.map(|(kept, _)| kept.0.as_str()).collect();
    assert!(different.is_empty(), "{different:?}: TELIT_WRITE_SEEDS=1 writes them anew");
}

/// Everything that the module says, for the targets that read lines and values.
#[test]
fn what_the_module_says() {
    let said = |file: &[u8]| turns(file).into_iter().flat_map(|turn| turn.answer).collect::<Vec<u8>>();
    let seeds: Vec<_> = folder("").into_iter().map(|(name, file)| (name, said(&file))).collect();
    check("codec", seeds.clone());
    let values = seeds.into_iter().map(|(name, said)| {
        let lines: Vec<String> = String::from_utf8_lossy(&said)
            .split(['\r', '\n'])
            .filter(|line| !line.is_empty())
            .map(str::to_owned)
            .collect();
        (name, lines.join("\n").into_bytes())
    });
    check("values", values.collect());
}

/// The conversation as operations on an engine.
#[test]
fn what_the_engine_does() {
    let seeds = folder("").into_iter().map(|(name, file)| {
        let operations = turns(&file).iter().flat_map(operations).collect::<Vec<u8>>();
        (name, [vec![0], operations].concat())
    });
    check("engine", seeds.collect());
}

fn operations(turn: &Turn) -> Vec<u8> {
    let mut operations = match turn.said.as_slice() {
        // Close, and two seconds.
        b"+++" => vec![0x06, 0x03, 2],
        said => match exchange(&String::from_utf8_lossy(said)) {
            Some(number) => vec![0x01, number],
            None => vec![0x05, 20],
        },
    };
    for byte in &turn.answer {
        if byte.is_ascii_control() && !matches!(byte, b'\r' | b'\n') {
            operations.push(0x1f);
        }
        operations.push(*byte);
    }
    // 30 milliseconds.
    operations.extend([0x02, 3]);
    operations
}

/// The number of the exchange that comes nearest. `None` for what is no command.
fn exchange(said: &str) -> Option<u8> {
    const NUMBERS: [(&str, u8); 14] = [
        ("AT#SSLSECDATA=", 5),
        ("AT#SSLSENDEXT=", 6),
        ("AT#SSLSEND=", 5),
        ("AT#HTTPSND=", 7),
        ("AT#MQPUBSEXT=", 8),
        ("AT#FTPRECV=", 10),
        ("AT#SSLRECV=", 11),
        ("AT#MQREAD=", 12),
        ("AT#HTTPRCV=", 13),
        ("AT#FTPGET=", 15),
        ("AT#SSLD=", 18),
        ("AT#SSLO=", 19),
        ("AT#FTPMSG", 4),
        ("AT+CG", 3),
    ];
    if !said.starts_with("AT") {
        return None;
    }
    let named = NUMBERS.iter().find(|(name, _)| said.starts_with(name)).map(|(_, number)| *number);
    Some(named.unwrap_or_else(|| u8::from(!said.ends_with("?\r"))))
}

/// What is said to what, by how that begins.
type Answers<'a> = &'a [(&'a str, &'a str)];

/// Jobs that no transcript is recorded for, the one whose conversation comes nearest, and what else the module says,
/// by how the line or the payload begins.
const OTHER_JOBS: [(&str, &str, Answers<'_>); 5] = [
    (
        "37-https-post",
        "37-https-get",
        &[("AT#HTTPSND=", "\r\n>>>"), ("a body", "\r\nOK\r\n\r\n#HTTPRING: 0,201,\"text/plain\",15\r\n")],
    ),
    (
        "37-ftps-buffered",
        "37-ftps-get",
        &[
            ("AT#FTPGETPKT=", "\r\nOK\r\n"),
            ("AT#FTPRECV=", "\r\n#FTPRECV: 23\r\nthe content of file.txt\r\n\r\nOK\r\n"),
            ("AT#FTPGETPKT?", "\r\n#FTPGETPKT: \"file.txt\",0,1\r\n\r\nOK\r\n"),
        ],
    ),
    (
        "37-ftps-put",
        "37-ftps-get",
        &[
            ("AT#FTPPUT=", "\r\nOK\r\n"),
            ("AT#FTPAPPEXT=?", "\r\n#FTPAPPEXT: (1-1500),(0,1)\r\n\r\nOK\r\n"),
            ("AT#FTPAPPEXT=", "\r\n> "),
            ("the content of file.tx", "\r\n#FTPAPPEXT: 22\r\n\r\nOK\r\n"),
            ("t", "\r\n#FTPAPPEXT: 1\r\n\r\nOK\r\n"),
            ("AT#FTPMSG", "\r\n#FTPMSG: 226 Closing data connection.\r\n\r\nOK\r\n"),
        ],
    ),
    (
        "37-ftps-directory",
        "37-ftps-get",
        &[
            ("AT#FTPCWD=", "\r\nOK\r\n"),
            ("AT#FTPPWD", "\r\n#FTPPWD: 257 \"/files\" is the current directory.\r\n\r\nOK\r\n"),
            (
                "AT#FTPLIST",
                "\r\nCONNECT\r\n-rw-r--r-- 1 u g 23 Nov 25 12:00 file.txt\r\nd--------- 2 u g 0 Nov 25 2025 d\r\n\r\nNO CARRIER\r\n",
            ),
            ("AT#FTPDELE=", "\r\nOK\r\n"),
            ("AT#FTPMSG", "\r\n#FTPMSG: 226 Closing data connection.\r\n\r\nOK\r\n"),
        ],
    ),
    (
        "37-socket-online",
        "37-socket",
        &[
            ("AT#SSLCFG=", "\r\nOK\r\n"),
            ("AT#SSLD=", "\r\nCONNECT\r\n"),
            ("hello", "hello"),
            ("+++", "\r\nOK\r\n"),
            ("AT#SSLO=", "\r\nCONNECT\r\n"),
            ("AT#SSLI=", "\r\n#SSLI: 1,5,5,0,0\r\n\r\nOK\r\n"),
        ],
    ),
];

/// The SDK's own conversations: each leads the clients to the end of the job. What the SDK had asked before the
/// recording began is answered from the other conversations.
#[test]
fn what_the_clients_do() {
    let recorded: Vec<_> = folder("sdk").into_iter().map(|(name, file)| (name, turns(&file))).collect();
    let seeds = recorded.iter().map(|(name, turns)| (name.clone(), seed(name, turns, &recorded, &[])));
    let others = OTHER_JOBS.iter().map(|(name, nearest, more)| {
        let (_, turns) = recorded.iter().find(|(name, _)| name == nearest).expect("it is recorded");
        ((*name).to_owned(), seed(name, turns, &recorded, more))
    });
    check("clients", seeds.chain(others).collect());
}

/// The input that leads to the end of the job, with the first cipher policy that the platform can do.
fn seed(name: &str, turns: &[Turn], recorded: &[(String, Vec<Turn>)], more: Answers<'_>) -> Vec<u8> {
    let (platform, job) = platform_and_job(name);
    let attempts = (0..3).map(|policy| {
        let mut witness = Witness::new(platform, turns, recorded, more);
        let ended = attempt_with([platform, job, policy], |said| witness.answer(said));
        ended.map(|()| [vec![platform, job, policy], encode(&witness.given)].concat())
    });
    let attempts: Vec<_> = attempts.collect();
    let seed = attempts.iter().find_map(|seed| seed.clone().ok());
    assert!(seed.is_some(), "{name}: {attempts:?}");
    seed.unwrap_or_default()
}

/// Answers as the modules of the transcripts did.
struct Witness<'a> {
    turns: Vec<Turn>,
    next: usize,
    /// What modules of the same platform answered, and then all others.
    others: Vec<Turn>,
    /// Before the others, by how the words begin.
    more: Answers<'a>,
    given: Vec<Vec<u8>>,
}

impl<'a> Witness<'a> {
    fn new(platform: u8, turns: &[Turn], recorded: &[(String, Vec<Turn>)], more: Answers<'a>) -> Self {
        let (same, others): (Vec<_>, Vec<_>) =
            recorded.iter().partition(|(name, _)| platform_and_job(name).0 == platform);
        let others = same.into_iter().chain(others).flat_map(|(_, turns)| turns.clone());
        Self { turns: turns.to_vec(), next: 0, others: others.collect(), more, given: Vec::new() }
    }

    fn answer(&mut self, said: &[u8]) -> Vec<u8> {
        let answer = match self.find(said) {
            secret if secret.starts_with(b"[redacted]") => {
                b"\r\n#SSLSECDATA: 1,2\r\n{client-key}\r\n\r\nOK\r\n".to_vec()
            }
            answer => answer,
        };
        self.given.push(answer.clone());
        answer
    }

    fn find(&mut self, said: &[u8]) -> Vec<u8> {
        let is_form = |line: &[u8]| line.ends_with(b"?\r") || line.ends_with(b"?");
        let fits = |begins: &[u8]| said.starts_with(begins) && is_form(begins) == is_form(said);
        if let Some((_, answer)) = self.more.iter().find(|(begins, _)| fits(begins.as_bytes())) {
            return answer.as_bytes().to_vec();
        }
        if let Some((at, turn)) = self.is_next(said) {
            self.next = at + 1;
            return turn.answer;
        }
        let other = self.others.iter().find(|turn| turn.said == said && said != SERVER_NAME_FORM);
        other.map_or_else(|| b"\r\nERROR\r\n".to_vec(), |turn| turn.answer.clone())
    }

    /// The turn with these words, from where the conversation is on. A payload is not known by its bytes.
    fn is_next(&self, said: &[u8]) -> Option<(usize, Turn)> {
        let is_payload = |bytes: &[u8]| !bytes.starts_with(b"AT");
        let mut rest = self.turns.iter().enumerate().skip(self.next);
        let found = rest.clone().find(|(_, turn)| filled_in(&turn.said) == said);
        let payload = || rest.next().filter(|(_, turn)| is_payload(&turn.said) && is_payload(said));
        found.or_else(payload).map(|(at, turn)| (at, turn.clone()))
    }
}

/// With the sizes of the fixtures, and what is not shown: a payload on the command line, or the password.
fn filled_in(said: &[u8]) -> Vec<u8> {
    let hidden = if said.starts_with(b"AT#MQPUBS=") { PAYLOAD } else { PASSWORD };
    let mut text = String::from_utf8_lossy(said).replace("[redacted]", hidden);
    for (name, content) in fixtures() {
        text = text.replace(&format!("{{{name}.size}}"), &content.len().to_string());
    }
    text.into_bytes()
}

/// By their numbers.
fn platform_and_job(name: &str) -> (u8, u8) {
    let number = |at: Option<usize>| u8::try_from(at.expect("it is known")).expect("there are few");
    let is_of = |platform: PlatformId, job: &str| name == format!("{platform}-{job}");
    let job = JOBS.iter().position(|job| PlatformId::ALL.into_iter().any(|platform| is_of(platform, job)));
    let platform =
        PlatformId::ALL.into_iter().position(|platform| JOBS.iter().any(|job| is_of(platform, job)));
    (number(platform), number(job))
}
