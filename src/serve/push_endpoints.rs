//! What the server needs to answer requests to `/websub/`.

use crate::model::push::{DeliveryGuard, PushAnswer, PushRequest};
use std::fmt;
use std::future::Future;
use std::pin::Pin;

/// What answers requests to `/websub/`. The daemon implements it.
pub trait PushEndpoints: Send + Sync {
    /// Answers a request. A delivery comes with what [`PushEndpoints::reserve`] returned for it.
    fn answer(
        &self,
        request: PushRequest,
        reserved: Option<DeliveryGuard>,
    ) -> Pin<Box<dyn Future<Output = PushAnswer> + Send>>;
    /// Reserves memory for a delivery of at most this many bytes to the callback with this token.
    ///
    /// # Errors
    /// Fails with the answer if the delivery is not to be received.
    fn reserve(&self, token: &str, bytes: usize) -> Result<DeliveryGuard, PushAnswer>;
    /// Returns the longest delivery that is read, in bytes.
    fn body_max(&self) -> usize;
}

impl fmt::Debug for dyn PushEndpoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PushEndpoints").finish_non_exhaustive()
    }
}
