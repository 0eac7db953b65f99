//! Rebuilds when a migration is added: migrations are embedded in the binary.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
