// @ts-check
// One account on this phone: what it is, whether notifications get through, signing
// out and in, and taking it away.

import { ask, button, exact, h, notice, p } from "../dom.js";
import { learn, remove } from "../device.js";
import { announce, go, redraw, show } from "../frame.js";
import { listen } from "../live.js";
import { call, now, Refusal } from "../protocol.js";
import { permission } from "../push.js";
import { signInChallenge } from "../sign.js";
import { account as find, release, reload } from "../state.js";
import { change, forget } from "../store.js";
import { assert, discard, Unverified, written } from "../webauthn.js";
import { exactly, moment, say, wait } from "../words.js";
import { badge } from "./home.js";

/** @typedef {import("../store.js").Account} Account */

/** How long a notification may take before it counts as missing, in seconds. */
const patience = 30;

/** @param {string} id */
export function showAccount(id) {
  const found = find(id);
  if (!found) return go("#/");
  const test = h("div", { class: "stack" });
  const line = h("p", { class: "quiet", role: "status" });
  let end = () => {};
  test.append(button("app.test", () => { end(); end = startTest(account(), line); }, { kind: "secondary", icon: "bell", name: "test" }), line);
  const account = () => /** @type {Account} */ (find(id) ?? found);
  const screen = () => ({ ...view(account(), test), refresh, leave: () => end() });
  const refresh = () => (find(id) ? redraw(screen()) : undefined);
  show(screen());
}

/** @param {Account} account @param {Node} test */
function view(account, test) {
  const gone = account.state === "removed";
  const rows = /** @type {[string, string | Node][]} */ ([
    ["app.fact_account", exact(account.account)], ["app.fact_phone", account.name], ["app.fact_server", exact(new URL(account.issuer).host)],
    ["app.fact_used", account.used ? moment(account.used) : say("app.never")],
  ]);
  return {
    title: account.workspace, back: "#/",
    nodes: [h("section", { class: "pad stack" },
      h("div", { class: "stack-sm" }, h("h1", {}, account.workspace), badge(account)),
      gone && notice("bad", "cross", say("app.removed"), say("app.removed_text")),
      account.state === "signed_out" && notice("warn", "lock", say("app.state_signed_out"), say("app.signed_out_text"), button("app.sign_in", () => { void signIn(account); }, { icon: "biometric" })),
      h("dl", { class: "facts card card-pad" }, rows.map(([name, value]) => h("div", {}, h("dt", {}, say(name)), h("dd", {}, value)))),
      account.state === "active" && h("section", { class: "card card-pad stack", "aria-labelledby": "test-h" },
        h("h2", { id: "test-h", class: "small-h" }, say("app.notifications")), p(say("app.test_text"), "quiet"), test),
      h("div", { class: "foot-actions" },
        account.state === "active" && button("app.sign_out", () => { void signOut(account); }, { kind: "secondary", icon: "lock" }),
        button(gone ? "app.forget" : "app.remove", () => { void takeAway(account); }, { kind: "danger-quiet", icon: "trash" })))],
  };
}

/**
 * Asks for a test and measures until the push is there.
 * @param {Account} account @param {HTMLElement} line @returns {() => void} ends it
 */
function startTest(account, line) {
  if (permission() !== "granted") {
    line.textContent = say("app.test_off");
    return () => {};
  }
  line.textContent = say("app.test_sent");
  const began = performance.now();
  const arrived = () => {
    end();
    line.textContent = say("app.test_arrived", { Time: exactly((performance.now() - began) / 1000) });
  };
  const missed = () => {
    end();
    line.textContent = say("app.test_missed");
  };
  const timer = setTimeout(missed, patience * 1000);
  const end = () => { clearTimeout(timer); removeEventListener("pushed", arrived); };
  addEventListener("pushed", arrived);
  call(account, "POST", "test").catch((failed) => {
    end();
    line.textContent = sentence(failed, account);
  });
  return end;
}

/** What a failed call means here. @param {unknown} failed @param {Account} account */
function sentence(failed, account) {
  if (failed instanceof Unverified) return say("app.unverified");
  const refused = failed instanceof Refusal ? failed : new Refusal("unknown");
  switch (refused.code) {
    case "offline": return say("app.act_offline");
    case "busy": return say("app.act_busy", { Wait: wait(refused.wait) });
    case "too_many_tests": return say("app.test_many", { Wait: wait(refused.wait) });
    case "last_second_factor": return say("app.remove_last", { Workspace: account.workspace });
    case "sign_in_refused": return say("app.sign_in_refused");
  }
  return refused.detail || say("app.request_failed");
}

/** @param {Account} account @param {unknown} failed */
async function report(account, failed) {
  try {
    await learn(account, failed);
    await reload();
  } catch {
    const text = sentence(failed, account);
    announce(text);
    await ask(say("app.not_done"), text, [{ id: "app.understood", kind: "primary", value: "" }]);
  }
}

/** @param {Account} account */
async function signOut(account) {
  const sure = await ask(say("app.sign_out_title"), say("app.sign_out_text"), [{ id: "app.sign_out", kind: "primary", value: "yes" }, { id: "app.keep", kind: "quiet", value: "" }]);
  if (sure !== "yes") return;
  try {
    await call(account, "POST", "sign-out");
    await change(account.id, (stored) => { stored.state = "signed_out"; });
    await reload();
    listen();
    announce(say("app.state_signed_out"));
  } catch (failed) {
    await report(account, failed);
  }
}

/** @param {Account} account */
async function signIn(account) {
  try {
    const time = now(account);
    const assertion = written(await assert(account, await signInChallenge(account.issuer, account.id, time)));
    await call(account, "POST", "sign-in", { time, assertion });
    await change(account.id, (stored) => { stored.state = "active"; });
    await reload();
    listen();
    announce(say("app.state_active"));
  } catch (failed) {
    await report(account, failed);
  }
}

/** @param {Account} account */
async function takeAway(account) {
  const gone = account.state === "removed";
  const name = { Workspace: account.workspace };
  const sure = await ask(say("app.remove_title", name), say(gone ? "app.forget_text" : "app.remove_text", name),
    [{ id: gone ? "app.forget" : "app.remove", kind: "danger", value: "yes" }, { id: "app.keep", kind: "quiet", value: "" }]);
  if (sure !== "yes") return;
  try {
    if (gone) await forget(account.id);
    else await remove(account);
    release(account.id);
    await discard(account);
    await reload();
    go("#/");
  } catch (failed) {
    await report(account, failed);
  }
}
