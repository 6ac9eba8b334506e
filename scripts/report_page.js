"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("data").textContent);
  const rows = data.rows.map((values) => Object.fromEntries(data.columns.map((name, i) => [name, values[i]])));
  const TIMED = ["measured", "unstable"];
  const AT_FIRST = 150; // rows of a table; the rest is a click away
  const SYMBOLS = "circle square diamond triangle-up triangle-down pentagon cross x star hexagon".split(" ");
  const DASHES = { L1: "solid", L2: "dash", L3: "dashdot", DRAM: "dot" };
  const VERDICTS = {
    slower: { colour: "#D55E00", symbol: "triangle-down" },
    same: { colour: "#7F7F7F", symbol: "circle" },
    faster: { colour: "#0072B2", symbol: "triangle-up" },
  };

  // How numbers read: three significant digits, as in the findings.
  const short = (value) => {
    if (value === null) return "";
    const size = Math.abs(value);
    if (value === 0) return "0";
    if (size >= 999.5) return size < 1e9 ? Math.round(value).toLocaleString("en") : value.toExponential(2);
    return size >= 1e-4 ? String(Number(value.toPrecision(3))) : value.toExponential(2);
  };
  const percent = (value) => (value === null ? "" : `${short(value * 100)} %`);
  const duration = (ns) => {
    if (ns === null) return "";
    const [step, unit] = [[1e9, "s"], [1e6, "ms"], [1e3, "µs"]].find(([size]) => ns >= size * 0.9995) || [1, "ns"];
    return `${short(ns / step)} ${unit}`;
  };
  const fixed = (value) => (value === null ? "" : value.toFixed(3));
  const setting = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  // Plotly reads tags and entities in texts; ours have none.
  const plain = (text) => String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
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
    run: "run", threads: "threads", cache: "cache", isa: "instruction set", dtype: "data type", variant: "variant",
    status: "status",
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
    found.forEach((value) => select.append(new Option(column === "run" ? data.runs[value] : value, value)));
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
  const sortable = (table, more, columns, caption) => {
    let shown = [], all = false, by = null, down = true;
    const body = element("tbody");
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
    table.append(element("caption", { textContent: caption }), element("thead", {}, element("tr", {}, ...heads)), body);
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
  const gapColumns = [
    { name: "problem", value: nameOf, cell: problemCell },
    ...(several("run") ? [{ name: "run", value: (row) => data.runs[row.run] }] : []),
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
    { name: "lever", value: (row) => row.lever, cell: (row) => opened(row.lever, row.advice) },
    {
      name: "status", value: (row) => row.status,
      cell: (row) => opened(row.status, [row.reason, row.warnings].filter(Boolean).join("; ")),
    },
  ];
  const drawRows = sortable(byId("rows"), byId("more-rows"), gapColumns, "In the order of the files; a head sorts");

  // The roofline.
  const variants = values("variant").sort();
  const ours = variants.filter((name) => !name.startsWith("onednn"));
  const theirs = variants.filter((name) => name.startsWith("onednn"));
  const symbolOf = (name) =>
    theirs.includes(name) ? `${SYMBOLS[theirs.indexOf(name) % 5]}-open` : SYMBOLS[ours.indexOf(name) % SYMBOLS.length];
  // Black is not seen on a dark page.
  const colourOf = (op) => (data.colours[op] === "#000000" ? setting("--ink") : data.colours[op]);
  const threadsOf = (row) => `${row.threads} thread${row.threads === 1 ? "" : "s"}`;
  const known = (written) => written || "not known";
  const hover = (row) =>
    [
      `<b>${plain(nameOf(row))}</b>`, plain(row.problem),
      plain(`${row.variant}, ${threadsOf(row)}, ${row.isa} ${row.dtype}, ${row.cache}`),
      ...(several("run") ? [plain(data.runs[row.run])] : []),
      `${duration(row.median_ns)}, ${short(row.gflops)} GFLOP/s${row.status === "unstable" ? " (unstable)" : ""}`,
      `roof ${known(percent(row.roof_fraction))}, attainable ${known(percent(row.attainable_fraction))}`,
      `gap ${known(short(row.flops_gap))}${row.lever ? `, lever: ${plain(row.lever)}` : ""}`,
    ].join("<br>");
  const narrow = () => window.matchMedia("(max-width: 40rem)").matches;
  const look = () => ({
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", hovermode: "closest",
    font: { color: setting("--ink"), family: "system-ui, sans-serif", size: narrow() ? 11 : 13 },
    hoverlabel: {
      bgcolor: setting("--card"), bordercolor: setting("--line"), font: { color: setting("--ink") }, align: "left",
    },
    legend: { orientation: "h", y: -0.18, font: { size: 12 } },
    margin: { l: narrow() ? 48 : 64, r: 12, t: 36, b: 56 },
    modebar: { bgcolor: "rgba(0,0,0,0)", color: setting("--soft"), activecolor: setting("--ink") },
  });
  const axis = (title, range) => ({
    title: { text: title }, type: "log", range: range.map(Math.log10), gridcolor: setting("--grid"),
    linecolor: setting("--line"), zeroline: false, dtick: 1, tickformat: "~g", exponentformat: "none",
  });
  const CONFIG = {
    responsive: true, displaylogo: false, modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"],
  };

  const points = (these) => {
    const groups = new Map();
    these.forEach((row) => {
      const key = JSON.stringify([row.op, row.variant]);
      if (!groups.has(key)) groups.set(key, []);
      groups.get(key).push(row);
    });
    return [...groups.values()].map((group) => {
      const { op, variant } = group[0];
      const colour = colourOf(op);
      return {
        type: "scatter", mode: "markers", name: plain(`${op} ${variant}`), showlegend: !narrow(),
        x: group.map((row) => row.intensity), y: group.map((row) => row.gflops),
        text: group.map(hover), hoverinfo: "text",
        marker: {
          symbol: symbolOf(variant), color: colour, size: 9,
          opacity: group.map((row) => (row.status === "unstable" ? 0.35 : 0.9)),
          line: theirs.includes(variant) ? { width: 2, color: colour } : { width: 0.7, color: setting("--paper") },
        },
      };
    });
  };
  const roofNames = (roof, roofs) =>
    [
      ...["threads", "isa", "dtype"].filter((column) => new Set(roofs.map((other) => other[column])).size > 1)
        .map((column) => (column === "threads" ? `${roof.threads} thr` : roof[column])),
      ...(new Set(roofs.map((other) => other.run)).size > 1 ? [data.runs[roof.run]] : []),
    ].join(" ");
  const roofLines = (roofs, low, high) => {
    const traces = [], notes = [];
    const line = (x, y, dash, label, at, side) => {
      traces.push({
        type: "scatter", mode: "lines", x, y, showlegend: false, hoverinfo: "text", text: plain(label),
        line: { color: setting("--soft"), width: dash === "solid" ? 1.8 : 1.4, dash },
      });
      if (at) notes.push({
        x: Math.log10(at[0]), y: Math.log10(at[1]), text: plain(label), showarrow: false, ...side,
        font: { size: 11, color: setting("--soft") },
      });
    };
    roofs.forEach((roof) => {
      const of = roofNames(roof, roofs);
      const levels = Object.entries(roof.bandwidths).sort(([, a], [, b]) => a - b);
      const nearest = levels[levels.length - 1][1];
      line([roof.peak / nearest, high[0]], [roof.peak, roof.peak], "solid",
        `${roof.mix} peak ${short(roof.peak)} GFLOP/s ${of}`, [high[0], roof.peak],
        { xanchor: "right", yanchor: "bottom" });
      levels.forEach(([level, value], k) => {
        const start = Math.max(low[0], low[1] / value);
        // The name stands right of its line, near the line's lower end; each higher than the last. Of several roofs
        // the names would cover each other: there they show on hovering alone.
        const y = Math.min(Math.max(start * value * 1.1, low[1] * (high[1] / low[1]) ** (0.05 + 0.055 * k)), roof.peak);
        line([start, roof.peak / value], [start * value, roof.peak], DASHES[level] || "longdash",
          `${level} ${short(value)} GB/s ${of}`, roofs.length === 1 ? [y / value, y] : null,
          { xanchor: "left", yanchor: "middle", xshift: 5 });
      });
    });
    return { traces, notes };
  };
  const roofsOf = (these) => {
    const key = (item) => JSON.stringify([item.run, item.isa, item.dtype, item.threads]);
    const keys = new Set(these.map(key));
    const found = data.roofs.filter((roof) => keys.has(key(roof)));
    // Runs on one machine share their roofs, if they copied the same probe.
    const alike = (roof) => JSON.stringify([roof.isa, roof.dtype, roof.threads, roof.peak, roof.bandwidths]);
    const once = found.filter((roof, i) => found.findIndex((other) => alike(other) === alike(roof)) === i);
    return { drawn: once.filter((roof) => !roof.missing), missing: once.filter((roof) => roof.missing) };
  };

  let ready = false;
  const drawRoofline = (these) => {
    const pointed = these.filter((row) => TIMED.includes(row.status) && row.intensity > 0 && row.gflops > 0);
    const { drawn, missing } = roofsOf(pointed);
    byId("roofless").textContent = missing.map((roof) => roof.missing).join(" ");
    const without = these.filter((row) => !pointed.includes(row));
    const count = (status) => `${without.filter((row) => row.status === status).length} ${status}`;
    const why = [...new Set(without.map((row) => row.status))].map(count).join(", ");
    byId("shown").textContent =
      `${these.length} of ${rows.length} rows, ${pointed.length} points${why ? `; no point for ${why}` : ""}`;
    if (!ready) return;
    const peaks = drawn.map((roof) => roof.peak);
    const ridges = drawn.map((roof) => roof.peak / Math.max(...Object.values(roof.bandwidths)));
    const xs = pointed.map((row) => row.intensity).concat(ridges), ys = pointed.map((row) => row.gflops).concat(peaks);
    if (!xs.length) xs.push(1), ys.push(1);
    const least = (list) => list.reduce((a, b) => Math.min(a, b));
    const most = (list) => list.reduce((a, b) => Math.max(a, b));
    const low = [least(xs) / 4, least(ys) / 2.5], high = [most(xs) * 2.2, most(ys) * 2];
    const { traces, notes } = roofLines(drawn, low, high);
    Plotly.react("plot", [...traces, ...points(pointed)], {
      ...look(), annotations: notes, xaxis: axis("operational intensity (FLOP per compulsory byte)", [low[0], high[0]]),
      yaxis: axis("performance (GFLOP/s)", [low[1], high[1]]),
    }, CONFIG);
  };

  // The comparison.
  const intervalOf = (pair) =>
    pair.ratio_low === null || pair.ratio_high === null ? "" : `${fixed(pair.ratio_low)} to ${fixed(pair.ratio_high)}`;
  const verdictOf = (pair) => pair.verdict.replace("_", " ");
  const pairHover = (pair) =>
    [
      `<b>${plain(nameOf(pair))}</b>`, plain(pair.problem), plain(`${pair.variant}, ${threadsOf(pair)}, ${pair.cache}`),
      `ratio ${fixed(pair.ratio)}${intervalOf(pair) && ` (${intervalOf(pair)})`}`, verdictOf(pair),
    ].join("<br>");
  const pairColumns = [
    { name: "problem", value: nameOf, cell: problemCell },
    ...(new Set(data.pairs.map((pair) => pair.run_b)).size > 1 ? [text("run", "run_b")] : []),
    text("variant", "variant"), number("threads", "threads", String), text("cache", "cache"),
    number("baseline", "median_a_ns", duration), number("other", "median_b_ns", duration),
    number("ratio", "ratio", fixed),
    { name: "95 % interval", number: true, value: (pair) => pair.ratio_low, cell: intervalOf },
    number("machine", "machine_ratio", fixed), number("kernel", "kernel_ratio", fixed),
    {
      name: "verdict", value: verdictOf,
      cell: (pair) => opened(verdictOf(pair), pair.reason || (pair.cause ? `cause: ${pair.cause}` : "")),
    },
  ];
  const drawRatios = () => {
    if (!byId("ratios")) return;
    const timed = data.pairs.filter((pair) => pair.ratio > 0).sort((a, b) => a.ratio - b.ratio);
    if (!timed.length) return byId("ratios").remove();
    const at = new Map(timed.map((pair, i) => [pair, i + 1]));
    const traces = Object.entries(VERDICTS).map(([verdict, { colour, symbol }]) => {
      const these = timed.filter((pair) => pair.verdict === verdict);
      const length = (end) => these.map((pair) => (intervalOf(pair) ? Math.abs(pair[end] - pair.ratio) : 0));
      return {
        type: "scatter", mode: "markers", name: verdict, showlegend: true, marker: { color: colour, symbol, size: 7 },
        x: these.map((pair) => at.get(pair)), y: these.map((pair) => pair.ratio),
        text: these.map(pairHover), hoverinfo: "text",
        error_y: {
          type: "data", symmetric: false, array: length("ratio_high"), arrayminus: length("ratio_low"), color: colour,
          thickness: 1, width: 0,
        },
      };
    });
    const { dtick, range, ...log } = axis("ratio: above 1, faster", [1, 1]);
    Plotly.react("ratios", traces, {
      ...look(), yaxis: log,
      xaxis: { title: { text: "pairs, by ratio" }, gridcolor: setting("--grid"), zeroline: false },
      shapes: [{ type: "line", xref: "paper", x0: 0, x1: 1, y0: 1, y1: 1, line: { color: setting("--ink") } }],
    }, CONFIG);
  };

  const show = () => {
    const these = selected();
    drawRows(these);
    drawRoofline(these);
  };
  const loadPlotly = async () => {
    const packed = Uint8Array.from(atob(byId("plotly").textContent), (letter) => letter.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    const source = await new Response(stream).text();
    document.head.append(element("script", { textContent: source }));
    ready = true;
    drawRoofline(selected());
    drawRatios();
    const redraw = () => { drawRoofline(selected()); drawRatios(); };
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
    window.matchMedia("(max-width: 40rem)").addEventListener("change", redraw);
    document.documentElement.dataset.drawn = "true";
  };

  buildFilters();
  show();
  if (byId("pairs")) {
    sortable(byId("pairs"), byId("more-pairs"), pairColumns, "The slowest first; a head sorts")(data.pairs);
  }
  loadPlotly().catch((error) => {
    byId("fault").hidden = false;
    byId("fault").textContent =
      `The pictures cannot be drawn in this browser (${error.message}); the tables hold their numbers.`;
  });
})();
