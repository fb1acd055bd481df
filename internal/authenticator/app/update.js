// @ts-check
// The service worker's life, seen from the page: registered at the start, and a new
// version is used when the person says so, never by itself.

import { changed, state } from "./state.js";

/** @type {ServiceWorkerRegistration | undefined} */
let registration;
let wanted = false;

const address = "/authenticator/sw.js";

/** The one script that the page names by itself, as Trusted Types want it. @returns {any} */
function trusted() {
  const types = /** @type {any} */ (globalThis).trustedTypes;
  return types?.createPolicy("countersign", { createScriptURL: () => address }).createScriptURL(address) ?? address;
}

/** @param {(message: any) => void} heard what the worker tells */
export async function registerWorker(heard) {
  if (!("serviceWorker" in navigator)) return;
  navigator.serviceWorker.addEventListener("message", (event) => heard(event.data));
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    if (wanted) location.reload();
  });
  try {
    registration = await navigator.serviceWorker.register(trusted(), { scope: "/authenticator/", type: "module" });
  } catch {
    return; // the app then works as long as there is a connection, without notifications
  }
  notice();
  registration.addEventListener("updatefound", () => {
    registration?.installing?.addEventListener("statechange", notice);
  });
  addEventListener("visibilitychange", () => {
    if (!document.hidden) registration?.update().catch(() => {});
  });
}

function notice() {
  const waits = navigator.serviceWorker.controller ? registration?.waiting ?? undefined : undefined;
  if (state.update === waits) return;
  state.update = waits;
  changed();
}

/** Uses the new version that waits; looks for one first where none is known. @returns {Promise<boolean>} whether there is one */
export async function applyUpdate() {
  wanted = true;
  try {
    await registration?.update();
  } catch {
    // without a connection, what waits already still counts
  }
  await settled(registration?.installing);
  const next = registration?.waiting;
  if (!next) {
    wanted = false;
    return false;
  }
  next.postMessage({ kind: "activate" });
  return true;
}

/** @param {ServiceWorker | null | undefined} worker */
function settled(worker) {
  return new Promise((resolve) => {
    if (!worker || worker.state !== "installing") return resolve(undefined);
    worker.addEventListener("statechange", () => resolve(undefined), { once: true });
  });
}
