import { choice, read } from "./choice.js";
import { start } from "./config.js";
import { tellGoogle } from "./consent-mode.js";
import { apply, choices, leave, reread } from "./decision.js";
import { dodge, show } from "./first-layer.js";
import { flush, prefix } from "./outbox.js";
import { open } from "./preferences.js";

const on = (listener) => document.addEventListener("jaga:change", (e) => listener(e.detail));
window.jaga = { open, choices, on };

function connect() {
  flush(); // what an earlier page could not send
  // A choice made in another tab shows as its outbox entry. Nothing is reloaded here: the visitor
  // is elsewhere, and may have left a half-filled form behind.
  addEventListener("storage", ({ key, newValue }) => {
    if (newValue && key.startsWith(prefix)) reread();
  });
  // One that was made before this page listened.
  if (!choice) {
    read();
    if (choice) apply();
  }
}

function begin() {
  // At once, so that the browser lays it out together with the page; but with the next frame where
  // this task has run for long, so that running it and laying out the banner make no long one. What
  // is chosen later is always later than that, and shows with the next frame.
  on(() => (performance.now() - start > 8 ? requestAnimationFrame(show) : show()));
  apply();
  addEventListener("click", (event) => {
    if (event.target.closest("[data-jaga-open]")) {
      event.preventDefault();
      open();
    }
  });
  // The browser makes the page wait when it first asks for its storage, and even when it first
  // listens for changes of it: not before the banner has been painted.
  setTimeout(connect, 200);
  // Back from the browser's page cache, where such events do not arrive.
  addEventListener("pageshow", ({ persisted }) => {
    if (persisted) {
      reread();
      leave();
    }
  });
  // The browser scrolls to what it has focused after the event, smoothly if the page asks for it.
  addEventListener("focusin", () => requestAnimationFrame(dodge));
  addEventListener("scrollend", dodge);
}

// Before the choice is known everything is denied; Google's own scripts may come next in the page.
tellGoogle();
// Right after this script, before any other. Chromium looks up the line of every function that is
// under way when a cookie is asked for, and reads their source anew: not all of this one's.
queueMicrotask(() => {
  read();
  if (document.readyState == "loading") addEventListener("DOMContentLoaded", begin);
  else begin();
});
