//! A daemon that runs inside the test.

use super::{TestInstance, patiently};
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{sync::mpsc, task::JoinHandle};
use warraq::{
    config::Config,
    daemon::{ControlCommand, ControlCommands, Daemon, DaemonError},
};

/// A daemon in this process, controlled through a channel instead of signals.
pub struct RunningDaemon {
    /// Its base URL.
    pub base: String,
    orders: mpsc::Sender<ControlCommand>,
    text: Arc<Mutex<String>>,
    /// How often the configuration was read again.
    reread: Arc<AtomicUsize>,
    task: JoinHandle<Result<(), DaemonError>>,
}

impl RunningDaemon {
    /// Starts it with the database and configuration of a closed instance.
    pub async fn start(instance: &TestInstance) -> Self {
        let (file, text) = (instance.folder.path().join("config.toml"), Arc::new(Mutex::new(instance.text.clone())));
        let reread = Arc::new(AtomicUsize::new(0));
        let (shared, count) = (Arc::clone(&text), Arc::clone(&reread));
        let environment = instance.environment.clone();
        let again = move || {
            let config = Config::parse(&shared.lock().unwrap(), &file, &environment);
            count.fetch_add(1, Ordering::SeqCst);
            config
        };
        let opened = patiently(|| Daemon::open(instance.config(), Arc::new(again.clone()), instance.clock.clone()));
        let daemon = Box::pin(opened).await;
        let (orders, inbox) = mpsc::channel(4);
        let (ready, is_ready) = tokio::sync::oneshot::channel();
        let task = tokio::spawn(daemon.run(ControlCommands::Channel(inbox), ready));
        Self { base: format!("http://{}", is_ready.await.unwrap()), orders, text, reread, task }
    }

    /// Replaces the configuration and tells the daemon to reload it.
    pub async fn reload(&self, text: String) {
        let before = self.reread.load(Ordering::SeqCst);
        *self.text.lock().unwrap() = text;
        self.order(ControlCommand::Reload).await;
        // Wait until the text was read, so that the next one does not replace it before.
        for _ in 0..200 {
            if self.reread.load(Ordering::SeqCst) > before {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the daemon never read its configuration again");
    }

    /// Sends a command.
    pub async fn order(&self, order: ControlCommand) {
        self.orders.send(order).await.unwrap();
    }

    /// Tells it to stop and waits until it ends.
    pub async fn stop(self) -> Result<(), DaemonError> {
        self.order(ControlCommand::Stop).await;
        self.task.await.unwrap()
    }

    /// Requests a path.
    pub async fn get(&self, path: &str) -> reqwest::Response {
        let client = crate::processes::http_client().build().unwrap();
        client.get(format!("{}{path}", self.base)).send().await.unwrap()
    }

    /// Repeats a request until the response contains `words`. Fails after ten seconds.
    pub async fn get_until(&self, path: &str, words: &str) -> String {
        for _ in 0..200 {
            let text = self.get(path).await.text().await.unwrap();
            if text.contains(words) {
                return text;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{path} never said {words:?}");
    }
}
