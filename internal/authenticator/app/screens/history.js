// @ts-check
// What was asked in the last ninety days, and how it ended.

import { h, icon, p } from "../dom.js";
import { learn } from "../device.js";
import { redraw, show } from "../frame.js";
import { call } from "../protocol.js";
import { shown } from "../requests.js";
import { state } from "../state.js";
import { change } from "../store.js";
import { moment, say } from "../words.js";
import { question } from "./request.js";

/** How each end is shown: its word, its drawing, its badge, and the filter it belongs to. @type {Record<string, [string, string, string, string]>} */
const ends = {
  approved: ["app.history_approved", "check", "good", "approved"],
  denied: ["app.history_denied", "cross", "bad", "denied"],
  reported: ["app.history_reported", "warning", "bad", "denied"],
  mismatch: ["app.history_mismatch", "warning", "bad", "denied"],
  expired: ["app.history_expired", "clock", "", ""],
  superseded: ["app.history_superseded", "refresh", "", ""],
  cancelled: ["app.history_cancelled", "cross", "", ""],
};

const filters = /** @type {[string, string][]} */ ([["all", "app.filter_all"], ["approved", "app.filter_approved"], ["denied", "app.filter_denied"]]);

export function showHistory() {
  let filter = "all", reading = true, left = false;
  const choose = (/** @type {string} */ name) => { filter = name; redraw(screen()); };
  const screen = () => ({ ...view(filter, choose, reading), leave: () => { left = true; } });
  show(screen());
  void read().finally(() => {
    reading = false;
    if (!left) redraw(screen());
  });
}

/** Reads each account's history; what cannot be read stays as it was. */
async function read() {
  await Promise.all(state.accounts.filter((account) => account.key).map(async (account) => {
    try {
      const { requests } = await call(account, "GET", "history");
      account.history = requests;
      await change(account.id, (stored) => { stored.history = requests; });
    } catch (failed) {
      await learn(account, failed).catch(() => {});
    }
  }));
}

/** @param {string} filter @param {(name: string) => void} choose @param {boolean} reading @returns {import("../frame.js").Screen} */
function view(filter, choose, reading) {
  const all = state.accounts.flatMap((account) => (account.history ?? []).filter((one) => ends[one.state]).map((one) => ({ account, one })));
  all.sort((a, b) => b.one.created_at - a.one.created_at);
  const chosen = all.filter(({ one }) => filter === "all" || ends[one.state][3] === filter);
  return {
    title: say("app.tab_history"), tab: "history",
    nodes: [h("section", { class: "pad stack" }, h("h1", {}, say("app.tab_history")),
      h("div", { class: "chips", role: "group", "aria-label": say("app.filter") }, filters.map(([name, id]) =>
        h("button", { type: "button", id: `filter-${name}`, "aria-pressed": String(filter === name), onclick: () => choose(name) }, say(id)))),
      chosen.length > 0
        ? h("ul", { class: "card rows rows-plain" }, chosen.map(({ account, one }) => row(account, one)))
        : h("div", { class: "empty" }, icon("clock", "icon-lg"), p(say(reading ? "app.history_reading" : "app.history_none"), "quiet")),
      chosen.length > 0 && p(say("app.history_days"), "meta center"))],
  };
}

/** @param {import("../store.js").Account} account @param {any} one */
function row(account, one) {
  const display = shown(one);
  const [id, drawn, kind] = ends[one.state];
  const program = [display.browser, display.system].filter(Boolean).join(", ");
  return h("li", { class: "past" }, h("span", { class: `row-icon row-icon-${kind || "plain"}` }, icon(drawn)),
    h("div", {}, h("p", { class: "row-title" }, one.kind === "test" ? say("app.history_test") : display.act || display.app || account.workspace),
      h("p", { class: "row-text" }, say(id), one.here ? "" : ` · ${say("app.history_elsewhere")}`, ` · ${moment(one.decided_at || one.created_at)}`),
      h("p", { class: "row-text" }, [account.workspace, program].filter(Boolean).join(" · "))));
}
