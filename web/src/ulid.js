const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** A ULID: 48 bits of time in milliseconds, then 80 random bits, in Crockford's base 32. */
export function ulid() {
  let time = Date.now();
  let id = "";
  for (let i = 10; i--; time = Math.floor(time / 32)) id = alphabet[time % 32] + id;
  for (const byte of crypto.getRandomValues(new Uint8Array(16))) id += alphabet[byte % 32];
  return id;
}
