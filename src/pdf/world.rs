//! What a template can reach while it is set: the other templates, its input, files beside an overriding template, the
//! embedded fonts. No network, no packages, no system fonts, no clock.

use std::borrow::Cow;
use std::path::Path;

use typst::diag::{FileError, FileResult, SourceDiagnostic};
use typst::foundations::{Bytes, Datetime, Duration};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, World, WorldExt};

use super::PdfError;
use super::fonts::Fonts;

/// Where a template reads its data: `#let input = json("/input.json")`.
pub(super) const INPUT: &str = "/input.json";
/// The document that includes the wanted templates in order.
pub(super) const MAIN: &str = "/main.typ";

/// A template, parsed.
pub(super) struct Loaded {
    /// File name, as the feature gave it.
    pub(super) name: Cow<'static, str>,
    /// How to call it in an error.
    pub(super) shown: String,
    pub(super) source: Source,
}

/// The world of one print job.
pub(super) struct Job<'a> {
    pub(super) library: &'a LazyHash<Library>,
    pub(super) book: &'a LazyHash<FontBook>,
    pub(super) fonts: &'a Fonts,
    pub(super) templates: &'a [Loaded],
    /// Folder of the overriding templates; pictures beside them can be used.
    pub(super) folder: Option<&'a Path>,
    pub(super) main: Source,
    pub(super) input: Bytes,
}

/// Interned id of a file; the set of names is small and fixed, so the interner does not grow.
pub(super) fn file_id(path: &str) -> Result<FileId, PdfError> {
    let path = VirtualPath::new(path).map_err(|e| PdfError::Typesetting(format!("{path}: {e}")))?;
    Ok(RootedPath::new(VirtualRoot::Project, path).intern())
}

impl World for Job<'_> {
    fn library(&self) -> &LazyHash<Library> {
        self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        self.book
    }

    fn main(&self) -> FileId {
        self.main.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.main.id() {
            return Ok(self.main.clone());
        }
        if let Some(known) = self.templates.iter().find(|t| t.source.id() == id) {
            return Ok(known.source.clone());
        }
        let text = self.read_beside(id)?;
        let text = String::from_utf8(text).map_err(|_| FileError::InvalidUtf8)?;
        Ok(Source::new(id, text))
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        if id.get().vpath().get_with_slash() == INPUT {
            return Ok(self.input.clone());
        }
        self.read_beside(id).map(Bytes::new)
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.all.get(index).cloned()
    }

    /// Dates on paper come with the input; a template that asks the machine is refused at the start.
    fn today(&self, _offset: Option<Duration>) -> Option<Datetime> {
        None
    }
}

impl Job<'_> {
    /// A file beside the overriding templates. `VirtualPath` has already taken `..` away.
    fn read_beside(&self, id: FileId) -> FileResult<Vec<u8>> {
        let path = id.get();
        let not_found = || FileError::NotFound(path.vpath().get_without_slash().into());
        if *path.root() != VirtualRoot::Project {
            return Err(not_found());
        }
        let folder = self.folder.ok_or_else(not_found)?;
        let real = path.vpath().realize(folder).map_err(|_| not_found())?;
        std::fs::read(&real).map_err(|e| FileError::from_io(e, &real))
    }

    /// The first complaint, with the file and line it belongs to.
    pub(super) fn explain(&self, complaints: &[SourceDiagnostic]) -> PdfError {
        let Some(first) = complaints.first() else {
            return PdfError::Typesetting("no reason given".to_owned());
        };
        let mut message = first.message.to_string();
        for hint in &first.hints {
            message.push_str(" (");
            message.push_str(&hint.v);
            message.push(')');
        }
        // A complaint raised inside a helper, or by the export, is placed where the template called it.
        let spans = std::iter::once(first.span).chain(first.trace.iter().map(|t| t.span.into()));
        for span in spans {
            let Some(id) = span.id().filter(|id| *id != self.main.id()) else {
                continue;
            };
            let (Ok(source), Some(range)) = (self.source(id), self.range(span)) else {
                continue;
            };
            let (line, column) = source.lines().byte_to_line_column(range.start).unwrap_or((0, 0));
            return PdfError::Template { file: self.shown(id), line: line + 1, column: column + 1, message };
        }
        PdfError::Typesetting(message)
    }

    fn shown(&self, id: FileId) -> String {
        let known = self.templates.iter().find(|t| t.source.id() == id);
        match (known, self.folder) {
            (Some(template), _) => template.shown.clone(),
            (None, Some(folder)) => folder.join(id.get().vpath().get_without_slash()).display().to_string(),
            (None, None) => id.get().vpath().get_without_slash().to_owned(),
        }
    }
}
