//! `chuangquan secret …`: one secret after another, without losing what the last one sealed.

use clap::{Args, Subcommand};
use store::Store;

use crate::config::{
    DatabaseSettings,
    secret_file::{self, Secrets},
};

/// What an operator does about the secret, in this order. Between the steps every node gets
/// the same file and is started anew.
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
/// A sentence.
pub async fn run(command: SecretCommand) -> Result<(), String> {
    match command {
        SecretCommand::Add(SecretArgs { data }) => {
            let secrets = read(&data)?;
            let more = secrets.with_new().map_err(text)?;
            secret_file::replace(&data.secret_file, &more).map_err(text)?;
            let name = more.names().pop().unwrap_or_default();
            println!("{name} is known; give every node this file and start it anew");
        }
        SecretCommand::Use { name, args: SecretArgs { data } } => {
            let turned = read(&data)?.with_first(&name).ok_or_else(|| unknown(&name))?;
            secret_file::replace(&data.secret_file, &turned).map_err(text)?;
            println!("{name} signs and seals; give every node this file and start it anew");
        }
        SecretCommand::Reseal(SecretArgs { data }) => {
            println!("{} rows were sealed anew", reseal(&data, false).await?);
        }
        SecretCommand::Retire { name, args: SecretArgs { data } } => {
            let secrets = read(&data)?;
            if secrets.names().first() != Some(&name) {
                return Err(format!("{name} is not the secret that is used"));
            }
            println!("{} rows were sealed anew", reseal(&data, true).await?);
            let (kept, old) = secrets.parted();
            let aside = secret_file::lay_aside(&data.secret_file, &old).map_err(text)?;
            secret_file::replace(&data.secret_file, &kept).map_err(text)?;
            println!("{name} alone is left; give every node this file and start it anew");
            println!("keep {} as long as copies from before", aside.display());
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
        // What a node wrote meanwhile that was not started anew.
        let more = store.reseal().await.map_err(text)?;
        if more > 0 {
            return Err(format!(
                "{more} rows came while this ran: some node still uses an older secret; start it anew"
            ));
        }
        sealed += more;
        store.keep_newest_seal().await.map_err(text)?;
    }
    store.close().await;
    Ok(sealed)
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
