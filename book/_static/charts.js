// Draws every figure.chart of the page with the site's own copy of plotly, in the colours of the current theme.
(() => {
  "use strict";
  const root = document.documentElement;
  const CONFIG = {
    responsive: true,
    displaylogo: false,
    modeBarButtons: [["toImage", "zoom2d", "resetScale2d"]],
  };

  const colour = (name) => getComputedStyle(root).getPropertyValue(name).trim();

  // The properties of `layout` that follow the theme, in plotly's dotted names.
  function themed(layout) {
    const text = colour("--chart-text");
    const changes = {
      "font.color": text,
      "paper_bgcolor": "rgba(0,0,0,0)",
      "plot_bgcolor": "rgba(0,0,0,0)",
      "hoverlabel.bgcolor": colour("--chart-hover"),
      "hoverlabel.bordercolor": colour("--chart-line"),
      "hoverlabel.font.color": text,
      "modebar.bgcolor": "rgba(0,0,0,0)",
      "modebar.color": colour("--chart-muted"),
      "modebar.activecolor": text,
    };
    const axes = new Set(["xaxis", "yaxis", ...Object.keys(layout).filter((key) => /^[xy]axis\d*$/.test(key))]);
    for (const axis of axes) {
      changes[`${axis}.gridcolor`] = colour("--chart-grid");
      changes[`${axis}.linecolor`] = colour("--chart-line");
      changes[`${axis}.zerolinecolor`] = colour("--chart-line");
    }
    return changes;
  }

  const parsed = (figure) => JSON.parse(figure.querySelector("script[type='application/json']").textContent);

  // A chart has its height before it is drawn, so that nothing below it moves. While plotly adapts to a new width it
  // forgets its height; when two changes meet, it takes the element's for good.
  function makeRoom(figure) {
    figure.querySelector(".chart-canvas").style.height = `${parsed(figure).layout?.height}px`;
  }

  async function draw(figure) {
    try {
      const canvas = figure.querySelector(".chart-canvas");
      const { data, layout } = parsed(figure);
      await window.Plotly.newPlot(canvas, data, layout, CONFIG);
      await window.Plotly.relayout(canvas, themed(layout));
      nameDrawn(canvas);
      figure.dataset.drawn = "true";
    } catch (error) {
      refuse(figure, error.message);
    }
  }

  // An image may hold no buttons, and plotly's are in it: the name stays, and what is drawn is told by the name alone.
  function nameDrawn(canvas) {
    canvas.setAttribute("role", "group");
    canvas.querySelectorAll(".main-svg").forEach((drawn) => drawn.setAttribute("aria-hidden", "true"));
  }

  function refuse(figure, reason) {
    const canvas = figure.querySelector(".chart-canvas");
    canvas.removeAttribute("role");
    canvas.style.height = "";
    canvas.textContent = `This chart could not be drawn (${reason}). Its numbers are in the tables of the report.`;
    canvas.classList.add("chart-refused");
  }

  const LIBRARY = "lib/plotly-cartesian.min.js";
  function loadPlotly() {
    return new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = `${root.dataset.content_root}${LIBRARY}`;
      script.onload = resolve;
      script.onerror = () => reject(new Error(`${LIBRARY} did not load`));
      document.head.append(script);
    });
  }

  function start() {
    const figures = [...document.querySelectorAll("figure.chart")];
    if (figures.length === 0) return;
    figures.forEach(makeRoom);
    const library = loadPlotly();
    const begun = new Map();
    function once(figure) {
      if (!begun.has(figure)) begun.set(figure, library.then(() => draw(figure), (error) => refuse(figure, error.message)));
      return begun.get(figure);
    }
    // What comes into view is drawn first, and all else while the browser is idle: a page that is printed is whole
    const seen = new IntersectionObserver((entries) => {
      entries.filter((entry) => entry.isIntersecting).forEach((entry) => once(entry.target));
    });
    figures.forEach((figure) => seen.observe(figure));
    const idle = window.requestIdleCallback ?? ((task) => setTimeout(task));
    async function drawRest() {
      const next = figures.find((figure) => !begun.has(figure));
      if (!next) return;
      await once(next);
      idle(drawRest);
    }
    library.then(() => idle(drawRest), () => figures.forEach(once));
    const recolour = () =>
      document.querySelectorAll("figure.chart[data-drawn] .chart-canvas").forEach((canvas) => {
        window.Plotly.relayout(canvas, themed(canvas.layout));
      });
    new MutationObserver(recolour).observe(root, { attributeFilter: ["data-theme"] });
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
