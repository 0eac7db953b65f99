//! The `process_*` metrics, by the conventions of Prometheus (prometheus.io/docs/instrumenting/writing_clientlibs, "Process
//! metrics"). They are read from `/proc/self` at each request, because the service's sandbox hides the rest of `/proc`, on
//! which the usual crates depend.

use std::{fmt::Write as _, fs};

/// Clock ticks per second in `/proc/PID/stat`. Linux fixes this number for programs, whatever the kernel's own clock is.
const TICKS: f64 = 100.0;

/// The figures from `/proc/self`; `None` if a figure cannot be read.
#[derive(Debug, Default, PartialEq)]
struct ProcessFigures {
    cpu_seconds: Option<f64>,
    threads: Option<u64>,
    virtual_bytes: Option<u64>,
    resident_bytes: Option<u64>,
    open_files: Option<u64>,
    max_files: Option<u64>,
}

/// Renders the metrics in the Prometheus text format. `start` is when the process started, in Unix seconds, if known.
pub(super) fn exposition(start: Option<f64>) -> String {
    let read = |name: &str| fs::read_to_string(format!("/proc/self/{name}")).unwrap_or_default();
    let mut figures = ProcessFigures::of(&read("stat"), &read("status"), &read("limits"));
    // The directory that is being listed is one of the open files.
    figures.open_files = fs::read_dir("/proc/self/fd").ok().map(|files| (files.count() as u64).saturating_sub(1));
    figures.text(start)
}

impl ProcessFigures {
    /// Parses the texts of `stat`, `status` and `limits` (proc(5)).
    fn of(stat: &str, status: &str, limits: &str) -> Self {
        // The program's name is in parentheses and may contain blanks, so fields are counted after it.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |at: usize| fields.get(at)?.parse::<f64>().ok();
        let line = |name: &str| status.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next();
        let number = |name: &str| line(name)?.parse::<u64>().ok();
        let bytes = |name: &str| Some(number(name)? * 1024);
        let max = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
        Self {
            // `utime` and `stime`, the 14th and 15th fields.
            cpu_seconds: ticks(11).zip(ticks(12)).map(|(user, system)| (user + system) / TICKS),
            threads: number("Threads:"),
            virtual_bytes: bytes("VmSize:"),
            resident_bytes: bytes("VmRSS:"),
            open_files: None,
            max_files: max.and_then(|rest| rest.split_whitespace().next()?.parse().ok()),
        }
    }

    fn text(&self, start: Option<f64>) -> String {
        let mut text = String::new();
        let mut add = |name: &str, kind: &str, help: &str, value: Option<String>| {
            if let Some(value) = value {
                let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n\n");
            }
        };
        let whole = |number: Option<u64>| number.map(|number| number.to_string());
        let float = |number: Option<f64>| number.map(|number| number.to_string());
        let cpu = "User and system CPU time spent.";
        add("process_cpu_seconds_total", "counter", cpu, float(self.cpu_seconds));
        add("process_start_time_seconds", "gauge", "Start, in seconds of Unix time.", float(start));
        add("process_resident_memory_bytes", "gauge", "Resident memory.", whole(self.resident_bytes));
        add("process_virtual_memory_bytes", "gauge", "Virtual memory.", whole(self.virtual_bytes));
        add("process_open_fds", "gauge", "Open file descriptors.", whole(self.open_files));
        add("process_max_fds", "gauge", "File descriptors that may be open.", whole(self.max_files));
        add("process_threads", "gauge", "Threads.", whole(self.threads));
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_texts_are_read_as_proc_5_says() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 900 0 0 0 250 150 0 0 20 0 9 0 100 0 0";
        let status = "Name:\ta) b\nVmSize:\t    2048 kB\nVmRSS:\t     100 kB\nThreads:\t9\n";
        let limits = "Limit  Soft Limit  Hard Limit  Units\nMax open files            1024                 4096                 files\n";
        let figures = ProcessFigures::of(stat, status, limits);
        let expected = ProcessFigures {
            cpu_seconds: Some(4.0),
            threads: Some(9),
            virtual_bytes: Some(2_097_152),
            resident_bytes: Some(102_400),
            open_files: None,
            max_files: Some(1024),
        };
        assert_eq!(figures, expected);
        assert_eq!(ProcessFigures::of("", "", ""), ProcessFigures::default());
        assert_eq!(ProcessFigures::default().text(None), "");
    }

    #[test]
    fn this_process_has_all_of_them() {
        let text = exposition(Some(1_790_000_000.5));
        for name in ["cpu_seconds_total", "resident_memory_bytes", "virtual_memory_bytes", "open_fds", "threads"] {
            let value = text.lines().find_map(|line| line.strip_prefix(&format!("process_{name} "))).unwrap();
            assert!(value.parse::<f64>().unwrap() >= 0.0, "{name} {value}");
        }
        assert!(text.contains("\nprocess_start_time_seconds 1790000000.5\n"), "{text}");
    }
}
