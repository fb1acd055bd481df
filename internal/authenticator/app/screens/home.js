// @ts-check
// The accounts, what waits for them, and what keeps requests from arriving.

import { button, exact, h, icon, mark, notice, p } from "../dom.js";
import { go, redraw, show } from "../frame.js";
import { greetAll } from "../live.js";
import { android, ios } from "../platform.js";
import { ask, permission } from "../push.js";
import { shown } from "../requests.js";
import { forgetLost, state, waiting } from "../state.js";
import { clock, moment, say } from "../words.js";
import { firstRequest } from "./confirm.js";
import { monogram } from "./pairing.js";
import { question } from "./request.js";
import { updateNeeded } from "./trouble.js";

/** @typedef {import("../store.js").Account} Account */

export function showHome() {
  let drawn = "";
  const refresh = () => {
    if (state.accounts.length === 0 && state.lost.length === 0) return go("#/");
    const seen = signature();
    if (seen === drawn) return;
    drawn = seen;
    redraw(screen());
  };
  const screen = () => ({ ...view(), refresh });
  drawn = signature();
  show(screen());
}

/** What the screen is made of: it is only drawn again when that changed. */
function signature() {
  const accounts = state.accounts.map((one) => [one.id, one.state, one.trouble, one.pushes, one.used, one.name, one.workspace, one.account, one.version]);
  return JSON.stringify([accounts, state.lost, state.biometrics, permission(), waiting().map(({ asked }) => asked.id)]);
}

/** @returns {import("../frame.js").Screen} */
function view() {
  return {
    title: say("app.tab_accounts"), tab: "accounts",
    end: h("a", { class: "btn btn-quiet btn-sm", id: "add", href: "#/pair" }, icon("plus"), say("app.add")),
    nodes: [h("section", { class: "pad stack" }, h("h1", {}, say("app.tab_accounts")), waits(), lost(), ...state.accounts.map(card), notifications())],
  };
}

function waits() {
  const all = waiting();
  if (all.length === 0) return state.accounts.some((one) => one.state === "active") ? p(say("app.waiting_none"), "quiet") : null;
  return h("section", { class: "ask waits", "aria-labelledby": "waits" },
    h("h2", { id: "waits" }, mark(true), h("span", {}, say("app.waiting", { Count: all.length }))),
    h("ul", { class: "choices" }, all.map(({ account, asked }) => {
      return h("li", {}, h("a", { class: "choice", id: asked.id, href: `#req=${asked.id}` },
        h("span", {}, h("span", { class: "row-title" }, question(asked, shown(asked))),
          h("span", { class: "meta line" }, say("app.waiting_until", { Workspace: account.workspace, Clock: clock(asked.expires_at - account.offset) }))),
        icon("arrow", "icon-turn")));
    })));
}

function lost() {
  if (state.lost.length === 0) return null;
  return notice("bad", "warning", say("app.lost"), say("app.lost_text"),
    h("div", { class: "cluster" }, h("a", { class: "btn btn-secondary btn-sm", href: "#/pair" }, say("app.pair_anew")),
      h("button", { type: "button", class: "btn btn-quiet btn-sm", onclick: forgetLost }, say("app.understood"))));
}

/** @param {Account} account */
function card(account) {
  return h("section", { class: "card", "aria-labelledby": `name-${account.id}` }, h("div", { class: "card-pad stack" },
    h("div", { class: "account" }, h("span", { class: "monogram", "aria-hidden": "true" }, monogram(account.workspace)),
      h("div", {}, h("h2", { id: `name-${account.id}` }, h("a", { class: "row-link", id: `open-${account.id}`, href: `#/account/${account.id}` }, account.workspace)), h("p", { class: "meta" }, exact(account.account))),
      icon("chevron", "icon-onward")),
    h("div", { class: "cluster cluster-sm" }, badge(account), account.used ? h("span", { class: "meta" }, say("app.used", { Time: moment(account.used) })) : null),
    trouble(account)));
}

/** What state it is in, as icon and word. @param {Account} account */
export function badge(account) {
  const [kind, drawn, id] = account.state === "removed" ? ["bad", "cross", "app.state_removed"]
    : account.state === "signed_out" ? ["warn", "lock", "app.state_signed_out"]
    : account.state === "confirmed" ? ["warn", "clock", "app.state_confirmed"]
    : account.trouble ? ["warn", "warning", "app.state_trouble"] : ["good", "check", "app.state_active"];
  return h("span", { class: `badge badge-${kind}` }, icon(drawn), say(id));
}

/** What keeps requests from this account, and what to do. @param {Account} account */
function trouble(account) {
  if (account.state === "removed") return p(say("app.removed_text"), "quiet");
  if (account.state === "signed_out") return p(say("app.signed_out_text"), "quiet");
  if (account.state === "confirmed") {
    return h("div", { class: "stack above" }, p(say("app.confirmed_text"), "quiet"), button("app.confirmed_go", () => { void firstRequest(account.id); }, { kind: "secondary", name: `go-${account.id}` }));
  }
  if (account.trouble === "version") {
    return h("div", { class: "stack above" }, p(account.version ? say("app.update_to", { Version: account.version }) : say("app.update_text"), "quiet"),
      button("app.update_needed", () => updateNeeded(account.version), { kind: "secondary", name: `update-${account.id}` }));
  }
  if (account.trouble === "biometrics" || !state.biometrics) return p(say("app.trouble_biometrics"), "quiet");
  return null;
}

/** How to switch notifications on where the browser does not ask any more. */
function switchOn() {
  if (ios) return say("app.notifications_ios");
  return android ? say("app.notifications_android") : say("app.notifications_browser");
}

function notifications() {
  const active = state.accounts.filter((one) => one.state === "active" && one.vapid);
  if (active.length === 0) return null;
  const now = permission();
  const turnOn = async () => {
    await ask();
    await greetAll();
  };
  if (now === "default") return notice("warn", "bell", say("app.notifications_off"), say("app.notifications_off_text"), button("app.notifications_on", () => { void turnOn(); }, { kind: "secondary", name: "notify" }));
  if (now === "denied") return notice("warn", "bell", say("app.notifications_off"), say("app.notifications_off_text"), switchOn());
  if (now === "none") return notice("warn", "bell", say("app.notifications_none"), say("app.notifications_off_text"));
  if (active.some((one) => !one.pushes)) return notice("warn", "bell", say("app.notifications_lost"), say("app.notifications_lost_text"), button("app.again", () => { void greetAll(true); }, { kind: "secondary", name: "notify" }));
  return null;
}
