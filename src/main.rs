//! The `warraq` binary: starts the runtime, runs the command and returns its exit code.

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

fn main() -> ExitCode {
    #[cfg(target_env = "gnu")]
    restart_with_small_heap();
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

/// Settings of glibc's allocator (mallopt(3)): one arena, and large blocks are returned to the system when they are freed.
/// By default each thread may keep an arena with what it once parsed. With two arenas, the peak under hostile documents was 23 MB
/// higher (benches/README.md). Two megabytes stay: given back at each document and asked for again, they cost a tenth of a poll. So
/// does a threshold of 32 kB for large blocks.
#[cfg(target_env = "gnu")]
const HEAP: [(&str, &str); 3] =
    [("MALLOC_ARENA_MAX", "1"), ("MALLOC_MMAP_THRESHOLD_", "131072"), ("MALLOC_TRIM_THRESHOLD_", "2097152")];

/// Starts this program again in the same process with [`HEAP`], unless the environment has settings of its own: glibc reads them
/// when a program starts, and has no other way to set them in safe code. If that fails, the program runs without them.
#[cfg(target_env = "gnu")]
fn restart_with_small_heap() {
    use std::{env, os::unix::process::CommandExt as _, process::Command};
    if HEAP.iter().any(|(name, _)| env::var_os(name).is_some()) {
        return;
    }
    let mut arguments = env::args_os();
    let (Some(name), Ok(program)) = (arguments.next(), env::current_exe()) else { return };
    // Returns only if it fails.
    let _ = Command::new(program).arg0(name).args(arguments).envs(HEAP).exec();
}
