// The chooser's rule, that of report/choice/recommend.py. All that is judged was judged when the site was built: which
// runtime may stand for a model, and what the test texts, or the values of 2021, say of any two. Here it is looked up.
window.chooserRule = (() => {
  "use strict";
  const [NOT_INFERIOR, LEADS, UNDECIDED, TIED] = [1, 2, 4, 8];

  const speed = (one) => one.values.cpu_latency_p50_ms ?? Infinity;

  const allows = (metric, value, limit) => value !== null && (metric.better === "lower" ? value <= limit : value >= limit);

  const missed = (metrics, { values }, limits) =>
    metrics.filter((metric) => metric.name in limits && !allows(metric, values[metric.name], limits[metric.name]));

  // For each model the candidate to deploy it as: of those that may stand for it, the fastest within the limits
  function deployed(group, metrics, runtime, limits) {
    const models = new Map();
    for (const number of group.eligible[runtime]) {
      const candidate = { ...group.candidates[number], number };
      candidate.missed = missed(metrics, candidate, limits);
      const best = models.get(candidate.model);
      const rank = (one) => [one.missed.length > 0, speed(one)];
      if (!best || less(rank(candidate), rank(best))) models.set(candidate.model, candidate);
    }
    return [...models.values()];
  }

  const less = ([a, x], [b, y]) => (a === b ? x < y : a < b);

  // What to take under limits, a number for each metric that has one, weighed by a source of the group
  function choose(group, source, runtime, limits) {
    const metrics = [source.metric, ...group.metrics];
    const all = deployed(group, metrics, runtime, limits);
    const weighed = new Set(source.weighed);
    const faster = (one, other) => group.faster[one.number][other.number] === "1";
    const bits = (one, other) => parseInt(source.pairs[one.number][other.number], 16);
    const quality = (candidate) => candidate.values[source.metric.name];
    const judged = all.filter((one) => weighed.has(one.number));
    const unjudged = all.filter((one) => !weighed.has(one.number));
    const able = judged.filter((one) => one.missed.length === 0);
    able.sort((a, b) => quality(b) - quality(a) || speed(a) - speed(b));
    const best = able[0];
    const leading = able.filter((one) => one === best || bits(one, best) & LEADS);
    const asGood = able.filter(
      (one) => one === best || leading.every((other) => other === one || bits(one, other) & NOT_INFERIOR),
    );
    const chosen = asGood.toSorted((a, b) => speed(a) - speed(b))[0];
    // from the fastest on, better than every one before it; who is tied counts as equal
    const front = [];
    for (const one of able.toSorted((a, b) => speed(a) - speed(b) || quality(b) - quality(a))) {
      const dominated = front.some((other) =>
        quality(one) === quality(other) || bits(one, other) & TIED ? speed(other) !== speed(one) : quality(other) > quality(one),
      );
      if (!dominated) front.push(one);
    }
    const models = new Set(all.map((one) => one.model));
    return {
      chosen,
      best,
      front,
      undecided: able.filter((one) => one !== best && bits(one, best) & UNDECIDED && faster(one, chosen)),
      fastest: asGood.every((one) => one === chosen || faster(chosen, one)),
      rest: able.filter((one) => !front.includes(one)),
      fallen: judged.filter((one) => one.missed.length > 0),
      doubtful: source.weighed
        .filter((number) => !group.eligible[runtime].includes(number))
        .map((number) => group.candidates[number])
        .filter((one) => runtime === "any" || one.runtime === runtime)
        .filter((one) => missed(metrics, one, limits).length === 0),
      unknown: unjudged.filter((one) => quality(one) === null && one.missed.every((metric) => metric === source.metric)),
      undertrained: unjudged.filter((one) => quality(one) !== null && one.missed.length === 0),
      // as trained a model is the first of its candidates, and its title names no runtime
      elsewhere: group.candidates.filter(
        ({ model }, at) => !models.has(model) && group.candidates.findIndex((one) => one.model === model) === at,
      ),
    };
  }

  return choose;
})();
