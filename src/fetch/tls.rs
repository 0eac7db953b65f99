//! TLS of the client: the system's certificates, and cached sessions of thousands of servers, so that most handshakes are
//! resumed. A full handshake costs both sides ten times as much as a request that ends in 304.

mod late_verifier;

use super::FetcherError;
use hashlink::LruCache;
use late_verifier::LateVerifier;
use rustls::{
    ClientConfig, NamedGroup,
    client::{ClientSessionStore, Resumption, Tls12ClientSessionValue, Tls13ClientSessionValue},
    crypto::CryptoProvider,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
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

/// Returns a configuration with the system's certificates and those of a PEM file, without protocols above TLS (ALPN).
pub(super) fn config(provider: &Arc<CryptoProvider>, ca: Option<&[u8]>) -> Result<ClientConfig, FetcherError> {
    let own = CertificateDer::pem_slice_iter(ca.unwrap_or_default()).collect::<Result<Vec<_>, _>>();
    let own = own.map_err(|_| FetcherError::Access("ca_file holds a certificate that cannot be read"))?;
    let verifier = LateVerifier::new(own, Arc::clone(provider))?;
    let builder = ClientConfig::builder_with_provider(Arc::clone(provider));
    let builder = builder.with_safe_default_protocol_versions().map_err(FetcherError::Tls)?;
    let builder = builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
    Ok(with_session_cache(builder.with_no_client_auth()))
}

/// Adds a session cache for many servers.
fn with_session_cache(mut config: ClientConfig) -> ClientConfig {
    config.resumption = Resumption::store(Arc::new(Sessions::default()));
    config
}

/// Returns the same configuration with these ALPN protocols. It shares the session cache.
pub(super) fn with_protocols(config: &ClientConfig, protocols: &[&[u8]]) -> ClientConfig {
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
mod tests;
