// The chooser: limits and selects, and at once the answer by the report's rule (choose-rule.js) with its chart
// (choose-chart.js), the state in the page's address.
(() => {
  "use strict";
  function start() {
    const place = document.querySelector(".chooser");
    if (!place) return;
    const groups = JSON.parse(place.querySelector("script").textContent);
    if (groups.length === 0) return;
    const [SPEED, P95, SIZE] = ["cpu_latency_p50_ms", "cpu_latency_p95_ms", "artefact_size_mb"];
    const [THROUGHPUT, COST] = ["throughput_sentences_per_s", "cost_per_million_texts"];
    const NEAR = 1.25;
    const [NAMED, LISTED] = [2, 10]; // so many are named in the answer and shown of a list, the others counted and folded
    const CAPTION =
      "Each model in the runtime that stands for it. Filled: within your limits. Hollow and pale: out. Ringed: what to take. " +
      "Named: the Pareto front of quality and median latency, where there is room. Dashed lines: your limits.";
    const SOURCES = {
      measured: {
        option: "measured here",
        nobody: "No model of known accuracy keeps these limits.",
        unknown: "Within your limits, accuracy not known",
      },
      quoted: {
        option: "quoted from 2021 (AG News), not measured here",
        nobody: "No model of the table of 2021 keeps these limits.",
        unknown: "Within your limits, not in the table of 2021",
      },
    };

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

    const quality = ({ metric }, one) => `${one.texts[metric.name]} ${lower(metric.label)}`;

    function sentence(group, source, found) {
      const { chosen, best, undecided } = found;
      if (!chosen) return SOURCES[source.name].nobody;
      const cost = chosen.values[COST] === null ? "" : `, ${chosen.texts[COST]}`;
      const costs = `${chosen.texts[SPEED]} at the median, ${chosen.texts[SIZE]}${cost}`;
      const first = `Take ${chosen.title}: ${quality(source, chosen)}, ${costs}.`;
      const points = `${100 * group.margin} point${group.margin === 0.01 ? "" : "s"}`;
      const second = source.name === "quoted" ? byQuoted(found, points) : byMeasured(found, points);
      const third = undecided.length
        ? ` The test texts cannot decide whether ${anyOf(undecided)}, which would answer faster, is within ${points} too.`
        : "";
      return first + second + third;
    }

    function anyOf(candidates) {
      const shown = candidates.length > NAMED + 1 ? NAMED : candidates.length;
      const [titles, more] = [candidates.slice(0, shown).map((one) => one.title), candidates.length - shown];
      return (candidates.length > 1 ? "any of " : "") + titles.join(", ") + (more > 0 ? ` and ${more} more` : "");
    }

    const quickest = ({ fastest }) => `of all such models ${fastest ? "it answers fastest" : "none is shown to answer faster"}`;

    function byMeasured(found, points) {
      if (found.chosen === found.best) return " It has the highest measured value of those that are left.";
      return ` It is shown to be within ${points} of ${found.best.title}, the best of those that are left; ${quickest(found)}.`;
    }

    function byQuoted(found, points) {
      const told =
        found.chosen === found.best
          ? "it is the best of those that are left"
          : `it is within ${points} of ${found.best.title}, the best of those that are left; ${quickest(found)}`;
      const where = "They are of models in PyTorch; what another runtime changes was not reported.";
      return ` By the quoted values alone, which have no interval, ${told}. ${where}`;
    }

    // The page

    const element = (kind, properties = {}, ...children) => {
      const made = Object.assign(document.createElement(kind), properties);
      made.append(...children);
      return made;
    };
    const answer = element("p", { className: "chooser-answer" });
    const lists = element("div");
    const rests = new Map(); // by title the part of a list that is folded: what a reader unfolds stays so under other limits
    const figure = element("figure", { className: "chooser-chart" }, element("figcaption", { textContent: CAPTION }));
    const fieldset = element("fieldset", {}, element("legend", { textContent: "What you cannot exceed" }));
    const selects = element("div", { className: "controls" });
    let [inputs, draw] = [[], () => {}];

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
    const accuracy = select("Accuracy", "accuracy", Object.entries(SOURCES).map(([name, { option }]) => [name, option]));
    const price = element("input", { type: "number", name: "price", min: 0, step: "any", placeholder: "none" });
    price.addEventListener("input", () => rebuild());
    price.addEventListener("change", remember);
    selects.append(element("label", {}, "Price of an hour of the machine ", price));

    const fields = [data, machine, runtime, accuracy, price];

    function shown() {
      const group = groups.find((one) => one.suite === data.value && one.machine === machine.value);
      return group && price.value > 0 ? { ...group, candidates: group.candidates.map(priced) } : group;
    }

    // At the reader's price of an hour; where the suite names one, the build knows the cost already
    function priced(one) {
      const cost = one.values[THROUGHPUT] === null ? null : (price.value * 1e6) / one.values[THROUGHPUT] / 3600;
      const text = cost === null ? "–" : `${Number(cost.toPrecision(3))} per million texts`;
      return { ...one, values: { ...one.values, [COST]: cost }, texts: { ...one.texts, [COST]: text } };
    }

    const weighedBy = (group) => group.sources.find(({ name }) => name === accuracy.value);

    function rebuild(limits = limitsNow()) {
      const group = shown();
      fieldset.replaceChildren(fieldset.firstChild);
      inputs = [];
      if (group) [weighedBy(group).metric, ...group.metrics].forEach((metric) => limit(group, metric, limits[metric.name]));
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
      const points = (some) => element("ul", {}, ...some.map((text) => element("li", { textContent: text })));
      lists.append(element("h2", { textContent: title }), points(items.slice(0, LISTED)));
      if (items.length <= LISTED) return;
      const rest = element("details", { open: rests.get(title)?.open ?? false });
      rest.append(element("summary", { textContent: `${items.length - LISTED} more` }), points(items.slice(LISTED)));
      rests.set(title, rest);
      lists.append(rest);
    }

    function update() {
      const [group, limits] = [shown(), limitsNow()];
      lists.replaceChildren();
      figure.hidden = !group;
      if (!group) {
        answer.textContent = "These data were not measured on that machine.";
        return;
      }
      const source = weighedBy(group);
      const found = chooserRule(group, source, group.runtimes.includes(runtime.value) ? runtime.value : "any", limits);
      answer.textContent = sentence(group, source, found);
      const named = (one) => `${one.title}: ${numbers(source, one)}`;
      draw = () => chooserChart(figure, { group, source, limits, found, named });
      draw();
      tell(group, source, limits, found, named);
    }

    function numbers(source, one) {
      const known = [P95, THROUGHPUT, SIZE, COST].filter((name) => one.values[name] !== null).map((name) => one.texts[name]);
      return [...(one.values[source.metric.name] === null ? [] : [quality(source, one)]), ...known].join(", ");
    }

    function tell(group, source, limits, found, named) {
      const missing = (one) => one.missed.map((metric) => distance(metric, one, limits[metric.name])).join("; ");
      const close = found.fallen.filter((one) => one.missed.length === 1 && near(one.missed[0], one, limits[one.missed[0].name]));
      const front = found.front.map((one) => `${named(one)}, on the Pareto front of quality and latency`);
      list("Within your limits", [...front, ...found.rest.map(named)]);
      list("Within your limits, accuracy not shown to be kept in that runtime", found.doubtful.map(named));
      list("Near misses", close.map((one) => `${one.title} ${missing(one)}`));
      list(SOURCES[source.name].unknown, found.unknown.map(named));
      list("Within your limits, undertrained, so not weighed", found.undertrained.map(named));
      list("Out", found.fallen.filter((one) => !close.includes(one)).map((one) => `${one.title}: ${missing(one)}`));
      const elsewhere = found.elsewhere.map((one) => `${one.title}: it was not measured in that runtime`);
      list("Not weighed", [...elsewhere, ...group.others.map(([title, why]) => `${title}: ${why}`)]);
    }

    // The address holds the state once a change is made, so that a view can be sent; presets are links
    function remember() {
      const choices = Object.fromEntries(fields.filter(({ value }) => value !== "").map(({ name, value }) => [name, value]));
      history.replaceState(null, "", `#${new URLSearchParams({ ...choices, ...limitsNow() })}`);
    }

    function read() {
      const state = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
      for (const made of [data, machine, runtime]) {
        if ([...made.options].some(({ value }) => value === state[made.name])) made.value = state[made.name];
      }
      accuracy.value = state.accuracy in SOURCES ? state.accuracy : "measured"; // quoted where a reader chose so, never else
      price.value = state.price > 0 ? state.price : "";
      const limits = Object.entries(state).filter(([, value]) => value > 0);
      rebuild(Object.fromEntries(limits.map(([name, value]) => [name, Number(value)])));
    }

    window.addEventListener("resize", () => figure.hidden || draw());
    const live = element("div", { className: "answer" }, answer);
    live.setAttribute("role", "status");
    fieldset.addEventListener("change", remember);
    place.querySelector(".chooser-table").replaceWith(selects, fieldset, live, figure, lists);
    window.addEventListener("hashchange", () => {
      if (location.hash === "" || location.hash.includes("=")) read(); // else it leads to a part of the page
    });
    read();
  }

  document.addEventListener("DOMContentLoaded", start); // then the other two scripts are there
})();
