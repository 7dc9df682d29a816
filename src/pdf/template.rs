//! Templates as features bring them and as federations change them: text only, parsed by whoever sets them.

use std::borrow::Cow;
use std::ffi::OsString;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::PdfError;

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

/// A template as it will be used: built in or a federation's own.
#[derive(Serialize, Deserialize)]
pub(super) struct Template {
    /// File name, as the feature gave it.
    pub(super) name: Cow<'static, str>,
    /// How to call it in an error.
    pub(super) shown: String,
    /// A federation's own file, not the one built in.
    pub(super) overrides: bool,
    pub(super) source: Cow<'static, str>,
}

/// All templates, and the folder whose pictures they may use. Read once: what was tried at the start is what is printed, also by a
/// process that starts later.
#[derive(Serialize, Deserialize)]
pub(super) struct Shelf {
    pub(super) templates: Vec<Template>,
    pub(super) folder: Option<OsString>,
}

impl Shelf {
    /// Takes the overriding files where there are any, else the built-in sources.
    pub(super) fn read(templates: &[TemplateFile], folder: Option<&Path>) -> Result<Self, PdfError> {
        let templates = templates.iter().map(|template| read(template, folder)).collect::<Result<_, _>>()?;
        Ok(Self { templates, folder: folder.map(|folder| folder.as_os_str().to_owned()) })
    }

    pub(super) fn folder(&self) -> Option<&Path> {
        self.folder.as_deref().map(Path::new)
    }
}

fn read(template: &TemplateFile, folder: Option<&Path>) -> Result<Template, PdfError> {
    let name = Cow::Borrowed(template.name);
    let built_in = |name| Template {
        name,
        shown: format!("{} (built in)", template.name),
        overrides: false,
        source: Cow::Borrowed(template.source),
    };
    let Some(path) = folder.map(|folder| folder.join(template.name)) else {
        return Ok(built_in(name));
    };
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Template { name, shown: path.display().to_string(), overrides: true, source: Cow::Owned(text) }),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(built_in(name)),
        Err(source) => Err(PdfError::Unreadable { path, source }),
    }
}
