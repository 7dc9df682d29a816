//! The list of figures, and what they share.

use crate::house::House;
use crate::{Outcome, answers, backup, import, letters, logins, mails, memory, menu, reset, sending, size, start};

/// Whether a figure is what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Holds,
    Fails,
    /// Nothing is asked of it; it explains another.
    Told,
}

/// A line of the table.
pub struct Row {
    pub what: String,
    pub wanted: String,
    pub found: String,
    pub verdict: Verdict,
}

impl Row {
    pub fn new(what: impl Into<String>, wanted: impl Into<String>, found: impl Into<String>, holds: bool) -> Self {
        let verdict = if holds { Verdict::Holds } else { Verdict::Fails };
        Self { what: what.into(), wanted: wanted.into(), found: found.into(), verdict }
    }

    /// A line that explains another.
    pub fn told(what: impl Into<String>, found: impl Into<String>) -> Self {
        Self { what: what.into(), wanted: String::new(), found: found.into(), verdict: Verdict::Told }
    }
}

/// A figure that can be chosen by name.
pub struct Figure {
    pub name: &'static str,
    pub run: fn(&mut Stage) -> Outcome<Vec<Row>>,
}

pub const ALL: &[Figure] = &[
    Figure { name: "logins", run: logins::sixteen },
    Figure { name: "storm", run: logins::sixty_four },
    Figure { name: "menu", run: menu::run },
    Figure { name: "sending", run: sending::run },
    Figure { name: "mails", run: mails::run },
    Figure { name: "letters", run: letters::run },
    Figure { name: "size", run: size::run },
    Figure { name: "start", run: start::run },
    Figure { name: "memory", run: memory::run },
    Figure { name: "import", run: import::run },
    Figure { name: "answers", run: answers::run },
    Figure { name: "reset", run: reset::run },
    Figure { name: "backup", run: backup::run },
];

/// Installations that several figures share: each is built when the first asks for it.
#[derive(Default)]
pub struct Stage {
    small: Option<House>,
    big: Option<House>,
}

/// Offices of the small and of the big installation.
pub const SMALL: usize = 1_000;
pub const BIG: usize = 300_000;

impl Stage {
    pub fn small(&mut self) -> Outcome<&House> {
        fill(&mut self.small, SMALL)
    }

    pub fn big(&mut self) -> Outcome<&House> {
        fill(&mut self.big, BIG)
    }

    pub fn both(&mut self) -> Outcome<(&House, &House)> {
        fill(&mut self.small, SMALL)?;
        fill(&mut self.big, BIG)?;
        match (&self.small, &self.big) {
            (Some(small), Some(big)) => Ok((small, big)),
            _ => Err("both were just built".into()),
        }
    }
}

fn fill(house: &mut Option<House>, offices: usize) -> Outcome<&House> {
    match house {
        Some(house) => Ok(house),
        none => Ok(none.insert(House::build(offices)?)),
    }
}

/// The machine, for the head of the table.
pub fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let cpu = read("/proc/cpuinfo");
    let cpu = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("?").trim_start_matches([' ', '\t', ':']);
    let memory = read("/proc/meminfo");
    let kib: u64 = memory.split_whitespace().nth(1).and_then(|n| n.parse().ok()).unwrap_or(0);
    let kernel = read("/proc/sys/kernel/osrelease");
    let busy = read("/proc/loadavg");
    format!(
        "{cores} cores ({cpu}), {} GiB, Linux {}, load average at the end {}",
        kib / 1024 / 1024,
        kernel.trim(),
        busy.split_whitespace().take(3).collect::<Vec<_>>().join(" "),
    )
}
