// @ts-check
// The calls of the device protocol, and what can come back instead of an answer.

import { b64, utf8 } from "./bytes.js";
import { signedFields } from "./sign.js";
import { change } from "./store.js";

/** @typedef {import("./store.js").Account} Account */

/** A call that was not answered with what was asked for. */
export class Refusal extends Error {
  /**
   * @param {string} code of the problem document; "offline" without an answer, "busy" for later
   * @param {Record<string, any>} [problem]
   * @param {number} [wait] seconds
   */
  constructor(code, problem = {}, wait = 0) {
    super(problem.detail || code);
    this.code = code;
    this.detail = String(problem.detail ?? "");
    this.version = String(problem.version ?? "");
    this.state = String(problem.state ?? "");
    this.wait = wait;
  }
}

/** What limits say of themselves; any other 429 or 503 is the server being busy. */
const limits = ["too_many_claims", "too_many_mails", "too_many_decisions", "too_many_tests"];

/** @param {Response} response @returns {Promise<any>} */
async function read(response) {
  const type = response.headers.get("Content-Type") ?? "";
  /** @type {any} */
  let body = {};
  if (type.includes("json")) {
    try {
      body = await response.json();
    } catch {
      throw new Refusal("offline");
    }
  }
  if (response.ok) return body;
  const wait = Number(response.headers.get("Retry-After")) || 5;
  const later = response.status === 429 || response.status >= 500;
  if (later && !limits.includes(body.code)) throw new Refusal("busy", body, wait);
  throw new Refusal(body.code || "unknown", body, wait);
}

/**
 * @param {URL} url @param {RequestInit} init @param {number} patience seconds
 * @param {AbortSignal} [stop]
 */
async function reach(url, init, patience, stop) {
  const signals = [AbortSignal.timeout(patience * 1000)];
  if (stop) signals.push(stop);
  const ours = new AbortController();
  for (const signal of signals) signal.addEventListener("abort", () => ours.abort(), { once: true });
  if (stop?.aborted) ours.abort();
  try {
    return await fetch(url, { ...init, signal: ours.signal, credentials: "omit", cache: "no-store", redirect: "error" });
  } catch {
    if (stop?.aborted) throw new Refusal("stopped");
    throw new Refusal("offline");
  }
}

/** The language of the problems' sentences. @returns {Record<string, string>} */
function spoken() {
  const lang = globalThis.document?.documentElement.lang;
  return lang ? { "Accept-Language": lang, "Accept": "application/json" } : { "Accept": "application/json" };
}

/**
 * A call of a pairing, which no key signs yet.
 * @param {string} step claim, join, send, confirm, state @param {any} body
 * @param {{patience?: number, stop?: AbortSignal}} [how]
 * @returns {Promise<any>}
 */
export async function pairing(step, body, how = {}) {
  const url = new URL(`/device/v1/pairings/${step}`, location.origin);
  const init = { method: "POST", body: JSON.stringify(body), headers: { ...spoken(), "Content-Type": "application/json" } };
  return read(await reach(url, init, how.patience ?? 20, how.stop));
}

/** The server's time, in seconds, as far as this device knows it. @param {{offset: number}} account */
export const now = (account) => Math.floor(Date.now() / 1000 + account.offset);

/**
 * A call of a paired device. A wrong clock heals: the server says its time, and the
 * call is made once more.
 * @param {Account} account @param {"GET"|"POST"} method @param {string} path below /device/v1/
 * @param {any} [body] @param {{patience?: number, stop?: AbortSignal}} [how]
 * @returns {Promise<any>}
 */
export async function call(account, method, path, body, how = {}) {
  const url = new URL(`${account.issuer}/device/v1/${path}`);
  const octets = method === "POST" ? utf8(JSON.stringify(body ?? {})) : undefined;
  for (let again = false; ; again = true) {
    if (!account.key) throw new Refusal("device_unknown");
    const fields = await signedFields({ method, url, body: octets, device: account.id, key: account.key.privateKey, created: now(account) });
    const init = { method, headers: { ...spoken(), ...fields }, ...(octets ? { body: octets } : {}) };
    const response = await reach(url, init, how.patience ?? 20, how.stop);
    try {
      return await read(response);
    } catch (refused) {
      const time = Date.parse(response.headers.get("Date") ?? "");
      if (again || !(refused instanceof Refusal) || refused.code !== "device_clock" || !time) throw refused;
      await setClock(account, time / 1000);
    }
  }
}

/** @param {Account} account @param {number} time the server's, in seconds */
export async function setClock(account, time) {
  const offset = Math.round(time - Date.now() / 1000);
  if (Math.abs(offset - account.offset) < 2) return;
  account.offset = offset;
  await change(account.id, (stored) => { stored.offset = offset; });
}

/** @param {PushSubscription} subscription */
export function pushFields(subscription) {
  const key = (/** @type {PushEncryptionKeyName} */ name) => b64(subscription.getKey(name) ?? new ArrayBuffer(0));
  return { endpoint: subscription.endpoint, p256dh: key("p256dh"), auth: key("auth") };
}
