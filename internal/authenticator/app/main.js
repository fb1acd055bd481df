// @ts-check
// The start: words, worker, accounts; and which screen an address means.

import { call } from "./protocol.js";
import { announce, drawTabs, go, idle, refresh } from "./frame.js";
import { askNow, greetAll, silence } from "./live.js";
import { onChange, reload, state, waiting } from "./state.js";
import { registerWorker } from "./update.js";
import { available } from "./webauthn.js";
import { dir, lang, loadWords, say } from "./words.js";
import { showAccount } from "./screens/account.js";
import { showCodes } from "./screens/codes.js";
import { showHistory } from "./screens/history.js";
import { showHome } from "./screens/home.js";
import { showRequest } from "./screens/request.js";
import { resume } from "./screens/resume.js";
import { showResult } from "./screens/result.js";
import { openLink, showStart, showWelcome } from "./screens/start.js";
import { pairingCode } from "./scan.js";

/** Requests that were seen already: only a new one comes by itself. @type {Set<string>} */
const seen = new Set();

function route() {
  const hash = location.hash;
  const code = pairingCode(hash);
  if (code) {
    // The code works once and is a secret: it leaves the address and the history.
    history.replaceState(null, "", "/authenticator/#/pair");
    return openLink(code);
  }
  const named = /^#req=([\w-]{1,64})$/.exec(hash)?.[1];
  if (named) return void openRequest(named);
  const account = /^#\/account\/([\w-]{1,64})$/.exec(hash)?.[1];
  if (account) return showAccount(account);
  if (hash === "#/pair") return state.accounts.length > 0 ? showStart() : showWelcome();
  if (state.accounts.length === 0 && state.lost.length === 0) return showWelcome();
  if (hash === "#/codes") return showCodes();
  if (hash === "#/history") return showHistory();
  showHome();
}

/** Opens a request that a notification, a link or the list named. @param {string} id */
async function openRequest(id) {
  const find = () => waiting().find(({ asked }) => asked.id === id);
  let found = find();
  if (!found) {
    // It may have come a moment ago: each server is asked once.
    await Promise.all(state.accounts.filter((one) => one.key && one.state === "active").map(async (one) => {
      try {
        state.waiting.set(one.id, (await call(one, "GET", "requests")).requests);
      } catch {
        // the banner says what is wrong with the connection
      }
    }));
    found = find();
  }
  if (!found) {
    if (!(await resume())) showResult("over_gone"); // it may be that of the pairing that was left
    return;
  }
  seen.add(id);
  showRequest(found.account, found.asked);
}

/** Something new waits: it comes by itself where the accounts are shown, and is told elsewhere. */
function arrivals() {
  const all = waiting();
  const fresh = all.filter(({ asked }) => !seen.has(asked.id));
  for (const { asked } of fresh) seen.add(asked.id);
  /** @type {any} */ (navigator).setAppBadge?.(all.length).catch?.(() => {});
  if (fresh.length === 0) return;
  navigator.vibrate?.([120, 60, 120]);
  announce(say("app.waiting", { Count: all.length }));
  if (all.length === 1 && all[0].account.state === "active" && idle()) go(`#req=${all[0].asked.id}`);
}

/** @param {any} message of the worker */
function heard(message) {
  if (message?.kind === "push") {
    dispatchEvent(new Event("pushed"));
    askNow();
  }
  if (message?.kind === "open" && typeof message.hash === "string") go(message.hash);
  if (message?.kind === "decided") void reload().then(askNow);
}

async function start() {
  await loadWords();
  document.documentElement.lang = lang();
  document.documentElement.dir = dir();
  drawTabs();
  await registerWorker(heard);
  state.biometrics = await available();
  await reload();
  onChange(() => { refresh(); arrivals(); });
  addEventListener("hashchange", route);
  // A pairing that was left goes on, unless something was tapped on.
  const opened = pairingCode(location.hash) !== "" || location.hash.startsWith("#req=");
  if (opened || !(await resume())) route();
  await greetAll();
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) silence();
    else void reload().then(() => greetAll());
  });
  addEventListener("online", askNow);
}

start().catch(() => {
  // Without words nothing can be said but what the page itself holds.
  const failed = document.getElementById("failed");
  if (failed) failed.hidden = false;
});
