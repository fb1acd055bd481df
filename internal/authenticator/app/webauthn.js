// @ts-check
// The verifying key: made once, and used after the person showed a face, a finger or
// the PIN of the screen lock.

import { b64, chance, unb64 } from "./bytes.js";

/** @typedef {Uint8Array<ArrayBuffer>} Octets */

/** Whether this device can check who holds it. A no is asked again: it takes the phone out of use. */
export async function available() {
  for (let look = 0; look < 2; look++) {
    try {
      if (await PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable()) return true;
    } catch {
      return false; // there is no such thing here
    }
    await new Promise((done) => { setTimeout(done, 400); });
  }
  return false;
}

/** The person said no, or did not answer; or this device could not. */
export class Unverified extends Error {}

/** @param {any} json PublicKeyCredentialCreationOptionsJSON @returns {Promise<PublicKeyCredential>} */
export async function create(json) {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON?.(json) ?? creationOptions(json);
  return tried(navigator.credentials.create({ publicKey }));
}

/**
 * @param {{credential: string}} account @param {Octets} challenge
 * @returns {Promise<PublicKeyCredential>}
 */
export function assert(account, challenge) {
  return tried(navigator.credentials.get({
    publicKey: {
      challenge, userVerification: "required", timeout: 60_000,
      allowCredentials: [{ type: "public-key", id: unb64(account.credential), transports: ["internal"] }],
    },
  }));
}

/**
 * Asks who holds the phone, for what this phone shows by itself; works without a
 * connection.
 * @param {{credential: string}} account
 */
export async function verify(account) {
  const credential = await assert(account, chance(32));
  const response = /** @type {AuthenticatorAssertionResponse} */ (credential.response);
  const flags = new Uint8Array(response.authenticatorData)[32];
  if (!(flags & 4)) throw new Unverified("not verified");
}

/** @param {Promise<Credential | null>} made @returns {Promise<PublicKeyCredential>} */
async function tried(made) {
  try {
    const credential = await made;
    if (credential) return /** @type {PublicKeyCredential} */ (credential);
  } catch (error) {
    throw new Unverified(error instanceof Error ? error.name : "", { cause: error });
  }
  throw new Unverified("none");
}

/** Browsers before 2025 read no JSON. @param {any} json */
function creationOptions(json) {
  return {
    ...json, challenge: unb64(json.challenge), user: { ...json.user, id: unb64(json.user.id) },
    excludeCredentials: (json.excludeCredentials ?? []).map((/** @type {any} */ c) => ({ ...c, id: unb64(c.id) })),
  };
}

/** Tells the platform that a key serves no more, where it listens. @param {{credential: string}} account */
export async function discard(account) {
  const known = /** @type {any} */ (globalThis).PublicKeyCredential;
  try {
    await known?.signalUnknownCredential?.({ rpId: location.hostname, credentialId: account.credential });
  } catch {
    // it only tidies up
  }
}

/** The credential as the protocol sends it; browsers before 2025 write no JSON. @param {PublicKeyCredential} credential */
export function written(credential) {
  if (credential.toJSON) return credential.toJSON();
  const response = /** @type {any} */ (credential.response);
  /** @type {Record<string, any>} */
  const fields = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[name]) fields[name] = b64(response[name]);
  }
  if (response.getTransports) fields.transports = response.getTransports();
  return { id: credential.id, rawId: b64(credential.rawId), type: credential.type, clientExtensionResults: {}, response: fields };
}
