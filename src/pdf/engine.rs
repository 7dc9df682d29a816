//! Typst itself, ready to set: it is not even touched by a process that leaves the setting to another.

use std::path::PathBuf;

use typst::foundations::{Bytes, Smart};
use typst::syntax::Source;
use typst::text::FontBook;
use typst::utils::LazyHash;
use typst::{Library, LibraryExt};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards};

use super::PdfError;
use super::fonts::{FAMILY, Fonts};
use super::template::Shelf;
use super::text;
use super::world::{INPUT, Job, Loaded, MAIN, file_id};

/// What every document needs besides fonts.
pub(super) struct Engine {
    library: LazyHash<Library>,
    book: LazyHash<FontBook>,
    templates: Vec<Loaded>,
    folder: Option<PathBuf>,
    standards: PdfStandards,
}

/// Empties Typst's memory when a job ends, however it ends: it remembers the text of what it has set, and letters hold
/// passwords. Costs a later job nothing but the warm-up of its first page.
struct Forget;

impl Drop for Forget {
    fn drop(&mut self) {
        typst::comemo::evict(0);
    }
}

impl Engine {
    pub(super) fn new(shelf: &Shelf, fonts: &Fonts) -> Result<Self, PdfError> {
        let standards = PdfStandards::new(&[PdfStandard::Ua_1]).map_err(|e| PdfError::Typesetting(e.message().to_string()))?;
        let load = |template: &super::template::Template| {
            debug_assert_ne!(template.name, INPUT[1..], "the input has this name");
            let source = Source::new(file_id(&template.name)?, template.source.clone().into_owned());
            Ok::<_, PdfError>(Loaded { name: template.name.clone(), shown: template.shown.clone(), source })
        };
        Ok(Self {
            library: LazyHash::new(Library::default()),
            book: LazyHash::new(fonts.book.clone()),
            templates: shelf.templates.iter().map(load).collect::<Result<_, _>>()?,
            folder: shelf.folder().map(ToOwned::to_owned),
            standards,
        })
    }

    /// One tagged PDF; `input` is JSON.
    pub(super) fn render(&self, fonts: &Fonts, templates: &[&str], title: &str, input: Vec<u8>) -> Result<Vec<u8>, PdfError> {
        let _forget = Forget;
        let (job, document) = self.set(fonts, templates, title, input)?;
        let options = PdfOptions {
            creator: Smart::Custom(Some("uketsuke".to_owned())),
            standards: self.standards.clone(),
            ..PdfOptions::default()
        };
        typst_pdf::pdf(&document, &options).map_err(|complaints| job.explain(&complaints))
    }

    /// How many pages it would have.
    #[cfg(test)]
    pub(super) fn count_pages(&self, fonts: &Fonts, templates: &[&str], title: &str, input: Vec<u8>) -> Result<usize, PdfError> {
        let _forget = Forget;
        let (_, document) = self.set(fonts, templates, title, input)?;
        Ok(document.pages().len())
    }

    fn set<'a>(
        &'a self,
        fonts: &'a Fonts,
        templates: &[&str],
        title: &str,
        input: Vec<u8>,
    ) -> Result<(Job<'a>, PagedDocument), PdfError> {
        let main = self.main(fonts, templates, title)?;
        let job = Job {
            library: &self.library,
            book: &self.book,
            fonts,
            templates: &self.templates,
            folder: self.folder.as_deref(),
            main: Source::new(file_id(MAIN)?, main),
            input: Bytes::new(input),
        };
        let document = typst::compile::<PagedDocument>(&job).output.map_err(|complaints| job.explain(&complaints))?;
        Ok((job, document))
    }

    /// What holds for every document of the house, then the templates.
    fn main(&self, fonts: &Fonts, templates: &[&str], title: &str) -> Result<String, PdfError> {
        // A JSON string is also a Typst string for all that can stand in a title.
        let title = serde_json::to_string(&text::prepare(fonts, title).text)?;
        let mut main = format!(
            "#set document(title: {title}, date: none)\n\
             #set text(font: \"{FAMILY}\", lang: \"ja\", region: \"JP\", fallback: false)\n"
        );
        for name in templates {
            if !self.templates.iter().any(|t| t.name == *name) {
                return Err(PdfError::UnknownTemplate((*name).to_owned()));
            }
            main.push_str(&format!("#include \"/{name}\"\n"));
        }
        Ok(main)
    }
}
