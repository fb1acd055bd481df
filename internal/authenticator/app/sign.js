// @ts-check
// The device key, and what is signed with it. The texts are those of the device
// protocol, under "Challenges" and "Signing requests".

import { b64, base64, chance, concat, lp, sha256, u64be, utf8 } from "./bytes.js";

/** @typedef {Uint8Array<ArrayBuffer>} Octets */

const curve = { name: "ECDSA", namedCurve: "P-256" };
const algorithm = { name: "ECDSA", hash: "SHA-256" };

/** A key that this browser can use and nobody can read. @returns {Promise<CryptoKeyPair>} */
export function newDeviceKey() {
  return crypto.subtle.generateKey(curve, false, ["sign", "verify"]);
}

/** The public half, an uncompressed point. @param {CryptoKeyPair} pair @returns {Promise<Octets>} */
export async function publicPoint(pair) {
  return new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
}

/** RFC 7638. @param {Octets} point @returns {Promise<Octets>} */
export function thumbprint(point) {
  const x = b64(point.slice(1, 33)), y = b64(point.slice(33));
  return sha256(utf8(`{"crv":"P-256","kty":"EC","x":"${x}","y":"${y}"}`));
}

/** @param {CryptoKey} key @param {Octets} text @returns {Promise<Octets>} r and s */
export async function sign(key, text) {
  return new Uint8Array(await crypto.subtle.sign(algorithm, key, text));
}

/**
 * @typedef {object} Decided what a decision is about
 * @property {string} issuer
 * @property {string} request
 * @property {string} device
 * @property {Octets} nonce
 * @property {number} expires
 * @property {Octets} display
 */

/**
 * @param {Decided} about @param {"approve"|"deny"|"report"} decision @param {string} number
 * @returns {Promise<Octets>}
 */
export async function decisionChallenge(about, decision, number) {
  return sha256(concat(
    utf8("countersign-decision-v1\0"),
    lp(utf8(about.issuer)), lp(utf8(about.request)), lp(utf8(about.device)), lp(about.nonce),
    u64be(about.expires), await sha256(about.display),
    lp(utf8(decision)), lp(utf8(number)),
  ));
}

/**
 * @param {{issuer: string, pairing: string, code: string, thumbprint: Octets, credential: Octets}} p
 * @returns {Promise<Octets>}
 */
export async function pairingChallenge(p) {
  return sha256(concat(
    utf8("countersign-pair-v1\0"),
    lp(utf8(p.issuer)), lp(utf8(p.pairing)), lp(await sha256(utf8(p.code))), lp(p.thumbprint), lp(p.credential),
  ));
}

/** The six digits that both sides compute. @param {Octets} challenge @param {Octets} salt */
export async function confirmation(challenge, salt) {
  const sum = await sha256(concat(utf8("countersign-confirm-v1\0"), challenge, salt));
  const number = new DataView(sum.buffer).getBigUint64(0) % 1_000_000n;
  return String(number).padStart(6, "0");
}

/** @param {string} issuer @param {string} device @param {number} time @returns {Promise<Octets>} */
export function signInChallenge(issuer, device, time) {
  return sha256(concat(utf8("countersign-signin-v1\0"), lp(utf8(issuer)), lp(utf8(device)), u64be(time)));
}

/**
 * The header fields that sign one call (RFC 9421).
 * @param {{method: string, url: URL, body?: Octets, device: string, key: CryptoKey, created: number}} call
 * @returns {Promise<Record<string, string>>}
 */
export async function signedFields(call) {
  /** @type {Record<string, string>} */
  const fields = {};
  const lines = [
    ["@method", call.method], ["@authority", call.url.host], ["@path", call.url.pathname], ["@query", call.url.search || "?"],
  ];
  if (call.body) {
    fields["Content-Digest"] = `sha-256=:${base64(await sha256(call.body))}:`;
    fields["Content-Type"] = "application/json";
    lines.push(["content-digest", fields["Content-Digest"]], ["content-type", fields["Content-Type"]]);
  }
  const covered = lines.map(([name]) => `"${name}"`).join(" ");
  const params = `(${covered});created=${call.created};nonce="${b64(chance(16))}";alg="ecdsa-p256-sha256";keyid="${call.device}";tag="countersign-device"`;
  const base = [...lines.map(([name, value]) => `"${name}": ${value}`), `"@signature-params": ${params}`].join("\n");
  fields["Signature-Input"] = `sig=${params}`;
  fields["Signature"] = `sig=:${base64(await sign(call.key, utf8(base)))}:`;
  return fields;
}
