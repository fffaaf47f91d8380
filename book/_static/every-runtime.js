// Sorts, filters and picks columns of the table of every runtime. Without this script it is a plain table.
(() => {
  "use strict";
  function start() {
    const place = document.querySelector(".every-runtime");
    if (!place) return;
    const controls = place.querySelector(".controls");
    const body = place.querySelector("tbody");
    const heads = [...place.querySelectorAll("thead th")];
    const rows = [...body.rows];
    const value = (row, column) => row.cells[column].dataset.value;

    // Sorting: a button in each head; what was not measured stays last
    function sort(column, descending) {
      const numbers = rows.every((row) => value(row, column) === "" || !isNaN(value(row, column)));
      const compare = (a, b) => (numbers ? a - b : a.localeCompare(b, "en", { numeric: true }));
      rows.sort((one, other) => {
        const [a, b] = [value(one, column), value(other, column)];
        if (a === "" || b === "") return (a === "") - (b === "");
        return descending ? compare(b, a) : compare(a, b);
      });
      body.append(...rows);
      heads.forEach((head) => head.removeAttribute("aria-sort"));
      heads[column].setAttribute("aria-sort", descending ? "descending" : "ascending");
    }

    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      button.addEventListener("click", () => sort(column, head.getAttribute("aria-sort") === "ascending"));
      head.replaceChildren(button);
    });

    // Filters: one select for each column of texts, and a field for any part of a model's name
    const filters = [];
    const search = labelled("Model", "input");
    search.type = "search";
    filters.push((row) => value(row, 0).toLowerCase().includes(search.value.toLowerCase()));
    heads.forEach((head, column) => {
      if (!("filtered" in head.dataset)) return;
      const select = labelled(head.textContent, "select");
      const values = [...new Set(rows.map((row) => value(row, column)))].filter(Boolean).sort();
      select.append(new Option("all", ""), ...values.map((text) => new Option(text, text)));
      filters.push((row) => select.value === "" || value(row, column) === select.value);
    });

    const count = document.createElement("p");
    count.setAttribute("role", "status");
    function filter() {
      let shown = 0;
      for (const row of rows) {
        row.hidden = !filters.every((keeps) => keeps(row));
        shown += !row.hidden;
      }
      count.textContent = `${shown} of ${rows.length} rows`;
    }

    function labelled(text, kind) {
      const label = document.createElement("label");
      const field = document.createElement(kind);
      field.addEventListener("input", () => filter());
      label.append(text, " ", field);
      controls.append(label);
      return field;
    }

    // Columns: those that are optional start hidden
    const picker = document.createElement("details");
    const summary = document.createElement("summary");
    summary.textContent = "Columns";
    picker.append(summary);
    heads.forEach((head, column) => {
      if (column === 0 || "filtered" in head.dataset) return;
      const label = document.createElement("label");
      const box = document.createElement("input");
      box.type = "checkbox";
      box.checked = !("optional" in head.dataset);
      const show = () => [head, ...rows.map((row) => row.cells[column])].forEach((cell) => (cell.hidden = !box.checked));
      box.addEventListener("change", show);
      show();
      label.append(box, " ", head.textContent);
      picker.append(label);
    });

    controls.append(picker, count);
    controls.hidden = false;
    filter();
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
