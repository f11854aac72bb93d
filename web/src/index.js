import { choice, read } from "./choice.js";
import { start } from "./config.js";
import { tellGoogle } from "./consent-mode.js";
import { apply, choices, leave, reread } from "./decision.js";
import { dodge, show, shown } from "./first-layer.js";
import { gpc } from "./gpc.js";
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
  // A script that came later may have replaced all that the page was.
  if (!shown?.isConnected) show();
}

function begin() {
  // The question at once, so that the browser lays it out together with the page; but with the next
  // frame where the script has taken long, so that running it and laying out the banner make no
  // long task. The rest is in no hurry: the page may still bring its own way back, and whether the
  // note was closed is in the storage.
  const later = () => choice || gpc || performance.now() - start > 8;
  on(() => (later() ? requestAnimationFrame(show) : show()));
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
read();
if (document.readyState == "loading") addEventListener("DOMContentLoaded", begin);
else begin();
