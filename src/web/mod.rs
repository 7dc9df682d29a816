//! The web shell: the document around every screen, the parts screens are made of, and the files browsers fetch.

pub mod assets;
pub mod components;
mod icons;
pub mod layout;
mod shell;
