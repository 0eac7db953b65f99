//! The `warraq` binary: starts the runtime, runs the command and returns its exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    // The worker threads wait for sockets; parsing and SQLite run on other threads.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("warraq").build();
    match runtime {
        Ok(runtime) => {
            let code = runtime.block_on(warraq::cli::main());
            // A parse that is still running on a blocking thread must not delay the exit.
            runtime.shutdown_background();
            code
        }
        Err(error) => {
            eprintln!("error: cannot start\ncaused by: {error}");
            ExitCode::FAILURE
        }
    }
}
