import { choice } from "./choice.js";
import { policy_url } from "./config.js";
import { decide } from "./decision.js";
import { button, host, make } from "./elements.js";
import { gpc } from "./gpc.js";
import { sha256, t } from "./language.js";
import { open } from "./preferences.js";
import { put, store } from "./store.js";

const noted = "jaga-gpc";
/** What stands on the page now. */
export let shown;

// Accept and Reject come from one function with one style; neither is easier to reach or to see.
const question = () => [
  make(
    "div",
    {},
    make("h2", {}, t.title),
    make("p", {}, t.body),
    make("a", { href: policy_url }, t.policy),
  ),
  make(
    "div",
    { className: "row" },
    button("accept", () => decide("accept_all", true, true)),
    button("reject", () => decide("reject_all", false, false)),
    button("preferences", open, "alt"),
  ),
];

// Under Global Privacy Control nothing is asked: the answer is known. It can still be overruled.
const note = () => [
  make("p", {}, t.gpc),
  make(
    "div",
    { className: "row" },
    button("preferences", open, "alt"),
    button("close", () => (put(noted, sha256), show()), "alt"),
  ),
];

/** Shows what this visitor needs to see now: the question, the GPC note, or a way back. */
export function show() {
  shown = shown?.remove();
  if (!choice && !(gpc && store()[noted] == sha256)) {
    const box = make("div", { className: "box" }, ...(gpc ? note() : question()));
    shown = host("section", { ariaLabel: t.title }, box);
    document.body.prepend(shown);
  } else if (!document.querySelector("[data-jaga-open]")) {
    shown = host("div", {}, button("title", open, "box alt pill"));
    document.body.append(shown);
  }
  dodge();
}

/** Moves to the other edge of the window when it lies over the element that has the focus. */
export function dodge() {
  const focused = document.activeElement;
  if (!shown || focused == shown || focused == document.body) return;
  const covered = () => {
    const [a, b] = [focused, shown].map((element) => element.getBoundingClientRect());
    return a.bottom > b.top && a.top < b.bottom && a.right > b.left && a.left < b.right;
  };
  for (let tries = 2; tries-- && covered(); ) {
    const top = shown.classList.toggle("top");
    // On a small screen it may reach the middle from either edge: then the page has to move, too,
    // and near an end of the page it can only move one way.
    if (covered()) focused.scrollIntoView(!top);
  }
}
