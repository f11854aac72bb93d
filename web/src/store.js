// Reading `localStorage` throws where the visitor has blocked site data; a plain object then
// serves for as long as the page lives. Both are used by property: store[key] = value.
export let store;
try {
  store = localStorage;
} catch {
  store = {};
}

/** Writes at once; a full or refused storage is replaced by memory rather than losing the entry. */
export function put(key, value) {
  try {
    store[key] = value;
  } catch {
    store = { [key]: value };
  }
}
