//! `chuangquan secret …`: one secret after another, without losing what the last one sealed.

use clap::{Args, Subcommand};

use super::{config::DatabaseSettings, secret};
use crate::store::Store;

/// What an operator does about the secret, in this order. Between the steps every node gets
/// the same file and is started anew.
#[derive(Subcommand, Debug)]
pub enum SecretCommand {
    /// Add a new secret to the file; it is known from now on, and not yet used
    Add(SecretArgs),
    /// Use the secret that was added last; the others still verify and open
    Use(SecretArgs),
    /// Seal by the newest secret what older ones sealed, while the app serves
    Reseal(SecretArgs),
    /// Seal what is left, then forget all secrets but the newest: cookies and phrases from
    /// before are worth nothing any more
    Retire(SecretArgs),
}

/// Where the secret and the data are.
#[derive(Args, Clone, Debug)]
pub struct SecretArgs {
    #[command(flatten)]
    data: DatabaseSettings,
}

/// Does it, and says on standard output what was done.
///
/// # Errors
/// A sentence.
pub async fn run(command: SecretCommand) -> Result<(), String> {
    match command {
        SecretCommand::Add(SecretArgs { data }) => {
            let secrets = secret::read(&data.secret_file).map_err(text)?;
            let more = secrets.with_new().map_err(text)?;
            secret::replace(&data.secret_file, &more).map_err(text)?;
            println!("{} secrets are known; give every node this file", more.count());
        }
        SecretCommand::Use(SecretArgs { data }) => {
            let secrets = secret::read(&data.secret_file).map_err(text)?;
            if secrets.count() < 2 {
                return Err("there is one secret only; add one first".into());
            }
            secret::replace(&data.secret_file, &secrets.with_last_first()).map_err(text)?;
            println!("the newest secret signs and seals; give every node this file");
        }
        SecretCommand::Reseal(SecretArgs { data }) => {
            println!("{} rows were sealed anew", reseal(&data).await?);
        }
        SecretCommand::Retire(SecretArgs { data }) => {
            println!("{} rows were sealed anew", reseal(&data).await?);
            let secrets = secret::read(&data.secret_file).map_err(text)?;
            secret::replace(&data.secret_file, &secrets.first_alone()).map_err(text)?;
            println!("one secret is left; give every node this file");
        }
    }
    Ok(())
}

async fn reseal(data: &DatabaseSettings) -> Result<u64, String> {
    let secrets = secret::read(&data.secret_file).map_err(text)?;
    let store = Store::open_sealed(&data.database_url, secrets.seal()).await.map_err(text)?;
    let sealed = store.reseal().await.map_err(text);
    store.close().await;
    sealed
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
