// A mock interview: questions and one exercise drawn by a seed, a clock, one's own rating, a summary.
"use strict";

(() => {
  const place = document.getElementById("practice-interview");
  if (!place) return;
  const { drawing, fsrs, reviews, shared, typeset } = globalThis.handtorch;
  const { make, bilingual } = shared;
  const chapters = JSON.parse(place.dataset.chapters);
  const KEY = "handtorch.interview";
  const PER_QUESTION = 3; // minutes
  const DIFFICULTIES = { easy: 1, medium: 2, hard: 3 };

  const text = shared.words({
    en: {
      chapter: "Chapter", every: "All chapters", count: "Questions", exercise: "Coding exercise",
      any: "any", none: "none", easy: "easy", medium: "medium", hard: "hard",
      minutes: "Minutes", seed: "Seed of the draw", redraw: "Draw anew", begin: "Begin",
      plan: (n, exercise) => `${n} questions${exercise ? " and one exercise" : ""}. The same draw for everyone with this address.`,
      noExercise: "There is no such exercise in this choice.",
      position: (i, n) => `Question ${i} of ${n}`, coding: "Coding exercise",
      left: "left", over: "over", remaining: (n) => (n === 1 ? "One minute is left." : `${n} minutes are left.`),
      out: "The time is over. You may go on.",
      answer: "Short answer", full: "Full answer", opens: "(in a new tab)",
      solve: "Open the exercise", where: (path) => `Solve it in the Lab, in ${path}, or on paper.`,
      rating: "How did it go?", ratings: ["Not", "Partly", "Well"], unrated: "not rated",
      next: "Next", last: "To the summary", end: "End now",
      summary: "Summary", score: (got, of, time, minutes) => `${got} of ${of} points (2 for well, 1 for partly) in ${time}, planned ${minutes} min.`,
      columns: ["Question", "Rating", "Time"],
      toCards: "Put what was missed among the flash cards", moved: (n) => (n ? `Cards that come again today: ${n}.` : "Nothing was missed."),
      copy: "Copy as text", copied: "Copied.", notCopied: "The browser did not let the text be copied.",
      same: "The same again", fresh: "A new draw", missing: "The questions could not be loaded. Try again.",
    },
    zh: {
      chapter: "章节", every: "全部章节", count: "题数", exercise: "编程练习",
      any: "任意", none: "不要", easy: "简单", medium: "中等", hard: "困难",
      minutes: "分钟", seed: "抽题编号", redraw: "重新抽题", begin: "开始",
      plan: (n, exercise) => `${n} 道题${exercise ? "和一道编程练习" : ""}。打开同一网址的人抽到的题相同。`,
      noExercise: "所选范围内没有这样的练习。",
      position: (i, n) => `第 ${i} / ${n} 题`, coding: "编程练习",
      left: "剩余", over: "超时", remaining: (n) => `还剩 ${n} 分钟。`,
      out: "时间到了，可以继续做完。",
      answer: "简答", full: "完整回答", opens: "（在新标签页打开）",
      solve: "打开练习", where: (path) => `在 Lab 中打开 ${path}，或写在纸上。`,
      rating: "答得怎样？", ratings: ["没答上", "部分", "答得好"], unrated: "未评",
      next: "下一题", last: "看总结", end: "现在结束",
      summary: "总结", score: (got, of, time, minutes) => `${got} / ${of} 分（答得好 2 分，部分 1 分），用时 ${time}，计划 ${minutes} 分钟。`,
      columns: ["题目", "自评", "用时"],
      toCards: "把没答好的放进闪卡", moved: (n) => (n ? `今天会再出现的卡片：${n} 张。` : "没有漏掉的题。"),
      copy: "复制为文本", copied: "已复制。", notCopied: "浏览器不允许复制。",
      same: "同一套再来一次", fresh: "换一套题", missing: "题目没有加载成功，请再试一次。",
    },
  });

  const session = shared.storage("sessionStorage");
  let state = null; // the interview that runs: see begin()
  let ticking = 0;

  const stage = make("div");
  const status = make("p", { class: "practice-status", role: "status" });
  place.append(stage, status);
  const say = (sentence) => (status.textContent = sentence);

  // The choice, which the address holds

  const parameters = new URLSearchParams(location.search);
  const whole = (name, low, high, otherwise) => {
    const value = Number(parameters.get(name));
    return Number.isInteger(value) && value >= low && value <= high ? value : otherwise;
  };
  const choice = {
    chapter: shared.fromAddress("chapter", chapters.map(({ name }) => name), ""),
    n: whole("n", 1, 20, 5),
    exercise: shared.fromAddress("exercise", ["any", "none", ...Object.keys(DIFFICULTIES)], "any"),
    minutes: whole("minutes", 1, 480, null), // null: as many as the draw suggests
    seed: (parameters.get("seed") ?? "").slice(0, 40) || drawing.newSeed(),
  };

  function drawn() {
    const chosen = chapters.filter(({ name }) => !choice.chapter || name === choice.chapter);
    const ids = chosen.flatMap(({ name, questions }) => questions.map((id) => `${name}/${id}`));
    const exercises = chosen.flatMap(({ name, exercises }) =>
      exercises
        .filter(([, difficulty]) => choice.exercise === "any" || difficulty === DIFFICULTIES[choice.exercise])
        .map(([id, , minutes]) => ({ id: `${name}/${id}`, minutes })),
    );
    const questions = drawing.draw(ids, choice.n, choice.seed);
    const [id] = drawing.draw(exercises.map((one) => one.id), 1, choice.seed);
    const exercise = exercises.find((one) => one.id === id) ?? null;
    const suggested = questions.length * PER_QUESTION + (exercise?.minutes ?? 0);
    return { questions, exercise, minutes: choice.minutes ?? Math.max(suggested, 1) };
  }

  function toAddress() {
    shared.toAddress({ ...choice, n: String(choice.n), minutes: choice.minutes && String(choice.minutes) });
  }

  function field(label, name, attributes, onchange) {
    const control = make("input", { id: `practice-${name}`, name, ...attributes });
    control.addEventListener("input", () => {
      if (control.checkValidity()) onchange(control.value);
    });
    return make("div", { class: "practice-field" }, make("label", { for: control.id }, label), control);
  }

  const number = (low, high) => ({ type: "number", min: low, max: high, required: true, inputmode: "numeric" });

  function setUp(focus = false) {
    clearInterval(ticking);
    state = null;
    forgetRun();
    const set = (change) => {
      Object.assign(choice, change);
      show();
    };
    const seeds = field(
      text.seed, "seed", { maxlength: 40, autocomplete: "off", spellcheck: "false", autocapitalize: "off" },
      (seed) => set({ seed: seed.trim() || drawing.newSeed() }),
    );
    const counts = field(text.count, "n", number(1, 20), (n) => set({ n: Number(n) }));
    const minutes = field(text.minutes, "minutes", number(1, 480), (value) => set({ minutes: Number(value) }));
    const plan = make("p", { class: "practice-counts", "aria-live": "polite" });
    const begins = make("button", { type: "submit", class: "practice-main" }, text.begin);
    stage.replaceChildren(
      make(
        "form",
        { onsubmit: (event) => { event.preventDefault(); begin(); } },
        make(
          "div", { class: "practice-choice" },
          shared.select(
            text.chapter, "chapter",
            [["", text.every], ...chapters.map((one) => [one.name, shared.title(one)])],
            choice.chapter, (event) => set({ chapter: event.target.value }),
          ),
          counts,
          shared.select(
            text.exercise, "exercise",
            ["any", "easy", "medium", "hard", "none"].map((key) => [key, text[key]]),
            choice.exercise, (event) => set({ exercise: event.target.value }),
          ),
          minutes,
          seeds,
        ),
        plan,
        make(
          "div", { class: "practice-buttons" },
          begins,
          make("button", { type: "button", onclick: () => set({ seed: drawing.newSeed() }) }, text.redraw),
        ),
      ),
    );
    function show() {
      toAddress();
      const draw = drawn();
      for (const [one, value] of [[counts, choice.n], [minutes, draw.minutes], [seeds, choice.seed]]) {
        if (one.lastChild !== document.activeElement) one.lastChild.value = value; // not while typing
      }
      const sentence = text.plan(draw.questions.length, draw.exercise);
      plan.textContent =
        draw.exercise || choice.exercise === "none" ? sentence : `${sentence} ${text.noExercise}`;
    }
    show();
    if (focus) begins.focus();
  }

  // The run

  function begin() {
    const { questions, exercise, minutes } = drawn();
    if (!questions.length && !exercise) return;
    state = {
      search: location.search,
      minutes,
      started: Date.now(),
      since: Date.now(), // when the step began
      at: 0,
      steps: [
        ...questions.map((id) => ({ id, exercise: false, rating: null, seconds: 0 })),
        ...(exercise ? [{ id: exercise.id, exercise: true, rating: null, seconds: 0 }] : []),
      ],
      ended: 0,
    };
    say("");
    run();
  }

  function keepRun() {
    try {
      session.setItem(KEY, JSON.stringify(state));
    } catch {
      // Then a reload begins anew.
    }
  }

  function forgetRun() {
    try {
      session.removeItem(KEY);
    } catch {
      // Nothing was kept.
    }
  }

  // The run that a reload interrupted, if the address is still the same.
  function interrupted() {
    try {
      const kept = JSON.parse(session.getItem(KEY));
      const known = new Set(chapters.flatMap(({ name, questions, exercises }) => [...questions, ...exercises.map(([id]) => id)].map((id) => `${name}/${id}`)));
      return kept?.search === location.search && kept.steps.every(({ id }) => known.has(id)) ? kept : null;
    } catch {
      return null;
    }
  }

  async function find(step) {
    const data = await shared.load(step.id.split("/")[0]);
    return data[step.exercise ? "exercises" : "questions"].find(({ id }) => id === step.id);
  }

  async function run() {
    keepRun();
    const { steps, at } = state;
    if (state.ended || at >= steps.length) return summary();
    const step = steps[at];
    let found;
    try {
      found = await find(step);
    } catch {
      setUp(true);
      say(text.missing);
      return;
    }
    const clock = make("p", { class: "practice-clock", role: "timer" });
    const card = make(
      "div", { class: "practice-card", role: "group", tabindex: "-1" },
      make("p", { class: "practice-left" }, step.exercise ? text.coding : text.position(at + 1, steps.filter((one) => !one.exercise).length)),
      ...(step.exercise ? exercise(found, step) : question(found)),
      rating(step),
    );
    const last = at === steps.length - 1;
    stage.replaceChildren(
      clock,
      card,
      make(
        "div", { class: "practice-buttons" },
        make("button", { type: "button", class: "practice-main", onclick: () => advance() }, last ? text.last : text.next),
        last ? null : make("button", { type: "button", class: "practice-quiet", onclick: () => advance(true) }, text.end),
      ),
    );
    tick(clock);
    card.focus();
  }

  const link = (address, words) =>
    make("a", { href: address, target: "_blank", rel: "noopener" }, words, make("span", { class: "practice-hidden" }, ` ${text.opens}`));

  function question(found) {
    const body = make("div", { html: found.answer });
    const fold = make(
      "details", { class: "practice-fold" },
      make("summary", {}, text.answer),
      make("div", { class: "practice-answer" }, body, make("p", {}, link(found.url, text.full))),
    );
    fold.addEventListener("toggle", () => typeset(body).catch(() => {}), { once: true });
    return [...bilingual(found), fold];
  }

  function exercise(found, step) {
    const measures = [Object.keys(DIFFICULTIES)[found.difficulty - 1], found.minutes && `${found.minutes} min`];
    return [
      make("p", { class: "practice-question", html: found.title }),
      ...bilingual(found).map((line) => Object.assign(line, { className: "practice-statement" })),
      make("p", { class: "practice-small" }, measures.filter(Boolean).map((word) => text[word] ?? word).join(", ")),
      make("p", {}, link(found.url, text.solve)),
      make("p", { class: "practice-small" }, text.where(`exercises/${step.id}.ipynb`)),
    ];
  }

  function rating(step) {
    const choose = (value) => () => {
      step.rating = value;
      keepRun();
    };
    return make(
      "fieldset", { class: "practice-rate" },
      make("legend", {}, text.rating),
      ...text.ratings.map((word, value) =>
        make("label", {}, make("input", { type: "radio", name: "rating", value, checked: step.rating === value, onchange: choose(value) }), word),
      ),
    );
  }

  function advance(end = false) {
    const now = Date.now();
    state.steps[state.at].seconds = Math.round((now - state.since) / 1000);
    state.since = now;
    state.at += 1;
    if (end || state.at >= state.steps.length) state.ended = now;
    run();
  }

  const clockTime = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;

  function tick(clock) {
    clearInterval(ticking);
    let before = null;
    const show = () => {
      const left = Math.ceil((state.started + state.minutes * 60_000 - Date.now()) / 1000);
      clock.textContent = `${clockTime(Math.abs(left))} ${left >= 0 ? text.left : text.over}`;
      clock.classList.toggle("practice-over", left < 0);
      // Said aloud at few moments only: a clock that speaks each second is of no use.
      for (const minutes of [5, 1]) if (before > minutes * 60 && left <= minutes * 60 && left > 0) say(text.remaining(minutes));
      if (before > 0 && left <= 0) say(text.out);
      before = left;
    };
    show();
    ticking = setInterval(show, 1000);
  }

  // The summary

  async function summary() {
    clearInterval(ticking);
    const done = state.steps.slice(0, state.at);
    const found = await Promise.all(done.map(find)).catch(() => null);
    if (!found) return say(text.missing);
    const points = done.reduce((sum, { rating }) => sum + (rating ?? 0), 0);
    const total = clockTime(Math.round((state.ended - state.started) / 1000));
    const rated = ({ rating }) => (rating === null ? text.unrated : text.ratings[rating]);
    const title = (one) => (done[found.indexOf(one)].exercise ? one.title : shared.chinese ? one.zh : one.en);
    const heading = make("h2", { tabindex: "-1" }, text.summary);
    const score = text.score(points, 2 * done.length, total, state.minutes);
    const missed = done.filter(({ exercise, rating }) => !exercise && rating !== null && rating < 2);
    const rows = done.map((step, i) =>
      make(
        "tr", {},
        make("td", {}, make("a", { href: found[i].url, html: title(found[i]) })),
        make("td", { class: `practice-rated-${step.rating}` }, rated(step)),
        make("td", {}, clockTime(step.seconds)),
      ),
    );
    const plain = () =>
      [score, ...rows.map((row) => [...row.cells].map((cell) => cell.textContent).join(" · ")), location.href].join("\n");
    const toCards = make("button", { type: "button", disabled: !missed.length }, text.toCards);
    toCards.addEventListener("click", () => {
      const store = new reviews.Store(shared.storage("localStorage"));
      for (const { id } of missed) store.add(id, fsrs.AGAIN);
      toCards.disabled = true;
      say(text.moved(missed.length));
    });
    stage.replaceChildren(
      heading,
      make("p", {}, score),
      make(
        "div", { class: "practice-scroll" },
        make(
          "table", { class: "practice-summary" },
          make("thead", {}, make("tr", {}, ...text.columns.map((name) => make("th", { scope: "col" }, name)))),
          make("tbody", {}, ...rows),
        ),
      ),
      make(
        "div", { class: "practice-buttons" },
        toCards,
        make("button", { type: "button", onclick: () => copy(plain()) }, text.copy),
        make("button", { type: "button", onclick: () => setUp(true) }, text.same),
        make("button", { type: "button", onclick: () => { choice.seed = drawing.newSeed(); setUp(true); } }, text.fresh),
      ),
    );
    heading.focus();
  }

  async function copy(words) {
    try {
      await navigator.clipboard.writeText(words);
      say(text.copied);
    } catch {
      say(text.notCopied);
    }
  }

  const kept = interrupted();
  if (kept) {
    state = kept;
    run();
  } else setUp();
})();
