// The first-party cookie: jaga=<visitor ULID>.<performance><functional>.<notice>.<time>
// where the two flags are 0 or 1, the notice is the first 12 hex digits of the hash of the text
// that the visitor read, and the time is in seconds since 1970, in base 36.
import { days, text } from "./config.js";
import { sha256 } from "./language.js";
import { ulid } from "./ulid.js";

const shape = /(?:^|; )jaga=(\w{26})\.([01])([01])\.(\w{12})\.(\w+)/;

/** Pseudonymous and random; it outlives a change of the notice, not the cookie. */
export let visitor;

/** The explicit choice in force, or false. Nothing optional runs without one. */
export let choice = false;

/** Reads the cookie. A malformed or expired one, or one about another text, is no choice. */
export function read() {
  const [, id, performance, functional, notice, time] = document.cookie.match(shape) || [];
  visitor = id || visitor;
  choice =
    // Either language's text counts: changing the language is no reason to ask again.
    Object.values(text).some((words) => words.sha256.startsWith(notice)) &&
    parseInt(time, 36) + days * 86400 > Date.now() / 1000 && {
      performance: performance > 0,
      functional: functional > 0,
    };
}

/** Writes the cookie at once and makes `next` the choice in force. */
export function write(next) {
  visitor ||= ulid();
  choice = next;
  const flags = `${+next.performance}${+next.functional}`;
  const time = Math.floor(Date.now() / 1000).toString(36);
  document.cookie =
    `jaga=${visitor}.${flags}.${sha256.slice(0, 12)}.${time}` +
    `;Path=/;SameSite=Lax;Max-Age=${days * 86400}` +
    (location.protocol == "https:" ? ";Secure" : "");
}
