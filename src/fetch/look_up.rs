//! The addresses of host names, with few look-ups at a time.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs as _};
use tokio::sync::Semaphore;

/// Maximum number of concurrent look-ups. Each blocks a thread until the system's resolver gives up, which may be long after the
/// request has. The runtime has 512 such threads, and parsing and rendering need them too.
const AT_ONCE: usize = 128;

/// The places of look-ups, of all clients together.
static PLACES: Semaphore = Semaphore::const_new(AT_ONCE);

/// Returns the addresses of a name.
pub(super) async fn look_up(name: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let name = name.to_owned();
    within(&PLACES, move || Ok((name.as_str(), port).to_socket_addrs()?.collect())).await
}

/// Runs work on a blocking thread when there is a place for it. The work keeps its place until it ends, although nobody may wait
/// for it any longer.
async fn within<T: Send + 'static>(
    places: &'static Semaphore,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let place = places.acquire().await.map_err(io::Error::other)?;
    let working = tokio::task::spawn_blocking(move || {
        let _place = place;
        work()
    });
    working.await.map_err(io::Error::other)?
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{sync::mpsc, time::Duration};
    use tokio::time::timeout;

    #[tokio::test]
    async fn a_look_up_that_nobody_waits_for_keeps_its_place() {
        static ONE: Semaphore = Semaphore::const_new(1);
        let (answer, resolver) = mpsc::channel::<()>();
        let slow = within(&ONE, move || resolver.recv().map_err(io::Error::other));
        assert!(timeout(Duration::from_millis(50), slow).await.is_err(), "it was given up");
        assert!(timeout(Duration::from_millis(50), within(&ONE, || Ok(()))).await.is_err(), "there is one place");
        answer.send(()).unwrap();
        timeout(Duration::from_secs(10), within(&ONE, || Ok(()))).await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn names_and_addresses_are_looked_up() {
        let found = look_up("127.0.0.1", 80).await.unwrap();
        assert_eq!(found, ["127.0.0.1:80".parse().unwrap()]);
        assert!(look_up("localhost", 80).await.unwrap().iter().all(|at| at.ip().is_loopback() && at.port() == 80));
        assert!(look_up("nobody.invalid", 80).await.is_err());
    }
}
