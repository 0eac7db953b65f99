//! Reads the configuration on threads of their own. A file system on a network that is away, or a pipe that nobody writes to, keeps a
//! thread waiting for ever. That is logged once, with the file, and the next reload reads anew instead of waiting for it.

use crate::{
    clock::Clock,
    config::{Config, ConfigFaults, FileBeingRead},
    daemon::LoadConfig,
};
use futures_util::future::select_all;
use jiff::Timestamp;
use std::{path::PathBuf, sync::Arc, time::Duration};
use tokio::{
    task::{JoinError, JoinHandle, spawn_blocking},
    time::Instant,
};

/// Time after which a reading counts as hung. A configuration of a million feeds takes two seconds.
const HUNG: Duration = Duration::from_secs(10);
/// Most threads that wait for files. Each is lost to other work until its file answers.
const THREADS: usize = 4;

/// A configuration that was read.
pub(super) type Loaded = Result<Config, ConfigFaults>;

/// The readings that have not ended, the oldest first. Usually there is none, or one.
pub(super) struct ConfigReadings {
    load_config: LoadConfig,
    clock: Clock,
    hung: Duration,
    readings: Vec<ConfigReading>,
    /// Threads that still wait for a file, although a later reading has ended.
    outdated: Vec<JoinHandle<Loaded>>,
}

/// A reading that has not ended.
struct ConfigReading {
    thread: JoinHandle<Loaded>,
    file: FileBeingRead,
    since: Timestamp,
    hung_at: Instant,
    is_told: bool,
}

impl ConfigReading {
    fn is_hung(&self) -> bool {
        self.hung_at <= Clock::monotonic()
    }

    /// Logs that the reading hangs.
    fn tell(&mut self) {
        self.is_told = true;
        let file = self.file.path().unwrap_or_else(|| PathBuf::from("the configuration"));
        let file = std::path::absolute(&file).unwrap_or(file);
        tracing::error!(
            file = %file.display(),
            since = format_args!("{:.0}", self.since),
            "reading the configuration hangs, because this file does not answer; polls and feeds go on as configured, and the next reload \
             reads everything again"
        );
    }
}

impl ConfigReadings {
    pub(super) fn new(load_config: LoadConfig, clock: Clock) -> Self {
        Self { load_config, clock, hung: HUNG, readings: Vec::new(), outdated: Vec::new() }
    }

    /// Begins to read. Returns false if another reading has not ended: then this is to be asked again after its end. One that hangs may
    /// never end, so it is not waited for, as long as there are not too many of them.
    pub(super) fn begin(&mut self) -> bool {
        self.outdated.retain(|thread| !thread.is_finished());
        let is_busy = self.readings.last().is_some_and(|last| !last.is_hung());
        let threads = self.readings.len() + self.outdated.len();
        if is_busy || !self.readings.is_empty() && threads >= THREADS {
            return false;
        }
        let (load, file) = (Arc::clone(&self.load_config), FileBeingRead::default());
        let noted = file.clone();
        let thread = spawn_blocking(move || noted.during(|| load()));
        let (since, hung_at) = (self.clock.now(), Clock::monotonic() + self.hung);
        self.readings.push(ConfigReading { thread, file, since, hung_at, is_told: false });
        true
    }

    /// Returns what the next reading brings that ends; those that began earlier are outdated then. `None`: a reading hangs from now on.
    /// Waits for ever if nothing is read. Cancel safe.
    pub(super) async fn ended(&mut self) -> Option<Result<Loaded, JoinError>> {
        if self.readings.is_empty() {
            return std::future::pending().await;
        }
        let untold = self.readings.iter().filter(|reading| !reading.is_told).map(|reading| reading.hung_at).min();
        let threads = select_all(self.readings.iter_mut().map(|reading| &mut reading.thread));
        let (loaded, index) = tokio::select! {
            (loaded, index, _) = threads => (loaded, index),
            () = until(untold) => {
                let untold = self.readings.iter_mut().filter(|reading| !reading.is_told && reading.is_hung());
                untold.for_each(ConfigReading::tell);
                return None;
            }
        };
        let mut ended = self.readings.drain(..=index).map(|reading| reading.thread);
        ended.next_back();
        self.outdated.extend(ended);
        Some(loaded)
    }
}

/// Waits until the given time, or for ever.
async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        collections::BTreeMap,
        path::Path,
        sync::{Mutex, mpsc},
    };
    use tokio::time::{sleep, timeout};

    /// The threads that read, each of which waits until its own sender gives it a title or is dropped.
    fn readings(count: usize) -> (ConfigReadings, Vec<mpsc::Sender<&'static str>>) {
        let (senders, receivers): (Vec<_>, Vec<_>) = (0..count).map(|_| mpsc::channel()).unzip();
        let waiting = Mutex::new(receivers.into_iter());
        let load = move || {
            let titles = waiting.lock().unwrap().next().unwrap();
            let title: &str = titles.recv().unwrap_or("nobody");
            let text = format!("[[channel]]\nslug = \"all\"\ntitle = \"{title}\"\n");
            Config::parse(&text, Path::new("config.toml"), &BTreeMap::new())
        };
        let clock = Clock::manual(Timestamp::UNIX_EPOCH);
        let hung = Duration::from_millis(50);
        (ConfigReadings { hung, ..ConfigReadings::new(Arc::new(load), clock) }, senders)
    }

    async fn title(readings: &mut ConfigReadings) -> String {
        loop {
            let ended = timeout(Duration::from_secs(20), readings.ended()).await.expect("a reading that ended");
            if let Some(loaded) = ended {
                return loaded.unwrap().unwrap().channels[0].title.clone();
            }
        }
    }

    /// Waits until what was begun counts as hung.
    async fn hang(readings: &mut ConfigReadings) {
        let hung = timeout(Duration::from_secs(20), readings.ended()).await.expect("a reading that hangs");
        assert!(hung.is_none());
    }

    #[tokio::test]
    async fn a_reading_that_hangs_is_told_once_and_not_waited_for() {
        let (mut readings, senders) = readings(2);
        assert!(readings.begin() && !readings.begin(), "one after the other");
        hang(&mut readings).await;
        let more = timeout(Duration::from_millis(100), readings.ended()).await;
        assert!(more.is_err(), "once is enough");
        assert!(readings.begin() && !readings.begin());
        senders[1].send("second").unwrap();
        assert_eq!(title(&mut readings).await, "second");
        senders[0].send("first").unwrap();
        let more = timeout(Duration::from_millis(100), readings.ended()).await;
        assert!(more.is_err(), "what began earlier is older");
    }

    #[tokio::test]
    async fn a_hung_reading_that_ends_first_counts_until_the_later_one_ends() {
        let (mut readings, senders) = readings(2);
        assert!(readings.begin());
        hang(&mut readings).await;
        assert!(readings.begin());
        senders[0].send("first").unwrap();
        assert_eq!(title(&mut readings).await, "first");
        senders[1].send("second").unwrap();
        assert_eq!(title(&mut readings).await, "second");
    }

    #[tokio::test]
    async fn only_some_threads_wait_for_files() {
        let (mut readings, senders) = readings(THREADS + 2);
        for _ in 0..THREADS {
            assert!(readings.begin());
            hang(&mut readings).await;
        }
        assert!(!readings.begin());
        senders[1].send("second").unwrap();
        assert_eq!(title(&mut readings).await, "second");
        assert!(readings.begin());
        hang(&mut readings).await;
        assert!(!readings.begin(), "the first still waits for its file");
        senders[0].send("first").unwrap();
        while readings.outdated.iter().any(|thread| !thread.is_finished()) {
            sleep(Duration::from_millis(5)).await;
        }
        assert!(readings.begin());
    }
}
