// @ts-check
// Elements, made one by one: no text is ever read as markup.

import { say } from "./words.js";

/** @typedef {Node | string | false | null | undefined} Child */

/**
 * @param {string} tag @param {Record<string, any>} [properties] on… are listeners; false leaves out
 * @param {...(Child | Child[])} children
 * @returns {any}
 */
export function h(tag, properties = {}, ...children) {
  return fill(document.createElement(tag), properties, children);
}

const svgName = "http://www.w3.org/2000/svg";

/** @param {string} tag @param {Record<string, any>} [properties] @param {...(Child | Child[])} children @returns {any} */
export function svg(tag, properties = {}, ...children) {
  return fill(document.createElementNS(svgName, tag), properties, children);
}

/** @param {Element} element @param {Record<string, any>} properties @param {(Child | Child[])[]} children */
function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter((child) => child !== false && child !== null && child !== undefined).map((child) => /** @type {Node} */ (child)));
  return element;
}

const hidden = { "aria-hidden": "true", focusable: "false" };

/** A drawing of the sprite. @param {string} name @param {string} [extra] classes */
export function icon(name, extra = "") {
  return svg("svg", { ...hidden, class: `icon ${extra}`.trim(), width: 20, height: 20 }, svg("use", { href: `/authenticator/icons.svg#${name}` }));
}

/** Our mark: both halves, or the second one still open. @param {boolean} [open] */
export function mark(open = false) {
  return svg("svg", { ...hidden, class: open ? "mark mark-open" : "mark", viewBox: "0 0 32 32", width: 24, height: 24 },
    svg("path", { class: "mark-ask", d: "M1.8 11.16A15 15 0 0 1 26.5 5.29L12.46 19.46Z" }),
    svg("path", { class: "mark-answer", d: "M28.55 7.78A15 15 0 1 1 1.06 14.64L12.74 23.74Z" }));
}

/** @param {string} text a code, an address: it reads from left to right @param {string} [extra] classes */
export const exact = (text, extra = "") => h("bdi", { dir: "ltr", class: extra || false }, text);

/**
 * @param {string} id of the text @param {() => void} act
 * @param {{kind?: string, icon?: string, block?: boolean, name?: string}} [how]
 */
export function button(id, act, how = {}) {
  const classes = `btn btn-${how.kind ?? "primary"}${how.block === false ? "" : " btn-block"}`;
  return h("button", { type: "button", class: classes, id: how.name ?? false, onclick: act }, how.icon && icon(how.icon), say(id));
}

/** @param {"good"|"warn"|"bad"|""} kind @param {string} drawn @param {string} title @param {...Child} more */
export function notice(kind, drawn, title, ...more) {
  return h("div", { class: kind ? `notice notice-${kind}` : "notice" }, icon(drawn),
    h("div", {}, h("h2", {}, title), more.map((child) => (typeof child === "string" ? h("p", {}, child) : child))));
}

/** @param {string} text @param {string} [classes] */
export const p = (text, classes) => h("p", { class: classes ?? false }, text);

/** Digits as they are meant: Arabic and wide ones too, without what separates them. @param {string} typed */
export function digits(typed) {
  return typed.replace(/[\s\p{Pd}.]/gu, "").replace(/[٠-٩۰-۹０-９]/g, (c) => String(c.charCodeAt(0) & 0xf));
}

/**
 * A question that stands before everything else.
 * @param {string} title @param {string} text @param {{id: string, kind: string, value: string}[]} answers
 * @returns {Promise<string>} the value of the answer, "" when it was closed
 */
export function ask(title, text, answers) {
  return new Promise((resolve) => {
    const heading = h("h2", { id: "ask-title", tabindex: "-1" }, title);
    const dialog = h("dialog", { class: "dialog stack", "aria-labelledby": "ask-title" }, heading, p(text, "quiet"),
      h("div", { class: "actions" }, answers.map((answer) =>
        h("button", { type: "button", class: `btn btn-${answer.kind}`, onclick: () => dialog.close(answer.value) }, say(answer.id)))));
    dialog.addEventListener("close", () => { dialog.remove(); resolve(dialog.returnValue); });
    document.body.append(dialog);
    dialog.showModal();
  });
}
