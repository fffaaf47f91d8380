// The chooser's chart: the quality that decides against the 95th percentile of the CPU latency, on a logarithmic scale.
// It draws what the rule found: a mark for each model in the runtime that stands for it, hollow and pale where it is out.
window.chooserChart = (() => {
  "use strict";
  const X = "cpu_latency_p95_ms";
  const [HEIGHT, LEFT, TOP, RIGHT, BOTTOM] = [320, 44, 30, 12, 42]; // of the drawing and of its margins, px
  const [LETTER, MARK] = [7, 6]; // width of a letter, bold ones too, and radius of a mark, px

  function element(tag, attributes, text = "") {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(text);
    return made;
  }

  // From values to places, with a tenth of their span as room on both sides; `span` is that of a single value
  function scale(values, from, to, span) {
    const [least, most] = [Math.min(...values), Math.max(...values)];
    const room = (most - least || span) / 10;
    const [low, high] = [least - room, most + room];
    return { low, high, at: (value) => from + ((value - low) / (high - low)) * (to - from) };
  }

  // Round numbers between two ends: about five even steps, and steps of a logarithm
  function evenSteps(low, high) {
    const rough = (high - low) / 5;
    const size = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((one) => one * size).find((one) => one >= rough);
    const first = Math.ceil(low / step);
    const count = Math.floor(high / step) - first + 1;
    return Array.from({ length: count }, (_, at) => Number(((first + at) * step).toPrecision(9)));
  }

  function logSteps(low, high) {
    const [first, last] = [Math.floor(low), Math.ceil(high)];
    const decades = Array.from({ length: last - first + 1 }, (_, at) => 10 ** (first + at));
    const steps = high - low > 4 ? [1] : high - low > 1.5 ? [1, 3] : [1, 2, 5];
    const round = decades.flatMap((decade) => steps.map((step) => Number((step * decade).toPrecision(1))));
    return round.filter((value) => Math.log10(value) >= low && Math.log10(value) <= high);
  }

  function axes(metrics, x, y, width) {
    const drawn = [];
    for (const value of evenSteps(y.low * metrics.y.scale, y.high * metrics.y.scale)) {
      const height = y.at(value / metrics.y.scale);
      drawn.push(element("line", { class: "grid", x1: LEFT, x2: width - RIGHT, y1: height, y2: height }));
      drawn.push(element("text", { x: LEFT - 6, y: height + 4, "text-anchor": "end" }, String(value)));
    }
    for (const value of logSteps(x.low, x.high)) {
      const place = { x: x.at(Math.log10(value)), y: HEIGHT - BOTTOM + 16, "text-anchor": "middle" };
      drawn.push(element("text", place, String(value)));
    }
    const head = (metric) => `${metric.label} (${metric.unit})`;
    drawn.push(element("text", { x: 0, y: 14 }, head(metrics.y)));
    drawn.push(element("text", { x: width - RIGHT, y: HEIGHT - 6, "text-anchor": "end" }, head(metrics.x)));
    return drawn;
  }

  function limitLines({ source, limits }, x, y, width) {
    const drawn = [];
    if (X in limits) {
      const at = x.at(Math.log10(limits[X]));
      drawn.push(element("line", { class: "limit", x1: at, x2: at, y1: TOP, y2: HEIGHT - BOTTOM }));
    }
    if (source.metric.name in limits) {
      const at = y.at(limits[source.metric.name]);
      drawn.push(element("line", { class: "limit", x1: LEFT, x2: width - RIGHT, y1: at, y2: at }));
    }
    return drawn;
  }

  function mark({ one, x, y, state }, named) {
    const made = element("circle", { class: state, cx: x, cy: y, r: state === "chosen" ? MARK + 2 : MARK });
    made.append(element("title", {}, named(one)));
    return made;
  }

  // The names of the chosen model and of the front, where they cover no mark and no other name
  function names(points, width) {
    const taken = points.map(({ x, y }) => ({ left: x - MARK, right: x + MARK, top: y - MARK, bottom: y + MARK }));
    const apart = (a, b) => a.right < b.left || b.right < a.left || a.bottom < b.top || b.bottom < a.top;
    const room = Math.floor((width - LEFT) / LETTER);
    const drawn = [];
    for (const { one, x, y, state } of points.filter(({ state }) => state === "chosen" || state === "front")) {
      const text = one.title.length > room ? `${one.title.slice(0, room - 1)}…` : one.title;
      const length = text.length * LETTER;
      const middle = Math.min(Math.max(x - length / 2, LEFT), width - length);
      const places = [[x + 12, y + 4], [x - 12 - length, y + 4], [middle, y - 12], [middle, y + 20]];
      const boxes = places.map(([left, base]) => ({ left, base, right: left + length, top: base - 11, bottom: base + 3 }));
      const across = ({ left, right }) => left >= LEFT && right <= width;
      const inside = (box) => across(box) && box.top >= 16 && box.bottom <= HEIGHT - BOTTOM;
      const free = boxes.find((box) => inside(box) && taken.every((other) => apart(box, other)));
      const box = free ?? (state === "chosen" ? boxes[2] : null);
      if (!box) continue;
      taken.push(box);
      const toTheLeft = box === boxes[1]; // then it ends beside the mark, whatever its width
      const place = toTheLeft ? { x: box.right, "text-anchor": "end" } : { x: box.left };
      drawn.push(element("text", { class: `name ${state}`, y: box.base, ...place }, text));
    }
    return drawn;
  }

  // Draws into `figure` what was asked and found, `named` says a model and its values; without values it is hidden
  function draw(figure, asked) {
    const { group, source, limits, found, named } = asked;
    const quality = source.metric.name;
    const metrics = { x: group.metrics.find(({ name }) => name === X), y: source.metric };
    const state = (one) => (one === found.chosen ? "chosen" : found.front.includes(one) ? "front" : "able");
    const marks = [
      ...found.fallen.map((one) => ({ one, state: "out" })),
      ...[...found.rest, ...found.front].map((one) => ({ one, state: state(one) })),
    ].filter(({ one }) => one.values[X] > 0 && one.values[quality] !== null);
    marks.sort((a, b) => (a.state === "chosen") - (b.state === "chosen")); // drawn above all others
    figure.hidden = marks.length === 0;
    if (figure.hidden) return;
    const width = Math.min(Math.max(figure.clientWidth, 280), 720);
    const bound = (name) => (name in limits ? [limits[name]] : []);
    const x = scale([...marks.map(({ one }) => one.values[X]), ...bound(X)].map(Math.log10), LEFT, width - RIGHT, 1);
    const qualities = [...marks.map(({ one }) => one.values[quality]), ...bound(quality)];
    const y = scale(qualities, HEIGHT - BOTTOM, TOP, 0.1);
    const points = marks.map(({ one, state }) => {
      return { one, state, x: x.at(Math.log10(one.values[X])), y: y.at(one.values[quality]) };
    });
    const told = words(asked, metrics, marks);
    const svg = element("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", "aria-label": told });
    svg.append(...axes(metrics, x, y, width), ...limitLines(asked, x, y, width));
    svg.append(...points.map((point) => mark(point, named)), ...names(points.toReversed(), width));
    figure.querySelector("svg")?.remove();
    figure.prepend(svg);
  }

  function words({ found, named }, { x, y }, marks) {
    const out = marks.filter(({ state }) => state === "out").length;
    const taken = found.chosen ? `The one to take is ${named(found.chosen)}` : "None is within your limits";
    return `${y.label} against ${x.label} of ${marks.length} models, ${out} of them outside your limits. ${taken}.`;
  }

  return draw;
})();
