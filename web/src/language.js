import { script, text } from "./config.js";

const known = (tag) => text[(tag = tag?.slice(0, 2).toLowerCase())] && tag;

// The page's own language wins: a banner in another language than the page would be read by nobody.
export const language =
  known(document.documentElement.lang) ||
  known(script.dataset.lang) ||
  known(navigator.language) ||
  "en";

/** The words in the visitor's language, and the SHA-256 by which a record names them. */
export const { t, sha256 } = text[language];
