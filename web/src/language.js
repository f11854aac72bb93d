import { script, text } from "./config.js";

// The page's own language wins: a banner in another language than the page would be read by nobody.
export const language =
  [document.documentElement.lang, script.dataset.lang, navigator.language]
    .map((tag) => tag?.slice(0, 2).toLowerCase())
    .find((tag) => text[tag]) || "en";

/** The words in the visitor's language, and the SHA-256 by which a record names them. */
export const { t, sha256 } = text[language];
