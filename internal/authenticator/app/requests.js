// @ts-check
// A request as it is listed, read and answered. The page approves; the page and the
// service worker deny.

import { b64, unb64 } from "./bytes.js";
import { call } from "./protocol.js";
import { decisionChallenge, sign } from "./sign.js";

/** @typedef {Uint8Array<ArrayBuffer>} Octets */

/** @typedef {import("./store.js").Account} Account */

/**
 * @typedef {object} Asked
 * @property {string} id
 * @property {"signin"|"fresh_proof"|"verification"|"test"} kind
 * @property {string} nonce
 * @property {number} expires_at
 * @property {string} display
 * @property {{mode: "type"|"type6"|"tap", digits: number}} number
 */

/** What a person is shown of it: texts only. @param {{display: string}} asked @returns {Record<string, string>} */
export function shown(asked) {
  try {
    const display = JSON.parse(new TextDecoder().decode(unb64(asked.display)));
    return Object.fromEntries(Object.entries(display).filter(([, value]) => typeof value === "string"));
  } catch {
    return {};
  }
}

/**
 * The octets that both keys sign.
 * @param {Account} account @param {Asked} asked @param {"approve"|"deny"|"report"} decision @param {string} number
 */
function challenge(account, asked, decision, number) {
  return decisionChallenge({
    issuer: account.issuer, request: asked.id, device: account.id, nonce: unb64(asked.nonce),
    expires: asked.expires_at, display: unb64(asked.display),
  }, decision, number);
}

/**
 * Sends a decision. What it came to, or how the request had ended before.
 * @param {Account} account @param {Asked} asked @param {Record<string, any>} decision
 * @returns {Promise<string>}
 */
async function send(account, asked, decision) {
  try {
    return (await call(account, "POST", `requests/${encodeURIComponent(asked.id)}`, decision)).state;
  } catch (refused) {
    const known = /** @type {import("./protocol.js").Refusal} */ (refused);
    if (known.code === "request_over") return `over_${known.state}`;
    if (known.code === "no_such_request") return "over_gone";
    throw refused;
  }
}

/**
 * @param {Account} account @param {Asked} asked @param {"deny"|"report"} decision
 * @returns {Promise<string>} denied, reported, or over_… where it had ended
 */
export async function refuse(account, asked, decision) {
  const signature = await sign(key(account), await challenge(account, asked, decision, ""));
  return send(account, asked, { decision, signature: b64(signature) });
}

/**
 * @param {Account} account @param {Asked} asked @param {string} number
 * @param {(challenge: Octets) => Promise<any>} verify the verifying key's assertion
 * @returns {Promise<string>} approved, mismatch, or over_…
 */
export async function approve(account, asked, number, verify) {
  const octets = await challenge(account, asked, "approve", number);
  const signature = await sign(key(account), octets);
  const assertion = await verify(octets);
  return send(account, asked, { decision: "approve", number, signature: b64(signature), assertion });
}

/** @param {Account} account */
function key(account) {
  if (!account.key) throw new Error("the device has no key");
  return account.key.privateKey;
}

/** Finds one request among those that wait. @param {Account} account @param {string} id @returns {Promise<Asked | undefined>} */
export async function find(account, id) {
  const list = await call(account, "GET", "requests");
  return list.requests.find((/** @type {Asked} */ asked) => asked.id === id);
}
