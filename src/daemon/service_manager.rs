//! Notifies the service manager, if there is one (sd_notify(3)). Nothing here waits, so a manager that does not read its socket
//! cannot stop the daemon.

use sd_notify::NotifyState;
use std::{
    env,
    ffi::OsStr,
    io::{self, ErrorKind},
    os::{
        linux::net::SocketAddrExt as _,
        unix::{
            ffi::OsStrExt as _,
            net::{SocketAddr, UnixDatagram},
        },
    },
};

/// Notifies the manager. Returns whether it is done: false if there was no room, and it is worth trying again.
pub(super) fn notify(state: &NotifyState<'_>) -> bool {
    let Some(socket) = env::var_os("NOTIFY_SOCKET") else { return true };
    match send(&socket, &state.to_string()) {
        Ok(()) => true,
        Err(error) => {
            tracing::debug!(%error, "cannot notify the service manager");
            error.kind() != ErrorKind::WouldBlock
        }
    }
}

/// Sends one datagram, or fails if it would have to wait. A name that begins with `@` is abstract (unix(7)).
fn send(socket: &OsStr, words: &str) -> io::Result<()> {
    let address = match socket.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(socket)?,
    };
    let sender = UnixDatagram::unbound()?;
    sender.set_nonblocking(true)?;
    sender.connect_addr(&address)?;
    sender.send(words.as_bytes()).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_socket_is_no_reason_to_wait() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let manager = UnixDatagram::bind(&path).unwrap();
        let mut sent = 0;
        let full = loop {
            match send(path.as_os_str(), "WATCHDOG=1") {
                Ok(()) => sent += 1,
                Err(error) => break error,
            }
            assert!(sent < 100_000, "the socket is never full");
        };
        assert_eq!(full.kind(), ErrorKind::WouldBlock);
        let mut words = [0; 64];
        let length = manager.recv(&mut words).unwrap();
        assert_eq!(&words[..length], b"WATCHDOG=1");
        send(path.as_os_str(), "READY=1").unwrap();
    }

    #[test]
    fn an_abstract_socket_is_reached_by_its_name() {
        let name = format!("warraq-test-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        let manager = UnixDatagram::bind_addr(&address).unwrap();
        send(OsStr::new(&format!("@{name}")), "READY=1").unwrap();
        let mut words = [0; 64];
        let length = manager.recv(&mut words).unwrap();
        assert_eq!(&words[..length], b"READY=1");
    }
}
