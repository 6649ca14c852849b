//! `chuangquan secret …`: rotates the installation secret without losing encrypted data.

use clap::{Args, Subcommand};
use store::Store;

use crate::config::{
    DatabaseSettings,
    secret_file::{self, Secrets},
};

/// Steps of a rotation, in this order. After each step the file is copied to all nodes and they are
/// restarted.
#[derive(Subcommand, Debug)]
pub enum SecretCommand {
    /// Add a new secret to the file; it is known from now on, and not yet used. Its name is
    /// printed
    Add(SecretArgs),
    /// Use the secret of that name; the others still verify and open
    Use {
        /// The name that `add` printed
        name: String,
        #[command(flatten)]
        args: SecretArgs,
    },
    /// Seal by the newest secret what older ones sealed, while the app serves
    Reseal(SecretArgs),
    /// Seal what is left, then keep the secret of that name alone: cookies and phrases from
    /// before are worth nothing any more. The others are laid aside, for older copies
    Retire {
        /// The name of the one that is used
        name: String,
        #[command(flatten)]
        args: SecretArgs,
    },
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
/// An error message for the operator.
pub async fn run(command: SecretCommand) -> Result<(), String> {
    match command {
        SecretCommand::Add(SecretArgs { data }) => {
            let secrets = read(&data)?;
            let more = secrets.with_new().map_err(text)?;
            secret_file::replace(&data.secret_file, &more).map_err(text)?;
            let name = more.names().pop().unwrap_or_default();
            println!("{name} is known; copy this file to every node and restart it");
        }
        SecretCommand::Use { name, args: SecretArgs { data } } => {
            let turned = read(&data)?.with_first(&name).ok_or_else(|| unknown(&name))?;
            secret_file::replace(&data.secret_file, &turned).map_err(text)?;
            println!("{name} signs and seals; copy this file to every node and restart it");
        }
        SecretCommand::Reseal(SecretArgs { data }) => {
            println!("{} rows were re-encrypted", reseal(&data, false).await?);
        }
        SecretCommand::Retire { name, args: SecretArgs { data } } => {
            let secrets = read(&data)?;
            if secrets.names().first() != Some(&name) {
                return Err(format!("{name} is not the secret that is used"));
            }
            println!("{} rows were re-encrypted", reseal(&data, true).await?);
            let (kept, old) = secrets.split_newest();
            let aside = secret_file::append_retired(&data.secret_file, &old).map_err(text)?;
            secret_file::replace(&data.secret_file, &kept).map_err(text)?;
            println!("{name} alone is left; copy this file to every node and restart it");
            println!("keep {} as long as older backups: they need it", aside.display());
        }
    }
    Ok(())
}

fn read(data: &DatabaseSettings) -> Result<Secrets, String> {
    secret_file::read(&data.secret_file).map_err(text)
}

fn unknown(name: &str) -> String {
    format!("there is no secret {name}; `secret add` prints the name of one")
}

/// Seals rows by the newest secret; how many. At the `last` time no other opens them any
/// more.
async fn reseal(data: &DatabaseSettings, last: bool) -> Result<u64, String> {
    let secrets = read(data)?;
    let store = Store::open_sealed(&data.database_url, secrets.seal()).await.map_err(text)?;
    let mut sealed = store.reseal().await.map_err(text)?;
    if last {
        // Rows that a node which was not restarted wrote meanwhile with an older secret.
        let more = store.reseal().await.map_err(text)?;
        if more > 0 {
            return Err(format!(
                "{more} rows were written meanwhile with an older secret: restart all nodes and try again"
            ));
        }
        sealed += more;
        store.keep_newest_seal().await.map_err(text)?;
    }
    if sealed > 0 || last {
        store.make_numbers_again().await.map_err(text)?;
    }
    store.close().await;
    Ok(sealed)
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
