// The chooser: limits and selects, and at once the answer by the report's rule. All that is judged was judged when the
// site was built: which runtime may stand for a model, and what the test texts say of any two. Here it is looked up.
(() => {
  "use strict";
  function start() {
    const place = document.querySelector(".chooser");
    if (!place) return;
    const groups = JSON.parse(place.querySelector("script").textContent);
    if (groups.length === 0) return;
    const [NOT_INFERIOR, LEADS, UNDECIDED, TIED] = [1, 2, 4, 8];
    const SPEED = "cpu_latency_p50_ms";
    const NEAR = 1.25;

    // The rule

    const allows = (metric, value, limit) =>
      value !== null && (metric.better === "lower" ? value <= limit : value >= limit);
    const missed = (group, { values }, limits) =>
      group.metrics.filter((metric) => metric.name in limits && !allows(metric, values[metric.name], limits[metric.name]));
    const speed = (candidate) => candidate.values[SPEED] ?? Infinity;

    // For each model the candidate to deploy it as: of those that may stand for it, the fastest within the limits
    function deployed(group, runtime, limits) {
      const models = new Map();
      for (const number of group.eligible[runtime]) {
        const candidate = { ...group.candidates[number], number };
        candidate.missed = missed(group, candidate, limits);
        const best = models.get(candidate.model);
        const rank = (one) => [one.missed.length > 0, speed(one)];
        if (!best || less(rank(candidate), rank(best))) models.set(candidate.model, candidate);
      }
      return [...models.values()];
    }

    const less = ([a, x], [b, y]) => (a === b ? x < y : a < b);

    function choose(group, runtime, limits) {
      const all = deployed(group, runtime, limits);
      const position = new Map(group.weighed.map((number, at) => [number, at]));
      const faster = (one, other) => group.faster[position.get(one.number)][position.get(other.number)] === "1";
      const bits = (one, other) => parseInt(group.pairs[position.get(one.number)][position.get(other.number)], 16);
      const quality = (candidate) => candidate.values[group.quality];
      const able = all.filter((one) => one.known && one.missed.length === 0 && quality(one) !== null);
      able.sort((a, b) => quality(b) - quality(a) || speed(a) - speed(b));
      const best = able[0];
      const leading = able.filter((one) => one === best || bits(one, best) & LEADS);
      const asGood = able.filter(
        (one) => one === best || leading.every((other) => other === one || bits(one, other) & NOT_INFERIOR),
      );
      const chosen = asGood.toSorted((a, b) => speed(a) - speed(b))[0];
      const undecided = able.filter(
        (one) => chosen && one !== best && bits(one, best) & UNDECIDED && faster(one, chosen),
      );
      // from the fastest on, better than every one before it; who is tied counts as equal
      const front = [];
      for (const one of able.toSorted((a, b) => speed(a) - speed(b) || quality(b) - quality(a))) {
        const dominated = front.some((other) =>
          quality(one) === quality(other) || bits(one, other) & TIED ? speed(other) !== speed(one) : quality(other) > quality(one),
        );
        if (!dominated) front.push(one);
      }
      const rest = able.filter((one) => !front.includes(one));
      return {
        chosen,
        best,
        undecided,
        fastest: asGood.every((one) => one === chosen || faster(chosen, one)),
        remain: [...front.map((one) => [one, true]), ...rest.map((one) => [one, false])],
        doubtful: group.weighed
          .filter((number) => !group.eligible[runtime].includes(number))
          .map((number) => group.candidates[number])
          .filter((one) => runtime === "any" || one.runtime === runtime)
          .filter((one) => missed(group, one, limits).length === 0),
        unknown: all.filter((one) => one.random && one.missed.every(({ name }) => name === group.quality)),
        undertrained: all.filter((one) => !one.known && !one.random && one.missed.length === 0),
        fallen: all.filter((one) => one.known && one.missed.length > 0),
      };
    }

    // What is said

    function distance(metric, candidate, limit) {
      const value = candidate.values[metric.name];
      if (value === null) return `${lower(metric.label)} was not measured`;
      const gap = Number(Math.abs(value - limit) * metric.scale).toPrecision(2);
      return `misses ${lower(metric.label)} by ${Number(gap)} ${metric.unit === "%" ? "points" : metric.unit}`;
    }

    const lower = (label) => (/^[A-Z][a-z]/.test(label) ? label[0].toLowerCase() + label.slice(1) : label);

    function near(metric, candidate, limit) {
      const value = candidate.values[metric.name];
      return value !== null && value > 0 && Math.max(value / limit, limit / value) <= NEAR;
    }

    function sentence(group, found) {
      const { chosen, best, undecided, fastest } = found;
      if (!chosen) return "No model of known accuracy keeps these limits.";
      const named = group.metrics.find((metric) => metric.name === group.quality);
      const first = `Take ${chosen.title}: ${chosen.texts[group.quality]} ${lower(named.label)}, ${chosen.texts[SPEED]} at the median, ${chosen.texts.artefact_size_mb}.`;
      const points = `${100 * group.margin} point${group.margin === 0.01 ? "" : "s"}`;
      const second =
        chosen === best
          ? " It has the highest measured value of those that are left."
          : ` It is shown to be within ${points} of ${best.title}, the best of those that are left; of all such models ${fastest ? "it answers fastest" : "none is shown to answer faster"}.`;
      const third = undecided.length
        ? ` The test texts cannot decide whether ${undecided.map((one) => one.title).join(", ")}, which would answer faster, is within ${points} too.`
        : "";
      return first + second + third;
    }

    // The page

    const element = (kind, properties = {}, ...children) => {
      const made = Object.assign(document.createElement(kind), properties);
      made.append(...children);
      return made;
    };
    const answer = element("p", { className: "chooser-answer" });
    const lists = element("div");
    const fieldset = element("fieldset", {}, element("legend", { textContent: "What you cannot exceed" }));
    const selects = element("div", { className: "controls" });
    let inputs = [];

    function select(label, name, options) {
      const made = element("select", { name }, ...options.map(([value, text]) => new Option(text, value)));
      made.addEventListener("change", () => {
        rebuild();
        remember();
      });
      selects.append(element("label", {}, `${label} `, made));
      return made;
    }

    const unique = (key) => [...new Set(groups.map((group) => group[key]))];
    const data = select("Data", "suite", unique("suite").map((suite) => [suite, groups.find((one) => one.suite === suite).data]));
    const machine = select("Machine", "machine", unique("machine").map((name) => [name, name]));
    const runtimes = new Set(["any", ...groups.flatMap((group) => group.runtimes)]);
    const runtime = select("Runtime", "runtime", [...runtimes].map((name) => [name, name]));

    const shown = () => groups.find((one) => one.suite === data.value && one.machine === machine.value);

    function rebuild(limits = limitsNow()) {
      const group = shown();
      fieldset.replaceChildren(fieldset.firstChild);
      inputs = [];
      if (group) group.metrics.forEach((metric) => limit(group, metric, limits[metric.name]));
      update();
    }

    // A limit: a number, and a slider on a logarithmic scale from the least to the most of any candidate, whose end of no
    // limit is where all are within it
    function limit(group, metric, value) {
      const values = group.candidates.map((one) => one.values[metric.name]).filter((one) => one > 0);
      if (values.length === 0) return;
      const [least, most] = [Math.log(Math.min(...values) * 0.9), Math.log(Math.max(...values) * 1.1)];
      const open = metric.better === "lower" ? 100 : 0;
      const number = element("input", { type: "number", name: metric.name, min: 0, step: "any", placeholder: "any" });
      const slider = element("input", { type: "range", min: 0, max: 100, step: 1, value: open });
      const id = `limit-${metric.name}`;
      number.id = id;
      slider.setAttribute("aria-label", `${metric.label}, slider`);
      slider.addEventListener("input", () => {
        const raw = Math.exp(least + ((most - least) * slider.value) / 100) * metric.scale;
        number.value = Number(slider.value) === open ? "" : Number(raw.toPrecision(3));
        say();
        update();
      });
      number.addEventListener("input", () => {
        follow();
        update();
      });
      function follow() {
        const at = (100 * (Math.log(number.value / metric.scale) - least)) / (most - least);
        slider.value = number.value === "" || !(number.value > 0) ? open : at;
        say();
      }
      // what a screen reader says of the slider: its own value is a place on the scale
      function say() {
        slider.setAttribute("aria-valuetext", number.value === "" ? "no limit" : `${number.value} ${metric.unit}`);
      }
      if (value !== undefined) number.value = Number((value * metric.scale).toPrecision(12));
      follow();
      const word = metric.better === "lower" ? "at most" : "at least";
      fieldset.append(
        element("div", { className: "limit" }, element("label", { htmlFor: id, textContent: `${metric.label}, ${word} (${metric.unit})` }), number, slider),
      );
      inputs.push({ metric, number });
    }

    function limitsNow() {
      const set = inputs.filter(({ number }) => number.value !== "" && number.value > 0);
      return Object.fromEntries(set.map(({ metric, number }) => [metric.name, number.value / metric.scale]));
    }

    function list(title, items) {
      if (items.length === 0) return;
      lists.append(element("h2", { textContent: title }), element("ul", {}, ...items.map((text) => element("li", { textContent: text }))));
    }

    function update() {
      const [group, limits] = [shown(), limitsNow()];
      lists.replaceChildren();
      if (!group) {
        answer.textContent = "These data were not measured on that machine.";
        return;
      }
      const found = choose(group, group.runtimes.includes(runtime.value) ? runtime.value : "any", limits);
      answer.textContent = sentence(group, found);
      const numbers = (one) => group.metrics.map((metric) => one.texts[metric.name]).slice(0, 4).join(", ");
      list(
        "Within your limits",
        found.remain.map(([one, front]) => `${one.title}: ${numbers(one)}${front ? ", on the Pareto front of quality and latency" : ""}`),
      );
      const missing = (one) => one.missed.map((metric) => distance(metric, one, limits[metric.name])).join("; ");
      const close = found.fallen.filter((one) => one.missed.length === 1 && near(one.missed[0], one, limits[one.missed[0].name]));
      list("Within your limits, accuracy not shown to be kept in that runtime", found.doubtful.map((one) => `${one.title}: ${numbers(one)}`));
      list("Near misses", close.map((one) => `${one.title} ${missing(one)}`));
      list("Within your limits, accuracy not known", found.unknown.map((one) => `${one.title}: ${numbers(one)}`));
      list("Within your limits, undertrained, so not weighed", found.undertrained.map((one) => `${one.title}: ${numbers(one)}`));
      list("Out", found.fallen.filter((one) => !close.includes(one)).map((one) => `${one.title}: ${missing(one)}`));
    }

    // The address holds the state once a change is made, so that a view can be sent; presets are links
    function remember() {
      const choices = { suite: data.value, machine: machine.value, runtime: runtime.value };
      history.replaceState(null, "", `#${new URLSearchParams({ ...choices, ...limitsNow() })}`);
    }

    function read() {
      const state = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
      for (const made of [data, machine, runtime]) {
        if ([...made.options].some(({ value }) => value === state[made.name])) made.value = state[made.name];
      }
      const limits = Object.entries(state).filter(([, value]) => value > 0);
      rebuild(Object.fromEntries(limits.map(([name, value]) => [name, Number(value)])));
    }

    const live = element("div", { className: "answer" }, answer);
    live.setAttribute("role", "status");
    fieldset.addEventListener("change", remember);
    place.querySelector(".chooser-table").replaceWith(selects, fieldset, live, lists);
    window.addEventListener("hashchange", () => {
      if (location.hash === "" || location.hash.includes("=")) read(); // else it leads to a part of the page
    });
    read();
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
