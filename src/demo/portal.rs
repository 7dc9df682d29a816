//! What happened at 介護情報基盤ポータル before the demo begins: registrations, users, inquiries in every state.

use std::collections::HashMap;

use super::fill::{CLIENT, FillError};
use super::offices;
use super::people;
use super::story::{Office, Tag};
use crate::accounts::{Agreed, LastLogin};
use crate::app::App;
use crate::contact_form::{self, Ask, Asked, Contact, InquiryNumber, Operator, Order, Reason, Shown, Went};
use crate::kernel::{MedicalCode, Prefecture, Secret, UserId};
use crate::portal::{self, ID_APPLICATION, Medical, Member, Person, Suspended, SuspendedBy, What};
use crate::security::PasswordHash;
use crate::staff::Desk;
use crate::store::{StoreError, Tx};
use crate::terms;

/// The prefecture in which the story of operators and medical institutions is set.
pub const HOME: u8 = 7;

/// The clinic that has its account and all its users.
pub const CLINIC: &str = "0719900011";
/// The one that waits for its account.
pub const WAITING: &str = "0719900029";

/// Who can log in with the password of the demo: local part of the address, and what they show.
pub const LOGINS: [(&str, &str); 3] = [
    ("tanto", "2つの事業所の利用者（どちらで使うかを選択）"),
    ("kacho.07-02", "介護事業所の主たる利用者（追加の利用者2名、うち1名は初回ログイン前）"),
    ("jimucho.clinic", "医療機関の主たる利用者（追加の利用者4名、うち1名は利用停止）"),
];

/// One thing that happened. People are named by the local part of their address.
#[derive(Clone, Copy, Debug)]
pub enum Scene {
    /// 初回利用登録 of a care office.
    Register(Office, &'static str, Name),
    /// ユーザ新規登録 at the institution of this main user.
    Add(&'static str, &'static str, Name),
    /// First login up to マイページ, at every institution of theirs.
    Enter(&'static str),
    /// お問い合わせ: 大カテゴリー and 中カテゴリー, who, what.
    Ask(Tag, (&'static str, &'static str), &'static str, &'static str),
    /// ID発行申請 of this code and name.
    Apply(Tag, &'static str, &'static str, (&'static str, Name)),
    /// 対応を始める.
    Take(Tag),
    /// 回答する.
    Answer(Tag, &'static str),
    /// 医療機関のIDを発行する.
    Create(Tag),
    /// 却下する.
    Reject(Tag, Reason, &'static str),
    /// 利用停止 of a user by the operator.
    Suspend(&'static str),
}

/// 氏名 and 氏名カナ.
pub type Name = (&'static str, &'static str);

use Scene::{Add, Answer, Apply, Create, Enter, Register, Reject, Suspend, Take};

/// Days ago, hour, minute, and what happened, as in the story of the counter.
pub(super) const STORY: &[(i64, i64, i64, Scene)] = &[
    (30, 10, 0, Register((7, 2), "kacho.07-02", ("山本 課長", "ヤマモト カチョウ"))),
    (30, 10, 40, Enter("kacho.07-02")),
    (29, 9, 10, Add("kacho.07-02", "jimu.07-02", ("森田 事務", "モリタ ジム"))),
    (29, 13, 0, Enter("jimu.07-02")),
    (3, 9, 20, Add("kacho.07-02", "shinjin.07-02", ("新井 新人", "アライ シンジン"))),
    (28, 11, 0, Register((7, 3), "tanto", ("井上 担当", "イノウエ タントウ"))),
    (28, 11, 30, Enter("tanto")),
    (27, 15, 0, Register((13, 1), "tanto", ("井上 担当", "イノウエ タントウ"))),
    (27, 15, 20, Enter("tanto")),
    // Never came back to it: the initial password has expired.
    (20, 16, 0, Register((13, 2), "wasureta.13-02", ("大木 忘", "オオキ ワスレ"))),
    // Their offices rest or are closed; nothing of the portal ends by that.
    (26, 9, 0, Register((7, 10), "kanri.07-10", ("紅葉 管理", "モミジ カンリ"))),
    (26, 9, 30, Enter("kanri.07-10")),
    (26, 10, 0, Register((7, 11), "kanri.07-11", ("山彦 管理", "ヤマビコ カンリ"))),
    (26, 10, 30, Enter("kanri.07-11")),
    // A medical institution from its application to five users.
    (24, 14, 0, Apply("clinic", CLINIC, "架空クリニック", ("jimucho.clinic", ("鈴木 事務長", "スズキ ジムチョウ")))),
    (23, 10, 0, Take("clinic")),
    (23, 11, 0, Create("clinic")),
    (23, 13, 0, Enter("jimucho.clinic")),
    (22, 9, 0, Add("jimucho.clinic", "uketsuke.clinic", ("受付 一", "ウケツケ ハジメ"))),
    (22, 9, 1, Add("jimucho.clinic", "iji.clinic", ("医事 二", "イジ ツギ"))),
    (22, 9, 2, Add("jimucho.clinic", "kango.clinic", ("看護 三", "カンゴ ミツ"))),
    (22, 9, 3, Add("jimucho.clinic", "taishoku.clinic", ("退職 四", "タイショク ヨツ"))),
    (22, 14, 0, Enter("uketsuke.clinic")),
    (22, 14, 1, Enter("iji.clinic")),
    (22, 14, 2, Enter("kango.clinic")),
    (22, 14, 3, Enter("taishoku.clinic")),
    (6, 10, 30, Suspend("taishoku.clinic")),
    // Inquiries in every state.
    (
        12,
        9,
        30,
        Scene::Ask(
            "answered",
            ("ログイン", "ワンタイムパスワードが届かない"),
            "shitsumon1",
            "昨日からワンタイムパスワードのメールが届きません。",
        ),
    ),
    (11, 10, 0, Take("answered")),
    (
        11,
        10,
        20,
        Answer(
            "answered",
            "メールの受信制限をご確認ください。noreply@example.jp からのメールを受信できるように設定してください。",
        ),
    ),
    (
        9,
        15,
        0,
        Apply("rejected-id", "0719900037", "架空訪問看護ステーション", ("kango.shinsei", ("看護 申請", "カンゴ シンセイ"))),
    ),
    (
        8,
        9,
        0,
        Reject(
            "rejected-id",
            Reason::CareOffice,
            "介護事業所のID（電子請求受付システムのユーザID）で、初回利用登録をお試しください。",
        ),
    ),
    (
        4,
        11,
        0,
        Scene::Ask(
            "working",
            ("利用者の登録", "利用者の追加・変更"),
            "shitsumon2",
            "退職した職員の登録を消すには、どうすればよいでしょうか。",
        ),
    ),
    (3, 10, 0, Take("working")),
    (1, 16, 45, Apply("waiting", WAITING, "架空歯科医院", ("inchou.shika", ("歯科 院長", "シカ インチョウ")))),
    (0, 1, 20, Scene::Ask("new", ("その他", "その他"), "shitsumon3", "ポータルの利用時間を教えてください。")),
];

/// Who plays: what is remembered between scenes.
#[derive(Default)]
pub(super) struct Players {
    numbers: HashMap<Tag, InquiryNumber>,
    /// The hash of the demo's password, made once.
    hash: Option<PasswordHash>,
}

impl Players {
    pub(super) async fn play(&mut self, app: &App, desk: &Desk, scene: Scene) -> Result<(), FillError> {
        match scene {
            Scene::Register((place, serial), local, name) => {
                register(app, UserId::of(offices::key(place, serial)), local, name).await
            }
            Scene::Add(by, local, name) => add(app, by, local, name).await,
            Scene::Enter(local) => {
                let hash = self.hash(app).await?;
                enter(app, local, hash).await
            }
            Scene::Ask(tag, (category, item), local, text) => {
                let person = Person { name: "質問 太郎".to_owned(), ..Person::default() };
                let contact = Contact { person, mail: offices::mail(local), number: String::new() };
                let category = (category.to_owned(), item.to_owned());
                let asked = Asked { home: home(), kind: Ask::General, category, contact, text: text.to_owned(), medical: None };
                self.receive(app, tag, asked).await
            }
            Scene::Apply(tag, code, name, (local, person)) => {
                self.receive(app, tag, application(code, name, local, person)?).await
            }
            Scene::Take(tag) => self.act(app, desk, tag, Order::Take).await,
            Scene::Answer(tag, text) => self.act(app, desk, tag, Order::Answer { text: text.to_owned() }).await,
            Scene::Create(tag) => {
                let proof = "厚生局の一覧の電話番号へかけて確認".to_owned();
                self.act(app, desk, tag, Order::Create { proof, replace: false, main: None }).await
            }
            Scene::Reject(tag, reason, text) => self.act(app, desk, tag, Order::Reject { reason, text: text.to_owned() }).await,
            Scene::Suspend(local) => suspend(app, local).await,
        }
    }

    async fn hash(&mut self, app: &App) -> Result<PasswordHash, FillError> {
        if let Some(hash) = &self.hash {
            return Ok(hash.clone());
        }
        let salt = app.moment().part("portal salt").random().bytes();
        let hash = app.hasher.hash(Secret::new(people::PORTAL_PASSWORD.to_owned()), salt).await?;
        self.hash = Some(hash.clone());
        Ok(hash)
    }

    async fn receive(&mut self, app: &App, tag: Tag, asked: Asked) -> Result<(), FillError> {
        let moment = app.moment();
        let receive = move |tx: &mut Tx<'_>| contact_form::receive(tx, &moment, CLIENT, asked.clone(), true);
        let one = app.store.write::<_, StoreError, _>(receive).await?;
        self.numbers.insert(tag, one.number);
        Ok(())
    }

    async fn act(&self, app: &App, desk: &Desk, tag: Tag, order: Order) -> Result<(), FillError> {
        let number = *self.numbers.get(tag).ok_or_else(|| FillError::Refused(format!("{tag}: has not arrived")))?;
        let (moment, by) = (app.moment(), Operator::of(app, desk, CLIENT));
        let went = app.store.write::<_, StoreError, _>(move |tx| {
            let Some(one) = contact_form::find(tx, number)? else { return Ok(Went::NotHere) };
            contact_form::carry_out(tx, &moment, &by, number, &Shown::of(&one), &order)
        });
        match went.await? {
            Went::Done => Ok(()),
            other => Err(FillError::Refused(format!("{tag}: {other:?}"))),
        }
    }
}

fn home() -> Prefecture {
    Prefecture::new(HOME).expect("the story is set in a prefecture")
}

fn person((name, kana): Name) -> Person {
    Person {
        name: name.to_owned(),
        kana: kana.to_owned(),
        telephone: "0000-07-5678".to_owned(),
        department: "事務".to_owned(),
        occupation: String::new(),
    }
}

fn application(code: &str, name: &str, local: &str, who: Name) -> Result<Asked, FillError> {
    let code = MedicalCode::parse(code).map_err(|error| FillError::Refused(error.to_string()))?;
    let medical = Medical {
        code,
        name: name.to_owned(),
        postal_code: "000-0799".to_owned(),
        address: "福島県架空市見本町9-9".to_owned(),
        telephone: "0000-07-9999".to_owned(),
    };
    let contact = Contact { person: person(who), mail: offices::mail(local), number: String::new() };
    let category = (ID_APPLICATION.0.to_owned(), ID_APPLICATION.1.to_owned());
    Ok(Asked { home: home(), kind: Ask::IdApplication, category, contact, text: String::new(), medical: Some(medical) })
}

async fn register(app: &App, user_id: UserId, local: &'static str, name: Name) -> Result<(), FillError> {
    let (moment, keys) = (app.moment(), app.keys.clone());
    let register = move |tx: &mut Tx<'_>| {
        let (what, home) = (What::Care(user_id), user_id.office().prefecture);
        portal::settle_main(tx, &moment, &keys, what, home, person(name), offices::mail(local)).map(drop)
    };
    Ok(app.store.write::<_, StoreError, _>(register).await?)
}

async fn add(app: &App, by: &'static str, local: &'static str, name: Name) -> Result<(), FillError> {
    let (moment, keys) = (app.moment(), app.keys.clone());
    let added = app.store.write::<_, StoreError, _>(move |tx| {
        let Some(by) = members(tx, by)?.pop() else { return Ok(false) };
        Ok(portal::add_member(tx, &moment, &keys, by.institution, person(name), offices::mail(local), &by)?.is_ok())
    });
    if added.await? { Ok(()) } else { Err(FillError::Refused(format!("{local}: was not added"))) }
}

async fn enter(app: &App, local: &'static str, hash: PasswordHash) -> Result<(), FillError> {
    let now = app.clock.now();
    let entered = app.store.write::<_, StoreError, _>(move |tx| {
        let Some(mut user) = portal::user_by_mail(tx, &offices::mail(local))? else { return Ok(false) };
        if !user.opens_by_password() {
            user.set_password(hash.clone(), now);
        }
        user.terms = Some(Agreed { version: terms::newest_version(tx, portal::TERMS)?, at: now });
        user.login_before = user.last_login.take();
        user.last_login = Some(LastLogin { at: now, from: CLIENT.to_string(), agent: "Edge（Windows）".to_owned() });
        portal::save_user(tx, &user)?;
        for member in members(tx, local)? {
            let entered = member.entered.or(Some(now));
            portal::save_member(tx, &Member { entered, ..member })?;
        }
        Ok(true)
    });
    if entered.await? { Ok(()) } else { Err(FillError::Refused(format!("{local}: is no user"))) }
}

async fn suspend(app: &App, local: &'static str) -> Result<(), FillError> {
    let moment = app.moment();
    let suspend = move |tx: &mut Tx<'_>| {
        for mut member in members(tx, local)? {
            member.suspended = Some(Suspended { by: SuspendedBy::Staff, at: moment.now, may_be_replaced: false });
            portal::save_member(tx, &member)?;
            portal::tell_member(tx, &moment, &member, portal::Change::Suspended)?;
        }
        Ok(())
    };
    Ok(app.store.write::<_, StoreError, _>(suspend).await?)
}

fn members(tx: &mut Tx<'_>, local: &str) -> Result<Vec<Member>, StoreError> {
    match portal::user_by_mail(tx, &offices::mail(local))? {
        Some(user) => portal::memberships(tx, user.id),
        None => Ok(Vec::new()),
    }
}
