// The server puts this site's configuration in place of JAGA_CONFIG when it serves the file, so
// that no second round trip stands between the page and the banner, and none can fail open.
export const { days, text, cookies, storage, policy_url } = JAGA_CONFIG;

export const script = document.currentScript;

// …/v1/sites/<site>/banner.js and …/v1/sites/<site>/cookie-preferences are siblings.
export const endpoint = new URL("cookie-preferences", script.src);

export const categories = ["performance", "functional"];
