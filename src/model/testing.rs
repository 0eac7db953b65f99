//! What tests of all modules share.

use proptest::test_runner::{Config, FileFailurePersistence};

/// How properties are tested: a case that failed is kept below `tests/`, and tried first from then on.
pub(crate) fn cases() -> Config {
    let kept = FileFailurePersistence::SourceParallel("tests/proptest-regressions");
    Config { failure_persistence: Some(Box::new(kept)), ..Config::default() }
}
