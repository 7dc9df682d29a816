// What makes the screens handier. Everything works without it: each part only improves what the server has sent.
"use strict";
(() => {
  const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));
  const make = (tag, props = {}, ...children) => {
    const node = Object.assign(document.createElement(tag), props);
    node.append(...children);
    return node;
  };

  // --- 時刻: the server's time, carried on by the browser's steady timer -------------------------------------------
  let offset = 0; // milliseconds from performance.now() to the server's clock
  const serverNow = () => performance.now() + offset;
  const startClock = () => {
    const clock = document.querySelector("time[data-clock]");
    // The page was made some time before the script runs; the navigation's response marks the moment closest to it.
    const [page] = performance.getEntriesByType("navigation");
    offset = (clock ? Number(clock.dataset.clock) : Date.now() - performance.now()) - (clock && page ? page.responseStart : 0);
    if (!clock) return;
    const japan = new Intl.DateTimeFormat("ja-JP", { timeZone: "Asia/Tokyo", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
    onTick(() => { clock.textContent = japan.format(serverNow()); });
  };

  const ticks = [];
  const onTick = (run) => { ticks.push(run); run(); };
  const tick = () => {
    for (const run of ticks) run();
    setTimeout(tick, 1000 - (serverNow() % 1000) + 5);
  };

  const words = (ms) => {
    const left = Math.max(0, Math.ceil(ms / 1000));
    return left < 60 ? `${left}秒` : `${Math.floor(left / 60)}分${String(left % 60).padStart(2, "0")}秒`;
  };

  // --- Countdowns: the rest of a lock, and when a code can be sent again --------------------------------------------
  const countdowns = () => {
    for (const node of all("[data-countdown]")) {
      const end = Number(node.dataset.countdown);
      onTick(() => {
        const left = end - serverNow();
        node.textContent = left > 0 ? words(left) + (node.dataset.suffix || "") : node.dataset.after;
      });
    }
    for (const button of all("[data-wait-until]")) {
      const end = Number(button.dataset.waitUntil);
      onTick(() => { button.disabled = end > serverNow(); });
    }
  };

  // --- 表示 / 非表示 beside passwords -------------------------------------------------------------------------------
  const showButtons = () => {
    for (const input of all("input[data-show-button]")) {
      const label = document.querySelector(`label[for="${input.id}"]`);
      const name = label ? label.firstChild.textContent.trim() : "";
      const text = document.createTextNode("表示");
      const button = make("button", { type: "button", className: "button show-button" }, make("span", { className: "vh" }, `${name}を`), text);
      const show = (shown) => {
        input.type = shown ? "text" : "password";
        text.data = shown ? "非表示" : "表示";
        button.setAttribute("aria-pressed", String(shown));
      };
      show(false);
      button.setAttribute("aria-controls", input.id);
      button.addEventListener("click", () => show(input.type === "password"));
      input.addEventListener("show-password", () => show(true));
      // A shown password is hidden again before it is sent, so that browsers do not keep it among typed texts.
      if (input.form) input.form.addEventListener("submit", () => show(false));
      const frame = make("div", { className: "secret" });
      input.before(frame);
      frame.append(input, button);
    }
  };

  // --- The rule for passwords, ticked while typing ------------------------------------------------------------------
  const rules = {
    length: (text, data) => [...text].length >= Number(data.min) && [...text].length <= Number(data.max),
    letter: (text) => /[A-Za-z]/.test(text),
    digit: (text) => /[0-9]/.test(text),
    symbols: (text, data) => text !== "" && [...text].every((c) => /[A-Za-z0-9]/.test(c) || data.symbols.includes(c)),
    not: (text, data) => text !== "" && text.toLowerCase() !== data.not.toLowerCase(),
    same: (text, data) => text !== "" && text === (document.getElementById(data.same) || {}).value,
  };
  const passwordRules = () => {
    for (const list of all("[data-rules-for]")) {
      const input = document.getElementById(list.dataset.rulesFor);
      if (!input) continue;
      const lines = all("[data-rule]", list).map((line) => {
        const word = make("span", { className: "vh" });
        line.append(word);
        return [line, word];
      });
      const check = () => {
        for (const [line, word] of lines) {
          const met = rules[line.dataset.rule](input.value, line.dataset);
          line.classList.toggle("met", met);
          word.textContent = met ? "（満たしています）" : "（まだ満たしていません）";
        }
      };
      const others = lines.map(([line]) => line.dataset.same && document.getElementById(line.dataset.same));
      for (const node of [input, ...others]) if (node) node.addEventListener("input", check);
      check();
    }
  };

  // --- A password made by the browser; it never travels before the form is sent --------------------------------------
  const suggestions = () => {
    const signs = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789"; // none that looks like another
    const draw = () => {
      let text = "";
      while (text.length < 16) {
        const [n] = crypto.getRandomValues(new Uint8Array(1));
        if (n < signs.length * 4) text += signs[n % signs.length]; // the rest of the byte's range would favour some signs
      }
      return rules.letter(text) && rules.digit(text) ? text : draw();
    };
    for (const button of all("[data-suggest]")) {
      button.hidden = false;
      button.addEventListener("click", () => {
        const made = draw();
        for (const id of button.dataset.suggest.split(" ")) {
          const input = document.getElementById(id);
          if (!input) continue;
          input.value = made;
          input.dispatchEvent(new Event("input", { bubbles: true }));
          input.dispatchEvent(new Event("show-password"));
        }
        button.nextElementSibling.textContent = "入力欄に表示しました。控えてから先へ進んでください。";
      });
    }
  };

  // --- A form is sent once ------------------------------------------------------------------------------------------
  const sendOnce = () => {
    document.addEventListener("submit", (event) => {
      const form = event.target;
      if (form.method !== "post" || event.defaultPrevented) return;
      if (form.dataset.sent) { event.preventDefault(); return; }
      form.dataset.sent = "yes";
      const buttons = Array.from(form.elements).filter((node) => node.matches("button[type=submit]"));
      const mark = (sent) => buttons.forEach((b) => (sent ? b.setAttribute("aria-disabled", "true") : b.removeAttribute("aria-disabled")));
      mark(true);
      // A download leaves the page standing: after a while the form can be sent again.
      setTimeout(() => { delete form.dataset.sent; mark(false); }, 10000);
    });
    // Coming back by the browser's history must not find dead buttons.
    window.addEventListener("pageshow", (event) => {
      if (!event.persisted) return;
      for (const form of all("form[data-sent]")) delete form.dataset.sent;
      for (const button of all("button[type=submit][aria-disabled]")) button.removeAttribute("aria-disabled");
    });
  };

  // --- [?] as a dialog ----------------------------------------------------------------------------------------------
  const helpDialogs = () => {
    all("details[data-dialog]").forEach((details, at) => {
      const summary = details.querySelector("summary");
      const title = make("h2", { id: `help-${at}`, textContent: details.querySelector(".help-title").textContent });
      const close = make("button", { type: "button", className: "button", textContent: "閉じる" });
      const dialog = make("dialog", { className: "dialog" }, title, details.querySelector(".help-body"), make("div", { className: "dialog-close" }, close));
      dialog.setAttribute("aria-labelledby", title.id);
      const open = make("button", { type: "button", className: "help-open" }, ...summary.childNodes);
      open.setAttribute("aria-haspopup", "dialog");
      const frame = make("div", { className: details.className }, open, dialog);
      details.replaceWith(frame);
      open.addEventListener("click", () => {
        dialog.showModal();
        frame.dispatchEvent(new CustomEvent("help-opened", { bubbles: true }));
      });
      close.addEventListener("click", () => dialog.close());
      dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
    });
  };

  // --- Printing and copying -----------------------------------------------------------------------------------------
  const smallButtons = () => {
    for (const button of all("[data-print]")) {
      button.hidden = false;
      button.addEventListener("click", () => window.print());
    }
    if (!navigator.clipboard) return;
    for (const button of all("[data-copy]")) {
      const before = button.textContent;
      button.hidden = false;
      button.setAttribute("aria-live", "polite");
      button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(button.dataset.copy);
        button.textContent = "コピーしました";
        setTimeout(() => { button.textContent = before; }, 3000);
      });
    }
  };

  // --- The session's end is said two minutes ahead ------------------------------------------------------------------
  const sessionEnd = () => {
    const dialog = document.getElementById("session-end");
    if (!dialog) return;
    const left = dialog.querySelector("[data-session-left]");
    let end = Number(dialog.dataset.sessionEnds);
    onTick(() => {
      const rest = end - serverNow();
      if (rest <= 120000 && rest > 0 && !dialog.open) dialog.showModal();
      if (dialog.open) left.textContent = rest > 0 ? words(rest) : "0秒";
    });
    dialog.addEventListener("submit", async (event) => {
      event.preventDefault();
      const form = event.target;
      try {
        const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), redirect: "error" });
        const next = Number(answer.headers.get("X-Session-Ends"));
        if (!answer.ok || !next) throw new Error("session is over");
        end = next;
        dialog.close();
      } catch {
        location.reload();
      }
    }, true);
  };

  startClock();
  sendOnce();
  showButtons();
  passwordRules();
  suggestions();
  helpDialogs();
  smallButtons();
  countdowns();
  sessionEnd();
  tick();

  const summary = document.getElementById("error-summary");
  if (summary) summary.focus();
})();
