// @ts-check
// What the app says, in the person's language. The page and the service worker read
// the same texts, which the worker keeps.

/** @type {{lang: string, dir: string, texts: Record<string, Record<string, string>>}} */
let spoken = { lang: "en", dir: "ltr", texts: {} };

/** @param {typeof spoken} words */
export function speak(words) {
  spoken = words;
}

export async function loadWords() {
  const response = await fetch("/authenticator/words", { headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(`no words: ${response.status}`);
  speak(await response.json());
}

export const lang = () => spoken.lang;
export const dir = () => spoken.dir;

/**
 * The text of an id, with the values in the place of its placeholders. Count chooses
 * the plural.
 * @param {string} id @param {Record<string, string | number>} [values]
 */
export function say(id, values = {}) {
  const forms = spoken.texts[id];
  if (!forms) return `⟦${id}⟧`;
  let text = forms.other;
  if ("Count" in values) text = forms[new Intl.PluralRules(spoken.lang).select(Number(values.Count))] ?? text;
  return text.replace(/\{\{\.(\w+)\}\}/g, (_, name) => String(values[name] ?? `⟦${id}⟧`));
}

/** @param {number} seconds */
export function clock(seconds) {
  return new Intl.DateTimeFormat(spoken.lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZoneName: "short" }).format(new Date(seconds * 1000));
}

/** Clock and, unless it is today, the day. @param {number} seconds */
export function moment(seconds) {
  const at = new Date(seconds * 1000);
  const today = new Date().toDateString() === at.toDateString();
  if (today) return say("app.time_today", { Clock: clock(seconds) });
  const day = new Intl.DateTimeFormat(spoken.lang, { day: "numeric", month: "long", year: "numeric" }).format(at);
  return say("app.time_moment", { Date: day, Clock: clock(seconds) });
}

/** "1:48" @param {number} seconds */
export function countdown(seconds) {
  const left = Math.max(0, Math.ceil(seconds));
  return `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
}

/** A length of time in whole units. @param {number} seconds */
export function wait(seconds) {
  const [count, unit] = seconds < 60 ? [Math.max(1, Math.ceil(seconds)), "second"] : [Math.ceil(seconds / 60), "minute"];
  return new Intl.NumberFormat(spoken.lang, { style: "unit", unit, unitDisplay: "long" }).format(count);
}

/** A length of time in seconds, to a tenth. @param {number} seconds */
export function exactly(seconds) {
  return new Intl.NumberFormat(spoken.lang, { style: "unit", unit: "second", unitDisplay: "long", maximumFractionDigits: 1 }).format(seconds);
}
