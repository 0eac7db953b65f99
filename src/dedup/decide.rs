//! The decision.

use super::{Arrival, Changes, Known, Mint, Window};

/// Decides what each arrival is.
#[must_use]
pub fn decide(arrivals: Vec<Arrival>, known: Known, window: &mut Window, mint: &mut Mint) -> Changes {
    let _ = (arrivals, known, window, mint);
    Changes { decided: Vec::new() }
}
