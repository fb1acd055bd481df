// @ts-check
// The steps of a pairing: whose account, the verifying key, notifications, the
// confirmation, and a first request. What happened so far is kept, so that the app
// can be left for the mail and come back.

import { b64, unb64 } from "../bytes.js";
import { button, exact, h, icon, p } from "../dom.js";
import { greet } from "../device.js";
import { announce, go, show } from "../frame.js";
import { askNow } from "../live.js";
import { device } from "../platform.js";
import { pairing as step, Refusal } from "../protocol.js";
import { ask as askNotifications, permission, subscription } from "../push.js";
import { confirmation, newDeviceKey, pairingChallenge, publicPoint, sign, thumbprint } from "../sign.js";
import { account as find, reload, state } from "../state.js";
import * as store from "../store.js";
import { version } from "../version.js";
import { available, create, written } from "../webauthn.js";
import { say, wait } from "../words.js";
import { showConfirm } from "./confirm.js";
import { biometricsMissing, troublePage, updateNeeded } from "./trouble.js";

/**
 * @typedef {object} Pairing what is kept of one that is under way
 * @property {string} pairing
 * @property {string} token
 * @property {string} code as it goes into the challenge
 * @property {string} issuer
 * @property {string} workspace
 * @property {string} account
 * @property {any} webauthn
 * @property {string} vapid
 * @property {string[]} confirm
 * @property {string} name of this device
 * @property {CryptoKeyPair} [key]
 * @property {any} [credential]
 * @property {string} [device]
 * @property {string} [digits]
 * @property {string} [mailed] where a code was sent to
 */

/** @param {number} n */
export const stepOf = (n) => say("app.pair_step", { Step: n, Of: 4 });

/**
 * The code goes to the server and belongs to this device from then on; so the phone
 * is looked at first, and a phone without a lock leaves the code as it is.
 * @param {{code?: string, short?: string}} given
 */
export async function claim(given) {
  if (!(await available())) return biometricsMissing(() => { void claim(given); });
  waiting(say("app.pair_claiming"));
  try {
    const self = await device(version);
    const body = given.code ? { code: given.code, device: self } : { short_code: given.short, device: self };
    const claimed = await step("claim", body);
    /** @type {Pairing} */
    const pairing = { ...claimed, code: given.code ?? given.short ?? "", name: self.name };
    await store.keep("pairing", pairing);
    void navigator.storage?.persist?.().catch(() => false);
    showAccount(pairing);
  } catch (failed) {
    refused(failed, () => { void claim(given); });
  }
}

/** @param {string} text @param {{back?: string, leave?: () => void}} [how] */
export function waiting(text, how = {}) {
  show({ title: text, ...how, nodes: [h("section", { class: "result" }, h("div", { class: "result-sign" }, h("span", { class: "spinner" })), h("h1", { class: "calm" }, text))] });
}

/** What a refusal means for a pairing. @param {unknown} failed @param {() => void} again */
export function refused(failed, again) {
  const code = failed instanceof Refusal ? failed.code : "";
  const known = failed instanceof Refusal ? failed : new Refusal("unknown");
  const start = () => go("#/pair");
  const over = ["pairing_over", "device_unknown"].includes(code);
  if (over || code === "no_terminals" || code === "pairing_refused") void store.keep("pairing", undefined);
  if (code === "device_version") return updateNeeded(known.version);
  if (code === "biometrics_missing") return biometricsMissing(again);
  /** @type {Record<string, [string, string]>} */
  const texts = {
    pairing_over: ["app.pair_over", "app.pair_over_text"],
    too_many_claims: ["app.pair_many", "app.pair_many_text"],
    too_many_mails: ["app.confirm_many", "app.confirm_many_text"],
    offline: ["app.pair_offline", "app.pair_offline_text"],
    busy: ["app.busy", "app.pair_busy_text"],
    pairing_refused: ["app.pair_refused", "app.pair_refused_text"],
  };
  const [title, id] = texts[code] ?? ["app.pair_failed", "app.pair_failed_text"];
  // What this app does not know, the server says in a sentence.
  const text = !texts[code] && known.detail ? known.detail : say(id, { Wait: wait(known.wait || 60) });
  const retry = ["offline", "busy", "too_many_claims", "too_many_mails"].includes(code);
  troublePage({
    drawn: code === "pairing_over" ? "clock" : "warning", title: say(title), text, back: "#/",
    actions: [retry ? button("app.again", again) : button("app.pair_anew", start)],
  });
}

/** @param {Pairing} pairing */
export function showAccount(pairing) {
  const needs = [["biometric", "app.pair_needs_lock"], ...(pairing.vapid ? [["bell", "app.pair_needs_push"]] : [])];
  show({
    title: say("app.pair_account"), step: stepOf(1), back: () => { void leave(); },
    nodes: [h("section", { class: "pad stack grow" },
      h("h1", {}, say("app.pair_account")),
      h("div", { class: "card card-pad" }, h("div", { class: "cluster identity" }, h("span", { class: "monogram", "aria-hidden": "true" }, monogram(pairing.workspace)),
        h("div", {}, h("h2", {}, pairing.workspace), h("p", { class: "meta" }, exact(pairing.account)), h("p", { class: "meta" }, exact(new URL(pairing.issuer).host))))),
      h("h2", { class: "small-h" }, say("app.pair_needs")),
      h("ul", { class: "reasons" }, needs.map(([drawn, id]) => h("li", {}, icon(drawn), h("span", {}, say(id))))),
      p(say("app.pair_other"), "quiet"),
      h("div", { class: "foot-actions" }, button("app.next", () => showLock(pairing))))],
  });
}

/** The first letters of a name. @param {string} name */
export function monogram(name) {
  return name.split(/\s+/).filter(Boolean).slice(0, 2).map((word) => [...word][0]).join("").toUpperCase();
}

/** Ends a pairing that is under way; its code is used up. */
export async function leave() {
  await store.keep("pairing", undefined);
  go(state.accounts.length > 0 ? "#/" : "#/pair");
}

/** @param {Pairing} pairing @param {string} [trouble] */
function showLock(pairing, trouble) {
  const verify = async () => {
    if (!(await available())) return biometricsMissing(() => showLock(pairing));
    try {
      const made = await create(pairing.webauthn);
      pairing.key = await newDeviceKey();
      pairing.credential = written(made);
      await store.keep("pairing", pairing);
      const open = pairing.vapid && permission() === "default";
      if (open) showNotifications(pairing);
      else await join(pairing);
    } catch {
      showLock(pairing, say("app.pair_unverified"));
    }
  };
  show({
    title: say("app.pair_lock"), step: stepOf(2), back: () => showAccount(pairing),
    nodes: [h("section", { class: "result" },
      h("div", { class: "result-sign" }, icon("biometric")), h("h1", {}, say("app.pair_lock")), p(say("app.pair_lock_text"), "lead"),
      trouble && h("p", { class: "error-text", role: "alert" }, icon("warning"), h("span", {}, trouble)),
      h("div", { class: "foot-actions" }, button(trouble ? "app.again" : "app.pair_lock_go", () => { void verify(); }, { icon: "biometric" })))],
  });
}

/** @param {Pairing} pairing */
function showNotifications(pairing) {
  const yes = async () => {
    await askNotifications();
    await join(pairing);
  };
  show({
    title: say("app.pair_push_title"), step: stepOf(2),
    nodes: [h("section", { class: "result" },
      h("div", { class: "result-sign" }, icon("bell")), h("h1", {}, say("app.pair_push_title")), p(say("app.pair_push_lead"), "lead"),
      h("div", { class: "foot-actions" }, button("app.notifications_on", () => { void yes(); }, { icon: "bell" }),
        button("app.not_now", () => { void join(pairing); }, { kind: "quiet" }), p(say("app.pair_push_later"), "meta center")))],
  });
}

/** Sends both keys. @param {Pairing} pairing @param {boolean} [quiet] without a subscription */
async function join(pairing, quiet = false) {
  const key = /** @type {CryptoKeyPair} */ (pairing.key);
  waiting(say("app.pair_joining"));
  try {
    const point = await publicPoint(key);
    const challenge = await pairingChallenge({
      issuer: pairing.issuer, pairing: pairing.pairing, code: pairing.code, thumbprint: await thumbprint(point), credential: unb64(pairing.credential.rawId),
    });
    const signature = await sign(key.privateKey, challenge);
    const push = quiet ? undefined : await subscription(pairing.vapid);
    const joined = await step("join", {
      token: pairing.token, key: b64(point), credential: pairing.credential, signature: b64(signature),
      biometrics: true, notifications: permission(), ...(push ? { push } : {}),
    });
    pairing.device = joined.device;
    pairing.digits = await confirmation(challenge, unb64(joined.salt));
    await store.keep("pairing", pairing);
    showConfirm(pairing);
  } catch (failed) {
    // The server does not send to this browser's push service: it works without.
    if (!quiet && failed instanceof Refusal && failed.code === "push_endpoint") return join(pairing, true);
    refused(failed, () => { void join(pairing, quiet); });
  }
}

/** The server has confirmed the device: from here on it is an account. @param {Pairing} pairing */
export async function settle(pairing) {
  const id = /** @type {string} */ (pairing.device);
  // The app may have ended between the two: what the account has learned since stays.
  if (!find(id)) await store.add({
    id, issuer: pairing.issuer, workspace: pairing.workspace, account: pairing.account, name: pairing.name,
    key: pairing.key, credential: pairing.credential.rawId, vapid: pairing.vapid, state: "confirmed", trouble: "", version: "", offset: 0,
    pushes: false, biometrics: true, added: Date.now(),
  });
  await store.keep("pairing", undefined);
  await reload();
}

/** @param {string} id the device's */
export async function finish(id) {
  waiting(say("app.pair_finishing"));
  const account = find(id);
  if (account) {
    try {
      await greet(account);
    } catch {
      // it is paired; the rest is asked for at the next start
    }
  }
  await reload();
  askNow();
  const paired = find(id);
  show({
    title: say("app.pair_done"),
    nodes: [h("section", { class: "result result-good" },
      h("div", { class: "result-sign" }, icon("check")), h("h1", {}, say("app.pair_done")),
      p(say("app.pair_done_text", { Workspace: paired?.workspace ?? "", Name: paired?.name ?? "" }), "lead"),
      paired?.codeKey && p(say("app.pair_done_codes"), "quiet"),
      h("div", { class: "foot-actions" }, button("app.done", () => go("#/"))))],
  });
  announce(say("app.pair_done"));
}

