// @ts-check
// The phone's own time-based code (RFC 6238, SHA-1).

import { u64be, unb64 } from "./bytes.js";

/**
 * A key that can make codes and cannot be read.
 * @param {string} secret base64url @returns {Promise<CryptoKey>}
 */
export function codeKey(secret) {
  return crypto.subtle.importKey("raw", unb64(secret), { name: "HMAC", hash: "SHA-1" }, false, ["sign"]);
}

/**
 * @param {CryptoKey} key @param {number} time seconds @param {number} digits @param {number} period
 * @returns {Promise<string>}
 */
export async function code(key, time, digits, period) {
  const sum = new Uint8Array(await crypto.subtle.sign("HMAC", key, u64be(Math.floor(time / period))));
  const at = sum[sum.length - 1] & 0xf;
  const number = new DataView(sum.buffer).getUint32(at) & 0x7fffffff;
  return String(number % 10 ** digits).padStart(digits, "0");
}
