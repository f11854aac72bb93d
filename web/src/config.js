// The server puts this site's configuration in place of JAGA_CONFIG when it serves the file, so
// that no second round trip stands between the page and the banner, and none can fail open.
export const { days, text, cookies, storage, policy_url } = JAGA_CONFIG;

/** When this script began to run, in milliseconds since the navigation did. */
export const start = performance.now();

export const script = document.currentScript;

/** Where choices are recorded: beside …/v1/sites/<site>/banner.js. A copy that has no such address
 * could send nothing of what it asks; it ends here, before it has asked. */
export const endpoint = new URL("cookie-preferences", script.src);

export const categories = ["performance", "functional"];
