//! The typesetter: templates loaded once, fonts when they are first needed, documents made on demand.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde::Serialize;
use typst::foundations::{Bytes, Smart};
use typst::syntax::Source;
use typst::text::FontBook;
use typst::utils::LazyHash;
use typst::{Library, LibraryExt};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards};

use super::PdfError;
use super::fonts::{FAMILY, Fonts};
use super::text::{self, Prepared};
use super::world::{INPUT, Job, Loaded, MAIN, file_id};

/// A template that a feature brings along, built into the binary.
#[derive(Clone, Copy)]
pub struct TemplateFile {
    /// File name, for example `reissue_letter.typ`; a file of this name in the template folder takes its place.
    pub name: &'static str,
    /// The built-in Typst source. It reads its data by `json("/input.json")`.
    pub source: &'static str,
    /// Invented data with which the template is tried at the start.
    pub sample: fn() -> serde_json::Value,
}

/// Makes PDFs from templates and data. Cheap to share behind an `Arc`; any number of threads may use it at once.
pub struct Typesetter {
    tools: OnceLock<Tools>,
    templates: Vec<Loaded>,
    folder: Option<PathBuf>,
    standards: PdfStandards,
}

/// What every document needs. A server that prints nothing does without: they are megabytes.
struct Tools {
    library: LazyHash<Library>,
    book: LazyHash<FontBook>,
    fonts: Fonts,
}

impl Tools {
    fn load() -> Self {
        let fonts = Fonts::load().expect("the embedded fonts are whole: tests load them");
        Self { library: LazyHash::new(Library::default()), book: LazyHash::new(fonts.book.clone()), fonts }
    }
}

/// Empties Typst's memory when a job ends, however it ends: it remembers the text of what it has set, and letters hold
/// passwords. Costs a later job nothing but the warm-up of its first page.
struct Forget;

impl Drop for Forget {
    fn drop(&mut self) {
        typst::comemo::evict(0);
    }
}

impl Typesetter {
    /// Loads the templates and sets those of the federation once with their sample. Those built in are tried by tests.
    ///
    /// `folder` is where a federation may lay templates of its own (`templates` in the data folder); it need not exist.
    ///
    /// # Errors
    /// A template that cannot be read, does not compile, or does not yield an accessible PDF: named by file and line.
    pub fn new(templates: &[TemplateFile], folder: Option<&Path>) -> Result<Self, PdfError> {
        let standards = PdfStandards::new(&[PdfStandard::Ua_1]).map_err(|e| PdfError::Typesetting(e.message().to_string()))?;
        let typesetter = Self {
            tools: OnceLock::new(),
            templates: templates.iter().map(|template| load(template, folder)).collect::<Result<_, _>>()?,
            folder: folder.map(Path::to_owned),
            standards,
        };
        let overriding = typesetter.templates.iter().zip(templates).filter(|(loaded, _)| loaded.overrides);
        for (_, template) in overriding {
            typesetter.render(&[template.name], "見本", &(template.sample)())?;
        }
        Ok(typesetter)
    }

    /// Sets the named templates one after the other, each beginning on a new page, into one PDF.
    ///
    /// All of them read the same `input`. `title` names the document for readers and screen readers.
    ///
    /// # Errors
    /// See [`PdfError`]. The message may quote the template but not the input.
    pub fn render(&self, templates: &[&str], title: &str, input: &impl Serialize) -> Result<Vec<u8>, PdfError> {
        let _forget = Forget;
        let (job, document) = self.set(templates, title, input)?;
        let options = PdfOptions {
            creator: Smart::Custom(Some("uketsuke".to_owned())),
            standards: self.standards.clone(),
            ..PdfOptions::default()
        };
        typst_pdf::pdf(&document, &options).map_err(|complaints| job.explain(&complaints))
    }

    /// How many pages [`render`](Self::render) would make of the same arguments.
    ///
    /// # Errors
    /// As `render`.
    pub fn count_pages(&self, templates: &[&str], title: &str, input: &impl Serialize) -> Result<usize, PdfError> {
        let _forget = Forget;
        let (_, document) = self.set(templates, title, input)?;
        Ok(document.pages().len())
    }

    /// The characters of `text` that would be printed as 〓, each once. For the ledger import and the clerk's warning.
    pub fn missing_glyphs(&self, text: &str) -> Vec<char> {
        self.prepare(text).replaced
    }

    /// Turns text into what can be printed (spec 4): Kangxi radicals and split kana mended, variation selectors dropped,
    /// what no font has replaced by 〓 and reported.
    pub fn prepare(&self, text: &str) -> Prepared {
        text::prepare(&self.tools().fonts, text)
    }

    fn tools(&self) -> &Tools {
        self.tools.get_or_init(Tools::load)
    }

    fn set(&self, templates: &[&str], title: &str, input: &impl Serialize) -> Result<(Job<'_>, PagedDocument), PdfError> {
        let main = self.main(templates, title)?;
        let Tools { library, book, fonts } = self.tools();
        let job = Job {
            library,
            book,
            fonts,
            templates: &self.templates,
            folder: self.folder.as_deref(),
            main: Source::new(file_id(MAIN)?, main),
            input: Bytes::new(serde_json::to_vec(input)?),
        };
        let document = typst::compile::<PagedDocument>(&job).output.map_err(|complaints| job.explain(&complaints))?;
        Ok((job, document))
    }

    /// What holds for every document of the house, then the templates.
    fn main(&self, templates: &[&str], title: &str) -> Result<String, PdfError> {
        // A JSON string is also a Typst string for all that can stand in a title.
        let title = serde_json::to_string(&self.prepare(title).text)?;
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

/// Takes the overriding file if there is one, else the built-in source.
fn load(template: &TemplateFile, folder: Option<&Path>) -> Result<Loaded, PdfError> {
    let id = file_id(template.name)?;
    debug_assert_ne!(template.name, &INPUT[1..], "the input has this name");
    let built_in = || Loaded {
        name: template.name,
        shown: format!("{} (built in)", template.name),
        overrides: false,
        source: Source::new(id, template.source.to_owned()),
    };
    let Some(path) = folder.map(|folder| folder.join(template.name)) else {
        return Ok(built_in());
    };
    match std::fs::read_to_string(&path) {
        Ok(text) => {
            let (shown, source) = (path.display().to_string(), Source::new(id, text));
            Ok(Loaded { name: template.name, shown, overrides: true, source })
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(built_in()),
        Err(source) => Err(PdfError::Unreadable { path, source }),
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
        assert!(typesetter.tools.get().is_none());
        typesetter.missing_glyphs("本文");
        assert!(typesetter.tools.get().is_some());
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
