// @ts-check
// Full pages for what stops everything: an old version, a phone without a lock, and
// refusals at pairing.

import { button, h, icon, p } from "../dom.js";
import { announce, go, show } from "../frame.js";
import { android, ios, system } from "../platform.js";
import { applyUpdate } from "../update.js";
import { version } from "../version.js";
import { say } from "../words.js";

/**
 * @param {{drawn: string, title: string, text: string, more?: Node[], actions: Node[], back?: string}} about
 */
export function troublePage(about) {
  show({
    title: about.title, back: about.back,
    nodes: [h("section", { class: "result" },
      h("div", { class: "result-sign" }, icon(about.drawn)), h("h1", {}, about.title), p(about.text, "lead"), ...(about.more ?? []),
      h("div", { class: "foot-actions" }, about.actions))],
  });
}

/** @param {string} least the version that the workspace asks for */
export function updateNeeded(least) {
  const line = h("p", { class: "quiet" }, say("app.update_have", { Version: version }));
  const update = async () => {
    line.textContent = say("app.update_looking");
    if (await applyUpdate()) return;
    line.textContent = say("app.update_none", { Version: version });
    announce(line.textContent ?? "");
  };
  troublePage({
    drawn: "refresh", title: say("app.update_needed"), back: "#/",
    text: least ? say("app.update_to", { Version: least }) : say("app.update_text"),
    more: [line], actions: [button("app.update_now", () => { void update(); }), button("app.to_accounts", () => go("#/"), { kind: "quiet" })],
  });
}

/** The steps of the phone's own settings. @returns {string[]} */
function lockSteps() {
  if (ios) return [say("app.lock_ios_1"), say("app.lock_ios_2")];
  if (android) return [say("app.lock_android_1"), say("app.lock_android_2")];
  if (system() === "Windows") return [say("app.lock_windows_1"), say("app.lock_windows_2")];
  if (system() === "macOS") return [say("app.lock_mac_1"), say("app.lock_mac_2")];
  return [say("app.lock_other")];
}

/** @param {() => void} again */
export function biometricsMissing(again) {
  troublePage({
    drawn: "biometric", title: say("app.lock_title"), text: say("app.lock_text"), back: "#/",
    more: [h("ol", { class: "numbered" }, lockSteps().map((step) => h("li", {}, step))),
      h("details", { class: "disclose" }, h("summary", {}, say("app.lock_instead")), p(say("app.lock_instead_text"), "quiet"))],
    actions: [button("app.lock_again", again)],
  });
}
