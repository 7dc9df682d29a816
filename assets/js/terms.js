// 利用規約: the button opens at the end of the text. Without this script a box beside it serves.
"use strict";
(() => {
  const region = document.querySelector("[data-terms]");
  const box = document.getElementById("agree");
  const form = box && box.form;
  const button = form && form.querySelector("button.primary");
  if (!region || !button) return;

  const field = box.closest(".field");
  field.hidden = true;
  button.disabled = true;
  const told = Object.assign(document.createElement("p"), { className: "note", id: "terms-told" });
  told.setAttribute("role", "status");
  told.textContent = "規約を最後まで表示すると、【利用規約に同意して次へ】ボタンを押せるようになります。";
  field.after(told);
  button.setAttribute("aria-describedby", told.id);

  const look = () => {
    if (!button.disabled || region.scrollTop + region.clientHeight < region.scrollHeight - 4) return;
    button.disabled = false;
    box.checked = true;
    told.textContent = "最後まで表示しました。【利用規約に同意して次へ】ボタンを押せます。";
  };
  region.addEventListener("scroll", look, { passive: true });
  window.addEventListener("resize", look);
  look();
})();
