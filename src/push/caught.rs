//! Panics of the code that makes requests.

use super::retry::FailedRequest;
use futures_util::FutureExt as _;
use std::panic::AssertUnwindSafe;

/// Waits for a request. If its code panics, returns `instead`. Without any result, who is contacted would count as busy for ever.
pub(super) async fn caught<T>(request: impl Future<Output = T>, instead: T) -> T {
    let ended = AssertUnwindSafe(request).catch_unwind().await;
    ended.unwrap_or_else(|_| {
        tracing::error!("making a request panicked (a bug in Warraq); it counts as failed");
        instead
    })
}

/// Returns the failure of a request whose code panicked.
pub(super) fn panicked() -> FailedRequest {
    FailedRequest::new("making the request failed (a bug in Warraq)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_a_failed_request() {
        assert_eq!(caught(async { Ok(1) }, Err(panicked())).await, Ok(1));
        let broken = async {
            tokio::task::yield_now().await;
            assert!(std::hint::black_box(false), "a panic that is wanted");
            Ok(1)
        };
        assert_eq!(caught(broken, Err(panicked())).await, Err(panicked()));
    }
}
