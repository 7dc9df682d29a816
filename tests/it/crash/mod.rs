//! Power cuts, full and broken disks, kill −9: what was acknowledged is there afterwards, and nothing is half of something.

mod broken_disk;
mod full_disk;
pub mod kill;
mod power;
mod restart;
mod work;
