// FSRS-6, the Free Spaced Repetition Scheduler: when a card should be seen again.
//
// A card's memory has a stability S (days after which it is recalled with probability 0.9) and a
// difficulty D (1…10). The letters and the numbering of the parameters w are those of the
// algorithm's description (github.com/open-spaced-repetition/fsrs4anki/wiki/The-Algorithm).
// Left out: fuzzing, learning steps within a day, and fitting w to a reader. The tests hold every
// number equal to py-fsrs, the reference in Python.
"use strict";

(() => {
  const AGAIN = 1, HARD = 2, GOOD = 3, EASY = 4;
  const RETENTION = 0.9; // wanted probability of recall when a card comes up
  const LONGEST = 36500; // days
  const W = [
    0.212, 1.2931, 2.3065, 8.2956, 6.4133, 0.8334, 3.0194, 0.001, 1.8722, 0.1666, 0.796, 1.4835,
    0.0614, 0.2629, 1.6483, 0.6014, 1.8729, 0.5425, 0.0912, 0.0658, 0.1542,
  ];
  const DECAY = -W[20];
  const FACTOR = 0.9 ** (1 / DECAY) - 1; // so that R = 0.9 after S days

  const clamp = (x, low, high) => Math.min(Math.max(x, low), high);
  const atLeastSmallest = (s) => Math.max(s, 0.001);

  // R(t, S): the probability of recall after t days.
  const retrievability = (days, s) => (1 + (FACTOR * days) / s) ** DECAY;

  const firstDifficulty = (rating) => W[4] - Math.exp(W[5] * (rating - 1)) + 1;

  function nextDifficulty(d, rating) {
    const change = -W[6] * (rating - 3);
    const damped = d + (change * (10 - d)) / 9;
    return clamp(W[7] * firstDifficulty(EASY) + (1 - W[7]) * damped, 1, 10);
  }

  function afterRecall(d, s, r, rating) {
    const harder = rating === HARD ? W[15] : 1;
    const easier = rating === EASY ? W[16] : 1;
    const growth = Math.exp(W[8]) * (11 - d) * s ** -W[9] * (Math.exp((1 - r) * W[10]) - 1);
    return s * (1 + growth * harder * easier);
  }

  function afterForgetting(d, s, r) {
    const left = W[11] * d ** -W[12] * ((s + 1) ** W[13] - 1) * Math.exp((1 - r) * W[14]);
    return Math.min(left, s / Math.exp(W[17] * W[18]));
  }

  function onTheSameDay(s, rating) {
    const growth = Math.exp(W[17] * (rating - 3 + W[18])) * s ** -W[19];
    return s * (rating === AGAIN ? growth : Math.max(growth, 1));
  }

  // The memory after a review: null is a card never seen; `days` have passed since the last review.
  function review(memory, rating, days = 0) {
    if (![AGAIN, HARD, GOOD, EASY].includes(rating)) {
      throw new RangeError(`rating is ${rating}; it may be 1, 2, 3 or 4`);
    }
    if (!memory) {
      const s = atLeastSmallest(W[rating - 1]);
      return { stability: s, difficulty: clamp(firstDifficulty(rating), 1, 10) };
    }
    const { stability: s, difficulty: d } = memory;
    let next;
    if (days < 1) next = onTheSameDay(s, rating);
    else {
      const r = retrievability(days, s);
      next = rating === AGAIN ? afterForgetting(d, s, r) : afterRecall(d, s, r, rating);
    }
    return { stability: atLeastSmallest(next), difficulty: nextDifficulty(d, rating) };
  }

  // Whole days until the probability of recall has fallen to the wanted one.
  function interval(stability) {
    const days = (stability / FACTOR) * (RETENTION ** (1 / DECAY) - 1);
    return clamp(Math.round(days), 1, LONGEST);
  }

  const fsrs = { AGAIN, HARD, GOOD, EASY, review, interval, retrievability };
  if (typeof module === "object") module.exports = fsrs;
  else (globalThis.handtorch ??= {}).fsrs = fsrs;
})();
