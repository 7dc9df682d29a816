//! Sample pages for looking at.
