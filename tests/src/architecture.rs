//! The import table of ARCHITECTURE.md, held against the code.

use std::path::{Path, PathBuf};

/// Module of `core` and what it must not import.
const FORBIDDEN: [(&str, &[&str]); 17] = [
    (
        "at",
        &[
            "commands",
            "driver",
            "error",
            "exclusive",
            "modem",
            "platform",
            "socket",
            "supervisor",
            "tls",
            "transport",
            "tokio",
        ],
    ),
    (
        "platform",
        &[
            "at",
            "commands",
            "driver",
            "error",
            "exclusive",
            "modem",
            "socket",
            "supervisor",
            "tls",
            "transport",
            "tokio",
        ],
    ),
    (
        "transport",
        &["at", "commands", "driver", "exclusive", "modem", "platform", "socket", "supervisor", "tls"],
    ),
    ("error.rs", &["commands", "driver", "exclusive", "modem", "socket", "supervisor", "tls", "transport"]),
    ("driver", &["commands", "exclusive", "modem", "platform", "socket", "supervisor", "tls"]),
    ("commands", &["driver", "exclusive", "modem", "socket", "supervisor", "tls", "transport", "tokio"]),
    ("exclusive", &["commands", "modem", "socket", "supervisor", "tls", "transport"]),
    (
        "multiplexer",
        &[
            "at",
            "channels",
            "commands",
            "driver",
            "error",
            "exclusive",
            "modem",
            "platform",
            "socket",
            "supervisor",
            "tls",
            "transport",
            "tokio",
        ],
    ),
    ("channels", &["exclusive", "socket", "supervisor"]),
    ("modem", &["channels", "multiplexer", "socket", "supervisor", "tls"]),
    ("tls", &["socket", "supervisor", "transport"]),
    ("socket", &["transport", "supervisor"]),
    ("diagnosis", &["channels", "download", "driver", "multiplexer", "pool", "supervisor", "transport"]),
    ("supervisor", &["pool", "socket", "tls"]),
    ("pool", &["at", "commands", "exclusive", "platform", "socket", "tls"]),
    (
        "download",
        &["at", "commands", "exclusive", "modem", "platform", "socket", "supervisor", "tls", "transport"],
    ),
    ("backoff.rs", &["at", "commands", "driver", "exclusive", "modem", "platform", "socket", "tls", "tokio"]),
];

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests is in the workspace").to_owned()
}

fn rust_files(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let entries = std::fs::read_dir(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let paths = entries.map(|entry| entry.expect("it is readable").path());
    paths
        .flat_map(|path| if path.is_dir() { rust_files(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}

/// The crate's own modules and the crates that a file imports, outside its tests.
fn imports(file: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(file).expect("it is readable");
    let code = text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
    let uses = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    uses.flat_map(|line| {
        line.match_indices("crate::").map(|(at, _)| line[at + 7..].to_owned()).collect::<Vec<_>>()
    })
    .map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default().to_owned())
    .chain(code.contains("tokio::").then(|| "tokio".to_owned()))
    .collect()
}

#[test]
fn imports_point_one_way() {
    let core = workspace().join("core/src");
    let mut checked = 0;
    for (module, forbidden) in FORBIDDEN {
        for file in rust_files(&core.join(module)) {
            let wrong: Vec<_> =
                imports(&file).into_iter().filter(|import| forbidden.contains(&import.as_str())).collect();
            assert!(wrong.is_empty(), "{} must not import {wrong:?}", file.display());
            checked += 1;
        }
    }
    assert!(checked > 30, "the files were not found");
}

#[test]
fn services_do_not_import_each_other_and_nobody_shares_code_with_the_simulator() {
    for (package, forbidden) in [
        ("core", &["telit-mqtt", "telit-https", "telit-ftps", "telit-simulator"][..]),
        ("mqtt", &["telit-https", "telit-ftps", "telit-simulator"]),
        ("https", &["telit-mqtt", "telit-ftps", "telit-simulator"]),
        ("ftps", &["telit-mqtt", "telit-https", "telit-simulator"]),
        ("simulator", &["telit-core", "telit-mqtt", "telit-https", "telit-ftps"]),
    ] {
        let manifest =
            std::fs::read_to_string(workspace().join(package).join("Cargo.toml")).expect("it exists");
        for name in forbidden {
            let imports = manifest.lines().any(|line| line.starts_with(name));
            assert!(!imports, "{package} must not depend on {name}");
        }
    }
}

#[test]
fn the_sdk_links_no_tls_library() {
    let tree = std::process::Command::new(env!("CARGO"))
        .args(["tree", "--edges", "normal", "--prefix", "none", "--locked", "--offline"])
        .args(["-p", "telit-mqtt", "-p", "telit-https", "-p", "telit-ftps", "-p", "telit-core"])
        .current_dir(workspace())
        .output()
        .expect("cargo runs");
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let tree = String::from_utf8_lossy(&tree.stdout).into_owned();
    assert!(tree.contains("telit-core"), "{tree}");
    for library in ["openssl", "rustls", "native-tls", "ring ", "telit-simulator"] {
        assert!(!tree.contains(library), "the SDK pulls {library}");
    }
}
