//! Firmware whose manifest was signed by OpenSSL: only that image gets the name, however it comes.

use std::fs;

use openssl::pkey::{PKey, Private};
use openssl::sign::Signer;
use sha2::{Digest, Sha256};
use telit_core::Category;
use telit_core::download::{Manifest, ManifestError, ManifestKey};
use telit_ftps::FtpsClient;
use telit_https::{Engine, HttpsClient, HttpsOptions};
use telit_simulator::servers::{TestServers, pattern};
use tokio::io::AsyncReadExt;

use crate::rig::Rig;

const SIZE: usize = 20_000;

struct Maker(PKey<Private>);

impl Maker {
    fn new() -> Self {
        Self(PKey::generate_ed25519().expect("OpenSSL has it"))
    }

    fn key(&self) -> ManifestKey {
        let pem = self.0.public_key_to_pem().expect("it has one");
        ManifestKey::from_pem(str::from_utf8(&pem).expect("PEM is text")).expect("it is one")
    }

    fn sign(&self, document: &[u8]) -> Vec<u8> {
        let mut signer = Signer::new_without_digest(&self.0).expect("it is one");
        signer.sign_oneshot_to_vec(document).expect("it signs")
    }
}

fn document(image: &[u8]) -> Vec<u8> {
    let hash: String = Sha256::digest(image).iter().map(|byte| format!("{byte:02x}")).collect();
    let (size, version) = (image.len(), "4.2.0");
    serde_json::to_vec(&serde_json::json!({ "size": size, "sha256": hash, "version": version }))
        .expect("it is JSON")
}

/// Damaged, truncated, longer, and another one of the same size.
fn wrong_images() -> [Vec<u8>; 4] {
    let mut damaged = pattern(SIZE).to_vec();
    damaged[SIZE / 2] ^= 1;
    [damaged, pattern(SIZE - 1).to_vec(), pattern(SIZE + 1).to_vec(), vec![0; SIZE]]
}

async fn fetch(client: &mut FtpsClient, name: &str) -> Vec<u8> {
    let mut content = Vec::new();
    let download = client.download(name).await.expect("it begins");
    download.into_reader().read_to_end(&mut content).await.expect("it comes");
    content
}

#[tokio::test]
async fn over_ftps_with_its_manifest_beside_it() {
    let rig = Rig::start().await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let target = folder.path().join("fw.bin");
    let (maker, document) = (Maker::new(), document(&pattern(SIZE)));
    let put = |name: &str, content: &[u8]| rig.servers.ftps().put_file(name, content).expect("it is stored");
    put("fw.json", &document);
    put("fw.json.sig", &maker.sign(&document));
    let mut client = FtpsClient::connect(&rig.modem, rig.ftps()).await.expect("it logs in");
    let (told, signature) = (fetch(&mut client, "fw.json").await, fetch(&mut client, "fw.json.sig").await);
    let manifest = Manifest::verify(&told, &signature, &maker.key()).expect("it is the maker's");
    assert_eq!((manifest.size(), manifest.version()), (SIZE as u64, Some("4.2.0")));
    let forged = Manifest::verify(&told, &Maker::new().sign(&told), &maker.key());
    assert_eq!(forged, Err(ManifestError::WrongSignature));
    for image in wrong_images() {
        put("fw.bin", &image);
        let download = client.download_to_file("fw.bin", &target).resume(true).manifest(&manifest);
        assert_eq!(download.await.expect_err("it is another one").category(), Category::Verification);
        assert!(!target.exists());
    }
    put("fw.bin", &pattern(SIZE));
    let report = client.download_to_file("fw.bin", &target).resume(true).manifest(&manifest).await;
    assert_eq!(report.expect("it is the one").sha256, manifest.sha256());
    assert!(fs::read(&target).expect("it is there") == pattern(SIZE));
    client.close().await.expect("it closes");
}

#[tokio::test]
async fn by_https_through_both_engines() {
    let rig = Rig::start().await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let target = folder.path().join("fw.bin");
    let (maker, document) = (Maker::new(), document(&pattern(SIZE)));
    let rest = rig.servers.rest();
    let signature = maker.sign(&document);
    rest.put_file("fw.json", document);
    rest.put_file("fw.json.sig", signature);
    let url = |name: &str| format!("https://{}/files/{name}", TestServers::REST_NAME);
    for engine in [Engine::Socket, Engine::Module] {
        let tls = rig.tls_builder().build().expect("it fits");
        let client = HttpsClient::new(&rig.modem, tls).with_options(HttpsOptions::new().engine(engine));
        let fetch = async |name: &str| {
            let response = client.get(url(name)).await.expect("it answers");
            response.into_body().bytes(4096).await.expect("it comes")
        };
        let (told, signature) = (fetch("fw.json").await, fetch("fw.json.sig").await);
        let manifest = Manifest::verify(&told, &signature, &maker.key()).expect("it is the maker's");
        for image in wrong_images() {
            rest.put_file("fw.bin", image);
            let download = client.download_to_file(url("fw.bin"), &target).resume(true).manifest(&manifest);
            let error = download.await.expect_err("it is another one");
            assert_eq!(error.category(), Category::Verification, "{engine}: {error}");
            assert!(!target.exists());
        }
        rest.put_file("fw.bin", pattern(SIZE));
        let download = client.download_to_file(url("fw.bin"), &target).resume(true).manifest(&manifest);
        assert_eq!(download.await.expect("it is the one").sha256, manifest.sha256());
        assert!(fs::read(&target).expect("it is there") == pattern(SIZE));
        fs::remove_file(&target).expect("it is there");
    }
}
