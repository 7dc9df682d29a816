//! Paper: typesetting with Typst. The only room that names a typst crate.
//!
//! A feature hands over its templates ([`TemplateFile`]) once, when the process starts, and afterwards data; it gets back
//! a tagged PDF (PDF/UA-1) with its fonts inside. What a letter says and how it looks is the business of the feature and
//! of its `.typ` files: nothing here knows any of them.
//!
//! Typesetting is synchronous and keeps one core busy (about two milliseconds a page): call it from a blocking thread. It also takes
//! memory, a megabyte and more a page, that no allocator gives back whole. So the server has it done by a process of its own
//! ([`Typesetter::apart`]), which is the same program started as `uketsuke press`.

mod apart;
mod engine;
mod error;
mod fonts;
mod frames;
mod press;
mod template;
mod text;
mod typesetter;
mod world;

pub use apart::Apart;
pub use error::PdfError;
pub use press::press;
pub use template::TemplateFile;
pub use text::Prepared;
pub use typesetter::Typesetter;
