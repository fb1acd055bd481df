// @ts-check
// Asks each account's server what waits, for as long as somebody looks at the app: a
// call that is answered when something changes.

import { greet, learn } from "./device.js";
import { Refusal, call, setClock } from "./protocol.js";
import { account as find, changed, connected, reload, state } from "./state.js";
import { keep, kept } from "./store.js";

/** @typedef {import("./store.js").Account} Account */

/** @type {Map<string, AbortController>} */
const loops = new Map();

/** @param {number} seconds @param {AbortSignal} stop */
function pause(seconds, stop) {
  return new Promise((resolve) => {
    const end = () => { clearTimeout(timer); removeEventListener("online", end); resolve(undefined); };
    const timer = setTimeout(end, seconds * 1000);
    addEventListener("online", end, { once: true });
    stop.addEventListener("abort", end, { once: true });
  });
}

/** @param {string} id @param {AbortSignal} stop */
async function loop(id, stop) {
  let cursor = "", delay = 2;
  for (;;) {
    const account = find(id);
    if (stop.aborted || !account?.key || !["active", "confirmed"].includes(account.state)) return;
    try {
      const query = cursor ? `requests?wait=25&cursor=${encodeURIComponent(cursor)}` : "requests";
      const list = await call(account, "GET", query, undefined, { patience: 40, stop });
      if (stop.aborted) return;
      await setClock(account, list.now);
      connected("online");
      delay = 2;
      const same = list.cursor === cursor;
      cursor = list.cursor;
      state.waiting.set(id, list.requests);
      if (!same) changed();
    } catch (refused) {
      if (stop.aborted) return;
      const known = refused instanceof Refusal ? refused : new Refusal("busy", {}, delay);
      if (known.code === "offline" || known.code === "busy") {
        connected(known.code === "offline" ? "offline" : "busy");
        cursor = "";
        await pause(Math.max(known.wait, delay), stop);
        delay = Math.min(delay * 2, 30);
        continue;
      }
      try {
        await learn(account, known);
      } catch {
        await pause(10, stop); // something of our own making: slowly, and again
        continue;
      }
      state.waiting.delete(id);
      await reload();
      return;
    }
  }
}

/** Begins to ask for each account that can be asked, and ends what is not to be asked any more. */
export function listen() {
  for (const [id, stop] of loops) {
    if (!find(id)?.key) stop.abort();
  }
  if (document.hidden) return;
  for (const account of state.accounts) {
    if (loops.has(account.id) || !account.key || !["active", "confirmed"].includes(account.state)) continue;
    const stop = new AbortController();
    loops.set(account.id, stop);
    void loop(account.id, stop.signal).finally(() => {
      if (loops.get(account.id) === stop) loops.delete(account.id);
    });
  }
}

/** Ends the asking, until the next listen. */
export function silence() {
  for (const stop of loops.values()) stop.abort();
  loops.clear();
}

/** Asks at once, as after a push: it may come while a call still waits. */
export function askNow() {
  silence();
  listen();
}

/** How often a subscription is made anew by itself, in milliseconds. */
const renewals = 6 * 60 * 60 * 1000;

/** Says hello for each account, as at each start. @param {boolean} [renew] make the subscription anew where pushes are lost */
export async function greetAll(renew = false) {
  const due = renew || Date.now() - ((await kept("renewed")) ?? 0) > renewals;
  if (await round(due)) {
    await keep("renewed", Date.now());
    await round(false); // all accounts share the one subscription
  }
  await reload();
  listen();
}

/** @param {boolean} renew @returns {Promise<boolean>} whether the subscription is another now */
async function round(renew) {
  const told = state.accounts.filter((account) => account.key).map(async (account) => {
    account.biometrics = state.biometrics;
    try {
      return await greet(account, renew);
    } catch (refused) {
      const code = refused instanceof Refusal ? refused.code : "";
      if (code === "offline" || code === "busy") connected(code);
      return false;
    }
  });
  return (await Promise.all(told)).includes(true);
}
