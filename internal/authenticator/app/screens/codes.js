// @ts-check
// The phone's own codes: for a sign-in where the phone has no connection. Each is
// shown after the screen lock was opened for it, and hidden again soon.

import { button, exact, h, icon, p, svg } from "../dom.js";
import { code } from "../codes.js";
import { announce, show } from "../frame.js";
import { now } from "../protocol.js";
import { state } from "../state.js";
import { verify } from "../webauthn.js";
import { say } from "../words.js";
import { monogram } from "./pairing.js";

/** @typedef {import("../store.js").Account} Account */

/** How long a code stays, in seconds: two of them can be read. */
const lasts = 60;

export function showCodes() {
  const able = state.accounts.filter((account) => account.codeKey && account.state === "active");
  /** @type {Set<() => void>} */
  const running = new Set();
  const hide = () => { for (const stop of [...running]) stop(); };
  const away = () => { if (document.hidden) hide(); };
  document.addEventListener("visibilitychange", away);
  show({
    title: say("app.tab_codes"), tab: "codes", leave: () => { hide(); document.removeEventListener("visibilitychange", away); },
    nodes: [h("section", { class: "pad stack" }, h("h1", {}, say("app.tab_codes")), p(say("app.codes_lead"), "quiet"),
      able.map((account) => card(account, running)),
      able.length === 0 && h("div", { class: "empty" }, icon("key", "icon-lg"), p(say("app.codes_none"), "quiet")))],
  });
}

/** @param {Account} account @param {Set<() => void>} running */
function card(account, running) {
  const place = h("div", { class: "stack-sm" });
  const closed = (/** @type {string} */ trouble = "") => {
    place.replaceChildren(button("app.codes_show", () => { void open(); }, { kind: "secondary", icon: "biometric", name: `code-${account.id}` }),
      ...(trouble ? [h("p", { class: "error-text", role: "alert" }, icon("warning"), h("span", {}, trouble))] : []));
  };
  const open = async () => {
    try {
      await verify(account);
    } catch {
      return closed(say("app.unverified"));
    }
    for (const stop of [...running]) stop();
    const stop = display(account, place, () => { running.delete(stop); closed(); });
    running.add(stop);
  };
  closed();
  return h("section", { class: "card card-pad stack", "aria-labelledby": `c-${account.id}` },
    h("div", { class: "account" }, h("span", { class: "monogram", "aria-hidden": "true" }, monogram(account.workspace)),
      h("div", {}, h("h2", { id: `c-${account.id}` }, account.workspace), h("p", { class: "meta" }, exact(account.account)))), place);
}

/**
 * Shows the code of each moment.
 * @param {Account} account @param {HTMLElement} place @param {() => void} ended @returns {() => void} ends it
 */
function display(account, place, ended) {
  const period = account.period ?? 30, length = account.digits ?? 6, key = /** @type {CryptoKey} */ (account.codeKey);
  const text = exact("", "otp-digits");
  const seconds = h("span", { class: "meta num" });
  const arc = svg("circle", { class: "ring-left", cx: 12, cy: 12, r: 9, pathLength: 100, transform: "rotate(-90 12 12)" });
  const ring = svg("svg", { class: "ring", viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" }, svg("circle", { class: "ring-rest", cx: 12, cy: 12, r: 9 }), arc);
  const until = Date.now() + lasts * 1000;
  let shown = "", over = false, said = false;
  const copied = async () => {
    try {
      await navigator.clipboard.writeText(shown);
      announce(say("app.copied"));
    } catch {
      // it stands there to be typed
    }
  };
  place.replaceChildren(h("div", { class: "otp" }, h("div", {}, h("p", { class: "meta" }, say("app.codes_now")), h("p", {}, text)),
    h("div", { class: "cluster cluster-sm" }, ring, seconds,
      h("button", { type: "button", class: "btn btn-icon", "aria-label": say("app.codes_copy", { Workspace: account.workspace }), onclick: copied }, icon("copy")))));
  const tick = async () => {
    const time = now(account);
    const next = await code(key, time, length, period);
    if (over) return;
    if (Date.now() > until) return stop();
    shown = next;
    const half = Math.floor(length / 2);
    text.textContent = `${next.slice(0, half)} ${next.slice(half)}`;
    const left = period - (time % period);
    seconds.textContent = say("app.codes_left", { Seconds: left });
    arc.setAttribute("stroke-dasharray", `${(left / period) * 100} 100`);
    if (!said) announce([...next].join(" "));
    said = true;
  };
  const clock = setInterval(tick, 500);
  const stop = () => {
    if (over) return;
    over = true;
    clearInterval(clock);
    shown = "";
    ended();
  };
  void tick();
  return stop;
}
