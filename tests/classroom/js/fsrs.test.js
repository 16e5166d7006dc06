// FSRS-6 by hand; tests/classroom/test_practice.py compares it with py-fsrs.
"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");
const fsrs = require("../../../book/_static/practice/fsrs.js");

const near = (actual, expected) =>
  assert.ok(Math.abs(actual - expected) < 1e-9 * Math.max(1, Math.abs(expected)), `${actual} is not ${expected}`);

test("stability is the time after which recall has fallen to 0.9, so the interval is S, rounded", () => {
  for (const s of [1, 2.3065, 40, 1000]) near(fsrs.retrievability(s, s), 0.9);
  near(fsrs.retrievability(0, 7), 1);
  assert.deepEqual([0.2, 2.3065, 2.6, 1e9].map(fsrs.interval), [1, 2, 3, 36500]);
});

test("the first review gives w0…w3 as stability and w4 − e^(w5 (G − 1)) + 1 as difficulty", () => {
  near(fsrs.review(null, fsrs.GOOD).stability, 2.3065);
  near(fsrs.review(null, fsrs.AGAIN).stability, 0.212);
  near(fsrs.review(null, fsrs.AGAIN).difficulty, 6.4133);
  near(fsrs.review(null, fsrs.GOOD).difficulty, 6.4133 - Math.exp(2 * 0.8334) + 1);
  assert.equal(fsrs.review(null, fsrs.EASY).difficulty, 1); // clamped
});

test("a second success after S days, with the formula written out", () => {
  const first = fsrs.review(null, fsrs.GOOD);
  const s = 2.3065;
  const growth = Math.exp(1.8722) * (11 - first.difficulty) * s ** -0.1666 * (Math.exp(0.1 * 0.796) - 1);
  near(fsrs.review(first, fsrs.GOOD, s).stability, s * (1 + growth));
});

test("forgetting never makes a memory more stable, success never less", () => {
  let memory = fsrs.review(null, fsrs.GOOD);
  for (const [rating, days] of [[3, 2], [1, 5], [3, 0], [1, 0], [3, 1], [4, 30], [2, 90], [1, 400]]) {
    const next = fsrs.review(memory, rating, days);
    if (rating === fsrs.AGAIN) assert.ok(next.stability < memory.stability);
    else assert.ok(next.stability >= memory.stability);
    assert.ok(next.difficulty >= 1 && next.difficulty <= 10);
    memory = next;
  }
});

test("a rating that is none is refused", () => {
  for (const rating of [0, 5, 2.5, "3", undefined]) {
    assert.throws(() => fsrs.review(null, rating), /rating is .*; it may be 1, 2, 3 or 4/);
  }
});
