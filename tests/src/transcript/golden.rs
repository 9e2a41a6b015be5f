//! The examples of the SSL guide, played against the virtual module of every platform they are meant for.

use std::fs;
use std::path::PathBuf;

use telit_simulator::Platform;
use telit_transcript::Transcript;
use tokio::task::JoinSet;

use super::{Header, Stage, play};

/// Whose virtual module there is.
const SIMULATED: &[Platform] = &Platform::ALL;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("transcripts")
}

/// The golden transcripts by their file names, in order.
fn transcripts() -> Vec<(String, String)> {
    let entries =
        fs::read_dir(folder()).expect("the folder is there").map(|entry| entry.expect("it is readable"));
    let files = entries.filter(|entry| entry.path().is_file());
    let mut read: Vec<_> = files
        .map(|file| {
            let name = file.file_name().into_string().expect("the name is text");
            (name, fs::read_to_string(file.path()).expect("it is text"))
        })
        .collect();
    read.sort();
    assert!(!read.is_empty(), "no transcripts");
    read
}

fn read(name: &str, text: &str) -> (Transcript, Header) {
    let transcript: Transcript = text.parse().unwrap_or_else(|error| panic!("{name}: {error}"));
    let header = Header::of(&transcript).unwrap_or_else(|error| panic!("{name}: {error}"));
    (transcript, header)
}

/// Plays all transcripts of a chapter on all their platforms at once.
async fn play_chapter(chapter: &str) {
    let mut playing = JoinSet::new();
    for (name, text) in transcripts().into_iter().filter(|(name, _)| is_of(name, chapter)) {
        let (transcript, header) = read(&name, &text);
        for platform in header.platforms.iter().copied().filter(|platform| SIMULATED.contains(platform)) {
            let (name, transcript, header) = (name.clone(), transcript.clone(), header.clone());
            playing.spawn(async move {
                let played = play(&transcript, Stage::set(platform, &header).await).await;
                played.err().map(|divergence| format!("{name} on {platform}: {divergence}"))
            });
        }
    }
    let mut divergences: Vec<_> = playing.join_all().await.into_iter().flatten().collect();
    divergences.sort();
    assert!(divergences.is_empty(), "{}", divergences.join("\n"));
}

fn is_of(name: &str, chapter: &str) -> bool {
    name.strip_prefix(chapter).is_some_and(|rest| rest.starts_with(['.', '-']))
}

const CHAPTERS: [&str; 6] = ["5", "6", "7", "8", "9", "10"];

#[test]
fn every_transcript_is_played_and_written_as_it_is_printed() {
    for (name, text) in transcripts() {
        let (transcript, _) = read(&name, &text);
        assert!(CHAPTERS.iter().any(|chapter| is_of(&name, chapter)), "{name} is of no chapter");
        assert_eq!(transcript.to_string(), text, "{name}");
    }
}

#[tokio::test]
async fn chapter_5_context() {
    play_chapter("5").await;
}

#[tokio::test]
async fn chapter_6_configuration() {
    play_chapter("6").await;
}

#[tokio::test]
async fn chapter_7_sockets() {
    play_chapter("7").await;
}

#[tokio::test]
async fn chapter_8_https() {
    play_chapter("8").await;
}

#[tokio::test]
async fn chapter_9_ftps() {
    play_chapter("9").await;
}

#[tokio::test]
async fn chapter_10_mqtt() {
    play_chapter("10").await;
}

/// What the player says of a conversation that goes otherwise.
async fn divergence(events: &str) -> String {
    let text = format!("0.000 # source: none\n0.000 # platforms: 37\n0.000 # ports: 1\n{events}");
    let (transcript, header) = read("a test", &text);
    let played = play(&transcript, Stage::set(Platform::P37, &header).await).await;
    played.expect_err("it diverges").to_string()
}

#[tokio::test]
async fn a_difference_is_shown_with_its_line() {
    let different = divergence("0.000 > ATE0\\r\n0.000 < ATE0\\r\\r\\nERROR\\r\\n\n").await;
    let shown = "line 5: `0.000 < ATE0\\r\\r\\nERROR\\r\\n`: got `ATE0\\r\\r\\nO";
    assert!(different.starts_with(shown), "{different}");
    let too_much = divergence("0.000 > ATE0\\r\n0.000 < ATE0\\r\n").await;
    assert!(too_much.starts_with("line 5: `nothing more`: got `\\r"), "{too_much}");
    let secret = divergence("0.000 > AT[redacted]\\r\n").await;
    assert!(secret.starts_with("line 4: `0.000 > AT[redacted]\\r`: "), "{secret}");
    let no_server = divergence("0.000 # server closes\n").await;
    assert_eq!(no_server, "line 4: `0.000 # server closes`: the server is not scripted");
}
