use std::process::ExitCode;

use facit::{config, telemetry};

mod commands;

fn main() -> ExitCode {
    let cli = match config::read() {
        Ok(cli) => cli,
        Err(fault) => {
            eprintln!("facit: {fault}");
            return ExitCode::from(1);
        }
    };
    telemetry::start(&cli.log);
    match commands::run(cli.command) {
        Ok(code) => code,
        Err(fault) => {
            eprintln!("facit: {fault}");
            ExitCode::from(1)
        }
    }
}
