// パスキー: asks the browser, and sends what it answers by the form of the page. Without this script the page says what is missing.
"use strict";
(() => {
  const all = (selector) => Array.from(document.querySelectorAll(selector));
  const able = Boolean(window.PublicKeyCredential && navigator.credentials);
  for (const node of all("[data-passkey-offer]")) node.hidden = !able;
  for (const node of all("[data-passkey-without]")) node.hidden = able;

  const place = document.querySelector("[data-passkey]");
  const form = place && place.querySelector("form");
  if (!form) return;
  const told = place.querySelector("[data-passkey-told]");
  const tell = (text) => {
    told.replaceChildren();
    if (text) told.append(Object.assign(document.createElement("p"), { className: "error", textContent: text }));
  };
  const unable = "このブラウザでは、パスキーを使えません。ほかのブラウザか、ほかの方法をお使いください。";
  if (!able) {
    for (const node of all("[data-passkey-without]")) node.hidden = true;
    tell(unable);
    return;
  }

  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const named = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

  const creates = place.dataset.passkey === "create";
  const ask = async (signal) => {
    const { publicKey } = JSON.parse(place.dataset.options);
    const options = { ...publicKey, challenge: bytes(publicKey.challenge) };
    if (creates) {
      options.user = { ...publicKey.user, id: bytes(publicKey.user.id) };
      options.excludeCredentials = named(publicKey.excludeCredentials);
    } else {
      options.allowCredentials = named(publicKey.allowCredentials);
    }
    const got = await navigator.credentials[creates ? "create" : "get"]({ publicKey: options, signal });
    const { response } = got;
    const answer = creates
      ? { attestationObject: text(response.attestationObject) }
      : {
          authenticatorData: text(response.authenticatorData),
          signature: text(response.signature),
          userHandle: response.userHandle ? text(response.userHandle) : null,
        };
    answer.clientDataJSON = text(response.clientDataJSON);
    return JSON.stringify({ id: got.id, rawId: text(got.rawId), type: got.type, extensions: {}, response: answer });
  };

  const reasons = {
    InvalidStateError: "この端末のパスキーは、すでに登録されています。",
    NotAllowedError: "確認できませんでした。時間内に操作されなかったか、取り消されました。もう一度、ボタンを押してください。",
    NotSupportedError: "この端末では、パスキーを使えません。ほかの端末か、セキュリティキーをお使いください。",
    SecurityError: "このアドレスでは、パスキーを使えません。案内されたアドレスで開いているか、お確かめください。",
  };

  let asking = null;
  const run = async () => {
    if (asking) asking.abort();
    const own = new AbortController();
    asking = own;
    tell("");
    try {
      form.elements.credential.value = await ask(own.signal);
      form.requestSubmit();
    } catch (error) {
      if (asking === own) tell(reasons[error.name] || unable);
    }
  };
  form.addEventListener("submit", (event) => {
    if (form.elements.credential.value) return;
    event.preventDefault();
    run();
  });
  // Coming back by the browser's history must not send an old answer.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) form.elements.credential.value = "";
  });
  // The button before this page has said what is wanted; after an error somebody should read first.
  if (!creates && !document.getElementById("error-summary")) run();
})();
