// @ts-check
// Where a pairing begins: the camera, a code that is typed, or a link that was opened.

import { button, exact, h, icon, p } from "../dom.js";
import { announce, show } from "../frame.js";
import { installed, ios } from "../platform.js";
import { NoCamera, pairingCode, scan } from "../scan.js";
import { state } from "../state.js";
import { say } from "../words.js";
import { showInstall } from "./install.js";
import { claim } from "./pairing.js";

/** The app without an account. @param {{skipped?: boolean}} [how] */
export function showWelcome(how = {}) {
  const onward = () => showStart();
  if (!installed() && !how.skipped) return showInstall(onward);
  showStart();
}

/** A pairing link was opened. On an iPhone outside the app the code is kept for the app. @param {string} code */
export function openLink(code) {
  if (ios && !installed()) return showInstall(() => {});
  void claim({ code });
}

export function showStart() {
  const field = h("input", {
    class: "input code-field", id: "pair", type: "text", autocomplete: "off", autocapitalize: "characters", spellcheck: "false", "aria-describedby": "pair-hint",
  });
  const trouble = h("p", { class: "error-text", hidden: true });
  const complain = (/** @type {string} */ text) => {
    trouble.replaceChildren(icon("warning"), h("span", {}, text));
    trouble.hidden = false;
    announce(text);
  };
  const typed = (/** @type {Event} */ event) => {
    event.preventDefault();
    const linked = pairingCode(field.value);
    if (linked) return void claim({ code: linked });
    // Letters that look like digits are those, as the server reads them.
    const short = field.value.toUpperCase().replace(/[\s\p{Pd}]/gu, "").replaceAll("O", "0").replace(/[IL]/g, "1");
    if (!/^[0-9A-Z]{8}$/.test(short)) {
      complain(say("app.start_short"));
      field.focus();
      return;
    }
    void claim({ short });
  };
  const place = h("div", { class: "stack" });
  let end = () => {};
  const camera = () => { void look(place, (stop) => { end = stop; }); };
  place.append(button("app.start_scan", camera, { icon: "camera", name: "scan" }));
  show({
    title: say("app.start_title"), back: state.accounts.length > 0 ? "#/" : undefined,
    nodes: [h("section", { class: "pad stack" },
      h("h1", {}, say("app.start_title")), p(say("app.start_lead"), "quiet"), place, p(say("app.or"), "or"),
      h("form", { class: "stack", novalidate: true, onsubmit: typed },
        h("div", { class: "field" },
          h("label", { for: "pair" }, say("app.start_code")),
          h("p", { class: "hint", id: "pair-hint" }, say("app.start_code_hint"), " ", exact("K7Q2-9FMX", "code")), field, trouble),
        h("button", { type: "submit", class: "btn btn-secondary btn-block" }, say("app.continue"))))],
    leave: () => end(),
  });
}

/** @param {HTMLElement} place @param {(stop: () => void) => void} running */
async function look(place, running) {
  const video = h("video", { playsinline: true, muted: true, "aria-label": say("app.scan_picture") });
  video.muted = true;
  const line = h("p", { class: "meta" }, say("app.scan_private"));
  place.replaceChildren(h("div", { class: "viewfinder" }, video, frame()), line);
  announce(say("app.scan_looking"));
  try {
    running(await scan(video, (text) => {
      const code = pairingCode(text);
      if (code) {
        navigator.vibrate?.(50);
        void claim({ code });
        return true;
      }
      line.textContent = say("app.scan_other");
      return false;
    }));
  } catch (error) {
    const text = error instanceof NoCamera && error.message === "NotAllowedError" ? say("app.scan_refused") : say("app.scan_none");
    place.replaceChildren(h("div", { class: "notice notice-warn" }, icon("camera"), h("div", {}, h("h2", {}, say("app.scan_off")), p(text))),
      button("app.scan_again", () => { void look(place, running); }, { kind: "secondary", icon: "camera" }));
    announce(text);
  }
}

function frame() {
  return h("div", { class: "viewfinder-frame", "aria-hidden": "true" });
}
