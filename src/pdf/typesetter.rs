//! The typesetter: templates loaded once, fonts when they are first needed, documents made on demand, here or in a process apart.

use std::path::Path;
use std::sync::OnceLock;

use serde::Serialize;

use super::PdfError;
use super::apart::{Apart, Keeper};
use super::engine::Engine;
use super::fonts::Fonts;
use super::template::{Shelf, TemplateFile};
use super::text::{self, Prepared};
use crate::kernel::Secret;

/// Makes PDFs from templates and data. Cheap to share behind an `Arc`; any number of threads may use it at once.
pub struct Typesetter {
    shelf: Shelf,
    /// A server that prints nothing does without: they are megabytes.
    fonts: OnceLock<Fonts>,
    engine: OnceLock<Engine>,
    /// Who sets documents in a process apart; none where they are set here.
    keeper: Option<Keeper>,
}

impl Typesetter {
    /// Loads the templates and sets those of the federation once with their sample. Those built in are tried by tests. Documents are
    /// set in this process.
    ///
    /// `folder` is where a federation may lay templates of its own (`templates` in the data folder); it need not exist.
    ///
    /// # Errors
    /// A template that cannot be read, does not compile, or does not yield an accessible PDF: named by file and line.
    pub fn new(templates: &[TemplateFile], folder: Option<&Path>) -> Result<Self, PdfError> {
        Self::of(Shelf::read(templates, folder)?).tried(templates)
    }

    /// The same with documents set in a process apart, whose memory goes with it.
    ///
    /// # Errors
    /// As [`Typesetter::new`].
    pub fn apart(templates: &[TemplateFile], folder: Option<&Path>, apart: Apart) -> Result<Self, PdfError> {
        let shelf = Shelf::read(templates, folder)?;
        let keeper = Keeper::start(apart, &shelf)?;
        Self { keeper: Some(keeper), ..Self::of(shelf) }.tried(templates)
    }

    pub(super) fn of(shelf: Shelf) -> Self {
        Self { shelf, fonts: OnceLock::new(), engine: OnceLock::new(), keeper: None }
    }

    fn tried(self, templates: &[TemplateFile]) -> Result<Self, PdfError> {
        for (_, template) in self.shelf.templates.iter().zip(templates).filter(|(read, _)| read.overrides) {
            self.render(&[template.name], "見本", &(template.sample)())?;
        }
        Ok(self)
    }

    /// Sets the named templates one after the other, each beginning on a new page, into one PDF.
    ///
    /// All of them read the same `input`. `title` names the document for readers and screen readers.
    ///
    /// # Errors
    /// See [`PdfError`]. The message may quote the template but not the input.
    pub fn render(&self, templates: &[&str], title: &str, input: &impl Serialize) -> Result<Vec<u8>, PdfError> {
        let input = serde_json::to_vec(input)?;
        match &self.keeper {
            Some(keeper) => keeper.render(templates, title, Secret::new(input)),
            None => self.render_json(templates, title, input),
        }
    }

    /// The same in this process, with the input as JSON.
    pub(super) fn render_json(&self, templates: &[&str], title: &str, input: Vec<u8>) -> Result<Vec<u8>, PdfError> {
        self.engine()?.render(self.fonts(), templates, title, input)
    }

    /// How many pages [`render`](Self::render) would make of the same arguments.
    #[cfg(test)]
    pub(crate) fn count_pages(&self, templates: &[&str], title: &str, input: &impl Serialize) -> Result<usize, PdfError> {
        self.engine()?.count_pages(self.fonts(), templates, title, serde_json::to_vec(input)?)
    }

    /// The characters of `text` that would be printed as 〓, each once. For the ledger import and the clerk's warning.
    pub fn missing_glyphs(&self, text: &str) -> Vec<char> {
        self.prepare(text).replaced
    }

    /// Turns text into what can be printed (spec 4): Kangxi radicals and split kana mended, variation selectors dropped,
    /// what no font has replaced by 〓 and reported.
    pub fn prepare(&self, text: &str) -> Prepared {
        text::prepare(self.fonts(), text)
    }

    fn fonts(&self) -> &Fonts {
        self.fonts.get_or_init(|| Fonts::load().expect("the embedded fonts are whole: tests load them"))
    }

    fn engine(&self) -> Result<&Engine, PdfError> {
        if let Some(made) = self.engine.get() {
            return Ok(made);
        }
        let made = Engine::new(&self.shelf, self.fonts())?;
        Ok(self.engine.get_or_init(|| made))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOTE: TemplateFile = TemplateFile {
        name: "note.typ",
        source: "#let input = json(\"/input.json\")\n#heading(level: 1)[通知]\n#input.text",
        sample: || json!({ "text": "見本" }),
    };
    const LIST: TemplateFile = TemplateFile {
        name: "list.typ",
        source: "#set page(flipped: true)\n#heading(level: 1)[一覧]\n#lorem(5)",
        sample: || json!({}),
    };

    fn with_override(text: &str) -> (tempfile::TempDir, Result<Typesetter, PdfError>) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("note.typ"), text).unwrap();
        let made = Typesetter::new(&[NOTE], Some(folder.path()));
        (folder, made)
    }

    #[test]
    fn templates_follow_each_other_on_new_pages_of_one_tagged_pdf() {
        let typesetter = Typesetter::new(&[LIST, NOTE], None).unwrap();
        let input = json!({ "text": "本文" });
        let names = ["list.typ", "note.typ", "note.typ"];
        // The second note shares the page format of the first, so it does not begin a page by itself.
        assert_eq!(typesetter.count_pages(&names, "題", &input).unwrap(), 2);
        let pdf = typesetter.render(&names, "題", &input).unwrap();
        assert!(pdf.starts_with(b"%PDF-1.7"));
        let text = String::from_utf8_lossy(&pdf);
        assert!(text.contains("pdfuaid:part>1<"), "declares PDF/UA-1");
        assert!(text.contains("/Lang (ja-JP)") || text.contains("/Lang(ja-JP)"));
    }

    #[test]
    fn text_is_printed_as_it_is_never_as_markup() {
        let typesetter = Typesetter::new(&[NOTE], None).unwrap();
        let input = json!({ "text": "#panic() *太字* $x$ \\ \"引用\"" });
        assert!(typesetter.render(&["note.typ"], "題 \" # \\", &input).is_ok());
    }

    #[test]
    fn a_file_of_the_same_name_replaces_a_template() {
        let (_folder, typesetter) = with_override("#heading(level: 1)[我が連合会]\n#pagebreak()\n二枚目");
        let pages = typesetter.unwrap().count_pages(&["note.typ"], "題", &json!({})).unwrap();
        assert_eq!(pages, 2);
    }

    #[test]
    fn fonts_are_loaded_by_whoever_needs_them_first() {
        let typesetter = Typesetter::new(&[NOTE], None).unwrap();
        assert!(typesetter.fonts.get().is_none());
        typesetter.missing_glyphs("本文");
        assert!(typesetter.fonts.get().is_some());
        assert!(typesetter.engine.get().is_none(), "asking for glyphs sets nothing");
    }

    #[test]
    fn a_folder_that_does_not_exist_changes_nothing() {
        assert!(Typesetter::new(&[NOTE], Some(Path::new("/nonexistent/templates"))).is_ok());
    }

    #[test]
    fn a_broken_override_is_refused_with_file_and_line() {
        for (text, line) in [
            ("= 題\n\n#let x = (\n本文", 3),
            ("= 題\n#unknown-function()", 2),
            ("#let input = json(\"/input.json\")\n= 題\n\n#input.no_such_field", 4),
        ] {
            let (folder, made) = with_override(text);
            let Err(PdfError::Template { file, line: at, .. }) = made else {
                panic!("{text} was accepted");
            };
            assert_eq!(file, folder.path().join("note.typ").display().to_string(), "{text}");
            assert_eq!(at, line, "{text}");
        }
    }

    #[test]
    fn an_override_with_a_picture_without_description_is_refused() {
        let (folder, made) = with_override("= 題\n#image(\"seal.svg\", width: 1cm)");
        assert!(made.is_err(), "the picture is not there yet");
        let picture = r#"<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>"#;
        std::fs::write(folder.path().join("seal.svg"), picture).unwrap();
        let Err(error) = Typesetter::new(&[NOTE], Some(folder.path())) else {
            panic!("a picture without alt was accepted");
        };
        let said = error.to_string();
        assert!(said.contains("note.typ, line 2"), "{said}");
        let text = "= 題\n#image(\"seal.svg\", width: 1cm, alt: \"公印\")";
        std::fs::write(folder.path().join("note.typ"), text).unwrap();
        assert!(Typesetter::new(&[NOTE], Some(folder.path())).is_ok());
    }

    #[test]
    fn templates_reach_nothing_outside_their_folder() {
        for text in [
            "= 題\n#read(\"../secret.txt\")",
            "= 題\n#read(\"/etc/hostname\")",
            "#import \"@preview/example:0.1.0\": *\n= 題",
            "= 題\n#datetime.today().display()",
        ] {
            let (folder, made) = with_override(text);
            assert!(made.is_err(), "{text} in {}", folder.path().display());
        }
    }

    #[test]
    fn an_unknown_template_is_an_error() {
        let typesetter = Typesetter::new(&[NOTE], None).unwrap();
        let error = typesetter.render(&["other.typ"], "題", &json!({})).unwrap_err();
        assert!(matches!(error, PdfError::UnknownTemplate(name) if name == "other.typ"));
    }
}
