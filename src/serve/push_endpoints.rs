//! The requests to `/websub/` that others answer.

use crate::model::push::{PushAnswer, PushRequest};
use std::fmt;
use std::future::Future;
use std::pin::Pin;

/// What answers requests to `/websub/`. The daemon implements it.
pub trait PushEndpoints: Send + Sync {
    /// Answers a request.
    fn answer(&self, request: PushRequest) -> Pin<Box<dyn Future<Output = PushAnswer> + Send>>;
    /// Returns whether there is a callback with this token.
    fn has_callback(&self, token: &str) -> bool;
    /// Returns the longest delivery that is read, in bytes.
    fn body_max(&self) -> usize;
}

impl fmt::Debug for dyn PushEndpoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PushEndpoints").finish_non_exhaustive()
    }
}
