// @ts-check
// How a request ended, each way in a sentence of its own.

import { button, h, icon, mark, p } from "../dom.js";
import { announce, go, show } from "../frame.js";
import { say } from "../words.js";

/** @type {Record<string, {title: string, text: string, look: "good"|"bad"|"plain"}>} */
const outcomes = {
  approved: { title: "app.result_approved", text: "app.result_approved_text", look: "good" },
  denied: { title: "app.result_denied", text: "app.result_denied_text", look: "plain" },
  reported: { title: "app.result_reported", text: "app.result_reported_text", look: "bad" },
  mismatch: { title: "app.result_mismatch", text: "app.result_mismatch_text", look: "bad" },
  expired: { title: "app.result_expired", text: "app.result_expired_text", look: "plain" },
  over_approved: { title: "app.over_approved", text: "app.over_approved_text", look: "plain" },
  over_denied: { title: "app.over_denied", text: "app.over_denied_text", look: "plain" },
  over_reported: { title: "app.over_reported", text: "app.over_reported_text", look: "plain" },
  over_mismatch: { title: "app.over_mismatch", text: "app.over_mismatch_text", look: "plain" },
  over_expired: { title: "app.result_expired", text: "app.result_expired_text", look: "plain" },
  over_superseded: { title: "app.over_superseded", text: "app.over_superseded_text", look: "plain" },
  over_cancelled: { title: "app.over_cancelled", text: "app.over_cancelled_text", look: "plain" },
  over_gone: { title: "app.over_gone", text: "app.over_gone_text", look: "plain" },
};

/** @param {string} outcome */
export function showResult(outcome) {
  const { title, text, look } = outcomes[outcome] ?? outcomes.over_gone;
  const sign = look === "good" ? mark() : look === "bad" ? icon("warning") : mark(true);
  show({
    title: say(title),
    nodes: [h("section", { class: `result result-${look}` },
      h("div", { class: "result-sign" }, sign), h("h1", {}, say(title)), p(say(text), "lead"),
      h("div", { class: "foot-actions" }, button("app.done", () => go("#/"))))],
  });
  announce(say(text));
}
