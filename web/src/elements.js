import css from "./banner.css";
import { language, t } from "./language.js";

// Constructed sheets and text nodes only: a strict Content-Security-Policy refuses neither.
const sheet = new CSSStyleSheet();
sheet.replaceSync(css);

export const make = (tag, properties, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};

/** An element whose content lives in a shadow root, where the page's styles do not reach. */
export const host = (tag, properties, child) => {
  const element = make(tag, { className: "jaga", lang: language, ...properties });
  const root = element.attachShadow({ mode: "open" });
  root.adoptedStyleSheets = [sheet];
  root.append(child);
  return element;
};

export const button = (word, onclick, className = "") =>
  make("button", { onclick, className }, t[word]);
