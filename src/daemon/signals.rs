//! What the daemon is told from outside: by signals, or by whoever runs it as a library.

use std::io;
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::mpsc,
};

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ControlCommand {
    /// Read the configuration again.
    Reload,
    /// Drain and end; a second time: end at once.
    Stop,
}

/// Where orders come from.
pub enum ControlCommands {
    /// SIGHUP; SIGTERM and SIGINT.
    Signals {
        /// SIGHUP.
        reload: Signal,
        /// SIGTERM.
        terminate: Signal,
        /// SIGINT.
        interrupt: Signal,
    },
    /// A channel; its end is no order.
    Channel(mpsc::Receiver<ControlCommand>),
}

impl ControlCommands {
    /// Listens to the process's signals from now on.
    ///
    /// # Errors
    /// When the signals cannot be listened to.
    pub fn signals() -> io::Result<Self> {
        Ok(Self::Signals {
            reload: signal(SignalKind::hangup())?,
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// The next order.
    pub async fn next(&mut self) -> ControlCommand {
        match self {
            Self::Signals { reload, terminate, interrupt } => tokio::select! {
                Some(()) = reload.recv() => ControlCommand::Reload,
                Some(()) = terminate.recv() => ControlCommand::Stop,
                Some(()) = interrupt.recv() => ControlCommand::Stop,
                else => std::future::pending().await,
            },
            Self::Channel(commands) => match commands.recv().await {
                Some(command) => command,
                None => std::future::pending().await,
            },
        }
    }

    /// Waits for an order to stop; reloads are too early, or too late.
    pub async fn stop_again(&mut self) {
        while self.next().await != ControlCommand::Stop {}
    }
}
