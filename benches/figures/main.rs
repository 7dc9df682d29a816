//! The figures that the product is held to: load drivers with a process of their own, measured against raw baselines in the same run.
//!
//! `cargo bench --bench figures -- [NAME…]` prints a Markdown table; `benches/README.md` says the rest.

mod answers;
mod backup;
mod baseline;
mod clerk;
mod figures;
mod house;
mod http;
mod import;
mod letters;
mod load;
mod logins;
mod mails;
mod memory;
mod menu;
mod office;
mod reset;
mod role;
mod sending;
mod sink;
mod size;
mod start;
mod statistics;

use std::process::ExitCode;

use figures::{Row, Stage, Verdict};

/// What can go wrong in a driver; it ends the run.
type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> ExitCode {
    if let Some(role) = role::asked() {
        return match role::play(&role) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{role}: {error}");
                ExitCode::FAILURE
            }
        };
    }
    // cargo adds `--bench`; names of figures choose among them.
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    match measure(&wanted) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(wanted: &[String]) -> Outcome<bool> {
    if let Some(unknown) = wanted.iter().find(|name| !figures::ALL.iter().any(|figure| figure.name == **name)) {
        let names: Vec<&str> = figures::ALL.iter().map(|figure| figure.name).collect();
        return Err(format!("no figure is called {unknown}; there are: {}", names.join(", ")).into());
    }
    let mut stage = Stage::default();
    let mut rows = Vec::new();
    for figure in figures::ALL {
        if wanted.is_empty() || wanted.iter().any(|name| name == figure.name) {
            eprintln!("… {}", figure.name);
            // One that cannot be measured does not take the others along.
            rows.extend(
                (figure.run)(&mut stage).unwrap_or_else(|error| vec![Row::new(figure.name, "", error.to_string(), false)]),
            );
        }
    }
    println!("\n{}\n", figures::machine());
    println!("| figure | at least | found | holds |\n| --- | --- | --- | --- |");
    for row in &rows {
        let mark = match row.verdict {
            Verdict::Holds => "yes",
            Verdict::Fails => "**no**",
            Verdict::Told => "–",
        };
        println!("| {} | {} | {} | {mark} |", row.what, row.wanted, row.found);
    }
    Ok(rows.iter().all(|row| !matches!(row.verdict, Verdict::Fails)))
}
