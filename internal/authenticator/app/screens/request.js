// @ts-check
// One request: who asks, and what the person answers. The deep half asks, the light
// half answers.

import { ask, button, digits, exact, h, icon, p } from "../dom.js";
import { learn } from "../device.js";
import { announce, go, show } from "../frame.js";
import { call, now, Refusal } from "../protocol.js";
import { approve, refuse, shown } from "../requests.js";
import { onChange, reload, state } from "../state.js";
import { change } from "../store.js";
import { assert, Unverified, written } from "../webauthn.js";
import { countdown, moment, say, wait } from "../words.js";
import { showResult } from "./result.js";
import { updateNeeded } from "./trouble.js";

/** @typedef {import("../store.js").Account} Account */
/** @typedef {import("../requests.js").Asked} Asked */

/** What is asked, in one question. @param {Asked} asked @param {Record<string, string>} display */
export function question(asked, display) {
  const app = display.app || say("app.request_something");
  if (asked.kind === "test") return say("app.request_test");
  if (display.act) return say("app.request_act", { Act: display.act });
  if (asked.kind === "fresh_proof") return say("app.request_proof", { App: app });
  return say("app.request_signin", { App: app });
}

/** @param {Account} account @param {Record<string, string>} display */
function facts(account, display) {
  const time = Date.parse(display.time ?? "") / 1000;
  const program = display.browser && display.system ? say("app.request_on", { Browser: display.browser, System: display.system }) : display.browser || display.system;
  const rows = [
    ["user", "app.request_account", display.account || account.account],
    ["browser", "app.request_browser", program],
    ["location", "app.request_address", display.ip],
    ["clock", "app.request_time", Number.isFinite(time) ? moment(time) : ""],
  ];
  const ltr = ["user", "location"];
  return h("dl", { class: "facts" }, rows.filter(([, , value]) => value).map(([drawn, name, value]) =>
    h("div", {}, h("dt", {}, icon(drawn), h("span", { class: "visually-hidden" }, say(name))),
      h("dd", {}, ltr.includes(drawn) ? exact(value) : value))));
}

/**
 * @param {Account} account @param {Asked} asked
 * @param {{done?: () => void, step?: string}} [how] where it goes on after a result
 */
export function showRequest(account, asked, how = {}) {
  const display = shown(asked);
  const title = question(asked, display);
  const many = asked.number.digits;
  const number = h("input", {
    class: "input number-field", id: "number", type: "text", inputmode: "numeric", autocomplete: "off", spellcheck: "false", "aria-describedby": "number-hint",
  });
  const trouble = h("p", { class: "error-text", id: "trouble", hidden: true });
  const status = h("p", { class: "meta status-line status-icon" }, icon("biometric"), h("span", {}, say("app.request_verify")));
  const left = h("span", { class: "num" });
  let busy = false, over = false;

  /** @param {string} text */
  const complain = (text) => {
    trouble.replaceChildren(icon("warning"), h("span", {}, text));
    trouble.hidden = false;
    announce(text);
  };
  /** @param {string} outcome */
  const end = (outcome) => {
    if (over) return;
    over = true;
    const list = (state.waiting.get(account.id) ?? []).filter((other) => other.id !== asked.id);
    state.waiting.set(account.id, list);
    if (how.done && outcome === "approved") how.done();
    else showResult(outcome);
  };
  /** @param {() => Promise<string>} work */
  const decide = async (work) => {
    if (busy || over) return;
    busy = true;
    trouble.hidden = true;
    for (const control of form.querySelectorAll("button")) control.setAttribute("aria-disabled", "true");
    try {
      const outcome = await work();
      if (outcome === "approved") await change(account.id, (stored) => { stored.used = now(account); });
      end(outcome);
      void reload();
    } catch (failed) {
      await explain(account, failed, complain);
    } finally {
      busy = false;
      for (const control of form.querySelectorAll("button")) control.removeAttribute("aria-disabled");
    }
  };
  const yes = () => {
    const typed = digits(number.value);
    if (many > 0 && (typed.length !== many || /\D/.test(typed))) {
      complain(say("app.request_digits", { Count: many }));
      number.setAttribute("aria-invalid", "true");
      number.focus();
      return;
    }
    number.removeAttribute("aria-invalid");
    void decide(() => approve(account, asked, many > 0 ? typed : "", async (challenge) => written(await assert(account, challenge))));
  };
  const no = () => { void decide(() => refuse(account, asked, "deny")); };
  const report = async () => {
    if (busy || over) return;
    const sure = await ask(say("app.report_title"), say("app.report_text"), [
      { id: "app.report_go", kind: "danger", value: "report" }, { id: "app.report_back", kind: "quiet", value: "" },
    ]);
    if (sure === "report") void decide(() => refuse(account, asked, "report"));
  };
  const form = h("form", { class: "answer", novalidate: true, onsubmit: (/** @type {Event} */ e) => { e.preventDefault(); yes(); } },
    many > 0 && h("div", { class: "field" },
      h("label", { for: "number" }, say("app.request_number")), number,
      h("p", { class: "hint", id: "number-hint" }, asked.kind === "test" ? say("app.request_test_hint") : say("app.request_number_hint", { Count: many }))),
    trouble,
    h("div", { class: "duel-bar" },
      h("div", { class: "duel" },
        h("button", { type: "button", class: "btn btn-deny", onclick: no }, icon("cross", "icon-lg"), say("app.deny")),
        h("button", { type: "submit", class: "btn btn-primary btn-approve" }, icon("check", "icon-lg"), say("app.approve"))),
      status,
      asked.kind !== "test" && button("app.report", () => { void report(); }, { kind: "quiet", name: "report" })));

  const tick = () => {
    const seconds = asked.expires_at - Date.now() / 1000 - account.offset;
    left.textContent = say("app.request_left", { Left: countdown(seconds) });
    if (seconds <= 0 && !busy) end("expired");
  };
  tick();
  if (over) return;
  const clock = setInterval(tick, 1000);
  const unheed = onChange(() => {
    const list = state.waiting.get(account.id);
    if (busy || over || !list || list.some((other) => other.id === asked.id)) return;
    over = true;
    void ended(account, asked).then((outcome) => { over = false; end(outcome); });
  });
  const release = awake();
  show({
    title, deep: true, brand: account.workspace, end: h("span", { class: "bar-end" }, how.step && h("span", { class: "meta" }, how.step), h("span", { class: "meta" }, left)),
    back: how.done ? undefined : () => go("#/"),
    nodes: [
      h("section", { class: "ask stack-sm", "aria-label": say("app.request") },
        h("h1", {}, title),
        display.new === "yes" && h("p", { class: "fresh" }, icon("warning"), h("span", {}, say("app.request_new"))),
        facts(account, display)),
      form,
    ],
    leave: () => { clearInterval(clock); unheed(); release(); },
  });
}

/** What a failed decision means; nothing was decided by it. @param {Account} account @param {unknown} failed @param {(text: string) => void} complain */
async function explain(account, failed, complain) {
  if (failed instanceof Unverified) return complain(say("app.request_unverified"));
  if (!(failed instanceof Refusal)) return complain(say("app.request_failed"));
  switch (failed.code) {
    case "offline":
      return complain(say("app.request_offline"));
    case "busy":
    case "too_many_decisions":
      return complain(say("app.request_busy", { Wait: wait(failed.wait) }));
    case "decision_refused":
      return complain(say("app.request_refused"));
    case "device_version":
      return updateNeeded(failed.version);
    case "device_biometrics":
      return complain(say("app.trouble_biometrics"));
    case "device_unknown":
    case "device_signed_out":
      await learn(account, failed);
      await reload();
      return go(`#/account/${account.id}`);
  }
  complain(failed.detail || say("app.request_failed"));
}

/** How a request ended that is not listed any more. @param {Account} account @param {Asked} asked */
async function ended(account, asked) {
  try {
    const { requests } = await call(account, "GET", "history");
    const found = requests.find((/** @type {any} */ one) => one.id === asked.id);
    if (found) return found.here ? found.state : `over_${found.state}`;
  } catch {
    // what is known then: it is over
  }
  return "over_gone";
}

/** Keeps the screen on, where that can be asked for. @returns {() => void} ends it */
function awake() {
  /** @type {WakeLockSentinel | undefined} */
  let lock;
  let wanted = true;
  navigator.wakeLock?.request("screen").then((got) => { if (wanted) lock = got; else void got.release(); }, () => {});
  return () => { wanted = false; void lock?.release(); };
}
