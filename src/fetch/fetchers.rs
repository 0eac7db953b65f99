//! One fetcher for most outlets, and separate ones for outlets that are reached in another way.

use super::{FetchLimits, Fetcher, FetcherError};
use crate::model::Slug;
use std::{collections::HashMap, sync::Arc};

/// Limits and settings of the requests of all outlets.
#[derive(Debug, Clone, PartialEq)]
pub struct FetchPlan {
    /// Settings of all outlets except those in `own`.
    pub shared: FetchLimits,
    /// Settings of outlets with request settings of their own.
    pub own: Vec<(Slug, FetchLimits)>,
}

/// The fetchers of all outlets; cheap to clone.
#[derive(Debug, Clone)]
pub struct Fetchers {
    shared: Fetcher,
    own: Arc<HashMap<Slug, Fetcher>>,
}

impl Fetchers {
    /// Creates the fetchers.
    ///
    /// # Errors
    /// Same as [`Fetcher::new`].
    pub fn new(plan: &FetchPlan) -> Result<Self, FetcherError> {
        let shared = Fetcher::new(&plan.shared)?;
        // A client takes milliseconds and 100 kB (its certificates), so outlets that are reached in the same way share one.
        let mut clients = vec![(&plan.shared, shared.clone())];
        let mut own = HashMap::with_capacity(plan.own.len());
        for (slug, limits) in &plan.own {
            let alike = clients.iter().find(|(other, _)| limits.shares_client_with(other));
            let fetcher = match alike {
                Some((_, fetcher)) => fetcher.with_limits(limits)?,
                None => Fetcher::new(limits)?,
            };
            if alike.is_none() {
                clients.push((limits, fetcher.clone()));
            }
            own.insert(slug.clone(), fetcher);
        }
        Ok(Self { shared, own: Arc::new(own) })
    }

    /// Returns the fetcher that knows no outlet, for requests to others.
    #[must_use]
    pub fn shared(&self) -> &Fetcher {
        &self.shared
    }

    /// Returns the fetcher of an outlet.
    #[must_use]
    pub fn of(&self, outlet: &Slug) -> &Fetcher {
        self.own.get(outlet).unwrap_or(&self.shared)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Access;
    use super::*;
    use std::time::Duration;

    #[test]
    fn outlets_that_are_reached_in_the_same_way_share_a_client() {
        let shared = FetchLimits::default();
        let told = Access {
            headers: vec![("x-a".to_owned(), crate::model::Secret::new("1".to_owned()))],
            ..Access::default()
        };
        let proxy = Some(crate::model::Secret::new("socks5://127.0.0.1:9".to_owned()));
        let same = [FetchLimits { max_body: 1_000, ..shared.clone() }, FetchLimits { access: told, ..shared.clone() }];
        assert!(same.iter().all(|limits| limits.shares_client_with(&shared)));
        let other = [
            FetchLimits { user_agent: "x".to_owned(), ..shared.clone() },
            FetchLimits { timeout: Duration::from_secs(1), ..shared.clone() },
            FetchLimits {
                allow_networks: vec![crate::model::Network::parse("127.0.0.0/8").unwrap()],
                ..shared.clone()
            },
            FetchLimits { access: Access { proxy, ..Access::default() }, ..shared.clone() },
            FetchLimits { access: Access { ca: Some(Vec::new()), ..Access::default() }, ..shared.clone() },
        ];
        assert!(!other.iter().any(|limits| limits.shares_client_with(&shared)));
        let slug = |name: &str| Slug::parse(name).unwrap();
        let own = vec![(slug("a"), same[0].clone()), (slug("b"), same[1].clone())];
        let fetchers = Fetchers::new(&FetchPlan { shared, own }).unwrap();
        assert_eq!(fetchers.of(&slug("a")).max_body(), 1_000);
        assert_eq!(fetchers.of(&slug("b")).max_body(), fetchers.of(&slug("none")).max_body());
    }
}
