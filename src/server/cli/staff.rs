//! `chuangquan staff …`: the operator's way to let people in.

use std::{io::Read, sync::Arc};

use clap::{Args, Subcommand};
use service::{
    Service,
    staff::{BACK_TO_GRID, StaffForm, StaffUpdate, password::fresh_password},
};
use store::{PhotoStore, Store};

use crate::config::{CampaignSettings, secret_file};

/// What an operator does about staff.
#[derive(Subcommand, Debug)]
pub enum StaffCommand {
    /// Add someone; their password is made and printed, unless one is given
    Add {
        /// What they log in by: a-z, 0-9, `.`, `_`, `-`
        login: String,
        /// What colleagues call them
        #[arg(long)]
        name: String,
        /// grid-worker, branch-lead or manager
        #[arg(long)]
        role: String,
        /// A grid worker's grids, by slug; may be repeated
        #[arg(long = "grid", value_delimiter = ',')]
        grids: Vec<String>,
        /// A branch lead's branches, by slug; may be repeated
        #[arg(long = "branch", value_delimiter = ',')]
        branches: Vec<String>,
        #[command(flatten)]
        password: PasswordArgs,
        #[command(flatten)]
        data: CampaignSettings,
    },
    /// List everyone
    List {
        #[command(flatten)]
        data: CampaignSettings,
    },
    /// Let someone no longer in; all their sessions end at once
    Disable {
        /// Whom
        login: String,
        /// Who has the cases they had claimed, by login; without this they go back to the grid
        #[arg(long)]
        cases_to: Option<String>,
        #[command(flatten)]
        data: CampaignSettings,
    },
    /// Whoever lost their phone: no second factor any more, and a new password; all their sessions
    /// end at once
    ResetSecondFactor {
        /// Whom
        login: String,
        #[command(flatten)]
        data: CampaignSettings,
    },
    /// Give someone a new password; all their sessions end at once
    ResetPassword {
        /// Whom
        login: String,
        #[command(flatten)]
        password: PasswordArgs,
        #[command(flatten)]
        data: CampaignSettings,
    },
}

/// Where a password comes from.
#[derive(Args, Debug)]
pub struct PasswordArgs {
    /// Read the password from standard input in place of making one
    #[arg(long)]
    password_stdin: bool,
}

impl PasswordArgs {
    /// The password, and whether it was made here.
    fn get(&self, login: &str) -> Result<(String, bool), String> {
        if !self.password_stdin {
            return Ok((fresh_password(login).map_err(text)?, true));
        }
        let mut password = String::new();
        std::io::stdin().take(1000).read_to_string(&mut password).map_err(text)?;
        Ok((password.trim_end_matches(['\r', '\n']).to_owned(), false))
    }
}

/// Does it, and says on standard output what was done.
///
/// # Errors
/// An error message for the operator.
pub async fn run(command: StaffCommand) -> Result<(), String> {
    match command {
        StaffCommand::Add { login, name, role, grids, branches, password, data } => {
            let (password, made) = password.get(&login)?;
            let (service, store) = open(&data).await?;
            let form = StaffForm {
                login: login.clone(),
                name,
                role,
                grids,
                branches,
                password: password.clone(),
            };
            let added = service.add_staff(None, &form).await.map_err(text);
            store.close().await;
            added?;
            println!("{login} was added");
            say(&password, made);
        }
        StaffCommand::List { data } => {
            let (service, store) = open(&data).await?;
            for staff in service.staff().await.map_err(text)? {
                let scope: Vec<&str> =
                    staff.grids.iter().chain(&staff.branches).map(|slug| slug.as_str()).collect();
                let state = if staff.active { "active" } else { "disabled" };
                println!(
                    "{}\t{}\t{}\t{state}\t{}",
                    staff.login,
                    staff.name,
                    staff.role.as_str(),
                    scope.join(",")
                );
            }
            store.close().await;
        }
        StaffCommand::Disable { login, cases_to, data } => {
            let cases = cases_to.unwrap_or_else(|| BACK_TO_GRID.to_owned());
            manage(&data, &login, StaffUpdate::Active { active: false, cases }).await?;
            println!("{login} was disabled");
        }
        StaffCommand::ResetSecondFactor { login, data } => {
            let password = fresh_password(&login).map_err(text)?;
            manage(&data, &login, StaffUpdate::SecondFactor(password.clone())).await?;
            println!("{login} has no second factor any more, and a new password");
            say(&password, true);
        }
        StaffCommand::ResetPassword { login, password, data } => {
            let (password, made) = password.get(&login)?;
            manage(&data, &login, StaffUpdate::Password(password.clone())).await?;
            println!("{login} has a new password");
            say(&password, made);
        }
    }
    Ok(())
}

fn say(password: &str, made: bool) {
    if made {
        println!("password: {password}");
    }
}

async fn manage(data: &CampaignSettings, login: &str, change: StaffUpdate) -> Result<(), String> {
    let (service, store) = open(data).await?;
    let managed = service.manage_staff(None, login, change).await.map_err(text);
    store.close().await;
    managed
}

/// The use cases over the data that the settings name.
///
/// # Errors
/// An error message for the operator.
pub async fn open(data: &CampaignSettings) -> Result<(Service, Store), String> {
    let campaign = data.campaign().map_err(text)?.campaign;
    let secrets = secret_file::of_database(&data.data.secret_file, &data.data.database_url).await;
    let secrets = secrets.map_err(text)?;
    let store = Store::open(&data.data.database_url, secrets.seal(), &campaign).await;
    let store = store.map_err(text)?;
    let pictures = PhotoStore::open(&data.data.photo_store).map_err(text)?;
    let service = Service::new(store.clone(), pictures, Arc::new(campaign), secrets.keys());
    Ok((service, store))
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
