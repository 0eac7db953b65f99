//! TLS of the client: the system's certificates, and cached sessions of thousands of servers, so that most handshakes are
//! resumed. A full handshake costs both sides ten times as much as a request that ends in 304.

use super::FetcherError;
use hashlink::LruCache;
use rustls::{
    ClientConfig, NamedGroup,
    client::{ClientSessionStore, Resumption, Tls12ClientSessionValue, Tls13ClientSessionValue},
    crypto::CryptoProvider,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use rustls_platform_verifier::Verifier;
use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Maximum number of servers whose sessions are cached; the least recently used one is dropped. With their certificate chains
/// they take 5 to 8 kB each, 32 MB at most.
const SERVERS: usize = 4_096;
/// Maximum number of TLS 1.3 tickets kept for a server. Each is used once (RFC 8446 C.4), and each resumed handshake brings new
/// ones.
const TICKETS: usize = 2;

/// A configuration with the system's certificates and those of a PEM file, without protocols above TLS (ALPN).
pub(super) fn config(provider: &Arc<CryptoProvider>, ca: Option<&[u8]>) -> Result<ClientConfig, FetcherError> {
    let own = CertificateDer::pem_slice_iter(ca.unwrap_or_default()).collect::<Result<Vec<_>, _>>();
    let own = own.map_err(|_| FetcherError::Access("ca_file holds a certificate that cannot be read"))?;
    let verifier = Verifier::new_with_extra_roots(own, Arc::clone(provider)).map_err(FetcherError::Tls)?;
    let builder = ClientConfig::builder_with_provider(Arc::clone(provider));
    let builder = builder.with_safe_default_protocol_versions().map_err(FetcherError::Tls)?;
    let builder = builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
    Ok(remembering(builder.with_no_client_auth()))
}

/// Adds a session cache for many servers.
fn remembering(mut config: ClientConfig) -> ClientConfig {
    config.resumption = Resumption::store(Arc::new(Sessions::default()));
    config
}

/// Returns the same configuration with these ALPN protocols. It shares the session cache.
pub(super) fn speaking(config: &ClientConfig, protocols: &[&[u8]]) -> ClientConfig {
    let mut config = config.clone();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    config
}

/// Cached sessions by server. The least recently used server is dropped first; rustls's own cache drops the one added first,
/// after 32.
struct Sessions(Mutex<LruCache<ServerName<'static>, ServerSessions>>);

#[derive(Default)]
struct ServerSessions {
    group: Option<NamedGroup>,
    tls12: Option<Tls12ClientSessionValue>,
    tls13: VecDeque<Tls13ClientSessionValue>,
}

impl Default for Sessions {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(SERVERS)))
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions").field("servers", &self.servers().len()).finish()
    }
}

impl Sessions {
    fn servers(&self) -> MutexGuard<'_, LruCache<ServerName<'static>, ServerSessions>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn edit(&self, server: ServerName<'static>, edit: impl FnOnce(&mut ServerSessions)) {
        let mut servers = self.servers();
        if let Some(sessions) = servers.get_mut(&server) {
            return edit(sessions);
        }
        let mut sessions = ServerSessions::default();
        edit(&mut sessions);
        servers.insert(server, sessions);
    }

    fn look<T>(&self, server: &ServerName<'_>, look: impl FnOnce(&mut ServerSessions) -> Option<T>) -> Option<T> {
        look(self.servers().get_mut(&server.to_owned())?)
    }
}

impl ClientSessionStore for Sessions {
    fn set_kx_hint(&self, server: ServerName<'static>, group: NamedGroup) {
        self.edit(server, |sessions| sessions.group = Some(group));
    }

    fn kx_hint(&self, server: &ServerName<'_>) -> Option<NamedGroup> {
        self.look(server, |sessions| sessions.group)
    }

    fn set_tls12_session(&self, server: ServerName<'static>, session: Tls12ClientSessionValue) {
        self.edit(server, |sessions| sessions.tls12 = Some(session));
    }

    fn tls12_session(&self, server: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.look(server, |sessions| sessions.tls12.clone())
    }

    fn remove_tls12_session(&self, server: &ServerName<'static>) {
        self.look(server, |sessions| sessions.tls12.take());
    }

    fn insert_tls13_ticket(&self, server: ServerName<'static>, ticket: Tls13ClientSessionValue) {
        self.edit(server, |sessions| {
            if sessions.tls13.len() == TICKETS {
                sessions.tls13.pop_front();
            }
            sessions.tls13.push_back(ticket);
        });
    }

    fn take_tls13_ticket(&self, server: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.look(server, |sessions| sessions.tls13.pop_back())
    }
}

#[cfg(test)]
mod tests {
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
        let config = remembering(builder.with_root_certificates(roots).with_no_client_auth());
        let mut client =
            reqwest::Client::builder().no_proxy().tls_backend_preconfigured(speaking(&config, &[b"http/1.1"]));
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
}
