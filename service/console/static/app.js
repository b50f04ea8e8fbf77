// Keyboard: j/k move, Enter or o opens, u goes up, / filters, g then a letter goes to a page, ? shows this list.
"use strict";
(() => {
  const rows = [...document.querySelectorAll("[data-row]")];
  let here = -1;
  let pending = false;
  const pages = { o: "/", c: "/conversations", t: "/latency", m: "/costs", r: "/review", d: "/drift", i: "/incidents", s: "/scenarios", l: "/ledger" };

  const show = (next) => {
    if (!rows.length) return;
    rows[here]?.classList.remove("here");
    here = Math.max(0, Math.min(rows.length - 1, next));
    rows[here].classList.add("here");
    rows[here].scrollIntoView({ block: "nearest" });
  };
  const label = (verdict) => document.querySelector(`form[data-label="${verdict}"]`)?.requestSubmit();

  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
    if (event.key === "Escape") { event.target.blur?.(); return; }
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (pending) { pending = false; if (pages[event.key]) location.href = pages[event.key]; return; }
    const actions = {
      j: () => show(here + 1),
      k: () => show(here - 1),
      Enter: () => { if (here >= 0) location.href = rows[here].dataset.row; },
      o: () => { if (here >= 0) location.href = rows[here].dataset.row; },
      u: () => { const up = document.querySelector("[data-up]"); if (up) location.href = up.getAttribute("href"); },
      g: () => { pending = true; },
      p: () => label("pass"),
      f: () => label("fail"),
      n: () => { const next = document.querySelector("[data-next]"); if (next) location.href = next.getAttribute("href"); },
      "/": () => { event.preventDefault(); document.querySelector("form.filters input")?.focus(); },
      "?": () => document.querySelector("dialog#keys")?.showModal(),
    };
    if (event.key === "Enter" && event.target.closest("a, button, summary")) return;
    actions[event.key]?.();
  });
})();
