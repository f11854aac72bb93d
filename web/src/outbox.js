// Records wait in localStorage until the server has them, one key for each event: tabs share the
// storage, and a list under one key would lose entries when two tabs read, change and write it.
import { days, endpoint } from "./config.js";
import { put, store } from "./store.js";

/** What the storage keys of waiting events start with. */
export const prefix = "jaga:";
let sending;
let failures = 0;
let timer;

// Event ids are ULIDs, so the order of the keys is the order of the choices.
const waiting = () => Object.keys(store()).filter((key) => key.startsWith(prefix)).sort();

// A string goes as text/plain, which needs no preflight; keepalive lets it outlive the page.
const post = (body) =>
  fetch(endpoint, {
    method: "POST",
    body,
    keepalive: true,
    credentials: "omit",
  }).then(
    (response) => response.status,
    () => 0,
  );

/** Sends what waits, oldest first, and comes back later for what was not taken. */
export async function flush() {
  if (sending) return;
  clearTimeout(timer);
  for (sending of waiting()) {
    const body = store()[sending];
    if (!body) continue; // another tab was faster
    const status = await post(body);
    // The server or the network failed: the order of the choices is kept.
    if (!status || status > 428) break;
    // Gone are those that were recorded, those whose bytes no server will ever take (400, 409,
    // 41x), and what is older than a choice may be. The rest waits and lets others pass: a 403 or
    // 404 may be a deployment in progress, a 422 a clock that will be right again.
    if (
      /^2|40[09]|41/.test(status) ||
      Date.parse(JSON.parse(body).occurred_at) < Date.now() - days * 864e5
    ) {
      delete store()[sending];
      failures = 0;
    }
  }
  sending = 0;
  // 0.5 to 1 s at first, then doubling up to about five minutes; random, so that all the pages
  // that saw the same outage do not come back in the same second.
  if (waiting()[0])
    timer = setTimeout(flush, (1 + Math.random()) * 500 * 2 ** Math.min(failures++, 8));
}

/** Keeps the event before anything is sent, so that nothing that happens afterwards can lose it. */
export function enqueue(event) {
  put(prefix + event.event_id, JSON.stringify(event));
  flush();
}

addEventListener("online", flush);
// A last try as the page goes, for the one under way as well: its answer may be a refusal that
// nobody reads any more. Entries stay until an answer was read; should the server have got one
// twice, it knows the event by its id and answers with the record that it already holds. Listening
// starts with the script: a quick visitor chooses and leaves before connect() was called.
addEventListener("pagehide", () => waiting().forEach((key) => post(store()[key])));
