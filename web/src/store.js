// Asking for `localStorage` throws where the visitor has blocked site data; a plain object then
// serves for as long as the page lives. Both are used by property: store()[key] = value.
let opened;

/** The visitor's storage. Opened when first needed: browsers make the page wait for it. */
export function store() {
  try {
    opened ||= localStorage;
  } catch {
    opened = {};
  }
  return opened;
}

/** Writes at once; a full storage is replaced by memory rather than losing the entry. */
export function put(key, value) {
  try {
    store()[key] = value;
  } catch {
    opened = { [key]: value };
  }
}
