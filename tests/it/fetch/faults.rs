//! Servers that are slow, broken, old, careless or absent.

use super::{body, fault, get, limits, now, xml};
use crate::fake_outlet::{FakeOutlet, Reply};
use crate::test_instance::share;
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
};
use warraq::{
    fetch::{FetchLimits, Fetcher},
    model::{Fault, FeedUrl, Validators},
};

#[tokio::test]
async fn slow_servers_meet_the_deadline() {
    let outlet = FakeOutlet::start().await;
    let hasty = FetchLimits { timeout: Duration::from_millis(300), ..limits() };
    outlet.set("/silent", Reply::silence());
    outlet.set("/stalled", Reply::feed(xml()).stall_after(20));
    outlet.set("/dripping", Reply::feed(xml()).drip(1, Duration::from_millis(50)));
    outlet.set("/hop", Reply::redirect("/silent", 302));
    let fetcher = Fetcher::new(&hasty).unwrap();
    let polls = ["/silent", "/stalled", "/dripping", "/hop"].map(|path| {
        let (url, fetcher) = (outlet.url(path), fetcher.clone());
        async move { fetcher.get(&url, &Validators::default(), now(), &mut share()).await }
    });
    for answer in futures_util::future::join_all(polls).await {
        assert_eq!(answer.result, Err(Fault::Timeout(hasty.timeout)), "{answer:?}");
    }
    // The whole document came, but the server promised more and holds the connection.
    outlet.set("/held", Reply::feed(xml()).claim_length(100_000).stall_after(xml().len()));
    let held = fetcher.get(&outlet.url("/held"), &Validators::default(), now(), &mut share()).await;
    assert_eq!(body(&held), xml().as_bytes());
    outlet.set("/slow", Reply::feed(xml()).drip(200, Duration::from_millis(1)));
    assert_eq!(body(&get(&outlet.url("/slow")).await), xml().as_bytes());
}

#[tokio::test]
async fn broken_answers_are_faults_and_never_documents() {
    let outlet = FakeOutlet::start().await;
    let whole = xml();
    for reply in [
        Reply::feed(whole.as_str()).cut_after(50),
        Reply::feed(whole.as_str()).gzip().cut_after(50),
        Reply::raw(""),
        Reply::raw("SSH-2.0-OpenSSH_9.2\r\n"),
        Reply::raw([0xff; 300]),
        Reply::raw("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"),
        Reply::raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        Reply::raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<rss>"),
        Reply::raw(format!("HTTP/1.1 200 OK\r\n{}", "X-Flood: x\r\n".repeat(100_000))),
    ] {
        outlet.set("/feed", reply.clone());
        let fault = fault(&outlet.url("/feed")).await;
        assert!(matches!(fault, Fault::Broken(_)), "{reply:?}: {fault:?}");
        assert!(fault.to_string().len() < 400, "{fault}");
    }
    // The stated length is too short: for HTTP the document ends there, and the parser decides whether that is a feed.
    outlet.set("/feed", Reply::feed(whole.as_str()).claim_length(50));
    assert_eq!(body(&get(&outlet.url("/feed")).await), &whole.as_bytes()[..50]);
}

#[tokio::test]
async fn old_and_careless_servers_are_understood() {
    let outlet = FakeOutlet::start().await;
    for answer in [
        "HTTP/1.0 200 OK\r\n\r\n<rss>",
        "HTTP/1.1 200\r\nContent-Length: 5\r\n\r\n<rss>",
        "HTTP/1.1 200 OK\nContent-Length: 5\n\n<rss>",
        "HTTP/1.1 200 OK\r\nX-Folded: a,\r\n  b\r\nContent-Length : 5\r\nno header at all\r\n\r\n<rss>",
        "HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n<rss>",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\n<r\r\n3\r\nss>\r\n0\r\nTrailer: t\r\n\r\n",
    ] {
        outlet.set("/feed", Reply::raw(answer));
        assert_eq!(body(&get(&outlet.url("/feed")).await), b"<rss>", "{answer:?}");
    }
}

#[tokio::test]
async fn who_cannot_be_reached_is_told_apart() {
    // A label of 64 characters is refused before any name server is asked (RFC 1035 2.3.4), so no network is needed.
    let name = format!("{}.invalid", "a".repeat(64));
    let unknown = FeedUrl::parse(&format!("http://{name}/feed")).unwrap();
    assert_eq!(fault(&unknown).await, Fault::Dns(name));

    // A port that was free a moment ago.
    let gone = speaker(b"").await;
    gone.task.abort();
    assert!(gone.task.await.is_err());
    let nobody = FeedUrl::parse(&format!("http://{}/feed", gone.address)).unwrap();
    assert_eq!(fault(&nobody).await, Fault::Connect("refused".to_owned()));

    for (says, expected) in [
        (&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], Fault::Tls("the server does not speak TLS".to_owned())),
        (
            b"\x15\x03\x03\x00\x02\x02\x28",
            Fault::Tls("the server refused the TLS connection: HandshakeFailure".to_owned()),
        ),
        (b"", Fault::Connect("the server closed the connection".to_owned())),
    ] {
        let plain = speaker(says).await;
        let tls = FeedUrl::parse(&format!("https://{}/feed", plain.address)).unwrap();
        assert_eq!(fault(&tls).await, expected);
        plain.task.abort();
    }
}

/// A server that sends the same bytes to everybody and closes the connection.
struct Speaker {
    address: SocketAddr,
    task: JoinHandle<()>,
}

async fn speaker(says: &'static [u8]) -> Speaker {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            // Reads first, because unread bytes would reset the connection at its end.
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(says).await;
        }
    });
    Speaker { address, task }
}
