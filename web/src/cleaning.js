import { cookies, storage } from "./config.js";
import { store } from "./store.js";

// A name matches itself alone; a pattern that ends in * matches whatever starts like it.
const matches = (pair, pattern) => pair.startsWith((pattern + "=").replace("*=", ""));

/** Removes the category's cookies from every domain they can be on, and its storage prefixes. */
export function clean(category) {
  for (const pair of document.cookie.split("; ")) {
    if (!cookies[category]?.some((pattern) => matches(pair, pattern))) continue;
    const gone = pair.split("=")[0] + "=;Path=/;Max-Age=0";
    document.cookie = gone;
    // A cookie does not tell its domain: try the host, and each of its parents.
    for (let domain = location.hostname; domain; domain = domain.replace(/^[^.]*\.?/, "")) {
      document.cookie = gone + ";Domain=" + domain;
    }
  }
  for (const key of Object.keys(store())) {
    if (storage[category]?.some((prefix) => key.startsWith(prefix))) delete store()[key];
  }
}
