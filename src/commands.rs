//! The command line: each command is a few lines over the services.

mod apply;
mod import;

use std::io::Write;
use std::process::ExitCode;

use facit::api;
use facit::check::{self, Findings};
use facit::config::{CheckArgs, Command, DemoArgs, ServeArgs, temporary_folder};
use facit::db::{self, Db, Target};
use facit::demo;
use facit::server::{self, Settings};
use facit::service::{Error, Role, tree};
use facit::store;

mod backup;
mod evidence;
mod keys;
mod serving;

type Outcomes = Result<ExitCode, String>;

pub fn run(command: Command) -> Outcomes {
    match command {
        Command::Demo(args) => run_demo(args),
        Command::Serve(args) => serve(args),
        Command::Apply(args) => apply::apply(&args),
        Command::Import(args) => import::import(&args),
        Command::Keys(command) => keys::run(command),
        Command::Check(args) => run_check(&args),
        Command::Backup(args) => backup::run(&args),
        Command::Evidence(args) => evidence::write(&args),
        Command::Verify(args) => evidence::verify(&args),
        Command::Migrate(args) => open(&args.database).map(|_| ExitCode::SUCCESS),
        Command::Openapi => {
            let document =
                serde_json::to_string_pretty(&api::openapi::document()).map_err(|e| e.to_string())?;
            print_line(&document)
        }
    }
}

/// Opens the database and brings it to this program's schema, with the rows that follow from it.
fn open(url: &str) -> Result<Db, String> {
    let db = Db::open(&Target::parse(url)?).map_err(|e| e.to_string())?;
    db.migrate().map_err(|e| e.to_string())?;
    check::refold_due(&db).map_err(|e| e.to_string())?;
    tree::grow_due(&db).map_err(|e| e.to_string())?;
    Ok(db)
}

fn serve(args: ServeArgs) -> Outcomes {
    let url = args.database.database;
    let db = if args.read_only { serving::open_unchanged(&url)? } else { open(&url)? };
    let settings = Settings {
        listen: args.listen,
        issuer: args.issuer,
        workers: usize::from(args.workers),
        cors_origins: args.cors_origins.0,
        read_only: args.read_only,
        ..serving::settings(args.operation)
    };
    serving::log(&url, &settings);
    run_server(db, &settings, |_| String::new())
}

/// Serves until SIGTERM or SIGINT, then lets requests under way finish.
fn run_server(db: Db, settings: &Settings, greeting: impl FnOnce(&str) -> String) -> Outcomes {
    serving::check_origin(settings)?;
    let installation = serving::installation(&db, settings)?;
    actix_web::rt::System::new().block_on(async {
        let bound = server::bind(db, installation, settings)?;
        let greeting = greeting(&bound.address);
        let mut out = std::io::stdout();
        if let Some(metrics) = &bound.metrics {
            writeln!(out, "metrics on {}", metrics.address).map_err(|e| e.to_string())?;
        }
        writeln!(out, "{greeting}listening on {}", bound.address).map_err(|e| e.to_string())?;
        out.flush().map_err(|e| e.to_string())?;
        bound.run().await.map_err(|e| e.to_string())?;
        Ok(ExitCode::SUCCESS)
    })
}

fn run_demo(args: DemoArgs) -> Outcomes {
    let url = match args.database {
        Some(url) => url,
        None => {
            let name = format!("facit-demo-{}.db", std::process::id());
            format!("sqlite:{}", temporary_folder().join(name).display())
        }
    };
    let db = open(&url)?;
    if store_is_in_use(&db)? {
        return Err(format!("the database {url} has an alliance already; a demo needs an empty one"));
    }
    let demo = demo::fill(&db, api::now()).map_err(|e| e.to_string())?;
    let settings = Settings {
        listen: args.listen,
        issuer: "facit".to_owned(),
        workers: usize::from(args.workers),
        cors_origins: args.cors_origins.0,
        ..serving::settings(args.operation)
    };
    serving::log(&url, &settings);
    run_server(db, &settings, |address| greeting(&url, address, &demo))
}

fn store_is_in_use(db: &Db) -> Result<bool, String> {
    let count = db.read_now(store::alliances::count).map_err(|e: db::Error| e.to_string())?;
    Ok(count > 0)
}

fn greeting(url: &str, address: &str, demo: &demo::Demo) -> String {
    let mut text = format!(
        "Facit's demo: the alliance `demo`, 107 invented partners, {} journal entries, in {url}\n\n\
         Try, without a key:\n  curl -s {address}/v1/alliances/demo/partners?limit=3\n  \
         {address}/docs/ in a browser\n",
        demo.entries
    );
    for key in &demo.keys {
        let whose = key.partner_name.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
        text.push_str(&format!(
            "\n{role}{whose}\n  client id      {id}\n  client secret  {secret}\n  \
             TOKEN=$(curl -s {address}/v1/token -d grant_type=client_credentials -d client_id={id} \
             -d client_secret={secret} | sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/')\n{then}",
            role = key.role.word(),
            id = key.client_id,
            secret = key.secret,
            then = example(address, key),
        ));
    }
    text.push_str("\nwith each token: -H \"Authorization: Bearer $TOKEN\"; in English: -H \"Accept-Language: en\"\n\n");
    text
}

fn example(address: &str, key: &demo::DemoKey) -> String {
    let base = format!("{address}/v1/alliances/demo");
    let partner = key.partner_id.map(|id| id.to_string()).unwrap_or_default();
    match key.role {
        Role::Reader => format!("  then GET {base}/figures\n"),
        Role::Auditor => {
            format!("  then GET {base}/figures/new_collaborations/partners and {base}/journal\n")
        }
        Role::Secretariat => format!("  then GET {base}/reports?round=today\n"),
        Role::Operator => format!("  then GET {base}/keys\n"),
        Role::Partner => format!(
            "  then PUT {base}/reports/today/{partner} and POST {base}/reports/today/{partner}/submission\n"
        ),
    }
}

fn run_check(args: &CheckArgs) -> Outcomes {
    let kept = match &args.checkpoint {
        Some(file) => {
            Some(std::fs::read_to_string(file).map_err(|e| format!("{}: {e}", file.display()))?)
        }
        None => None,
    };
    let db = open(&args.database.database)?;
    let findings = db.read_now(|conn| {
        let mut findings = check::check(conn, &args.alliance)?;
        // Operators' keys stand in the installation's own journal.
        findings.differences.extend(check::check_installation(conn)?.differences);
        if let Some(note) = &kept {
            findings
                .differences
                .extend(check::check_against(conn, &args.alliance, note)?.differences);
        }
        Ok::<Findings, Error>(findings)
    });
    let findings = findings.map_err(|e| e.to_string())?;
    print_findings(&args.alliance, &findings)?;
    Ok(if findings.differences.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// The differences, and how much was compared.
fn print_findings(what: &str, findings: &Findings) -> Outcomes {
    let Findings {
        entries,
        hashes,
        rows,
        standings,
        tallies,
        figures,
        differences,
    } = findings;
    for difference in differences {
        print_line(&difference.to_string())?;
    }
    print_line(&format!(
        "{what}: {entries} entries, {hashes} hashes, {rows} rows, {standings} standings, {tallies} tallies, {figures} figures \
         checked; {} differences",
        differences.len()
    ))
}

/// Standard output may be a closed pipe, which is no reason to panic.
fn print_line(text: &str) -> Outcomes {
    writeln!(std::io::stdout(), "{text}")
        .map(|()| ExitCode::SUCCESS)
        .map_err(|e| e.to_string())
}
