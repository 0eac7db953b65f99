//! Hubs that send more than a server may keep in memory, or slowly.

use super::scene::{Scene, deliver, doc, in_document, signature};
use crate::processes::until;
use ring::hmac;
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

/// Sends the head of a delivery and none of its body.
async fn begin(callback: &str, length: usize) -> TcpStream {
    begin_signed(callback, length, "sha256=00").await
}

async fn begin_signed(callback: &str, length: usize, signature: &str) -> TcpStream {
    let url = url::Url::parse(callback).unwrap();
    let mut stream = TcpStream::connect(url.socket_addrs(|| None).unwrap()[0]).await.unwrap();
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/rss+xml\r\nContent-Length: {length}\r\n\
         X-Hub-Signature: {signature}\r\n\r\n",
        url.path(),
        url.authority()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

/// Returns the beginning of the answer; nothing while the server waits for the body.
async fn answer(mut stream: TcpStream) -> String {
    let mut bytes = vec![0; 2_000];
    let length = timeout(Duration::from_secs(2), stream.read(&mut bytes)).await.map_or(0, Result::unwrap);
    String::from_utf8_lossy(&bytes[..length]).to_lowercase()
}

#[tokio::test]
async fn a_hub_that_sends_many_deliveries_at_once_takes_no_more_than_its_share_of_memory() {
    let scene = Scene::start(in_document).await;
    let (callback, secret) = scene.subscribed().await;
    // Bodies that never come. Without a limit, each may take `max_body`.
    let slow = [begin(&callback, 900_000).await, begin(&callback, 900_000).await];
    until("a refusal", async || {
        let refused = answer(begin(&callback, 900_000).await).await;
        refused.starts_with("http/1.1 503 ") && refused.contains("retry-after: 60")
    })
    .await;
    let news = doc(None, 5..6);
    let sealed = signature(hmac::HMAC_SHA256, "sha256", &secret, &news);
    assert_eq!(deliver(&callback, Some(&sealed), &news).await, 202, "a small one has room");
    until("the entry", async || scene.titles().await.contains(&"Report number 5".to_owned())).await;
    drop(slow);
    until("room", async || answer(begin(&callback, 900_000).await).await.is_empty()).await;
    scene.daemon.stop().await.unwrap();
}

#[tokio::test]
async fn a_delivery_over_a_slow_line_is_received() {
    let scene = Scene::start(in_document).await;
    let (callback, secret) = scene.subscribed().await;
    let news = doc(None, 5..6);
    let sealed = signature(hmac::HMAC_SHA256, "sha256", &secret, &news);
    let mut stream = begin_signed(&callback, news.len(), &sealed).await;
    // Longer than a page may take.
    for part in news.as_bytes().chunks(news.len().div_ceil(12)) {
        tokio::time::sleep(Duration::from_secs(1)).await;
        stream.write_all(part).await.unwrap();
    }
    let said = answer(stream).await;
    assert!(said.starts_with("http/1.1 202 "), "{said}");
    until("the entry", async || scene.titles().await.contains(&"Report number 5".to_owned())).await;
    scene.daemon.stop().await.unwrap();
}
