//! The part of an address behind its question mark.

use poem::{FromRequest, Request, RequestBody};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// What an address asks for. Whatever somebody has written there is read without complaint, because links grow old and are cut and
/// doubled on their way: of a name that stands twice the first counts, what is not known is passed over, and the rest is text.
pub struct Query<T>(pub T);

impl<'a, T: DeserializeOwned + Default> FromRequest<'a> for Query<T> {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        Ok(Self(read(request.uri().query().unwrap_or_default())))
    }
}

fn read<T: DeserializeOwned + Default>(query: &str) -> T {
    let mut all = Map::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        all.entry(name).or_insert_with(|| Value::String(value.into_owned()));
    }
    serde_json::from_value(Value::Object(all)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, PartialEq, Eq, serde::Deserialize)]
    #[serde(default)]
    struct Asked {
        q: String,
        page: Option<String>,
    }

    #[test]
    fn whatever_stands_behind_the_question_mark_is_read_without_complaint() {
        let asked = |q: &str, page: Option<&str>| Asked { q: q.to_owned(), page: page.map(str::to_owned) };
        for (query, expected) in [
            ("", asked("", None)),
            ("q=a&q=b&page=2&page=x", asked("a", Some("2"))),
            ("q=%FF%FE&&=&unknown", asked("\u{FFFD}\u{FFFD}", None)),
            ("page", asked("", Some(""))),
            ("q=%E6%9D%B1+%E4%BA%AC", asked("東 京", None)),
        ] {
            assert_eq!(read::<Asked>(query), expected, "{query}");
        }
    }
}
