// The record of the cards: what it keeps, what it refuses, what is due.
"use strict";

process.env.TZ = "Asia/Shanghai";
const assert = require("node:assert/strict");
const { test } = require("node:test");
const reviews = require("../../../book/_static/practice/reviews.js");

const DAY = 86_400_000;
const NOON = new Date("2026-11-20T12:00:00+08:00").getTime();
const A = "tokenizer/what-is-oov";
const B = "rl/ppo-or-grpo";

class Memory {
  items = new Map();
  full = false;
  getItem(key) {
    return this.items.get(key) ?? null;
  }
  setItem(key, text) {
    if (this.full) throw new Error("QuotaExceededError");
    this.items.set(key, text);
  }
}

test("a day ends at four in the morning of the reader's clock", () => {
  const day = reviews.dayOf(NOON);
  assert.equal(reviews.dayOf(new Date("2026-11-21T03:59:00+08:00").getTime()), day);
  assert.equal(reviews.dayOf(new Date("2026-11-21T04:00:00+08:00").getTime()), day + 1);
  assert.equal(reviews.startOf(day + 1), new Date("2026-11-21T04:00:00+08:00").getTime());
});

test("a record that was written is read back as it was", () => {
  const records = new Map([[B, [[NOON, 1], [NOON + 5, 3]]], [A, [[NOON, 3]]]]);
  assert.deepEqual(reviews.parse(reviews.stringify(records), NOON), records);
  assert.deepEqual(reviews.parse(reviews.stringify(new Map()), NOON), new Map());
});

test("every file that is no record is refused with a sentence in two languages", () => {
  const file = (cards, rest = {}) => JSON.stringify({ format: "handtorch-reviews", version: 1, cards, ...rest });
  const bad = {
    "it is not JSON": ["", "{", "hello", "%PDF-1.7"],
    "it is no record of these cards": ["null", "[]", "3", "{}", '"x"', '{"format": "anki"}'],
    "its version is 2, and this page reads version 1": [file({}, { version: 2 })],
    "it holds no cards": [file(null), file([]), file("x")],
    "is no card": [file({ x: [] }), file({ "a/b/c": [] }), file({ "__proto__/x": [] }), file({ "A/b": [] })],
    "is damaged": [
      [NOON, 3], [[NOON]], [[NOON, 3, 1]], [[NOON, 0]], [[NOON, 5]], [[NOON, 2.5]], [[NOON, "3"]],
      [["x", 3]], [[0, 3]], [[NOON + 3 * DAY, 3]], {}, null, 7,
    ].map((entry) => file({ [A]: entry })),
  };
  for (const [sentence, texts] of Object.entries(bad)) {
    for (const text of texts) {
      assert.throws(
        () => reviews.parse(text, NOON),
        (error) => error.sentence.en.includes(sentence) && /[一-鿿]/.test(error.sentence.zh),
        text,
      );
    }
  }
});

test("joining two records keeps every review of both, once, in order", () => {
  const mine = new Map([[A, [[NOON, 1], [NOON + 9, 3]]]]);
  const theirs = new Map([[A, [[NOON + 4, 1], [NOON + 9, 3]]], [B, [[NOON, 3]]]]);
  const both = new Map([[A, [[NOON, 1], [NOON + 4, 1], [NOON + 9, 3]]], [B, [[NOON, 3]]]]);
  assert.deepEqual(reviews.merge(mine, theirs), both);
  assert.deepEqual(reviews.merge(theirs, mine), both);
});

test("a card comes back on its day, the longest overdue first, then new ones up to the day's number", () => {
  const ids = ["x/a", "x/b", "x/c", "x/d", "x/e"];
  const records = new Map([["x/a", [[NOON, 3]]], ["x/b", [[NOON - 5 * DAY, 3]]], ["x/c", [[NOON - 5 * DAY, 1]]]]);
  const today = (days, newCards) => reviews.queue(ids, records, { now: NOON + days * DAY, newCards });
  assert.equal(reviews.stateOf(records.get("x/a")).due, reviews.dayOf(NOON) + 2);
  assert.deepEqual(today(0, 10), { due: ["x/c", "x/b"], again: [], fresh: ["x/d", "x/e"], unseen: 2 });
  assert.deepEqual(today(0, 2).fresh, ["x/d"]); // x/a was begun today
  assert.deepEqual(today(0, 1).fresh, []);
  assert.deepEqual(today(2, 1), { due: ["x/c", "x/b", "x/a"], again: [], fresh: ["x/d"], unseen: 2 });
});

test("a card not known today comes again today, also after the page was closed", () => {
  const records = new Map([["x/a", [[NOON, 1]]]]);
  assert.deepEqual(reviews.queue(["x/a"], records, { now: NOON + 1000 }).again, ["x/a"]);
  records.set("x/a", [[NOON, 1], [NOON + 60_000, 3]]);
  assert.deepEqual(reviews.queue(["x/a"], records, { now: NOON + 70_000 }).again, []);
});

test("the browser's record survives a reload; a review can be taken back", () => {
  const storage = new Memory();
  const store = new reviews.Store(storage);
  const time = store.add(A, 1, NOON);
  assert.equal(store.add(A, 3, NOON), NOON + 1); // two reviews never share a time
  assert.deepEqual(new reviews.Store(storage).records, new Map([[A, [[NOON, 1], [NOON + 1, 3]]]]));
  store.remove(A, time + 1);
  store.remove(A, time);
  assert.equal(new reviews.Store(storage).records.size, 0);
});

test("two tabs do not overwrite each other", () => {
  const storage = new Memory();
  const [one, two] = [new reviews.Store(storage), new reviews.Store(storage)];
  one.add(A, 3, NOON);
  two.add(B, 3, NOON);
  assert.deepEqual([...new reviews.Store(storage).records.keys()].sort(), [B, A].sort());
});

test("taking in a file counts what is new", () => {
  const store = new reviews.Store(new Memory());
  store.add(A, 3, NOON);
  const file = new Map([[A, [[NOON, 3], [NOON + 5, 1]]], [B, [[NOON, 3]]]]);
  assert.equal(store.take(file), 2);
  assert.equal(store.take(file), 0);
});

test("a damaged record is set aside, not thrown away", () => {
  const storage = new Memory();
  storage.setItem("handtorch.reviews", "{damaged");
  const store = new reviews.Store(storage);
  assert.equal(store.problem, "damaged");
  store.add(A, 3, NOON);
  assert.equal(storage.getItem("handtorch.reviews.damaged"), "{damaged");
  assert.equal(new reviews.Store(storage).records.size, 1);
});

test("where nothing can be kept, the session goes on and says so", () => {
  const storage = new Memory();
  storage.full = true;
  const store = new reviews.Store(storage);
  store.add(A, 1, NOON);
  store.add(A, 3, NOON + 1);
  store.add(B, 3, NOON + 2);
  assert.equal(store.problem, "closed");
  assert.equal(store.records.get(A).length, 2);
  assert.match(reviews.stringify(store.records), /rl\/ppo-or-grpo/);
});
