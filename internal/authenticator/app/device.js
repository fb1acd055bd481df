// @ts-check
// What an account's device says to its server, and what it learns there about itself.

import { codeKey } from "./codes.js";
import { Refusal, call, setClock } from "./protocol.js";
import { permission, renewed, subscription } from "./push.js";
import { accounts, change, forget } from "./store.js";
import { version } from "./version.js";

/** @typedef {import("./store.js").Account} Account */

/**
 * Says hello, and keeps what comes back. Refusals that are states of the device are
 * kept too, and not thrown.
 * @param {Account} account @param {boolean} [renew] whether a subscription that serves no more is replaced
 * @returns {Promise<boolean>} whether it was: then the other accounts do not know it yet
 */
export async function greet(account, renew = false) {
  let replaced = false;
  try {
    let answer = await hello(account, await subscription(account.vapid));
    if (renew && !answer.pushes && answer.vapid && permission() === "granted") {
      const push = await renewed(answer.vapid);
      replaced = push !== undefined;
      if (push) answer = await hello(account, push);
    }
    await setClock(account, answer.now);
    await change(account.id, (stored) => {
      for (const name of ["name", "state", "trouble", "workspace", "account", "vapid", "version", "pushes"]) {
        if (answer[name] !== undefined) /** @type {any} */ (stored)[name] = answer[name];
      }
      stored.biometrics = account.biometrics;
    });
    if (answer.code && answer.state === "active" && !account.codeKey) await takeCode(account);
  } catch (refused) {
    await learn(account, refused);
  }
  return replaced;
}

/** @param {Account} account @param {any} push @returns {Promise<any>} */
async function hello(account, push) {
  const body = { version, biometrics: account.biometrics, notifications: permission() };
  try {
    return await call(account, "POST", "hello", push ? { ...body, push } : body);
  } catch (refused) {
    // A push service that the server does not send to: requests come while the app is open.
    if (push && refused instanceof Refusal && refused.code === "push_endpoint") return call(account, "POST", "hello", body);
    throw refused;
  }
}

/**
 * Asks for the secret of the device's own code. Each answer has another, and the last
 * one counts: so the pages and the worker do not ask at once, and whoever has it asks
 * no more.
 * @param {Account} account
 */
function takeCode(account) {
  // Not in turn: a page that sleeps would keep the others waiting.
  return navigator.locks.request(`code ${account.id}`, { ifAvailable: true }, async (lock) => {
    const stored = lock && (await accounts()).find((one) => one.id === account.id);
    if (stored && stored.key && !stored.codeKey) await askCode(account);
  });
}

/** @param {Account} account */
async function askCode(account) {
  try {
    const given = await call(account, "POST", "code");
    const key = await codeKey(given.secret);
    await change(account.id, (stored) => { stored.codeKey = key; stored.digits = given.digits; stored.period = given.period; });
  } catch (refused) {
    if (!(refused instanceof Refusal)) throw refused; // a network's whim: the next start asks again
  }
}

/**
 * Keeps what a refusal says about the device; throws what is none of that.
 * @param {Account} account @param {unknown} refused
 */
export async function learn(account, refused) {
  if (!(refused instanceof Refusal)) throw refused;
  switch (refused.code) {
    case "device_unknown":
      await lose(account);
      return;
    case "device_signed_out":
      await change(account.id, (stored) => { stored.state = "signed_out"; });
      return;
    case "device_version":
      await change(account.id, (stored) => { stored.trouble = "version"; stored.version = refused.version; });
      return;
    case "device_biometrics":
      await change(account.id, (stored) => { stored.trouble = "biometrics"; });
      return;
  }
  throw refused;
}

/** The server does not know the device any more: its keys go, its name stays to say so. @param {Account} account */
async function lose(account) {
  await change(account.id, (stored) => {
    stored.state = "removed";
    delete stored.key;
    delete stored.codeKey;
  });
}

/** @param {Account} account */
export async function remove(account) {
  try {
    await call(account, "POST", "remove");
  } catch (refused) {
    if (!(refused instanceof Refusal) || refused.code !== "device_unknown") throw refused;
  }
  await forget(account.id);
}
