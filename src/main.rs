//! The `warraq` binary: a runtime, the verb, an exit code.

use mimalloc::MiMalloc;
use std::process::ExitCode;

/// glibc's keeps what parsing once took, for each thread; this one gives it back.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    // Workers wait for sockets; parsing and SQLite have threads of their own.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("warraq").build();
    match runtime {
        Ok(runtime) => {
            let code = runtime.block_on(warraq::cli::main());
            // A parse that is still running on a blocking thread must not hold the exit.
            runtime.shutdown_background();
            code
        }
        Err(error) => {
            eprintln!("error: cannot start\ncaused by: {error}");
            ExitCode::FAILURE
        }
    }
}
