// @ts-check
// The service worker: keeps the app for the time without a connection, shows that a
// request waits, and can deny one without the app being opened.
//
// The server writes a line before this file: BUILD, with the digest of all files and
// their names, so that any change is a new worker.

import { permission } from "./push.js";
import { refuse, find } from "./requests.js";
import { accounts } from "./store.js";
import { greet, learn } from "./device.js";
import { say, speak } from "./words.js";

/** @type {{digest: string, files: string[]}} */
// @ts-ignore: the line before
const build = BUILD;
const self = /** @type {any} */ (globalThis);
const shell = `countersign-shell-${build.digest}`;
/** What differs by person and workspace: the newest is taken, the last one kept. */
const spokenCache = "countersign-words";
const fresh = ["/authenticator/words", "/authenticator/accent.css", "/authenticator/manifest.webmanifest"];

self.addEventListener("install", (/** @type {any} */ event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(shell);
    await cache.addAll(build.files.map((file) => new Request(file, { cache: "reload" })));
    const words = await caches.open(spokenCache);
    await words.addAll(fresh.map((file) => new Request(file, { cache: "reload" })));
  })());
});

self.addEventListener("activate", (/** @type {any} */ event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) {
      if (name.startsWith("countersign-shell-") && name !== shell) await caches.delete(name);
    }
    await self.clients.claim();
  })());
});

self.addEventListener("fetch", (/** @type {any} */ event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin || !url.pathname.startsWith("/authenticator/")) return;
  if (fresh.includes(url.pathname)) event.respondWith(newest(event.request, url.pathname));
  else event.respondWith(fromShell(event.request, url.pathname));
});

/** @param {Request} request @param {string} path */
async function fromShell(request, path) {
  const cache = await caches.open(shell);
  return (await cache.match(request.mode === "navigate" ? "/authenticator/" : path)) ?? fetch(request);
}

/** @param {Request} request @param {string} path */
async function newest(request, path) {
  const cache = await caches.open(spokenCache);
  const kept = await cache.match(path);
  try {
    const response = await fetch(request, kept ? { signal: AbortSignal.timeout(3000) } : {});
    if (!response.ok) return kept ?? response;
    await cache.put(path, response.clone());
    return response;
  } catch (error) {
    if (kept) return kept;
    throw error;
  }
}

async function words() {
  const kept = await (await caches.open(spokenCache)).match("/authenticator/words");
  if (kept) speak(await kept.json());
}

self.addEventListener("message", (/** @type {any} */ event) => {
  if (event.data?.kind === "activate") self.skipWaiting();
});

/** @param {any} message */
async function tell(message) {
  const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  for (const page of pages) page.postMessage(message);
}

// A push always shows something, at once: what it does not show counts against us.
self.addEventListener("push", (/** @type {any} */ event) => {
  event.waitUntil((async () => {
    const request = named(event.data);
    await words();
    await notify(say("app.push_title"), say("app.push_text"), request, [
      { action: "deny", title: say("app.deny") }, { action: "review", title: say("app.push_review") },
    ]);
    await tell({ kind: "push", request });
  })());
});

/** The request that a push names. @param {any} data @returns {string} */
function named(data) {
  try {
    const request = data?.json()?.r;
    return typeof request === "string" && /^[\w-]{1,64}$/.test(request) ? request : "";
  } catch {
    return "";
  }
}

/** @param {string} title @param {string} body @param {string} request @param {any[]} [actions] */
function notify(title, body, request, actions = []) {
  return self.registration.showNotification(title, {
    body, tag: request || "countersign", renotify: actions.length > 0, data: { request }, actions, requireInteraction: actions.length > 0,
    icon: "/authenticator/icon-192.png", badge: "/authenticator/badge-96.png",
  });
}

self.addEventListener("notificationclick", (/** @type {any} */ event) => {
  event.notification.close();
  const request = event.notification.data?.request ?? "";
  event.waitUntil(event.action === "deny" && request ? deny(request) : open(request));
});

/** @param {string} request */
async function open(request) {
  const hash = request ? `#req=${request}` : "#/";
  const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const page = pages.find((/** @type {any} */ one) => new URL(one.url).pathname === "/authenticator/");
  if (!page) return self.clients.openWindow(`/authenticator/${hash}`);
  page.postMessage({ kind: "open", hash });
  return page.focus();
}

/** Denies with the device key, which needs nobody's face. @param {string} id */
async function deny(id) {
  await words();
  /** @type {string} */
  let outcome = "";
  for (const account of await accounts()) {
    if (!account.key || account.state !== "active") continue;
    try {
      const asked = await find(account, id);
      if (!asked) continue;
      outcome = await refuse(account, asked, "deny");
    } catch (failed) {
      outcome = "failed";
      await learn(account, failed).catch(() => {});
      continue;
    }
    break;
  }
  await tell({ kind: "decided", request: id });
  if (outcome === "denied") return notify(say("app.push_denied"), say("app.push_denied_text"), id);
  if (outcome === "failed") return notify(say("app.push_failed"), say("app.push_failed_text"), id, [{ action: "review", title: say("app.push_review") }]);
  return notify(say("app.push_over"), say("app.push_over_text"), id);
}

// The browser gave us another address: each server is told.
self.addEventListener("pushsubscriptionchange", (/** @type {any} */ event) => {
  event.waitUntil((async () => {
    if (permission() !== "granted") return;
    for (const account of await accounts()) {
      if (account.key) await greet(account).catch(() => {});
    }
  })());
});
