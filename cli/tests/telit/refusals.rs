//! What the module refuses for files: whose turn it is decides the exit code.

use telit_simulator::servers::TestServers;

use crate::harness::finish;
use crate::services::World;

const SIZE: [&str; 5] = ["ftps", "size", "ftps://device@files.test/f", "--password-env", "FTP_PASSWORD"];
const REMOVE: [&str; 5] = ["ftps", "rm", "ftps://device@files.test/f", "--password-env", "FTP_PASSWORD"];

/// The command line that the module refuses, with which code, and the exit code of the tool.
const TABLE: [(&[&str], &str, u16, i32); 11] = [
    (&SIZE, "#FTPOPEN", 603, 5),
    (&SIZE, "#FTPOPEN", 605, 5),
    (&SIZE, "#FTPOPEN", 612, 7),
    (&SIZE, "#FTPOPEN", 634, 4),
    // Behind the login: the network, or no reason at all.
    (&SIZE, "#FTPTYPE", 616, 5),
    (&SIZE, "#FTPTYPE", 637, 5),
    (&SIZE, "#FTPTYPE", 600, 4),
    (&SIZE, "#FTPFSIZE", 617, 5),
    (&SIZE, "#FTPFSIZE", 632, 4),
    // The file is found to be there still.
    (&REMOVE, "#FTPDELE", 620, 5),
    (&SIZE, "#FTPFSIZE", 612, 7),
];

#[test]
fn the_network_is_told_from_who_says_no() {
    let world = World::start();
    world.servers.ftps().put_file("f", b"x").unwrap();
    for (words, command, code, expected) in TABLE {
        let fault = format!("error:command={command},code={code},times=0");
        let module = world.simulated(&["--fault", &fault]);
        let ran = finish(world.started(words, module.port())).failed(expected);
        assert!(!ran.stderr.contains(TestServers::FTP_PASSWORD), "{ran:?}");
        assert!(!ran.error().contains("unknown"), "{command} {code}: {ran:?}");
    }
}
