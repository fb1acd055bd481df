// @ts-check
// How the app gets onto the phone, before anything is paired. On an iPhone the key
// must be made inside the app: a tab of Safari has another storage, and no
// notifications.

import { button, h, icon, mark, p, svg } from "../dom.js";
import { show } from "../frame.js";
import { install, installable, ios } from "../platform.js";
import { say } from "../words.js";

/** @param {...any} shapes */
const drawing = (...shapes) => svg("svg", { class: "drawing", viewBox: "0 0 240 96", "aria-hidden": "true", focusable: "false" }, ...shapes);

/** Safari's bar, with the button that shares. */
const barDrawing = () => drawing(
  svg("rect", { class: "drawn-paper", x: 1, y: 1, width: 238, height: 94, rx: 14 }),
  svg("rect", { class: "drawn-sunken", x: 40, y: 12, width: 160, height: 26, rx: 13 }),
  svg("path", { class: "drawn-quiet", d: "M32 64l-7 7 7 7M78 64l7 7-7 7M155 63h14a3 3 0 0 1 3 3v12h-14a3 3 0 0 1-3-3zM208 63h12v15h-12zM204 67h4" }),
  svg("circle", { class: "drawn-halo", cx: 120, cy: 71, r: 19 }),
  svg("path", { class: "drawn-strong", d: "M120 75V59M114 64.500l6-6 6 6M113 69h-2.500v13h19V69H127" }),
);

/** The row to choose in the sheet. */
const sheetDrawing = () => drawing(
  svg("rect", { class: "drawn-paper", x: 1, y: 1, width: 238, height: 94, rx: 14 }),
  svg("path", { class: "drawn-quiet", d: "M20 20h90M20 80h70M208 14h12v12h-12zM208 74h12v12h-12z" }),
  svg("rect", { class: "drawn-halo", x: 8, y: 32, width: 224, height: 34, rx: 9 }),
  svg("path", { class: "drawn-strong", d: "M20 49h118M207 40h16v17h-16zM215 44.500v8M211 48.500h8" }),
);

/** Our icon among the others. */
const homeDrawing = () => drawing(
  svg("rect", { class: "drawn-paper", x: 1, y: 1, width: 238, height: 94, rx: 14 }),
  ...[24, 82, 198].map((x) => svg("rect", { class: "drawn-sunken", x: x - 14, y: 22, width: 42, height: 42, rx: 11 })),
  svg("rect", { class: "drawn-app", x: 126, y: 22, width: 42, height: 42, rx: 11 }),
  svg("g", { transform: "translate(134.5 30.5) scale(.78)" },
    svg("path", { class: "drawn-ask", d: "M1.8 11.16A15 15 0 0 1 26.5 5.29L12.46 19.46Z" }),
    svg("path", { class: "drawn-answer", d: "M28.55 7.78A15 15 0 1 1 1.06 14.64L12.74 23.74Z" })),
  svg("path", { class: "drawn-strong", d: "M133 76h28" }),
);

/** @param {() => void} onward for those who go on in the browser */
export function showInstall(onward) {
  if (ios) showAppleSteps();
  else showOthers(onward);
}

function showAppleSteps() {
  const steps = [["app.install_ios_1", barDrawing], ["app.install_ios_2", sheetDrawing], ["app.install_ios_3", homeDrawing]];
  show({
    title: say("app.install_title"),
    nodes: [h("section", { class: "pad stack" },
      h("h1", {}, say("app.install_title")), p(say("app.install_ios_lead"), "lead"),
      h("ol", { class: "coach" }, steps.map(([id, draw]) => h("li", {}, h("span", {}, say(/** @type {string} */ (id))), /** @type {() => Node} */ (draw)()))),
      h("div", { class: "notice" }, icon("info"), h("div", {}, h("h2", {}, say("app.install_why")), p(say("app.install_ios_why")))))],
  });
}

/** @param {() => void} onward */
function showOthers(onward) {
  const place = h("div", { class: "foot-actions" });
  const draw = () => {
    const ask = async () => {
      await install();
      draw();
    };
    place.replaceChildren(
      ...(installable() ? [button("app.install_now", () => { void ask(); }, { icon: "download" })] : [p(say("app.install_menu"), "quiet")]),
      button("app.install_skip", onward, { kind: installable() ? "quiet" : "primary", name: "skip-install" }));
  };
  addEventListener("installable", draw);
  draw();
  show({
    title: say("app.install_title"),
    nodes: [h("section", { class: "result" },
      h("div", { class: "result-sign" }, mark()), h("h1", {}, say("app.install_title")), p(say("app.install_lead"), "lead"),
      h("ul", { class: "reasons" }, ["app.install_reason_1", "app.install_reason_2", "app.install_reason_3"].map((id) => h("li", {}, icon("check"), h("span", {}, say(id))))),
      place)],
    leave: () => removeEventListener("installable", draw),
  });
}
