// The draw of an interview.
"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");
const { draw, hash, newSeed } = require("../../../book/_static/practice/draw.js");

const ids = Array.from({ length: 60 }, (_, i) => `tokenizer/question-${i}`);

test("the same seed draws the same, in whatever order the questions stand", () => {
  const drawn = draw(ids, 5, "k3f9za");
  assert.equal(new Set(drawn).size, 5);
  assert.deepEqual(draw([...ids].reverse(), 5, "k3f9za"), drawn);
  assert.notDeepEqual(draw(ids, 5, "k3f9zb"), drawn);
  assert.deepEqual(draw(ids, 3, "k3f9za"), drawn.slice(0, 3));
});

test("this draw must stay: people have sent its address to each other", () => {
  assert.equal(hash(""), 0xab3e7c0b);
  assert.equal(hash("手撕"), 0xd4b7781d); // computed in Python
  assert.deepEqual(draw(ids, 3, "again"), [33, 21, 54].map((i) => `tokenizer/question-${i}`));
});

test("a question that is added replaces at most one", () => {
  for (let seed = 0; seed < 50; seed++) {
    const [before, after] = [draw(ids, 5, seed), draw([...ids, "tokenizer/new"], 5, seed)];
    assert.ok(before.filter((id) => !after.includes(id)).length <= 1);
  }
});

test("all of fewer are drawn, and none of none", () => {
  assert.equal(draw(ids.slice(0, 3), 5, "x").length, 3);
  assert.deepEqual(draw([], 5, "x"), []);
});

test("each question is as likely as another", () => {
  const times = new Map(ids.map((id) => [id, 0]));
  for (let seed = 0; seed < 6000; seed++) for (const id of draw(ids, 5, seed)) times.set(id, times.get(id) + 1);
  for (const n of times.values()) assert.ok(n > 390 && n < 610, n); // 500 expected; 110 is five standard deviations
});

test("seeds are six letters that can be read aloud", () => {
  for (let i = 0; i < 100; i++) assert.match(newSeed(), /^[2-9a-hjkmnp-z]{6}$/);
});
