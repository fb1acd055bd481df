// @ts-check
// Octets: their texts, and what is hashed of them.

/** @typedef {Uint8Array<ArrayBuffer>} Octets */

const encoder = new TextEncoder();

/** @param {string} text @returns {Octets} */
export const utf8 = (text) => encoder.encode(text);

/** Base64url without padding. @param {BufferSource} octets @returns {string} */
export function b64(octets) {
  return base64(octets).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Base64 as header fields have it. @param {BufferSource} octets @returns {string} */
export function base64(octets) {
  const view = octets instanceof ArrayBuffer ? new Uint8Array(octets) : new Uint8Array(octets.buffer, octets.byteOffset, octets.byteLength);
  let text = "";
  for (const octet of view) text += String.fromCharCode(octet);
  return btoa(text);
}

/** @param {string} text base64url @returns {Octets} */
export function unb64(text) {
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
}

/** @param {...Octets} parts @returns {Octets} */
export function concat(...parts) {
  const all = new Uint8Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** The length in two octets, and the value. @param {Octets} value @returns {Octets} */
export function lp(value) {
  if (value.length > 0xffff) throw new RangeError("a field of more than 65,535 octets cannot be signed");
  return concat(Uint8Array.of(value.length >> 8, value.length & 0xff), value);
}

/** A number in eight octets. @param {number} value @returns {Octets} */
export function u64be(value) {
  const octets = new Uint8Array(8);
  new DataView(octets.buffer).setBigUint64(0, BigInt(value));
  return octets;
}

/** @param {Octets} octets @returns {Promise<Octets>} */
export async function sha256(octets) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", octets));
}

/** @param {number} size @returns {Octets} */
export const chance = (size) => crypto.getRandomValues(new Uint8Array(size));
