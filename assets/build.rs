//! Prepares what browsers fetch: content-hashed names, brotli and gzip twins, and a map from plain to hashed names.
//!
//! Stylesheets and scripts of ours are joined, in the order of their file names, to one `css/app.css` and one `js/app.js`, so that
//! sources stay short while a page fetches two files. Vendored files and icons are taken as they are.
//! Output: `$OUT_DIR/web/` (embedded by `src/web/assets.rs`) and `$OUT_DIR/assets_map.rs`.

use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

type Res<T> = Result<T, Box<dyn Error>>;

fn main() -> Res<()> {
    let assets = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("assets");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let web = out.join("web");
    if web.exists() {
        fs::remove_dir_all(&web)?;
    }
    fs::create_dir_all(&web)?;

    let mut made = vec![
        ("css/app.css".to_owned(), joined(&assets.join("css"), "css")?),
        ("js/app.js".to_owned(), joined(&assets.join("js"), "js")?),
    ];
    for folder in ["vendor/htmx", "icons"] {
        for path in files(&assets.join(folder))? {
            let served = matches!(path.extension().and_then(|e| e.to_str()), Some("js" | "svg" | "png" | "ico"));
            if let (true, Some(name)) = (served, path.file_name().and_then(|n| n.to_str())) {
                made.push((format!("{folder}/{name}"), fs::read(&path)?));
            }
        }
    }
    made.sort();

    let mut map = String::from("&[\n");
    for (name, bytes) in &made {
        let hashed = hashed_name(name, bytes);
        let target = web.join(&hashed);
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&target, bytes)?;
        write_twin(&target, "br", &brotli(bytes)?, bytes.len())?;
        write_twin(&target, "gz", &gzip(bytes)?, bytes.len())?;
        writeln!(map, "    ({name:?}, {:?}),", format!("/assets/{hashed}"))?;
    }
    map.push_str("]\n");
    fs::write(out.join("assets_map.rs"), map)?;

    for folder in ["build.rs", "css", "js", "vendor/htmx", "icons"] {
        println!("cargo::rerun-if-changed=assets/{folder}");
    }
    Ok(())
}

/// The files of one folder, sorted by name; an absent folder has none.
fn files(folder: &Path) -> Res<Vec<PathBuf>> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_file() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// All files of `folder` ending in `ext`, joined in the order of their names.
fn joined(folder: &Path, ext: &str) -> Res<Vec<u8>> {
    let mut all = Vec::new();
    for path in files(folder)? {
        if path.extension().is_some_and(|e| e == ext) {
            all.extend(fs::read(&path)?);
            all.push(b'\n');
        }
    }
    Ok(all)
}

/// `css/app.css` → `css/app.0123456789ab.css`: twelve hexadecimal digits of the content's SHA-256.
fn hashed_name(name: &str, bytes: &[u8]) -> String {
    let digest = HEXLOWER.encode(&Sha256::digest(bytes));
    match name.rsplit_once('.') {
        Some((stem, ext)) => format!("{stem}.{}.{ext}", &digest[..12]),
        None => format!("{name}.{}", &digest[..12]),
    }
}

/// Writes a compressed twin, unless it would be no smaller than the plain file.
fn write_twin(target: &Path, ext: &str, packed: &[u8], plain: usize) -> Res<()> {
    if packed.len() < plain {
        let mut name = target.as_os_str().to_owned();
        name.push(".");
        name.push(ext);
        fs::write(name, packed)?;
    }
    Ok(())
}

fn brotli(bytes: &[u8]) -> Res<Vec<u8>> {
    let mut packed = Vec::new();
    let mut writer = brotli::CompressorWriter::new(&mut packed, 4096, 11, 22);
    writer.write_all(bytes)?;
    drop(writer);
    Ok(packed)
}

fn gzip(bytes: &[u8]) -> Res<Vec<u8>> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    writer.write_all(bytes)?;
    Ok(writer.finish()?)
}
