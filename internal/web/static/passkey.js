// Forms that a passkey answers (WebAuthn Level 3). What the page hands to the browser
// stands in data-options, as JSON; what the browser made goes into the hidden field
// "passkey", and the form is sent. Where the browser has no passkeys the button stays
// hidden, and the page says so.

// Browsers have passkeys for names, not for bare addresses of machines.
const numeric = /^[\d.]+$|:/.test(location.hostname);
const can = isSecureContext && !numeric && typeof PublicKeyCredential !== "undefined" && Boolean(navigator.credentials);

function toBytes(text) {
  const raw = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(raw, (c) => c.charCodeAt(0));
}

function toText(buffer) {
  const raw = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(raw).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function read(form) {
  const o = JSON.parse(form.dataset.options);
  o.challenge = toBytes(o.challenge);
  if (o.user) o.user.id = toBytes(o.user.id);
  for (const list of [o.excludeCredentials, o.allowCredentials]) {
    for (const one of list ?? []) one.id = toBytes(one.id);
  }
  return o;
}

function written(credential) {
  const made = credential.response;
  const response = { clientDataJSON: toText(made.clientDataJSON) };
  for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (made[name]) response[name] = toText(made[name]);
  }
  if (made.getTransports) response.transports = made.getTransports();
  return JSON.stringify({
    id: credential.id, rawId: toText(credential.rawId), type: credential.type, response, clientExtensionResults: {},
  });
}

// One question at a time: a browser refuses a second.
let underway;
let offering;

function say(form, word) {
  const said = form.querySelector("[data-passkey-said]");
  if (said) said.textContent = word ? said.dataset[word] ?? "" : "";
}

function send(form, credential) {
  form.elements.passkey.value = written(credential);
  form.requestSubmit();
}

async function ask(form) {
  if (underway) return;
  offering?.abort();
  underway = true;
  say(form);
  try {
    const options = { publicKey: read(form) };
    const credential = form.dataset.passkey === "create" ? await navigator.credentials.create(options) : await navigator.credentials.get(options);
    send(form, credential);
  } catch (e) {
    say(form, { NotAllowedError: "cancelled", InvalidStateError: "have" }[e.name] ?? "failed");
    offer();
  } finally {
    underway = false;
  }
}

// The browser lists passkeys where the address is typed, without asking anything. A
// challenge does not last: every ten minutes the page's own address is asked for a new one.
const renewAfter = 10 * 60 * 1000;
let renewal;
async function offer() {
  const form = document.querySelector("form[data-conditional]");
  if (!form || !(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  const mine = new AbortController();
  offering = mine;
  clearTimeout(renewal);
  renewal = setTimeout(renew, renewAfter, form);
  try {
    send(form, await navigator.credentials.get({ publicKey: read(form), mediation: "conditional", signal: mine.signal }));
  } catch { /* nobody chose one, or the button asks instead */ }
}

async function renew(form) {
  if (underway) return;
  try {
    const answer = await fetch(location.href);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("form[data-conditional]")?.dataset.options;
    if (fresh) form.dataset.options = fresh;
  } catch { /* no connection: the old one is told to be too old */ }
  offering?.abort();
  offer();
}

// The form is sent when there is something to send: first, before all other listeners.
addEventListener("submit", (e) => {
  const form = e.target;
  if (!form.dataset.passkey || form.elements.passkey.value || !can) return;
  if (form.elements.name && !form.elements.name.value.trim()) return; // the server says what is missing
  e.preventDefault();
  e.stopImmediatePropagation();
  ask(form);
}, true);

for (const form of document.querySelectorAll("form[data-passkey]")) {
  for (const el of form.querySelectorAll("[data-passkey-can]")) el.hidden = !can;
  for (const el of form.querySelectorAll("[data-passkey-cannot]")) el.hidden = can;
}
if (can) offer();

// A page that comes back from the browser's memory has sent its challenge.
addEventListener("pageshow", (e) => { if (e.persisted) location.reload(); });

// What is not known here any more, the browser need not offer any longer (section 5.1.10).
async function signal(name, what) {
  try {
    await PublicKeyCredential[name]?.(JSON.parse(what));
  } catch { /* it is a courtesy */ }
}
if (can) {
  for (const el of document.querySelectorAll("[data-passkeys-accepted]")) signal("signalAllAcceptedCredentials", el.dataset.passkeysAccepted);
  for (const el of document.querySelectorAll("[data-passkey-unknown]")) signal("signalUnknownCredential", el.dataset.passkeyUnknown);
}
