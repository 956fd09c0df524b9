/** Random numbers for the drawings: the same for the same seed on every machine. */

/**
 * Mulberry32.
 *
 * @param {string} seed any text
 * @returns {() => number} numbers from 0 (included) to 1
 */
function randomFrom(seed) {
  let state = hashOf(seed);
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = state;
    bits = Math.imul(bits ^ (bits >>> 15), bits | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** FNV-1a. @param {string} text */
function hashOf(text) {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ /** @type {number} */ (character.codePointAt(0)), 0x01000193);
  return hash >>> 0;
}

/** A number between two bounds. @param {() => number} random @param {number} from @param {number} to */
function between(random, from, to) {
  return from + (to - from) * random();
}

module.exports = { randomFrom, between };
