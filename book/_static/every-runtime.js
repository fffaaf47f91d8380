// Sorts, filters and picks columns of the table of every runtime, and turns its pages where it has many rows: the page
// holds the first of them, and a file all. Without this script, or without that file, it is a plain table.
(() => {
  "use strict";
  const ORDER = new Intl.Collator("en", { numeric: true });

  function start() {
    const place = document.querySelector(".every-runtime");
    if (!place) return;
    const heads = [...place.querySelectorAll("thead th")];
    const rows = [...place.querySelectorAll("tbody tr")];
    if (!place.dataset.rows) {
      const columns = heads.map((_, at) => ({ value: rows.map((row) => row.cells[at].dataset.value) }));
      control(place, heads, columns, (number) => rows[number], rows.length);
      return;
    }
    const file = element("script", { src: place.dataset.rows });
    file.addEventListener("load", () => {
      const columns = heads.map((head) => window.everyRuntime[head.dataset.column]);
      control(place, heads, columns, (number) => made(heads, columns, number), rows.length);
      place.querySelector(".first-rows").remove();
    });
    document.head.append(file);
  }

  const element = (kind, properties = {}, ...children) => {
    const found = Object.assign(document.createElement(kind), properties);
    found.append(...children);
    return found;
  };

  // A row like those in the page, of the parts of its cells
  function made(heads, columns, number) {
    const cells = columns.map(({ value, text = value, note, link }, at) => {
      const shown = link?.[number] ? element("a", { href: link[number] }, text[number]) : text[number];
      const small = note?.[number] ? [" ", element("small", {}, note[number])] : [];
      if (at === 0) return element("th", { scope: "row" }, shown, ...small);
      return element("td", { className: "filtered" in heads[at].dataset ? "" : "text-right" }, shown, ...small);
    });
    return element("tr", {}, ...cells);
  }

  // A number for each value, in their order; none for what was not measured
  function ranks(values) {
    if (!values.some(isNaN)) return Float64Array.from(values, (value) => (value === "" ? NaN : value));
    const places = new Map([...new Set(values)].sort(ORDER.compare).map((value, place) => [value, place]));
    return Float64Array.from(values, (value) => (value === "" ? NaN : places.get(value)));
  }

  // Of each column there is the `value` in each row; `row` makes the row of that number; so many are drawn `atOnce`
  function control(place, heads, columns, row, atOnce) {
    const [controls, table, body] = [".controls", "table", "tbody"].map((name) => place.querySelector(name));
    const order = columns[0].value.map((_, number) => number);
    const hidden = heads.map((head) => "optional" in head.dataset);
    const filters = [];
    let [kept, first] = [order, 0];

    // Sorting: a button in each head; what was not measured stays last
    function sort(column, descending) {
      const rank = ranks(columns[column].value);
      order.sort((one, other) => {
        const [a, b] = [rank[one], rank[other]];
        if (isNaN(a) || isNaN(b)) return isNaN(a) - isNaN(b);
        return descending ? b - a : a - b;
      });
      heads.forEach((head) => head.removeAttribute("aria-sort"));
      heads[column].setAttribute("aria-sort", descending ? "descending" : "ascending");
      filter();
    }

    heads.forEach((head, column) => {
      const button = element("button", { type: "button", textContent: head.textContent });
      button.addEventListener("click", () => sort(column, head.getAttribute("aria-sort") === "ascending"));
      head.replaceChildren(button);
    });

    // Filters: one select for each column of texts, and a field for any part of a model's name
    function filter() {
      [kept, first] = [order.filter((number) => filters.every((keeps) => keeps(number))), 0];
      draw();
    }

    function labelled(text, kind) {
      const field = element(kind);
      field.addEventListener("input", filter);
      controls.append(element("label", {}, text, " ", field));
      return field;
    }

    const search = labelled("Model", "input");
    search.type = "search";
    const models = columns[0].value.map((model) => model.toLowerCase());
    filters.push((number) => models[number].includes(search.value.toLowerCase()));
    heads.forEach((head, column) => {
      if (!("filtered" in head.dataset)) return;
      const select = labelled(head.textContent, "select");
      const { value } = columns[column];
      const values = [...new Set(value)].filter(Boolean).sort(ORDER.compare);
      select.append(new Option("all", ""), ...values.map((text) => new Option(text, text)));
      filters.push((number) => select.value === "" || value[number] === select.value);
    });

    // Columns: those that are optional start hidden
    const picker = element("details", {}, element("summary", { textContent: "Columns" }));
    heads.forEach((head, column) => {
      if (column === 0 || "filtered" in head.dataset) return;
      const box = element("input", { type: "checkbox", checked: !hidden[column] });
      box.addEventListener("change", () => {
        hidden[column] = !box.checked;
        draw();
      });
      picker.append(element("label", {}, box, " ", head.textContent));
    });

    // Pages: at most so many rows at once
    const count = element("p");
    count.setAttribute("role", "status");
    const turns = [["Previous", -atOnce], ["Next", atOnce]].map(([text, step]) => {
      const button = element("button", { type: "button", textContent: text });
      const leads = () => first + step >= 0 && first + step < kept.length;
      button.addEventListener("click", () => {
        if (!leads()) return;
        first += step;
        draw();
        if (table.getBoundingClientRect().top < 0) table.scrollIntoView();
      });
      return { button, leads };
    });

    function draw() {
      const drawn = kept.slice(first, first + atOnce).map(row);
      for (const cells of [heads, ...drawn.map((one) => one.cells)]) hidden.forEach((is, column) => (cells[column].hidden = is));
      body.replaceChildren(...drawn);
      const [from, to, left, all] = [first + 1, first + drawn.length, kept.length, order.length].map((n) => n.toLocaleString("en"));
      count.textContent = kept.length > atOnce ? `${from} to ${to} of ${left} rows` : `${left} of ${all} rows`;
      // not disabled: the focus would be lost
      for (const { button, leads } of turns) button.setAttribute("aria-disabled", !leads());
    }

    controls.append(picker);
    if (order.length > atOnce) place.append(element("nav", { className: "pages", ariaLabel: "Rows" }, turns[0].button, count, turns[1].button));
    else controls.append(count);
    controls.hidden = false;
    filter();
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
