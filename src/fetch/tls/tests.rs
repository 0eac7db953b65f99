use super::*;
use rustls::{HandshakeKind, RootCertStore, ServerConfig, ServerConnection, StreamOwned, pki_types::PrivateKeyDer};
use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::TcpListener,
    path::Path,
    process::Command,
};

/// More than rustls caches by default.
const HOSTS: usize = 100;

/// The handshake of a connection, as the server saw it.
#[derive(Debug, PartialEq)]
struct Handshake {
    resumed: bool,
    protocol: Option<Vec<u8>>,
}

/// Creates a certificate for every `*.hosts.example`. Returns `None` if openssl is not installed.
fn certificate(folder: &Path) -> Option<()> {
    std::fs::write(folder.join("conf"), "[req]\ndistinguished_name = name\n[name]\n").unwrap();
    let mut made = Command::new("openssl");
    made.current_dir(folder).args([
        "req",
        "-config",
        "conf",
        "-addext",
        "basicConstraints=critical,CA:FALSE",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=test",
        "-addext",
        "subjectAltName=DNS:*.hosts.example",
        "-keyout",
        "key.pem",
        "-out",
        "cert.pem",
    ]);
    let made = made.output().is_ok_and(|made| made.status.success());
    made.then_some(()).or_else(|| {
        eprintln!("SKIPPED: openssl is not installed");
        None
    })
}

/// Serves this many connections, one request each. Returns the handshake of each.
fn serve(
    folder: &Path,
    version: &'static rustls::SupportedProtocolVersion,
    connections: usize,
) -> (u16, std::thread::JoinHandle<Vec<Handshake>>) {
    let chain = vec![CertificateDer::from_pem_file(folder.join("cert.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_file(folder.join("key.pem")).unwrap();
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[version])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.session_storage = rustls::server::ServerSessionMemoryCache::new(4_096);
    let (config, listener) = (Arc::new(config), TcpListener::bind("127.0.0.1:0").unwrap());
    let port = listener.local_addr().unwrap().port();
    let answering = move || {
        (0..connections)
            .map(|_| {
                let (stream, _) = listener.accept().unwrap();
                let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
                let mut stream = BufReader::new(StreamOwned::new(connection, stream));
                let mut line = String::new();
                while stream.read_line(&mut line).unwrap() > 2 {
                    line.clear();
                }
                let stream = stream.get_mut();
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
                stream.conn.send_close_notify();
                stream.flush().unwrap();
                Handshake {
                    resumed: stream.conn.handshake_kind() == Some(HandshakeKind::Resumed),
                    protocol: stream.conn.alpn_protocol().map(<[u8]>::to_vec),
                }
            })
            .collect()
    };
    (port, std::thread::spawn(answering))
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// Returns a client with the fetcher's configuration that trusts the test's certificate.
fn client(folder: &Path) -> reqwest::Client {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(folder.join("cert.pem")).unwrap()).unwrap();
    let builder = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().unwrap();
    let config = with_session_cache(builder.with_root_certificates(roots).with_no_client_auth());
    let mut client =
        reqwest::Client::builder().no_proxy().tls_backend_preconfigured(with_protocols(&config, &[b"http/1.1"]));
    for host in 0..HOSTS {
        client = client.resolve(&format!("h{host}.hosts.example"), ([127, 0, 0, 1], 0).into());
    }
    client.build().unwrap()
}

async fn resumes(version: &'static rustls::SupportedProtocolVersion) {
    let folder = tempfile::tempdir().unwrap();
    if certificate(folder.path()).is_none() {
        return;
    }
    let (port, answering) = serve(folder.path(), version, 3 * HOSTS);
    let client = client(folder.path());
    for host in (0..HOSTS).cycle().take(3 * HOSTS) {
        let answer = client.get(format!("https://h{host}.hosts.example:{port}/feed")).send().await.unwrap();
        assert_eq!(answer.bytes().await.unwrap().len(), 0);
    }
    let seen = answering.join().unwrap();
    assert!(seen.iter().all(|handshake| handshake.protocol.as_deref() == Some(b"http/1.1")));
    let resumed: Vec<bool> = seen.iter().map(|handshake| handshake.resumed).collect();
    assert_eq!(resumed, [vec![false; HOSTS], vec![true; 2 * HOSTS]].concat());
}

#[tokio::test]
async fn handshakes_with_a_hundred_servers_are_resumed() {
    resumes(&rustls::version::TLS13).await;
}

#[tokio::test]
async fn handshakes_of_tls_1_2_are_resumed_too() {
    resumes(&rustls::version::TLS12).await;
}

#[test]
fn the_server_that_was_asked_longest_ago_is_forgotten_first() {
    let sessions = Sessions::default();
    let name = |n: usize| ServerName::try_from(format!("h{n}.example")).unwrap();
    for n in 0..SERVERS {
        sessions.set_kx_hint(name(n), NamedGroup::X25519);
    }
    assert!(sessions.kx_hint(&name(0)).is_some());
    sessions.set_kx_hint(name(SERVERS), NamedGroup::X25519);
    assert!(sessions.kx_hint(&name(0)).is_some() && sessions.kx_hint(&name(1)).is_none());
    assert_eq!(sessions.servers().len(), SERVERS);
}
