//! `warraq token new`: makes a key for readers.

use super::{CliError, out::say};
use crate::fetch::random_bytes;
use crate::{
    model::{ReaderKey, Slug},
    serve::hash_of,
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};

/// Beginning of every key, by which people and scanners for leaked secrets recognise one.
const PREFIX: &str = "warraq_";

/// What to do with keys.
#[derive(Debug, clap::Subcommand)]
pub(super) enum TokenAction {
    /// Make a key and print it, with the line to put into the token file. The key is stored nowhere.
    New {
        /// Name of the key, by which channels refer to it.
        #[arg(default_value = "reader")]
        name: String,
    },
}

/// Makes a key of 256 random bits and prints it with its line.
pub(super) fn token(action: &TokenAction) -> Result<(), CliError> {
    let TokenAction::New { name } = action;
    let name =
        Slug::parse(name).map_err(|why| CliError::Usage(format!("{name:?} is not a valid name of a key: {why}")))?;
    let bytes: [u8; 32] = random_bytes().map_err(anyhow::Error::from)?;
    let key = format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(bytes));
    let line = ReaderKey { name: name.to_string(), sha256: hash_of(&key) };
    say(format_args!(
        "Key, for the reader (as the password of any user name, or ?key=… in the address); it is shown only now:\n{key}\n\n\
         Line, for the file of [server] token_file:\n{line}"
    ))?;
    Ok(())
}
