// What the reader has reviewed: for each card the reviews [time in ms, rating], oldest first.
//
// Nothing else is kept. When a card is due follows from its reviews (fsrs.js), so that two records
// are joined by joining their reviews, and no import can lose anything. A day ends at four in the
// morning, as in Anki: who studies past midnight is still on the same day.
"use strict";

(() => {
  const fsrs = typeof module === "object" ? require("./fsrs.js") : globalThis.handtorch.fsrs;
  const FORMAT = "handtorch-reviews";
  const VERSION = 1;
  const DAY = 86_400_000;
  const DAY_ENDS = 4 * 3_600_000;
  const CARD = /^[a-z0-9]+(_[a-z0-9]+)*\/[a-z0-9]+(-[a-z0-9]+)*$/;
  const FIRST_TIME = Date.UTC(2020, 0, 1);

  // The number of the day, in the reader's time zone, that a time belongs to.
  function dayOf(time) {
    const local = time - new Date(time).getTimezoneOffset() * 60_000;
    return Math.floor((local - DAY_ENDS) / DAY);
  }

  // The time at which a day begins.
  function startOf(day) {
    const local = day * DAY + DAY_ENDS;
    return local + new Date(local).getTimezoneOffset() * 60_000;
  }

  // What the reviews of one card amount to; null for a card never seen.
  function stateOf(reviews) {
    if (!reviews?.length) return null;
    let memory = null;
    let last = 0;
    for (const [time, rating] of reviews) {
      const day = dayOf(time);
      memory = fsrs.review(memory, rating, memory ? Math.max(day - last, 0) : 0);
      last = day;
    }
    const [, rating] = reviews.at(-1);
    return { ...memory, last, due: last + fsrs.interval(memory.stability), known: rating > fsrs.AGAIN };
  }

  // Read a file or what the browser kept. Throws an Error whose message is a sentence for the reader,
  // in the form { en, zh } under `sentence`.
  function parse(text, now = Date.now()) {
    let file;
    try {
      file = JSON.parse(text);
    } catch {
      throw refusal("it is not JSON", "它不是 JSON 文件");
    }
    if (file === null || typeof file !== "object" || file.format !== FORMAT) {
      throw refusal("it is no record of these cards", "它不是这套卡片的记录");
    }
    if (file.version !== VERSION) {
      throw refusal(
        `its version is ${JSON.stringify(file.version)}, and this page reads version ${VERSION}`,
        `它的版本是 ${JSON.stringify(file.version)}，本页只能读版本 ${VERSION}`,
      );
    }
    const { cards } = file;
    if (cards === null || typeof cards !== "object" || Array.isArray(cards)) {
      throw refusal("it holds no cards", "其中没有卡片");
    }
    const records = new Map();
    for (const [id, reviews] of Object.entries(cards)) {
      if (!CARD.test(id)) throw refusal(`${JSON.stringify(id)} is no card`, `${JSON.stringify(id)} 不是卡片`);
      const wellFormed =
        Array.isArray(reviews) &&
        reviews.every(
          (review) =>
            Array.isArray(review) &&
            review.length === 2 &&
            review.every(Number.isSafeInteger) &&
            review[0] >= FIRST_TIME &&
            review[0] <= now + 2 * DAY &&
            review[1] >= fsrs.AGAIN &&
            review[1] <= fsrs.EASY,
        );
      if (!wellFormed) {
        throw refusal(`a review of ${JSON.stringify(id)} is damaged`, `${JSON.stringify(id)} 的复习记录已损坏`);
      }
      if (reviews.length) records.set(id, inOrder(reviews));
    }
    return records;
  }

  function refusal(en, zh) {
    return Object.assign(new Error(en), { sentence: { en, zh } });
  }

  // Oldest first, one review a time.
  function inOrder(reviews) {
    const byTime = new Map(reviews.map((review) => [review[0], review]));
    return [...byTime.values()].sort((a, b) => a[0] - b[0]);
  }

  function stringify(records, now = Date.now()) {
    const cards = Object.fromEntries([...records].sort(([a], [b]) => (a < b ? -1 : 1)));
    return JSON.stringify({ format: FORMAT, version: VERSION, saved: new Date(now).toISOString(), cards });
  }

  // All reviews of both.
  function merge(mine, theirs) {
    const merged = new Map(mine);
    for (const [id, reviews] of theirs) merged.set(id, inOrder([...(mine.get(id) ?? []), ...reviews]));
    return merged;
  }

  // The cards of a session today: first those due, the longest overdue first, then new ones.
  function queue(ids, records, { now = Date.now(), newCards = 10 } = {}) {
    const today = dayOf(now);
    const states = new Map(ids.map((id) => [id, stateOf(records.get(id))]));
    const due = ids.filter((id) => states.get(id)?.due <= today);
    due.sort((a, b) => states.get(a).due - states.get(b).due);
    const unseen = ids.filter((id) => !states.get(id));
    const begunToday = ids.filter((id) => records.has(id) && dayOf(records.get(id)[0][0]) === today);
    // Cards that were not known when last seen today come again today.
    const again = ids.filter((id) => {
      const state = states.get(id);
      return state && !state.known && state.last === today && !due.includes(id);
    });
    const left = Math.max(newCards - begunToday.length, 0);
    return { due, again, fresh: unseen.slice(0, left), unseen: unseen.length };
  }

  // The same records in the browser, where another tab may write, too.
  class Store {
    constructor(storage, key = "handtorch.reviews") {
      Object.assign(this, { storage, key, records: new Map(), problem: "" });
      this.read();
    }

    // `problem` afterwards: "damaged" (what stood there is set aside), "closed" (nothing can be kept).
    read() {
      let text = null;
      try {
        text = this.storage.getItem(this.key);
      } catch {
        this.problem = "closed";
      }
      if (text === null || text === undefined) return;
      try {
        this.records = merge(this.records, parse(text, Infinity));
      } catch {
        this.problem = "damaged";
        this.write(`${this.key}.damaged`, text);
      }
    }

    add(id, rating, time = Date.now()) {
      this.reread();
      const reviews = this.records.get(id) ?? [];
      const last = reviews.at(-1)?.[0] ?? 0;
      const review = [Math.max(time, last + 1), rating];
      this.records.set(id, [...reviews, review]);
      this.save();
      return review[0];
    }

    remove(id, time) {
      this.reread();
      const left = (this.records.get(id) ?? []).filter((review) => review[0] !== time);
      if (left.length) this.records.set(id, left);
      else this.records.delete(id);
      this.save();
    }

    // Take in another record. Returns how many reviews are new here.
    take(records) {
      this.reread();
      const count = (all) => [...all.values()].reduce((sum, reviews) => sum + reviews.length, 0);
      const before = count(this.records);
      this.records = merge(this.records, records);
      this.save();
      return count(this.records) - before;
    }

    forget() {
      this.records = new Map();
      this.save();
    }

    // What another tab has written since; what is only in memory stays when nothing can be kept.
    reread() {
      if (this.problem === "closed") return;
      this.records = new Map();
      this.read();
    }

    save() {
      this.write(this.key, stringify(this.records));
    }

    write(key, text) {
      try {
        this.storage.setItem(key, text);
      } catch {
        this.problem = "closed";
      }
    }
  }

  const reviews = { Store, dayOf, startOf, stateOf, parse, stringify, merge, queue };
  if (typeof module === "object") module.exports = reviews;
  else globalThis.handtorch.reviews = reviews;
})();
