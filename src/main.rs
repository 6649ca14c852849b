//! 创全: a street's civility campaign as a mobile web app.
//!
//! One signature's way through the house:
//! 1. `ui` draws the form of `/sign` from the campaign; `islands` help while it is filled in.
//! 2. `server` takes the post, knows the visitor by a cookie, and reads the fields strictly.
//! 3. `service` asks whether the campaign is open and holds the form against `domain`'s rules.
//! 4. `store` commits it with all that waits beside it, counters included, and only then answers.
//! 5. `server` sends the browser on to `/signed`, and the new counts to everyone at `/live`.
//! 6. `islands` move the number on every open page.
//!
//! Each floor is a crate of its own, so that the compiler knows which may use which:
//! `domain` → `campaign`, `store` → `service` → `ui` → `server`, and `islands`, which is the
//! one that the browser gets. Here is the command line: parse, then hand over.

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

/// Threads that free what others allocated wait for each other in the system's own
/// allocator: a third of a busy server's time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// 创全: a street's civility campaign
#[derive(Parser)]
#[command(version, about)]
struct Cli {
    /// How to log: lines for people, or JSON for programs
    #[arg(long, env = "CHUANGQUAN_LOG", value_enum, default_value_t = Log::Text, global = true)]
    log: Log,

    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Log {
    Text,
    Json,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the app until told to end
    Serve(Box<ServeSettings>),
    /// Work with campaign files
    #[command(subcommand)]
    Campaign(CampaignCommand),
    /// Let staff in, and out
    #[command(subcommand)]
    Staff(StaffCommand),
    /// Change the secret that signs cookies and seals what people write
    #[command(subcommand)]
    Secret(SecretCommand),
    /// Copy the database and the photos into an empty folder, while they are in use
    Backup {
        /// The folder
        dir: PathBuf,
        #[command(flatten)]
        data: DatabaseSettings,
    },
    /// Fill an empty database and an empty photo store from a copy
    Restore {
        /// The folder
        dir: PathBuf,
        /// Take a copy of an older version, for which no secret vouches: staff come disabled,
        /// and their passwords void
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
        over: CampaignSettings,
    },
    /// Write all reports or signatures as a table
    Export {
        /// reports or signatures
        #[arg(value_parser = ["reports", "signatures"])]
        what: String,
        /// csv or xlsx
        #[arg(long, default_value = "csv", value_parser = ["csv", "xlsx"])]
        format: String,
        /// With names, contacts and the residents' own words
        #[arg(long)]
        personal: bool,
        /// The file to write [default: standard output]
        #[arg(long)]
        output: Option<PathBuf>,
        #[command(flatten)]
        over: CampaignSettings,
    },
    /// Count all rows and compare with the counters; exits 1 when they differ
    Recount {
        #[command(flatten)]
        data: DatabaseSettings,
    },
}

#[derive(Subcommand)]
enum CampaignCommand {
    /// Name every fault of a campaign file, with its line and field
    Check {
        /// The file
        file: PathBuf,
    },
}

/// Said after a copy was restored that nobody vouches for.
const UNSEALED: &str = "nobody vouches for this copy: all staff are disabled and their passwords \
                        void, recovery codes and WeChat accounts are left out, and whose reports \
                        and signatures there are is not certain. Let a manager in by `chuangquan staff add`, who lets the others in \
                        again after looking at each; then `chuangquan recount`";

fn main() -> ExitCode {
    // What this program writes, only its owner reads.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    let cli = Cli::parse();
    tls::prepare();
    logging::begin(cli.log == Log::Json);
    // Rendering inside a single worker has been seen to wait for itself.
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
            println!("{}: whole", file.display());
        }
        Command::Staff(command) => staff::run(command).await?,
        Command::Secret(command) => secret::run(command).await?,
        Command::Backup { dir, data } => {
            // A database that is not there gets no secret either.
            Store::open_existing(&data.database_url).await.map_err(text)?.close().await;
            let secrets = secret_file::read(&data.secret_file).map_err(text)?;
            let store = Store::open_sealed(&data.database_url, secrets.seal()).await;
            let store = store.map_err(text)?;
            let pictures = PhotoStore::open(&data.photo_store).map_err(text)?;
            let BackupSummary { rows, photo_files: pictures, .. } =
                store.backup(&pictures, &dir).await.map_err(text)?;
            println!("{rows} rows and {pictures} pictures are in {}", dir.display());
            println!(
                "what people wrote opens by {} only, and nothing is restored without it: keep a \
                 copy of that elsewhere",
                data.secret_file.display()
            );
            store.close().await;
        }
        Command::Restore { dir, unsealed, data } => {
            let secrets = secret_file::of_database(&data.secret_file, &data.database_url).await;
            let secrets = secrets.map_err(text)?;
            let store = Store::open_to_restore(&data.database_url, secrets.seal()).await;
            let store = store.map_err(text)?;
            let pictures = PhotoStore::open(&data.photo_store).map_err(text)?;
            let restored = store.restore(&pictures, &dir, unsealed).await.map_err(text)?;
            let BackupSummary { rows, photo_files: pictures, missing } = restored;
            println!("{rows} rows and {pictures} pictures came from {}", dir.display());
            if missing > 0 {
                println!("{missing} photos of reports have no picture in the copy");
            }
            if unsealed {
                println!("{UNSEALED}");
            }
            store.close().await;
        }
        Command::Seed { signatures, reports, over } => {
            let campaign = over.campaign().map_err(text)?.campaign;
            let DatabaseSettings { secret_file, database_url, .. } = &over.data;
            let secrets =
                secret_file::of_database(secret_file, database_url).await.map_err(text)?;
            let store = Store::open(&over.data.database_url, secrets.seal(), &campaign).await;
            let store = store.map_err(text)?;
            let now = jiff::Timestamp::now().as_millisecond();
            store.seed(&campaign, signatures, reports, now).await.map_err(text)?;
            store.close().await;
            println!("{signatures} signatures and {reports} reports are there");
        }
        Command::Export { what, format, personal, output, over } => {
            let (service, store) = staff::open(&over).await?;
            let what = Export::parse(&what).ok_or("reports or signatures")?;
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
            println!("every counter says what the rows say");
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
