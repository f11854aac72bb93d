import { read } from "./choice.js";
import { apply, choices, leave, reread } from "./decision.js";
import { dodge, show } from "./first-layer.js";
import { prefix, start } from "./outbox.js";
import { open } from "./preferences.js";

const on = (listener) => document.addEventListener("jaga:change", (e) => listener(e.detail));
window.jaga = { open, choices, on };

function begin() {
  on(show);
  apply();
  document.addEventListener("click", (event) => {
    if (event.target.closest?.("[data-jaga-open]")) {
      event.preventDefault();
      open();
    }
  });
  // A choice made in another tab shows as its outbox entry. Nothing is reloaded here: the visitor
  // is elsewhere, and may have left a half-filled form behind.
  addEventListener("storage", ({ key, newValue }) => {
    if (newValue && key.startsWith(prefix)) reread();
  });
  // Back from the browser's page cache, where such events do not arrive.
  addEventListener("pageshow", ({ persisted }) => {
    if (persisted) {
      reread();
      leave();
    }
  });
  // The browser scrolls to what it has focused after the event, smoothly if the page asks for it.
  document.addEventListener("focusin", () => requestAnimationFrame(dodge));
  document.addEventListener("scrollend", dodge);
}

read();
start();
if (document.readyState == "loading") document.addEventListener("DOMContentLoaded", begin);
else begin();
