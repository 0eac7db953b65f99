//! `ca_file`: an outlet whose certificate the system does not trust, over real TLS.

use crate::{
    feed_doc::FeedDoc,
    processes::{Folder, http_client},
    test_instance::{TestInstance, config_text, outcomes},
};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use std::{fs, sync::Arc};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};
use warraq::model::FeedUrl;

/// An outlet over TLS, with a certificate for these names that an authority of its own has signed.
pub struct TlsOutlet {
    port: u16,
    /// The authority, as PEM.
    pub authority: String,
    task: tokio::task::JoinHandle<()>,
}

/// Returns a TLS server's side with a certificate for these names, and the authority that signed it, as PEM.
pub fn tls_acceptor(names: &[&str]) -> (TlsAcceptor, String) {
    // The provider is set up for the whole process.
    drop(http_client());
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let authority = params.self_signed(&key).unwrap().pem();
    let own_key = KeyPair::generate().unwrap();
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let issuer = Issuer::from_params(&params, &key);
    let own = CertificateParams::new(names).unwrap().signed_by(&own_key, &issuer).unwrap();
    let own_key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(own_key.serialize_der()));
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![own.der().clone()], own_key);
    (TlsAcceptor::from(Arc::new(config.unwrap())), authority)
}

impl TlsOutlet {
    pub async fn start(names: &[&str]) -> Self {
        let (acceptor, authority) = tls_acceptor(names);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                // A client that does not trust the certificate ends the handshake.
                let Ok(mut stream) = acceptor.accept(stream).await else { continue };
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    match stream.read_u8().await {
                        Ok(byte) => head.push(byte),
                        Err(_) => break,
                    }
                }
                let body = FeedDoc::rss("V").entry("1", "Un", "https://ville.invalid/1", "", "2026-11-02T09:30:00Z");
                let (body, kind) = (body.to_string(), "application/rss+xml");
                let length = body.len();
                let answer = format!(
                    "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
                );
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.shutdown().await;
            }
        });
        Self { port, authority, task }
    }

    pub fn url(&self) -> FeedUrl {
        FeedUrl::parse(&format!("https://127.0.0.1:{}/feed", self.port)).unwrap()
    }
}

impl Drop for TlsOutlet {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[tokio::test]
async fn a_ca_file_makes_its_own_outlet_trusted_and_no_other() {
    let (outlet, other, named) = (
        TlsOutlet::start(&["127.0.0.1"]).await,
        TlsOutlet::start(&["127.0.0.1"]).await,
        TlsOutlet::start(&["other.invalid"]).await,
    );
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, outlet: &TlsOutlet| {
        let path = folder.path().join(name);
        fs::write(&path, &outlet.authority).unwrap();
        format!("ca_file = {:?}\n", path.display().to_string())
    };
    let (ca, ca_named) = (file("ca.pem", &outlet), file("named.pem", &named));
    let config = |lines: &str| config_text("", &[("a", &outlet.url())]) + lines;
    let mut untrusting = TestInstance::configured(config("")).await;
    let polled = untrusting.poll().await;
    assert_eq!(outcomes(&polled), ["failed"]);
    assert_eq!(untrusting.sql("SELECT fault FROM poll").await, ["tls"]);
    let mut trusting = TestInstance::configured(config(&ca)).await;
    assert_eq!(outcomes(&trusting.poll().await), ["fresh"]);
    // For all outlets, it is trusted beside the system's certificates. Another authority stays unknown.
    let text =
        config_text("", &[("a", &outlet.url()), ("b", &other.url())]).replace("[fetch]\n", &format!("[fetch]\n{ca}"));
    let mut shared = TestInstance::configured(text).await;
    shared.poll().await;
    let faults = "SELECT o.slug, p.fault FROM poll AS p JOIN feed AS f ON f.id = p.feed_id JOIN outlet AS o ON o.id = f.outlet_id ORDER BY 1";
    assert_eq!(shared.sql(faults).await, ["a|", "b|tls"]);
    // A trusted authority is no reason to accept the certificate of another host.
    let text = config_text("", &[("named", &named.url())]) + &ca_named;
    let mut wrong = TestInstance::configured(text).await;
    wrong.poll().await;
    assert_eq!(wrong.sql("SELECT fault FROM poll").await, ["tls"]);
}

#[tokio::test]
async fn a_ca_file_without_a_certificate_is_refused() {
    let folder = Folder::new("", &[]);
    fs::write(folder.path("ca.pem"), "-----BEGIN CERTIFICATE-----\nnonsense\n").unwrap();
    fs::write(folder.path("key.pem"), "-----BEGIN PRIVATE KEY-----\n").unwrap();
    let text = fs::read_to_string(folder.path("config.toml")).unwrap();
    for (file, words) in [("key.pem", "holds no certificate"), ("nothing.pem", "cannot be read")] {
        folder.configure(&(text.clone() + &format!("ca_file = \"{file}\"\n")));
        let (code, error) = folder.fails(&["check"]).await;
        assert!(code == 78 && error.contains("ca_file") && error.contains(words), "{error}");
    }
}
