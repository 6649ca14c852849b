//! 创全: mobile web app for the civility campaign of one street. Here: the command line.
//!
//! How one signature passes through the crates:
//! 1. `ui` renders the form of `/sign` from the campaign; `islands` assist while it is filled in.
//! 2. `server` receives the POST, identifies the visitor by cookie, and parses the form strictly.
//! 3. `service` checks that the campaign is open and validates the form by the rules of `domain`.
//! 4. `store` commits it in one batch with other pending writes and the counters, then answers.
//! 5. `server` redirects to `/signed` and sends the new counts to all streams of `/live`.
//! 6. `islands` update the number on every open page.
//!
//! Each layer is a crate, so the compiler checks the dependencies: `domain` → `campaign`, `store` →
//! `service` → `ui` → `server`; `islands` is the crate that runs in the browser (wasm).

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand, ValueEnum};
use server::{
    cli::{
        secret::{self, SecretCommand},
        staff::{self, StaffCommand},
    },
    config::{CampaignSettings, DatabaseSettings, ServeSettings, logging, secret_file, tls},
    handlers::export,
    serve,
};
use service::export::Export;
use store::{BackupSummary, PhotoStore, Store};

/// mimalloc: in the system allocator, threads that free memory of other threads contend for its
/// locks; that took a third of the CPU time of a busy server.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// 创全: a street's civility campaign
#[derive(Parser)]
#[command(version, about)]
struct Cli {
    /// Log format: text for people, JSON for programs
    #[arg(long, env = "CHUANGQUAN_LOG", value_enum, default_value_t = LogFormat::Text, global = true)]
    log: LogFormat,

    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    Text,
    Json,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the app until SIGTERM or SIGINT
    Serve(Box<ServeSettings>),
    /// Work with campaign files
    #[command(subcommand)]
    Campaign(CampaignCommand),
    /// Manage staff accounts
    #[command(subcommand)]
    Staff(StaffCommand),
    /// Rotate the secret that signs cookies and encrypts what people write
    #[command(subcommand)]
    Secret(SecretCommand),
    /// Back up the database and the photos into an empty folder, while the app runs
    Backup {
        /// The folder
        dir: PathBuf,
        #[command(flatten)]
        data: DatabaseSettings,
    },
    /// Restore a backup into an empty database and an empty photo store
    Restore {
        /// The folder
        dir: PathBuf,
        /// Accept a backup of an older version, which has no MAC: all staff are disabled and their
        /// passwords void
        #[arg(long)]
        unsealed: bool,
        #[command(flatten)]
        data: DatabaseSettings,
    },
    /// Fill an empty database with invented signatures and reports
    Seed {
        /// How many signatures
        #[arg(long, default_value_t = 0)]
        signatures: u64,
        /// How many reports
        #[arg(long, default_value_t = 0)]
        reports: u64,
        #[command(flatten)]
        settings: CampaignSettings,
    },
    /// Export all reports or signatures as a table
    Export {
        /// reports or signatures
        #[arg(value_parser = ["reports", "signatures"])]
        what: String,
        /// csv or xlsx
        #[arg(long, default_value = "csv", value_parser = ["csv", "xlsx"])]
        format: String,
        /// Include names, contacts and the residents' own texts
        #[arg(long)]
        personal: bool,
        /// The file to write [default: standard output]
        #[arg(long)]
        output: Option<PathBuf>,
        #[command(flatten)]
        settings: CampaignSettings,
    },
    /// Recompute all counters from the rows and compare; exits 1 if they differ
    Recount {
        #[command(flatten)]
        data: DatabaseSettings,
    },
}

#[derive(Subcommand)]
enum CampaignCommand {
    /// Check a campaign file: print every error with line and field
    Check {
        /// The file
        file: PathBuf,
    },
}

/// Printed after a restore with `--unsealed`.
const UNSEALED_NOTICE: &str = "this backup has no MAC and may have been changed: all staff are \
    disabled and their passwords void; recovery codes and WeChat accounts are left out; owners of \
    reports and signatures are uncertain. Add a manager with `chuangquan staff add`, who enables \
    the others after a check; then run `chuangquan recount`";

fn main() -> ExitCode {
    // Files that this program creates are readable by their owner only.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    let cli = Cli::parse();
    tls::prepare();
    logging::begin(cli.log == LogFormat::Json);
    // At least 4 workers: with a single one, rendering has been seen to deadlock.
    let workers = std::thread::available_parallelism().map_or(4, |n| n.get().max(4));
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build();
    let done = match runtime {
        Ok(runtime) => runtime.block_on(run(cli.command)),
        Err(error) => Err(error.to_string()),
    };
    done.unwrap_or_else(|error| {
        eprintln!("{error}");
        ExitCode::FAILURE
    })
}

async fn run(command: Command) -> Result<ExitCode, String> {
    match command {
        Command::Serve(settings) => serve::serve(&settings).await.map_err(text)?,
        Command::Campaign(CampaignCommand::Check { file }) => {
            let checked = campaign::load(&file).map_err(text)?;
            for warning in checked.warnings {
                println!("{}: warning: {warning}", file.display());
            }
            println!("{}: ok", file.display());
        }
        Command::Staff(command) => staff::run(command).await?,
        Command::Secret(command) => secret::run(command).await?,
        Command::Backup { dir, data } => {
            // Opened first, so that no secret file is made for a database that does not exist.
            Store::open_existing(&data.database_url).await.map_err(text)?.close().await;
            let secrets = secret_file::read(&data.secret_file).map_err(text)?;
            let store = Store::open_sealed(&data.database_url, secrets.seal()).await;
            let store = store.map_err(text)?;
            let photos = PhotoStore::open(&data.photo_store).map_err(text)?;
            let BackupSummary { rows, photo_files, .. } =
                store.backup(&photos, &dir).await.map_err(text)?;
            println!("{rows} rows and {photo_files} photo files copied to {}", dir.display());
            println!(
                "the backup can only be restored and decrypted with {}: keep a copy of that file \
                 elsewhere",
                data.secret_file.display()
            );
            store.close().await;
        }
        Command::Restore { dir, unsealed, data } => {
            let secrets = secret_file::of_database(&data.secret_file, &data.database_url).await;
            let secrets = secrets.map_err(text)?;
            let store = Store::open_to_restore(&data.database_url, secrets.seal()).await;
            let store = store.map_err(text)?;
            let photos = PhotoStore::open(&data.photo_store).map_err(text)?;
            let restored = store.restore(&photos, &dir, unsealed).await.map_err(text)?;
            let BackupSummary { rows, photo_files, missing } = restored;
            println!("{rows} rows and {photo_files} photo files restored from {}", dir.display());
            if missing > 0 {
                println!("{missing} photos of reports have no file in the backup");
            }
            if unsealed {
                println!("{UNSEALED_NOTICE}");
            }
            store.close().await;
        }
        Command::Seed { signatures, reports, settings } => {
            let campaign = settings.campaign().map_err(text)?.campaign;
            let DatabaseSettings { secret_file, database_url, .. } = &settings.data;
            let secrets =
                secret_file::of_database(secret_file, database_url).await.map_err(text)?;
            let store = Store::open(database_url, secrets.seal(), &campaign).await;
            let store = store.map_err(text)?;
            let now = jiff::Timestamp::now().as_millisecond();
            store.seed(&campaign, signatures, reports, now).await.map_err(text)?;
            store.close().await;
            println!("{signatures} signatures and {reports} reports were created");
        }
        Command::Export { what, format, personal, output, settings } => {
            let (service, store) = staff::open(&settings).await?;
            let what = Export::parse(&what).ok_or("the table must be reports or signatures")?;
            let written =
                export::write(&service, what, (&format, personal), output.as_deref()).await;
            store.close().await;
            written.map_err(text)?;
        }
        Command::Recount { data } => {
            let store = Store::open_existing(&data.database_url).await.map_err(text)?;
            let drifts = store.recount().await.map_err(text)?;
            store.close().await;
            if !drifts.is_empty() {
                for drift in drifts {
                    println!("{drift}");
                }
                return Ok(ExitCode::FAILURE);
            }
            println!("all counters agree with the rows");
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
