//! `telit https get` to files, over `sim:`, with a web server behind the virtual network.

use std::fs;
use std::io::Read;
use std::process::Stdio;
use std::thread;

use indicatif::HumanBytes;
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use serde_json::json;
use telit_simulator::servers::pattern;

use crate::harness::{command, finish, telit};
use crate::services::{World, hex};

#[test]
fn a_download_goes_on_where_it_was_cut() {
    let world = World::start();
    let (image, target) = (pattern(300_000), world.file("image.bin"));
    world.servers.rest().put_file("image.bin", image.clone());
    let get = |options: &[&str]| {
        world.https("get", "/files/image.bin", &[&["--output", &target, "--json"][..], options].concat())
    };
    world.servers.rest().cut_next_file_after(100_000);
    let cut = get(&["--resume", "--retries", "0"]).failed(5);
    assert!(cut.stderr.contains("hint: run it again with --resume"), "{cut:?}");
    assert!(!fs::exists(&target).unwrap());

    let whole = get(&["--resume", "--sha256", &hex(&image)]).ok().object();
    assert_eq!((&whole["status"], &whole["bytes"]), (&json!(200), &json!(300_000)));
    assert_eq!((&whole["sha256"], &whole["attempts"]), (&json!(hex(&image)), &json!(1)));
    assert!(whole["resumed_from"].as_u64().unwrap() > 0, "{whole}");
    assert_eq!(fs::read(&target).unwrap(), image);

    // By itself, and with a token that the module could not carry.
    fs::remove_file(&target).unwrap();
    world.servers.rest().cut_next_file_after(100_000);
    let token = "t0ken".repeat(60);
    let words =
        ["https", "get", "https://rest.test/files/image.bin", "--resume", "--output", &target, "--json"];
    let again =
        world.https_with("37", ("TOKEN", &token), &[&words[..], &["--bearer-env", "TOKEN"]].concat()).ok();
    assert!(again.stderr.contains("attempt 2 follows: ") && !again.stderr.contains("t0ken"), "{again:?}");
    let again = again.object();
    assert_eq!((&again["attempts"], &again["resumed_from"]), (&json!(2), &json!(0)));
    assert_eq!(fs::read(&target).unwrap(), image);
    let requests = world.servers.rest().requests();
    assert!(requests.last().unwrap().header("range").is_some(), "{requests:?}");
}

#[test]
fn what_is_not_the_file_gets_no_name() {
    let world = World::start();
    let (image, target) = (pattern(5000), world.file("image.bin"));
    world.servers.rest().put_file("image.bin", image.clone());
    let get = |path: &str, options: &[&str]| {
        world.https("get", path, &[&["--output", &target][..], options].concat())
    };
    let wrong = get("/files/image.bin", &["--sha256", &hex(b"")]).failed(6);
    assert!(wrong.error().starts_with("the file has the SHA-256 "), "{wrong:?}");
    let missing = get("/files/other.bin", &["--resume"]).failed(4);
    assert_eq!(missing.error(), "the server answered with status 404");
    let away = get("/redirect/302?https://localhost.test/image.bin", &["--resume"]).failed(4);
    assert!(away.stderr.contains("hint: --any-host"), "{away:?}");
    assert!(!fs::exists(&target).unwrap());
    // Through the module, which hides where a part of a file belongs.
    let by_module = get("/files/image.bin", &["--sha256", &hex(&image), "--engine", "module"]).ok();
    let expected = format!("5000 bytes in {target}\nSHA-256 {}\n", hex(&image));
    assert_eq!(by_module.stdout, expected);
    assert_eq!(fs::read(&target).unwrap(), image);
    for options in [&["--resume"][..], &["--sha256", &hex(b"")], &["--output", &target, "--resume", "-i"]] {
        world.https("get", "/files/image.bin", options).failed(2);
    }
}

/// What the tool writes to a terminal that it has as standard error.
fn on_a_terminal(arguments: &[String]) -> String {
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&terminal).unwrap();
    unlockpt(&terminal).unwrap();
    let name = ptsname(&terminal, Vec::new()).unwrap();
    let screen = fs::File::options().write(true).open(name.to_str().unwrap()).unwrap();
    let mut command = command(arguments);
    let child = command.stdout(Stdio::null()).stderr(screen).spawn().unwrap();
    // It holds the other end of the terminal too.
    drop(command);
    let reading = thread::spawn(move || {
        let mut written = Vec::new();
        // The end of a terminal is an error.
        fs::File::from(terminal).read_to_end(&mut written).unwrap_or_default();
        String::from_utf8(written).unwrap()
    });
    assert_eq!(finish(child).code, Some(0));
    reading.join().unwrap()
}

#[test]
fn a_terminal_shows_how_far_it_is_and_nothing_else_does() {
    let world = World::start();
    world.servers.rest().put_file("image.bin", pattern(50_000));
    let target = world.file("image.bin");
    let words =
        ["https", "get", "https://rest.test/files/image.bin", "--output", &target, "--baud", "921600"];
    for resume in [&[][..], &["--resume"]] {
        let arguments = world.arguments(&[&words[..], resume].concat());
        assert_eq!(telit(&arguments).ok().stderr, "");
        let shown = on_a_terminal(&arguments);
        assert!(shown.contains("/48.83 KiB"), "{shown:?}");
        let quiet = on_a_terminal(&[&arguments[..], &["--quiet".to_owned()]].concat());
        assert_eq!(quiet, "");
    }
}

/// It begins at what is there already, which neither the rate nor the time left counts.
#[test]
fn the_bar_of_a_resumed_download_begins_at_what_is_there() {
    let world = World::start();
    let target = world.file("image.bin");
    world.servers.rest().put_file("image.bin", pattern(400_000));
    let words = ["https", "get", "https://rest.test/files/image.bin", "--output", &target, "--resume"];
    let arguments = world.arguments(&[&words[..], &["--baud", "921600"]].concat());
    world.servers.rest().cut_next_file_after(200_000);
    telit(&[&arguments[..], &["--retries".to_owned(), "0".to_owned()]].concat()).failed(5);
    let held = fs::metadata(world.file("image.bin.part")).unwrap().len();
    assert!(held > 100_000, "{held}");

    let shown = on_a_terminal(&arguments);
    let positions: Vec<&str> = shown
        .split("/390.62 KiB")
        .filter_map(|before| before.rsplit_once(' ').map(|(_, unit)| unit))
        .collect();
    let first = shown.split("/390.62 KiB").next().unwrap();
    assert!(first.ends_with(&format!(" {}", HumanBytes(held))), "{shown:?}");
    assert!(!positions.is_empty());
    // So much the line carries; with what was there before it would be twice that.
    let rates = shown.split(" KiB/s").filter_map(|before| before.rsplit_once(' '));
    let rates: Vec<f64> = rates.filter_map(|(_, rate)| rate.parse().ok()).collect();
    assert!(!rates.is_empty() && rates.iter().all(|rate| *rate < 92.0), "{rates:?} {shown:?}");
}

#[test]
fn an_interrupted_download_can_be_gone_on_with() {
    let world = World::start();
    let (image, target) = (pattern(600_000), world.file("image.bin"));
    world.servers.rest().put_file("image.bin", image.clone());
    let module = world.simulated(&["--baud", "921600"]);
    let get =
        ["https", "get", "https://rest.test/files/image.bin", "--output", &target, "--resume", "--json"];
    let download = world.started(&get, module.port());
    let part = world.file("image.bin.part");
    while !fs::metadata(&part).is_ok_and(|part| part.len() > 150_000) {
        thread::yield_now();
    }
    kill_process(Pid::from_child(&download), Signal::INT).unwrap();
    let ran = finish(download).failed(1);
    assert_eq!(ran.error(), "interrupted");
    assert!(ran.stderr.contains("hint: the part file is kept: run it again with --resume"), "{ran:?}");
    let rest = finish(world.started(&get, module.port())).ok().object();
    assert!(rest["resumed_from"].as_u64().unwrap() > 0, "{rest}");
    assert_eq!((&rest["bytes"], &rest["sha256"]), (&json!(600_000), &json!(hex(&image))));
    assert_eq!(fs::read(&target).unwrap(), image);
}
