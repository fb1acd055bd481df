// @ts-check
// A pairing that was left goes on from where it stands. Where that is, and whether it is
// over, the server says: this phone's clock may be wrong, and an answer may have been lost.

import { button } from "../dom.js";
import { go } from "../frame.js";
import { pairing as step } from "../protocol.js";
import * as store from "../store.js";
import { say } from "../words.js";
import { confirmed, showConfirm } from "./confirm.js";
import { refused, showAccount, waiting } from "./pairing.js";
import { troublePage } from "./trouble.js";

/** @typedef {import("./pairing.js").Pairing} Pairing */

/** Goes on with a pairing that was left; says whether there is one. */
export async function resume() {
  /** @type {Pairing | undefined} */
  const pairing = await store.kept("pairing");
  if (pairing) await goOn(pairing);
  return pairing !== undefined;
}

/** @param {Pairing} pairing */
async function goOn(pairing) {
  const stop = new AbortController();
  waiting(say("app.pair_claiming"), { back: "#/", leave: () => stop.abort() });
  try {
    const state = await stateOf(pairing, stop.signal);
    if (!stop.signal.aborted) await show(pairing, state);
  } catch (failed) {
    if (!stop.signal.aborted) refused(failed, () => { void goOn(pairing); });
  }
}

/** How a pairing stands now. @param {Pairing} pairing @param {AbortSignal} [stop] @returns {Promise<string>} */
export async function stateOf(pairing, stop) {
  // Nobody waits long before an empty screen.
  return (await step("state", { token: pairing.token, seen: "", wait: 0 }, { patience: 10, stop })).state;
}

/** @param {Pairing} pairing @param {string} state */
async function show(pairing, state) {
  if (state === "confirmed" || state === "active") return confirmed(pairing, state);
  if (state === "claimed") return showAccount(pairing);
  if (state === "joined" && pairing.device) return showConfirm(pairing);
  // Over; or joined, and what the confirmation is made of was lost on its way.
  await store.keep("pairing", undefined);
  troublePage({
    drawn: "clock", title: say("app.pair_ended"), text: say("app.pair_ended_text"), back: "#/",
    actions: [button("app.pair_anew", () => go("#/pair"))],
  });
}
