//! Notifies the service manager, if there is one (sd_notify(3)). Nothing here waits, so a manager that does not read its socket
//! cannot stop the daemon.

use sd_notify::NotifyState;
use std::{
    env,
    io::{self, ErrorKind},
    os::unix::net::UnixDatagram,
    path::Path,
};

/// Notifies the manager. Returns whether it is done: false if there was no room, and it is worth trying again.
pub(super) fn notify(state: &NotifyState<'_>) -> bool {
    let Some(socket) = env::var_os("NOTIFY_SOCKET") else { return true };
    match send(Path::new(&socket), &state.to_string()) {
        Ok(()) => true,
        Err(error) => {
            tracing::debug!(%error, "cannot notify the service manager");
            error.kind() != ErrorKind::WouldBlock
        }
    }
}

/// Sends one datagram, or fails if it would have to wait.
fn send(socket: &Path, words: &str) -> io::Result<()> {
    let sender = UnixDatagram::unbound()?;
    sender.set_nonblocking(true)?;
    sender.connect(socket)?;
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
            match send(&path, "WATCHDOG=1") {
                Ok(()) => sent += 1,
                Err(error) => break error,
            }
            assert!(sent < 100_000, "the socket is never full");
        };
        assert_eq!(full.kind(), ErrorKind::WouldBlock);
        let mut words = [0; 64];
        let length = manager.recv(&mut words).unwrap();
        assert_eq!(&words[..length], b"WATCHDOG=1");
        send(&path, "READY=1").unwrap();
    }
}
