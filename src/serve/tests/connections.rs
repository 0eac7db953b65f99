//! Connections: slow, broken and too many clients.

use super::*;

#[tokio::test]
async fn one_connection_serves_many_requests() {
    let server = TestServer::open(ServerLimits::default()).await;
    let mut stream = TcpStream::connect(server.at).await.unwrap();
    for _ in 0..3 {
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        let mut seen = Vec::new();
        while !seen.ends_with(b"started\n") {
            assert_ne!(stream.read_buf(&mut seen).await.unwrap(), 0, "the connection stays open");
        }
    }
    // An idle connection does not delay the shutdown.
    server.close().await;
    assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
}

#[tokio::test]
async fn half_a_head_is_closed_in_time_even_half_a_version() {
    let limits =
        ServerLimits { head: Duration::from_millis(50), stall: Duration::from_millis(50), ..ServerLimits::default() };
    let server = TestServer::open(limits).await;
    for half in ["GET /feed.atom HTTP/1.1\r\nHost: x\r\nX-", "P", ""] {
        let mut stream = TcpStream::connect(server.at).await.unwrap();
        stream.write_all(half.as_bytes()).await.unwrap();
        // Returns only because the server closes the connection.
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
        assert!(!rest.starts_with(b"HTTP/1.1 200"), "{half}");
    }
    server.close().await;
}

/// Starts a server, and asks it for an edition that no socket buffer holds.
async fn large_response(limits: ServerLimits) -> (TestServer, TcpStream) {
    let server = TestServer::open(limits).await;
    server.edition_table.put([ServedEdition {
        path: "/big".to_owned(),
        edition: Edition::new(vec![b'x'; 14_000_000], "text/plain"),
        last_modified: server.clock.now(),
        policy: CachePolicy::Feed,
        sharing: Sharing::Public,
        links: None,
    }]);
    let mut stream = TcpStream::connect(server.at).await.unwrap();
    stream.write_all(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    (server, stream)
}

#[tokio::test]
async fn a_client_that_does_not_read_is_cut() {
    let limits = ServerLimits { stall: Duration::from_millis(100), ..ServerLimits::default() };
    let (server, mut stream) = large_response(limits).await;
    // Twenty times as long: on a busy machine the server may not get to its timer for a while.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let mut got = Vec::new();
    let ended = stream.read_to_end(&mut got).await;
    assert!(ended.is_err() || got.len() < 14_000_000);
    server.close().await;
}

#[tokio::test]
async fn an_endless_client_does_not_hold_the_shutdown() {
    let limits = ServerLimits { drain: Duration::from_millis(50), ..ServerLimits::default() };
    let (server, mut stream) = large_response(limits).await;
    stream.read_exact(&mut [0; 100]).await.unwrap();
    // Returns although the response is neither read nor complete.
    server.close().await;
}

#[tokio::test]
async fn more_connections_than_allowed_wait_their_turn() {
    let server = TestServer::open(ServerLimits { connections: 1, ..ServerLimits::default() }).await;
    let first = TcpStream::connect(server.at).await.unwrap();
    let mut second = TcpStream::connect(server.at).await.unwrap();
    second.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let early = tokio::time::timeout(Duration::from_millis(100), second.read(&mut [0; 64])).await;
    assert!(early.is_err(), "no answer while the only place is taken");
    drop(first);
    assert!(second.read(&mut [0; 64]).await.unwrap() > 0);
    server.close().await;
}
