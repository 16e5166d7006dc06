// Draw the questions of an interview from a seed: the same seed draws the same, everywhere.
//
// Each question gets a number from the seed and its id, and the lowest are drawn. So the draw does
// not depend on the order of the questions, and one that is added replaces at most one that was drawn.
"use strict";

(() => {
  const LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"; // none that is taken for another

  // A number of 32 bits from a text: FNV-1a over its UTF-8, then MurmurHash3's finalizer.
  function hash(text) {
    let h = 0x811c9dc5;
    for (const byte of new TextEncoder().encode(text)) h = Math.imul(h ^ byte, 0x01000193);
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    return (h ^ (h >>> 16)) >>> 0;
  }

  // `count` of the ids, in the order of the draw.
  function draw(ids, count, seed) {
    const numbered = ids.map((id) => [hash(`${seed}\n${id}`), id]);
    numbered.sort(([a, x], [b, y]) => a - b || (x < y ? -1 : 1));
    return numbered.slice(0, count).map(([, id]) => id);
  }

  const newSeed = (random = Math.random) =>
    Array.from({ length: 6 }, () => LETTERS[Math.floor(random() * LETTERS.length)]).join("");

  const drawing = { hash, draw, newSeed };
  if (typeof module === "object") module.exports = drawing;
  else (globalThis.handtorch ??= {}).drawing = drawing;
})();
