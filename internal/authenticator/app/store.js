// @ts-check
// What this installation keeps: the accounts with their keys, in IndexedDB, and a
// list of their names in localStorage, by which a lost database is noticed. The
// service worker reads and writes the same database.

/**
 * @typedef {object} Account
 * @property {string} id the device's identifier
 * @property {string} issuer
 * @property {string} workspace
 * @property {string} account
 * @property {string} name of this device
 * @property {CryptoKeyPair} [key] the device key; gone once the device was removed
 * @property {string} credential identifier of the verifying key, base64url
 * @property {string} vapid
 * @property {"confirmed"|"active"|"signed_out"|"removed"} state
 * @property {""|"biometrics"|"version"} trouble
 * @property {string} version the least one that the workspace allows, or ""
 * @property {number} offset seconds to add to this device's clock
 * @property {boolean} pushes
 * @property {boolean} biometrics as last seen
 * @property {CryptoKey} [codeKey] of the device's own code
 * @property {number} [digits]
 * @property {number} [period]
 * @property {number} added
 * @property {number} [used] when it last approved
 * @property {any[]} [history] as last read
 */

/** @type {Promise<IDBDatabase> | undefined} */
let opened;

function database() {
  opened ??= new Promise((resolve, reject) => {
    const open = indexedDB.open("countersign", 1);
    open.onupgradeneeded = () => {
      open.result.createObjectStore("accounts", { keyPath: "id" });
      open.result.createObjectStore("kept");
    };
    open.onsuccess = () => {
      open.result.onclose = () => { opened = undefined; };
      open.result.onversionchange = () => { open.result.close(); opened = undefined; };
      resolve(open.result);
    };
    open.onerror = () => { opened = undefined; reject(open.error); };
  });
  return opened;
}

/**
 * Runs work in one transaction and answers what it gave when that has committed.
 * @template T
 * @param {"accounts"|"kept"} name @param {IDBTransactionMode} mode
 * @param {(store: IDBObjectStore, give: (value: T) => void) => void} work
 * @returns {Promise<T>}
 */
async function within(name, mode, work) {
  const db = await database();
  return new Promise((resolve, reject) => {
    /** @type {any} */
    let value;
    const transaction = db.transaction(name, mode);
    transaction.oncomplete = () => resolve(value);
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
    work(transaction.objectStore(name), (given) => { value = given; });
  });
}

/** @returns {Promise<Account[]>} the oldest first */
export async function accounts() {
  /** @type {Account[]} */
  const all = await within("accounts", "readonly", (store, give) => {
    const asked = store.getAll();
    asked.onsuccess = () => give(asked.result);
  });
  return all.sort((a, b) => a.added - b.added);
}

/** @param {Account} account */
export function add(account) {
  return within("accounts", "readwrite", (store) => { store.put(account); });
}

/**
 * Changes an account as it is stored now: the page and the worker may both do so.
 * @param {string} id @param {(account: Account) => void} edit
 * @returns {Promise<Account | undefined>} as it is stored then
 */
export function change(id, edit) {
  return within("accounts", "readwrite", (store, give) => {
    const asked = store.get(id);
    asked.onsuccess = () => {
      if (!asked.result) return;
      edit(asked.result);
      store.put(asked.result);
      give(asked.result);
    };
  });
}

/** @param {string} id */
export function forget(id) {
  return within("accounts", "readwrite", (store) => { store.delete(id); });
}

/** @param {string} name @returns {Promise<any>} */
export function kept(name) {
  return within("kept", "readonly", (store, give) => {
    const asked = store.get(name);
    asked.onsuccess = () => give(asked.result);
  });
}

/** @param {string} name @param {any} value undefined takes it away */
export function keep(name, value) {
  return within("kept", "readwrite", (store) => {
    if (value === undefined) store.delete(name);
    else store.put(value, name);
  });
}

const listName = "countersign.devices";

/** The names of the devices that were here. Only pages have localStorage. @returns {string[]} */
export function remembered() {
  try {
    const list = JSON.parse(localStorage.getItem(listName) ?? "[]");
    return Array.isArray(list) ? list.filter((id) => typeof id === "string") : [];
  } catch {
    return [];
  }
}

/** @param {string[]} ids */
export function remember(ids) {
  try {
    localStorage.setItem(listName, JSON.stringify(ids));
  } catch {
    // Without it a lost database is not noticed; everything else works.
  }
}
