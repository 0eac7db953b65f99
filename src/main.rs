//! The `warraq` binary: starts the runtime, runs the command and returns its exit code.

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

/// Threads hand documents to each other: a poll allocates what the writer and SQLite's thread free. With glibc's allocator they wait
/// for each other's lock, and with several arenas each keeps what it once parsed (benches/README.md). The settings are in
/// `.cargo/config.toml`. C code uses this allocator, too.
#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    // The worker threads wait for sockets; parsing and SQLite run on other threads.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("warraq").build();
    match runtime {
        Ok(runtime) => {
            let code = runtime.block_on(warraq::cli::main());
            // What is still running on a blocking thread, a parse or a reload that waits for a pipe, must not delay the exit.
            runtime.shutdown_background();
            code
        }
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: cannot start\ncaused by: {error}");
            ExitCode::FAILURE
        }
    }
}
