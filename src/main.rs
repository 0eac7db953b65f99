//! The `warraq` binary.

fn main() {}
