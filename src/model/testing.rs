//! Helpers for the tests of all modules.

use proptest::test_runner::{Config, FileFailurePersistence};

/// Returns the configuration of property tests. Failed cases are saved below `tests/` and are tried first from then on.
pub(crate) fn cases() -> Config {
    let kept = FileFailurePersistence::SourceParallel("tests/proptest-regressions");
    Config { failure_persistence: Some(Box::new(kept)), ..Config::default() }
}
