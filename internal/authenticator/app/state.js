// @ts-check
// What the page knows at this moment, and who wants to hear when that changes.

import * as store from "./store.js";

/** @typedef {import("./store.js").Account} Account */
/** @typedef {import("./requests.js").Asked} Asked */

export const state = {
  /** @type {Account[]} */
  accounts: [],
  /** Devices that were here and whose keys are gone. @type {string[]} */
  lost: [],
  /** What waits, by account. @type {Map<string, Asked[]>} */
  waiting: new Map(),
  /** @type {"online"|"offline"|"busy"} */
  connection: "online",
  biometrics: true,
  /** A new version that waits to be used. @type {ServiceWorker | undefined} */
  update: undefined,
};

const bell = new EventTarget();

/** @param {() => void} listener @returns {() => void} ends it */
export function onChange(listener) {
  bell.addEventListener("change", listener);
  return () => bell.removeEventListener("change", listener);
}

export function changed() {
  bell.dispatchEvent(new Event("change"));
}

/** Reads the accounts again, and notices those whose keys are gone. */
export async function reload() {
  state.accounts = await store.accounts();
  const here = state.accounts.map((account) => account.id);
  state.lost = store.remembered().filter((id) => !here.includes(id));
  store.remember([...here, ...state.lost]);
  for (const id of state.waiting.keys()) {
    if (!here.includes(id)) state.waiting.delete(id);
  }
  changed();
}

/** An account was taken away on purpose: it is not missed. @param {string} id */
export function release(id) {
  store.remember(store.remembered().filter((other) => other !== id));
}

/** The person has read that keys were lost. */
export function forgetLost() {
  store.remember(state.accounts.map((account) => account.id));
  state.lost = [];
  changed();
}

/** @param {string} id */
export const account = (id) => state.accounts.find((one) => one.id === id);

/** Everything that waits, the newest first, with whose it is. */
export function waiting() {
  return state.accounts
    .flatMap((one) => (state.waiting.get(one.id) ?? []).map((asked) => ({ account: one, asked })))
    .sort((a, b) => b.asked.expires_at - a.asked.expires_at);
}

/** @param {"online"|"offline"|"busy"} connection */
export function connected(connection) {
  if (state.connection === connection) return;
  state.connection = connection;
  changed();
}
