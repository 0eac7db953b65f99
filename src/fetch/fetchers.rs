//! One fetcher for most outlets, and one of its own for each that is reached in another way.

use super::{FetchLimits, Fetcher, FetcherError};
use crate::model::Slug;
use std::{collections::HashMap, sync::Arc};

/// What every outlet's requests may cost and how they are made.
#[derive(Debug, Clone, PartialEq)]
pub struct FetchPlan {
    /// Of all outlets but those in `own`.
    pub shared: FetchLimits,
    /// Of outlets that say something of their own.
    pub own: Vec<(Slug, FetchLimits)>,
}

/// The fetchers of a plan; cheap to clone.
#[derive(Debug, Clone)]
pub struct Fetchers {
    shared: Fetcher,
    own: Arc<HashMap<Slug, Fetcher>>,
}

impl Fetchers {
    /// Those of a plan.
    ///
    /// # Errors
    /// As [`Fetcher::new`].
    pub fn new(plan: &FetchPlan) -> Result<Self, FetcherError> {
        let shared = Fetcher::new(&plan.shared)?;
        let own = plan.own.iter().map(|(slug, limits)| Ok((slug.clone(), Fetcher::new(limits)?)));
        Ok(Self { shared, own: Arc::new(own.collect::<Result<_, FetcherError>>()?) })
    }

    /// The outlet's.
    #[must_use]
    pub fn of(&self, outlet: &Slug) -> &Fetcher {
        self.own.get(outlet).unwrap_or(&self.shared)
    }
}
