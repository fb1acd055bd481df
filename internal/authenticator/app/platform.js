// @ts-check
// Which device this is, as far as it tells, and how the app gets onto it.

const agent = navigator.userAgent;

/** An iPad says that it is a Mac, but no Mac has a touch screen. */
export const ios = /iPhone|iPad|iPod/.test(agent) || (navigator.platform === "MacIntel" && navigator.maxTouchPoints > 1);
export const android = /Android/.test(agent);

/** Whether this is the app and no tab of a browser. */
export function installed() {
  const own = ["standalone", "fullscreen", "minimal-ui"].some((mode) => matchMedia(`(display-mode: ${mode})`).matches);
  return own || /** @type {any} */ (navigator).standalone === true;
}

/** @type {any} */
let prompt;
addEventListener("beforeinstallprompt", (event) => {
  event.preventDefault();
  prompt = event;
  dispatchEvent(new Event("installable"));
});

export const installable = () => prompt !== undefined;

/** Shows the browser's own question. @returns {Promise<boolean>} whether the person said yes */
export async function install() {
  const asked = prompt;
  prompt = undefined;
  if (!asked) return false;
  await asked.prompt();
  return (await asked.userChoice).outcome === "accepted";
}

/** @returns {[string, RegExp][]} */
const systems = () => [
  ["iPadOS", /iPad/], ["iOS", /iPhone|iPod/], ["Android", /Android/], ["ChromeOS", /CrOS/], ["Windows", /Windows/], ["macOS", /Mac OS X/], ["Linux", /Linux/],
];

/** @returns {[string, RegExp][]} */
const browsers = () => [
  ["Edge", /Edg(A|iOS)?\//], ["Samsung Internet", /SamsungBrowser/], ["Firefox", /Firefox|FxiOS/], ["Opera", /OPR\//], ["Chrome", /Chrom(e|ium)\/|CriOS/], ["Safari", /Safari/],
];

export function system() {
  if (ios && !/iPhone|iPod/.test(agent)) return "iPadOS";
  return systems().find(([, sign]) => sign.test(agent))?.[0] ?? "";
}

const client = () => browsers().find(([, sign]) => sign.test(agent))?.[0] ?? "";

/** What the person would call it: the model, where the browser tells it. */
async function model() {
  try {
    const hints = await /** @type {any} */ (navigator).userAgentData?.getHighEntropyValues(["model"]);
    if (hints?.model) return hints.model.slice(0, 40);
  } catch {
    // the browser keeps it to itself
  }
  if (ios) return system() === "iPadOS" ? "iPad" : "iPhone";
  return android ? "Android" : system();
}

/** The device as the protocol describes it. @param {string} version */
export async function device(version) {
  return { kind: "app", name: (await model()) || "Countersign", platform: system(), client: client(), version };
}
