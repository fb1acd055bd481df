// @ts-check
// The frame around every screen: the bar above, the tabs below, what has to be said
// on each, where the focus goes, and the way from one screen to the next.

import { button, h, icon, mark, notice } from "./dom.js";
import { state } from "./state.js";
import { applyUpdate } from "./update.js";
import { say } from "./words.js";

/**
 * @typedef {object} Screen
 * @property {string} title
 * @property {Node[]} nodes one of them holds the h1
 * @property {"accounts"|"codes"|"history"} [tab] which tab this is; without, there are no tabs
 * @property {string | (() => void)} [back] where the way back leads
 * @property {string} [step] what stands at the end of the bar
 * @property {Node} [end] or a control there
 * @property {string} [brand] the name in the bar
 * @property {boolean} [deep] the bar belongs to the half that asks
 * @property {() => void} [leave] called when another screen comes
 * @property {() => void} [refresh] called when something changed
 */

/** @type {Screen | undefined} */
let current;

/** @param {string} id */
const part = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** Goes to another screen by its address. @param {string} hash */
export function go(hash) {
  if (location.hash === hash) dispatchEvent(new HashChangeEvent("hashchange"));
  else location.hash = hash;
}

/** Shows a screen, from its top, with the focus on its heading. @param {Screen} screen */
export function show(screen) {
  current?.leave?.();
  part("said").textContent = "";
  draw(screen);
  scrollTo(0, 0);
  const heading = part("main").querySelector("h1");
  heading?.setAttribute("tabindex", "-1");
  /** @type {HTMLElement | null} */ (heading)?.focus({ preventScroll: true });
}

/** Shows the same screen as it is now; the focus stays where it was. @param {Screen} screen */
export function redraw(screen) {
  const focused = document.activeElement?.id;
  const heading = document.activeElement?.tagName === "H1";
  draw(screen);
  if (heading) {
    const next = part("main").querySelector("h1");
    next?.setAttribute("tabindex", "-1");
    /** @type {HTMLElement | null} */ (next)?.focus({ preventScroll: true });
  } else if (focused) {
    document.getElementById(focused)?.focus({ preventScroll: true });
  }
}

/** @param {Screen} screen */
function draw(screen) {
  current = screen;
  document.title = `${screen.title} - Countersign`;
  document.body.classList.toggle("is-deep", screen.deep === true);
  const bar = part("bar");
  bar.className = screen.deep ? "appbar appbar-deep" : "appbar";
  bar.replaceChildren(screen.back ? backButton(screen.back) : brand(screen.brand), ...(screen.back && screen.brand ? [brand(screen.brand)] : []), ...end(screen));
  part("main").replaceChildren(h("div", { id: "notes" }), ...screen.nodes);
  drawNotes(screen);
  part("tabs").hidden = !screen.tab;
  for (const tab of part("tabs").querySelectorAll("a")) {
    if (tab.dataset.tab === screen.tab) tab.setAttribute("aria-current", "page");
    else tab.removeAttribute("aria-current");
  }
}

/** @param {string} [name] */
function brand(name) {
  return h("span", { class: "brand" }, mark(), h("span", {}, name ?? "Countersign"));
}

/** @param {string | (() => void)} back */
function backButton(back) {
  const act = () => (typeof back === "string" ? go(back) : back());
  return h("button", { type: "button", class: "btn btn-icon btn-back", "aria-label": say("app.back"), onclick: act }, icon("arrow", "icon-back"));
}

/** @param {Screen} screen @returns {Node[]} */
function end(screen) {
  if (screen.end) return [screen.end];
  return screen.step ? [h("span", { class: "meta num" }, screen.step)] : [];
}

/** What has to be said on each screen, except on one that asks something. @param {Screen} screen */
function drawNotes(screen) {
  const place = document.getElementById("notes");
  if (!place || screen.deep) return;
  const all = [];
  if (state.connection === "offline") all.push(notice("warn", "globe", say("app.offline"), say("app.offline_text"),
    screen.tab !== "codes" && h("p", {}, h("a", { href: "#/codes", class: "link" }, say("app.offline_codes")))));
  if (state.connection === "busy") all.push(notice("warn", "clock", say("app.busy"), say("app.busy_text")));
  if (state.update && screen.tab) all.push(notice("", "refresh", say("app.update_ready"), button("app.update_now", () => { void applyUpdate(); }, { kind: "secondary", name: "update" })));
  const said = JSON.stringify([state.connection, Boolean(state.update)]);
  if (place.dataset.said === said) return;
  place.dataset.said = said;
  place.replaceChildren(...(all.length > 0 ? [h("div", { class: "notes stack" }, all)] : []));
}

/** Something of the state changed. */
export function refresh() {
  if (current) drawNotes(current);
  current?.refresh?.();
}

/** Whether a screen is shown that a new request may take the place of. */
export const idle = () => current?.tab === "accounts";

/** Says a sentence to those who do not see. @param {string} text */
export function announce(text) {
  const line = part("said");
  line.textContent = "";
  // An empty moment between, or the same sentence is not said twice.
  setTimeout(() => { line.textContent = text; }, 50);
}

/** The tabs, once the words are there. */
export function drawTabs() {
  const tabs = /** @type {[string, string, string, string][]} */ ([
    ["accounts", "#/", "shield", "app.tab_accounts"], ["codes", "#/codes", "key", "app.tab_codes"], ["history", "#/history", "clock", "app.tab_history"],
  ]);
  part("tabs").setAttribute("aria-label", say("app.tabs"));
  part("tabs").replaceChildren(...tabs.map(([tab, href, drawn, id]) => h("a", { href, "data-tab": tab }, icon(drawn, "icon-lg"), h("span", {}, say(id)))));
}
