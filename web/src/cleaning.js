import { cookies, storage } from "./config.js";
import { store } from "./store.js";

/** Removes the category's cookies (names, or prefixes that end in *) and its storage prefixes. */
export function clean(category) {
  const patterns = cookies[category] || [];
  for (const pair of document.cookie.split("; ")) {
    const name = pair.split("=")[0];
    if (patterns.some((p) => (p.endsWith("*") ? name.startsWith(p.slice(0, -1)) : name == p))) {
      // A cookie does not tell its domain: try the host alone, the host, and each parent domain.
      const labels = location.hostname.split(".");
      document.cookie = name + "=;Path=/;Max-Age=0";
      while (labels[0]) {
        document.cookie = `${name}=;Path=/;Max-Age=0;Domain=${labels.join(".")}`;
        labels.shift();
      }
    }
  }
  for (const key of Object.keys(store)) {
    if ((storage[category] || []).some((p) => key.startsWith(p))) delete store[key];
  }
}
