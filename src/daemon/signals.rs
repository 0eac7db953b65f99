//! Commands to the daemon, from signals or from a program that uses it as a library.

use std::{io, time::Duration};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::mpsc,
};

/// Signals so close together are one: `timeout(1)` signals its command, and then the process group with the command in it.
const SAME_STOP: Duration = Duration::from_millis(100);

/// A command to the daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ControlCommand {
    /// Reload the configuration.
    Reload,
    /// Shut down gracefully; the second time, stop at once.
    Stop,
}

/// The source of commands.
pub enum ControlCommands {
    /// Signals of the process: SIGHUP reloads, SIGTERM and SIGINT stop.
    Signals {
        /// SIGHUP.
        reload: Signal,
        /// SIGTERM.
        terminate: Signal,
        /// SIGINT.
        interrupt: Signal,
        /// SIGUSR1 and SIGUSR2. They mean nothing here, but would end a process that does not handle them.
        meaningless: [Signal; 2],
    },
    /// A channel. Its end is not a command.
    Channel(mpsc::Receiver<ControlCommand>),
}

impl ControlCommands {
    /// Starts to listen to the signals of the process.
    ///
    /// # Errors
    /// Fails if the signal handlers cannot be installed.
    pub fn signals() -> io::Result<Self> {
        Ok(Self::Signals {
            reload: signal(SignalKind::hangup())?,
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            meaningless: [signal(SignalKind::user_defined1())?, signal(SignalKind::user_defined2())?],
        })
    }

    /// Waits for the next command.
    pub async fn next(&mut self) -> ControlCommand {
        match self {
            Self::Signals { reload, terminate, interrupt, meaningless: [first, second] } => loop {
                let name = tokio::select! {
                    Some(()) = reload.recv() => return ControlCommand::Reload,
                    Some(()) = terminate.recv() => return ControlCommand::Stop,
                    Some(()) = interrupt.recv() => return ControlCommand::Stop,
                    Some(()) = first.recv() => "SIGUSR1",
                    Some(()) = second.recv() => "SIGUSR2",
                    else => std::future::pending().await,
                };
                tracing::warn!("{name} has no meaning here and is ignored; SIGHUP reloads the configuration");
            },
            Self::Channel(commands) => match commands.recv().await {
                Some(command) => command,
                None => std::future::pending().await,
            },
        }
    }

    /// Waits for a command to stop. Reloads are ignored.
    pub async fn stop(&mut self) {
        while self.next().await != ControlCommand::Stop {}
    }

    /// Waits for a second command to stop. Reloads are ignored, and so are commands within 100 ms of the first.
    pub async fn stop_again(&mut self) {
        let at_once = async {
            loop {
                self.next().await;
            }
        };
        // It always times out.
        let _ = tokio::time::timeout(SAME_STOP, at_once).await;
        self.stop().await;
    }
}
