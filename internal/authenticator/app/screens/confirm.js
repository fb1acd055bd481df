// @ts-check
// The person confirms that this is the phone in their hand, and answers a first
// request with it.

import { button, digits, exact, h, icon, p } from "../dom.js";
import { announce, show } from "../frame.js";
import { call, pairing as step, Refusal } from "../protocol.js";
import { account as find, release, reload } from "../state.js";
import { forget, keep } from "../store.js";
import { say, wait } from "../words.js";
import { finish, leave, refused, settle, stepOf, waiting } from "./pairing.js";
import { showRequest } from "./request.js";
import { stateOf } from "./resume.js";

/** @typedef {import("./pairing.js").Pairing} Pairing */

/** @param {Pairing} pairing */
export function showConfirm(pairing) {
  if (pairing.mailed) showMailed(pairing);
  else if (pairing.confirm.length > 1) showChoice(pairing);
  else if (pairing.confirm[0] === "email") void sendMail(pairing);
  else showDigits(pairing);
}

/** @param {Pairing} pairing */
function showChoice(pairing) {
  const ways = /** @type {[string, string, string, () => void][]} */ ([
    ["code", "browser", "app.confirm_by_code", () => showDigits(pairing)], ["email", "mail", "app.confirm_by_mail", () => { if (pairing.mailed) showMailed(pairing); else void sendMail(pairing); }],
  ]);
  show({
    title: say("app.confirm_choose"), step: stepOf(3),
    nodes: [h("section", { class: "pad stack" }, h("h1", {}, say("app.confirm_choose")), p(say("app.confirm_choose_text"), "quiet"),
      h("ul", { class: "choices" }, ways.filter(([way]) => pairing.confirm.includes(way)).map(([, drawn, id, act]) =>
        h("li", {}, h("button", { type: "button", class: "choice", onclick: act }, h("span", { class: "row-icon" }, icon(drawn)), h("span", {}, say(id)), icon("chevron", "icon-onward"))))),
      stopButton())],
  });
}

/** The six digits, and the waiting for the page. @param {Pairing} pairing */
function showDigits(pairing) {
  const stop = new AbortController();
  const text = pairing.digits ?? "";
  show({
    title: say("app.confirm_digits"), step: stepOf(3), leave: () => stop.abort(),
    nodes: [h("section", { class: "pad stack grow" },
      h("h1", {}, say("app.confirm_digits")), p(say("app.confirm_digits_text"), "quiet"),
      h("div", { class: "ask ask-number" }, h("p", { class: "meta" }, say("app.confirm_label")),
        h("p", { class: "big-digits" }, exact(`${text.slice(0, 3)} ${text.slice(3)}`))),
      h("p", { class: "status-line waiting-line" }, h("span", { class: "pulse" }), h("span", {}, say("app.confirm_waiting"))),
      p(say("app.confirm_three"), "meta"), stopButton())],
  });
  announce(say("app.confirm_say", { Digits: [...text].join(" ") }));
  void watch(pairing, "joined", stop.signal);
}

/** Waits until the pairing is confirmed. @param {Pairing} pairing @param {string} seen @param {AbortSignal} stop */
async function watch(pairing, seen, stop) {
  for (;;) {
    try {
      const { state } = await step("state", { token: pairing.token, seen, wait: 20 }, { patience: 40, stop });
      if (stop.aborted) return;
      if (state === "confirmed" || state === "active") return void confirmed(pairing, state);
      if (state === "over") throw new Refusal("pairing_over");
    } catch (failed) {
      if (stop.aborted) return;
      const code = failed instanceof Refusal ? failed.code : "";
      if (code !== "offline" && code !== "busy") return refused(failed, () => showDigits(pairing));
      await new Promise((resolve) => { setTimeout(resolve, 3000); });
      if (stop.aborted) return;
    }
  }
}

/**
 * Each mail makes the code of the one before wrong: after the first, another is sent
 * when the person asks for it, and not because the app was opened anew.
 * @param {Pairing} pairing
 */
async function sendMail(pairing) {
  const first = !pairing.mailed;
  waiting(say("app.confirm_sending"));
  try {
    pairing.mailed = (await step("send", { token: pairing.token, method: "email" })).sent_to;
    await keep("pairing", pairing);
    showMailed(pairing, first ? "" : say("app.confirm_mailed_again"));
  } catch (failed) {
    if (await heard(pairing)) return;
    const trouble = passing(failed);
    if (first || !trouble) return refused(failed, () => { void sendMail(pairing); });
    showMailed(pairing, "", trouble);
  }
}

/** The sentence for what passes by itself, or "". @param {unknown} failed */
function passing(failed) {
  const { code, wait: seconds } = failed instanceof Refusal ? failed : new Refusal("unknown");
  if (code === "offline") return say("app.request_offline");
  if (code === "busy") return say("app.pair_busy_text", { Wait: wait(seconds) });
  if (code === "too_many_mails") return say("app.confirm_many_text", { Wait: wait(seconds) });
  return "";
}

/**
 * Goes on where the server has confirmed the pairing although its answer never came, or
 * another call of this phone was refused for that.
 * @param {Pairing} pairing
 */
async function heard(pairing) {
  const state = await stateOf(pairing).catch(() => "");
  if (state !== "confirmed" && state !== "active") return false;
  await confirmed(pairing, state);
  return true;
}

/** @param {Pairing} pairing @param {string} [news] @param {string} [trouble] */
function showMailed(pairing, news, trouble) {
  const field = h("input", { class: "input code-field", id: "mailed", type: "text", inputmode: "numeric", autocomplete: "one-time-code", spellcheck: "false" });
  const line = h("p", { class: "error-text", hidden: true });
  const complain = (/** @type {string} */ text) => {
    line.replaceChildren(icon("warning"), h("span", {}, text));
    line.hidden = false;
    announce(text);
    field.focus();
  };
  let sending = false;
  const send = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const typed = digits(field.value);
    if (!/^\d{6}$/.test(typed)) return complain(say("app.confirm_six"));
    if (sending) return;
    sending = true;
    try {
      await step("confirm", { token: pairing.token, code: typed });
      await confirmed(pairing, "confirmed");
    } catch (failed) {
      if (failed instanceof Refusal && failed.code === "confirm_wrong") return complain(say("app.confirm_wrong"));
      if (await heard(pairing)) return;
      const text = passing(failed);
      if (text) return complain(text);
      refused(failed, () => showMailed(pairing));
    } finally {
      sending = false;
    }
  };
  show({
    title: say("app.confirm_mail"), step: stepOf(3), back: pairing.confirm.length > 1 ? () => showChoice(pairing) : undefined,
    nodes: [h("section", { class: "pad stack" },
      h("h1", {}, say("app.confirm_mail")), h("p", { class: "quiet" }, say("app.confirm_mail_text", { Address: pairing.mailed ?? "" })),
      news && p(news, "quiet"),
      h("form", { class: "stack", novalidate: true, onsubmit: send },
        h("div", { class: "field" }, h("label", { for: "mailed" }, say("app.confirm_mail_label")), field, line),
        h("button", { type: "submit", class: "btn btn-primary btn-block" }, say("app.confirm_go"))),
      button("app.confirm_mail_again", () => { void sendMail(pairing); }, { kind: "quiet" }), stopButton())],
  });
  if (news) announce(news);
  if (trouble) complain(trouble);
}

function stopButton() {
  return h("div", { class: "foot-actions" }, button("app.pair_stop", () => { void leave(); }, { kind: "quiet" }));
}

/** @param {Pairing} pairing @param {string} state confirmed, or active: then the first request was approved before */
export async function confirmed(pairing, state) {
  const id = /** @type {string} */ (pairing.device);
  waiting(say("app.test_coming"));
  await settle(pairing);
  void (state === "active" ? finish(id) : firstRequest(id));
}

/** Waits for the first request and shows it. @param {string} id the device's */
export async function firstRequest(id) {
  const stop = new AbortController();
  let cursor = "";
  waiting(say("app.test_coming"), { back: "#/", leave: () => stop.abort() });
  for (;;) {
    const account = find(id);
    if (!account) return;
    try {
      const list = await call(account, "GET", cursor ? `requests?wait=25&cursor=${encodeURIComponent(cursor)}` : "requests", undefined, { patience: 40, stop: stop.signal });
      if (stop.signal.aborted) return;
      cursor = list.cursor;
      const asked = list.requests[0];
      if (asked) return showRequest(account, asked, { done: () => { void finish(id); }, step: stepOf(4) });
    } catch (failed) {
      if (stop.signal.aborted) return;
      const code = failed instanceof Refusal ? failed.code : "";
      if (code === "device_unknown") await abandon(id);
      if (code !== "offline" && code !== "busy") return refused(failed, () => { void firstRequest(id); });
      await new Promise((resolve) => { setTimeout(resolve, 3000); });
    }
  }
}

/** The pairing ended before it was active: there is nothing to keep. @param {string} id */
async function abandon(id) {
  await forget(id);
  release(id);
  await reload();
}
