use maud::{Render, html};

use super::*;

fn text(part: impl Render) -> String {
    part.render().into_string()
}

#[test]
fn q51_support_and_error_are_tied_to_the_field() {
    let field = text(text_field("office_number", "事業所番号").required().support("10桁").error(Some("入力してください。")));
    assert!(field.contains(r#"<label class="label" for="office_number">"#));
    assert!(field.contains("必須"));
    assert!(field.contains(r#"aria-describedby="office_number-support office_number-error""#));
    assert!(field.contains(r#"aria-invalid="true""#) && field.contains(r#"aria-required="true""#));
    assert!(field.contains(r#"id="office_number-support""#) && field.contains(r#"id="office_number-error""#));
    let fine = text(text_field("a", "b"));
    assert!(!fine.contains("aria-"));
}

#[test]
fn q2_no_field_limits_its_length_nor_validates_in_the_browser() {
    let choices = [Choice::new("07", "福島県")];
    let all = text(form(
        "/x",
        "t",
        html! {
            (text_field("a", "a").required()) (mail_field("b", "b").required()) (password_field("c", "c").required())
            (code_field("d", "d").required()) (textarea("e", "e", 3).required()) (search_field("f", "f"))
            (select("g", "g", &choices).required()) (radio_cards("h", "h", &choices).required()) (checkbox("i", "i", false))
        },
    ));
    for word in ["maxlength", " required", "pattern=", "type=\"email\""] {
        assert!(!all.contains(word), "{word}");
    }
    assert!(all.contains("novalidate") && all.contains(r#"<input type="hidden" name="_csrf" value="t">"#));
}

#[test]
fn q50_values_are_shown_again_but_passwords_are_not() {
    assert!(text(text_field("a", "a").value("<1>")).contains(r#"value="&lt;1&gt;""#));
    assert!(text(textarea("a", "a", 2).value("\n二行目")).contains(">\n\n二行目</textarea>"));
    assert!(!text(password_field("a", "a").value("secret")).contains("secret"));
}

#[test]
fn q5_codes_and_addresses_are_filled_in_by_the_browser() {
    assert!(text(code_field("a", "a")).contains(r#"autocomplete="one-time-code""#));
    assert!(text(mail_field("a", "a")).contains(r#"autocomplete="email""#));
    let new = text(password_field("a", "a").autocomplete("new-password"));
    assert!(new.contains(r#"type="password""#) && new.contains(r#"autocomplete="new-password""#));
}

#[test]
fn q50_summary_links_each_field_and_is_absent_without_errors() {
    assert_eq!(text(error_summary(&[])), "");
    let two = text(error_summary(&[("mail", "違います。"), ("", "時間をおいてください。")]));
    assert!(two.contains(r##"<a href="#mail">違います。</a>"##) && two.contains("<li>時間をおいてください。</li>"));
    assert!(two.contains(r#"role="alert""#) && two.contains(r#"tabindex="-1""#));
}

#[test]
fn first_radio_carries_the_groups_name_so_that_the_summary_reaches_it() {
    let choices = [Choice::new("reset", "登録済み").detail(html! { "数分" }), Choice::new("reissue", "不明")];
    let group = text(radio_cards("path", "選択", &choices).chosen("reissue"));
    assert!(group.contains(r#"id="path""#) && group.contains(r#"id="path-2""#));
    assert_eq!(group.matches(" checked").count(), 1);
    assert!(group.contains(r#"aria-describedby="path-detail""#));
}

#[test]
fn forward_comes_before_back_so_that_enter_never_goes_back() {
    let row = text(ButtonRow::forward("次へ").back(Back::Submit { name: "_go", value: "back" }));
    assert!(row.find("次へ") < row.find("戻る"));
}

#[test]
fn q54_facts_offer_a_change_link_that_names_its_row() {
    let facts = text(Facts::new().row("事業所名", "請求事業所").row_with_change("事業所番号", "1311111111", "/a"));
    assert_eq!(facts.matches("変更").count(), 1);
    assert!(facts.contains(r#"<span class="vh">事業所番号を</span>変更"#));
}

#[test]
fn pager_shows_neighbours_and_ends() {
    let href = |page: u32| format!("?page={page}");
    assert_eq!(text(pager(1, 1, href)), "");
    let middle = text(pager(6, 20, href));
    for page in [1, 4, 5, 6, 7, 8, 20] {
        assert!(middle.contains(&format!(r#""?page={page}""#)), "{page}");
    }
    assert_eq!(middle.matches('…').count(), 2);
    let second = text(pager(2, 3, href));
    assert!(!second.contains('…') && second.matches(r#"aria-current="page""#).count() == 1);
}

#[test]
fn tables_name_each_cell_for_narrow_pages() {
    let columns = [Column::Head("管理番号"), Column::Number("件数")];
    let mut table = DataTable::new("受付一覧", &columns);
    assert!(table.is_empty());
    table.push(vec![html! { "U1" }, html! { (3) }]);
    let shown = text(table);
    assert!(
        shown.contains(r#"<th class="short" scope="row" data-label="管理番号">U1</th>"#)
            || shown.contains(r#"data-label="管理番号">U1</th>"#)
    );
    assert!(shown.contains(r#"data-label="件数">3</td>"#));
}
