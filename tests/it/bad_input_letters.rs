//! What staff may type wrongly about letters: printing, reprinting, posting, taking back.

use uketsuke::letters::{Offices, State as LetterState};
use uketsuke::staff::Role;

use crate::bad_input_desk::{LINE, long};
use crate::letters_post::{post, reprint};
use crate::letters_print::{issue, letter_of, offices, print_all, queue};
use crate::support::browser::Page;
use crate::support::refusal::{MISSING, OF_PAGE, Sample};
use crate::support::{TestApp, staff};

#[tokio::test]
async fn the_print_form_keeps_its_ticks_when_it_is_refused() {
    let app = TestApp::with(|config| config.letter.batch_max = 2);
    offices(&app, 4).await;
    issue(&app, Offices::AllNew).await;
    let mut clerk = staff(&app, "受付", Role::Clerk, 7).await;
    let (choices, token) = queue(&clerk.open("/staff/letters").await);
    let send = async |clerk: &mut crate::support::browser::Browser, ticked: &[String], token: &str| -> Page {
        let mut fields = vec![("token", token), ("page", "1")];
        fields.extend(ticked.iter().map(|choice| ("choice", choice.as_str())));
        clerk.post("/staff/letters/print", &fields).await
    };
    let before = app.app.store.counts().written;
    let page = send(&mut clerk, &choices[1..], &token).await;
    assert_eq!(page.status.as_u16(), 422);
    assert!(page.says("一度に印刷できるのは2通までです"), "{}", page.text());
    let ticked = |page: &Page, choice: &str| {
        let at = page.body.find(&format!("value=\"{choice}\"")).unwrap();
        page.body[at..].split('>').next().unwrap().contains(" checked")
    };
    assert!(
        !ticked(&page, &choices[0]) && choices[1..].iter().all(|choice| ticked(&page, choice)),
        "what was chosen stays chosen"
    );
    let page = send(&mut clerk, &[], &token).await;
    assert!(page.status.as_u16() == 422 && page.says("印刷する通知書を選択してください"), "{}", page.text());
    let page = send(&mut clerk, &["nonsense".to_owned(), "\u{0}".to_owned()], &token).await;
    assert!(page.status.as_u16() == 422 && page.says("印刷する通知書を選択してください"), "{}", page.text());
    for token in ["", "nonsense", "\u{0}"] {
        let page = send(&mut clerk, &choices[..1], token).await;
        assert_eq!(page.status.as_u16(), 400, "without its token a form could print twice");
        assert!(page.says("送信された内容を読み取れませんでした"), "{}", page.text());
    }
    assert_eq!(app.app.store.counts().written, before);
}

#[tokio::test]
async fn letters_name_what_is_wrong_with_reason_note_number_and_day() {
    let app = TestApp::new();
    let key = offices(&app, 1).await[0];
    issue(&app, Offices::AllNew).await;
    let mut clerk = staff(&app, "受付", Role::Clerk, 7).await;
    let number = print_all(&app, &mut clerk).await.remove(0).number;
    let letter = letter_of(&app, key);
    let (one, long) = (format!("/staff/letters/{}", letter.id), long());
    let (reprinting, returning) = (format!("{one}/reprint"), format!("{one}/return"));
    let form =
        Sample { shown_at: &one, sent_to: &reprinting, good: &[("token", OF_PAGE), ("reason", "用紙の汚れ")], secret: &[] };
    let cases = [
        ("reason", "", "理由を入力してください。"),
        ("reason", MISSING, "理由を入力してください。"),
        ("reason", "\u{200B}　", "理由を入力してください。"),
        ("reason", &long, LINE),
        ("reason", "用紙\u{0}の汚れ", LINE),
        ("reason", "用紙の\r\n汚れ", LINE),
    ];
    form.refuses(&app, &mut clerk, &cases).await;
    let page = form.send(&mut clerk, "token", "nonsense").await;
    assert_eq!(page.status.as_u16(), 400, "{}", page.text());
    let form = Sample { shown_at: &one, sent_to: &returning, good: &[("note", "宛先不明")], secret: &[] };
    form.refuses(&app, &mut clerk, &[("note", &long, LINE), ("note", "宛先\u{0}不明", LINE)]).await;
    let batch = clerk.open("/staff/letters").await;
    let at = batch.body.find("/staff/letters/batches/").expect("the last batch") + "/staff/letters/batches/".len();
    let batch = format!("/staff/letters/batches/{}", batch.body[at..].split('"').next().unwrap());
    let again = format!("{batch}/again");
    let form = Sample { shown_at: &batch, sent_to: &again, good: &[("token", OF_PAGE), ("reason", "紙詰まり")], secret: &[] };
    let cases = [
        ("reason", "", "理由を入力してください。"),
        ("reason", &long, LINE),
        ("reason", "紙\u{0}", LINE),
        ("reason", MISSING, "理由を"),
    ];
    form.refuses(&app, &mut clerk, &cases).await;
    let form = Sample {
        shown_at: "/staff/letters/posting",
        sent_to: "/staff/letters/posting",
        good: &[("numbers", &number), ("on", "2026/01/20")],
        secret: &[],
    };
    let day = "発送日を2026/01/20のように入力してください。";
    let tracking = format!("{number} {}", "1".repeat(41));
    let control = format!("{number} 12\u{0}34");
    let many = "202601-000001-01\n".repeat(501);
    let cases = [
        ("numbers", "", "発行番号を入力してください"),
        ("numbers", MISSING, "発行番号を入力してください"),
        ("numbers", "ばんごう", "この発行番号の通知書はありません"),
        ("numbers", "202601-000001", "この発行番号の通知書はありません"),
        ("numbers", "20260100000101\u{0}", "この発行番号の通知書はありません"),
        ("numbers", &tracking, "追跡番号が長すぎるか"),
        ("numbers", &control, "追跡番号が長すぎるか"),
        ("numbers", &many, "500通までです"),
        ("on", "", day),
        ("on", MISSING, day),
        ("on", "2026/02/30", day),
        ("on", "きのう", day),
        ("on", "2026/01/21", "本日以前の日付"),
    ];
    form.refuses(&app, &mut clerk, &cases[7..]).await;
    for case in &cases[..7] {
        // A line that is refused comes back without what was around it.
        let before = app.app.store.counts().written;
        let page = form.send(&mut clerk, case.0, case.1).await;
        assert!(page.status.as_u16() == 422 && page.says(case.2), "{}: {}", case.1, page.text());
        assert_eq!(app.app.store.counts().written, before, "{}", case.1);
    }
    for on in ["2026/01/19", "2006/01/20", "0001/01/01"] {
        let before = app.app.store.counts().written;
        let page = form.send(&mut clerk, "on", on).await;
        assert!(page.status.as_u16() == 422 && page.says("印刷日より前になっています"), "{on}: {}", page.text());
        assert_eq!(app.app.store.counts().written, before, "{on}");
    }
    assert_eq!(letter_of(&app, key).state, LetterState::Printed);
    let wide: String =
        number.chars().map(|c| if c.is_ascii_digit() { char::from_u32(c as u32 + 0xFEE0).unwrap() } else { 'ー' }).collect();
    assert_eq!(post(&mut clerk, &wide, "２０２６年１月２０日").await.status.as_u16(), 200, "full-width digits are read");
    reprint(&app, &mut clerk, &letter, "不着").await;
}
