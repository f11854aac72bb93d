import { release, ran } from "./blocking.js";
import { choice, read, visitor, write } from "./choice.js";
import { clean } from "./cleaning.js";
import { categories } from "./config.js";
import { tellGoogle } from "./consent-mode.js";
import { gpc } from "./gpc.js";
import { language, sha256 } from "./language.js";
import { enqueue } from "./outbox.js";
import { ulid } from "./ulid.js";

/** What may be used now. Undecided, with or without GPC, is the same as refused. */
export const choices = () => ({
  essential: true,
  performance: false,
  functional: false,
  ...choice,
  decided: !!choice,
  gpc,
});

/** Brings the page into line with the choice in force, and tells whoever listens. */
export function apply() {
  if (choice) {
    tellGoogle();
    for (const category of categories) (choice[category] ? release : clean)(category);
  }
  document.dispatchEvent(new CustomEvent("jaga:change", { detail: choices() }));
}

/** Catches up with what was chosen elsewhere: in another tab, or while this page was cached. */
export function reread() {
  read();
  apply();
}

/** Code that has run cannot be taken back, only left behind. */
export function leave() {
  if (categories.some((category) => ran[category] && !choice[category])) location.reload();
}

/** One explicit choice by the visitor: cookie and outbox first, then everything else. */
export function decide(action, performance, functional) {
  read(); // another tab may have been here since
  const had = choice.performance || choice.functional;
  write({ performance, functional });
  enqueue({
    event_id: ulid(),
    visitor_id: visitor,
    action: had && !performance && !functional ? "withdraw" : action,
    choices: choice,
    notice_sha256: sha256,
    language,
    gpc,
    occurred_at: new Date().toISOString(),
    banner_build: JAGA_BUILD,
    source: "button",
  });
  apply();
  leave();
}
