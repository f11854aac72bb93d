/** The categories whose blocked content has run in this page: these need a reload to stop. */
export const ran = {};

function revive(element) {
  const { consent, src } = element.dataset;
  delete element.dataset.consent;
  ran[consent] = 1;
  if (element.content) {
    element.replaceWith(element.content);
  } else if (element.text != null) {
    // A script runs only if it was never prepared, so a new one takes its place.
    const fresh = document.createElement("script");
    for (const { name, value } of element.attributes) {
      if (name != "type") fresh.setAttribute(name, value);
    }
    if (element.dataset.type) fresh.type = element.dataset.type;
    // Scripts made by scripts are async unless told otherwise, and then run in any order. The held
    // script's own property does not tell: a browser sets it on types that it does not run.
    fresh.async = element.hasAttribute("async");
    // Browsers hide the nonce from the attribute; without it a strict policy would refuse this.
    fresh.nonce = element.nonce;
    fresh.text = element.text;
    element.replaceWith(fresh);
  } else {
    element.src = src;
  }
}

/** Runs what the page holds back for `category`: scripts, templates, and anything with data-src. */
export function release(category) {
  document.querySelectorAll(`[data-consent=${category}]`).forEach(revive);
  document.querySelectorAll(`[data-consent-else=${category}]`).forEach((e) => (e.hidden = true));
}
