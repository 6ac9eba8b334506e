const byId = (id) => document.getElementById(id);
const data = JSON.parse(byId("data").textContent);
// A text is written once, in data.texts; a column of texts holds their places there.
const unpacked = ({ columns, texts, rows }) =>
  rows.map((values) =>
    Object.fromEntries(columns.map((name, i) => [name, texts.includes(name) ? data.texts[values[i]] : values[i]])));
const rows = unpacked(data.rows);
const pairs = unpacked(data.pairs);
const TIMED = ["measured", "unstable"];
const AT_FIRST = 150; // rows of a table; the rest is a click away

const threadsOf = (row) => `${row.threads} thread${row.threads === 1 ? "" : "s"}`;

// How numbers read: three significant digits, as in the findings.
const short = (value) => {
  if (value === null) return "";
  const size = Math.abs(value);
  if (value === 0) return "0";
  if (size >= 999.5) return size < 1e9 ? Math.round(value).toLocaleString("en") : value.toExponential(2);
  return size >= 1e-4 ? String(Number(value.toPrecision(3))) : value.toExponential(2);
};
const percent = (value) => (value === null ? "" : `${short(value * 100)} %`);
const scaled = (...steps) => (value) => {
  if (value === null) return "";
  const [step, unit] = steps.find(([size]) => value >= size * 0.9995) || steps[steps.length - 1];
  return `${short(value / step)} ${unit}`;
};
const duration = scaled([1e9, "s"], [1e6, "ms"], [1e3, "µs"], [1, "ns"]);
const bytes = scaled([2 ** 30, "GiB"], [2 ** 20, "MiB"], [2 ** 10, "KiB"], [1, "B"]);
const joules = scaled([1, "J"], [1e-3, "mJ"], [1e-6, "µJ"], [1e-9, "nJ"]);
const fixed = (value) => (value === null ? "" : value.toFixed(3).replace(/^-(?=0.000$)/, ""));
const FORMS = { duration, percent, short, fixed, bytes, joules };
const letterOf = (item) => data.machines[item.machine].letter;
const nameOf = (row) => row.label || row.problem;
const element = (tag, fields = {}, ...children) => {
  const made = Object.assign(document.createElement(tag), fields);
  made.append(...children);
  return made;
};

// Filters: one choice for each column that has several values.
const values = (column) => [...new Set(rows.map((row) => row[column]))];
const several = (column) => values(column).length > 1;
const NAMES = {
  machine: "machine", run: "run", threads: "threads", cache: "cache", isa: "instruction set", dtype: "data type",
  variant: "variant", status: "status",
};
const filters = byId("filters");

const opFilter = () => {
  const group = element("fieldset", {}, element("legend", { textContent: "operation" }));
  for (const op of Object.keys(data.colours)) {
    const box = element("input", { type: "checkbox", name: "op", value: op, checked: true });
    const swatch = element("span", { className: "swatch" });
    swatch.style.background = data.colours[op];
    group.append(element("label", {}, box, swatch, op));
  }
  return group;
};
const labelled = (name, field) =>
  element("label", { className: "choice" }, element("span", { textContent: name }), field);
const counts = new Set(rows.map((row) => `${row.run} ${row.threads}`));
const choice = (column) => {
  const select = element("select", { name: column }, new Option("all", ""));
  const found = values(column);
  if (typeof found[0] === "number") found.sort((a, b) => a - b);
  else found.sort();
  found.forEach((value) => select.append(new Option(value, value)));
  // Roofs are of one thread count: at first the most that every run has.
  if (column === "threads") {
    const everywhere = found.filter((count) => values("run").every((run) => counts.has(`${run} ${count}`)));
    select.value = everywhere.length ? everywhere[everywhere.length - 1] : "";
  }
  return labelled(NAMES[column], select);
};
const buildFilters = () => {
  filters.append(opFilter());
  filters.append(...Object.keys(NAMES).filter(several).map(choice));
  if (several("machine")) {
    const colour = element("select", { name: "colour" }, new Option("machine"), new Option("operation"));
    filters.append(labelled("colour shows", colour));
  }
  const search = element("input", { type: "search", name: "search", autocomplete: "off" });
  filters.append(labelled("problem contains", search));
  filters.addEventListener("input", show);
  filters.addEventListener("submit", (event) => event.preventDefault());
};
const selected = () => {
  const form = new FormData(filters);
  const ops = form.getAll("op");
  const word = form.get("search").trim().toLowerCase();
  const wanted = Object.keys(NAMES).filter((column) => form.get(column)).map((column) => [column, form.get(column)]);
  return rows.filter(
    (row) =>
      ops.includes(row.op) &&
      wanted.every(([column, value]) => String(row[column]) === value) &&
      `${row.problem} ${row.label}`.toLowerCase().includes(word),
  );
};

// A table whose heads sort it. Columns: name, value to sort by, and cell: text, or nodes.
const sortable = (table, columns, caption, className = "") => {
  let shown = [], all = false, by = null, down = true;
  const body = element("tbody");
  const more = element("button", { type: "button", hidden: true });
  const heads = columns.map((column) => {
    const button = element("button", { type: "button", textContent: column.name });
    const head = element("th", { scope: "col", className: column.number ? "number" : "" }, button);
    button.addEventListener("click", () => {
      down = by === column ? !down : Boolean(column.number);
      by = column;
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      draw();
    });
    return head;
  });
  const order = (a, b) => {
    const [x, y] = [by.value(a), by.value(b)];
    if (x === y) return 0;
    if (x === null || x === "") return 1; // what is not known comes last, either way
    if (y === null || y === "") return -1;
    const less = typeof x === "number" ? x < y : String(x).localeCompare(String(y)) < 0;
    return less === down ? 1 : -1;
  };
  const line = (row) => {
    const made = element("tr", { className: row.status || "" });
    columns.forEach((column, i) => {
      const cell = element(i === 0 ? "th" : "td", { className: column.number ? "number" : "" });
      if (i === 0) cell.scope = "row";
      cell.append(...[column.cell ? column.cell(row) : column.value(row)].flat());
      made.append(cell);
    });
    return made;
  };
  const draw = () => {
    const sorted = by ? [...shown].sort(order) : shown;
    body.replaceChildren(...(all ? sorted : sorted.slice(0, AT_FIRST)).map(line));
    more.hidden = all || shown.length <= AT_FIRST;
    more.textContent = `Show all ${shown.length} rows`;
  };
  more.addEventListener("click", () => { all = true; draw(); });
  const words = element("caption", { textContent: caption, className });
  table.append(words, element("thead", {}, element("tr", {}, ...heads)), body);
  table.parentElement.after(more);
  return (these) => { shown = these; draw(); };
};
const problemCell = (row) =>
  row.label ? [row.label, element("small", { textContent: row.problem })] : [row.problem];
const opened = (word, text) => {
  if (!text) return [word];
  const detail = element("span", { textContent: text });
  return [element("details", {}, element("summary", { textContent: word }), detail)];
};
const number = (name, key, form) => ({ name, number: true, value: (row) => row[key], cell: (row) => form(row[key]) });
const text = (name, key) => ({ name, value: (row) => row[key] });
const known = (key) => rows.some((row) => row[key] !== null);
const gapColumns = [
  { name: "problem", value: nameOf, cell: problemCell },
  ...(several("machine") ? [{ name: "machine", value: letterOf }] : []),
  ...(several("run") ? [text("run", "run")] : []),
  text("variant", "variant"),
  number("threads", "threads", String),
  ...["cache", "isa", "dtype"].filter(several).map((column) => text(NAMES[column], column)),
  number("median", "median_ns", duration),
  number("GFLOP/s", "gflops", short),
  number("roof", "roof_fraction", percent),
  number("attainable", "attainable_fraction", percent),
  number("gap", "flops_gap", short),
  number("algorithm", "gap_algorithm", short),
  number("memory", "gap_memory", short),
  number("implementation", "gap_implementation", short),
  ...(known("energy_j") ? [number("energy", "energy_j", joules)] : []),
  ...(known("usd_per_1k") ? [number("$ per 1000", "usd_per_1k", short)] : []),
  { name: "lever", value: (row) => row.lever, cell: (row) => opened(row.lever, row.advice) },
  {
    name: "status", value: (row) => row.status,
    cell: (row) => opened(row.status, [row.reason, row.warnings].filter(Boolean).join("; ")),
  },
];
const drawRows = sortable(byId("rows"), gapColumns, "In the order of the files; a head sorts");

// The tables of the topics, each drawn when its part of the page is opened.
const drawTopic = ({ columns, rows }, i) => {
  const details = byId(`table-${i}`);
  const column = ([name, form], at) => {
    const value = (row) => (form === "problem" ? row[at][0] || row[at][1] : row[at]);
    if (form === "text") return { name, value };
    if (form in FORMS) return { name, value, number: true, cell: (row) => FORMS[form](row[at]) };
    return { name, value, cell: (row) => problemCell({ label: row[at][0], problem: row[at][1] }) };
  };
  const status = columns.findIndex(([name]) => name === "status");
  const draw = () => {
    const lines = rows.map((values) => Object.assign([...values], { status: values[status] }));
    const table = details.querySelector("table");
    sortable(table, columns.map(column), details.querySelector("summary").textContent, "unseen")(lines);
  };
  if (details.open) draw();
  else details.addEventListener("toggle", draw, { once: true });
};
