//! Response bodies.

use crate::publish::Pieces;
use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll};

/// A response body: prepared bytes, or the body of a handler's response.
#[derive(Debug)]
pub enum Payload {
    /// Prepared bytes.
    Ready(Pieces),
    /// A body from the router.
    Routed(Body),
}

impl Payload {
    /// Returns a body with a short text.
    pub(super) fn text(text: &'static str) -> Self {
        Self::Ready(Pieces::Whole(Some(Bytes::from_static(text.as_bytes()))))
    }

    /// An empty body.
    pub(super) const EMPTY: Self = Self::Ready(Pieces::NONE);
}

impl HttpBody for Payload {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        match &mut *self {
            Self::Ready(pieces) => Poll::Ready(pieces.next().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Routed(body) => Pin::new(body).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Ready(pieces) => pieces.left() == 0,
            Self::Routed(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Ready(pieces) => SizeHint::with_exact(pieces.left() as u64),
            Self::Routed(body) => body.size_hint(),
        }
    }
}
