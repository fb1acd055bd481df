// @ts-check
// Notifications: whether they may be shown, and where pushes are sent. It serves the
// page and the service worker.

import { b64, unb64 } from "./bytes.js";
import { pushFields } from "./protocol.js";

/** @returns {"granted"|"denied"|"default"|"none"} */
export function permission() {
  const here = typeof Notification !== "undefined" && "PushManager" in globalThis;
  return here ? Notification.permission : "none";
}

/** Asks the person; only from a tap. */
export async function ask() {
  if (permission() === "none") return "none";
  return Notification.requestPermission();
}

/** @returns {Promise<ServiceWorkerRegistration | undefined>} */
async function registration() {
  const own = /** @type {any} */ (globalThis).registration;
  if (own) return own;
  if (!("serviceWorker" in navigator)) return undefined;
  return patient(navigator.serviceWorker.ready, 5);
}

/**
 * The promise, or undefined after some seconds: a browser without a connection to its
 * push service never answers.
 * @template T @param {Promise<T>} promise @param {number} seconds @returns {Promise<T | undefined>}
 */
function patient(promise, seconds) {
  return Promise.race([promise, new Promise((resolve) => { setTimeout(resolve, seconds * 1000); })]);
}

/**
 * The subscription of this installation, made where there is none, and made anew
 * where it belongs to another key of the server.
 * @param {string} vapid @returns {Promise<{endpoint: string, p256dh: string, auth: string} | undefined>}
 */
export async function subscription(vapid) {
  if (!vapid || permission() !== "granted") return undefined;
  try {
    const worker = await registration();
    if (!worker?.pushManager) return undefined;
    let found = await worker.pushManager.getSubscription();
    const key = found?.options.applicationServerKey;
    if (found && key && b64(key) !== vapid) {
      await found.unsubscribe();
      found = null;
    }
    found ??= (await patient(worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: unb64(vapid) }), 15)) ?? null;
    return found ? pushFields(found) : undefined;
  } catch {
    return undefined; // no push service to be had: the app still asks by itself while it is open
  }
}

/**
 * A subscription with another address: the push service knows the old one no more,
 * or so the server says.
 * @param {string} vapid
 */
export async function renewed(vapid) {
  try {
    const worker = await registration();
    await (await worker?.pushManager?.getSubscription())?.unsubscribe();
  } catch {
    // then the old one stays
  }
  return subscription(vapid);
}
