const SYMBOLS = "circle square diamond triangle-up triangle-down pentagon cross x star hexagon".split(" ");
const DASHES = { L1: "solid", L2: "dash", L3: "dashdot", DRAM: "dot" };
const VERDICTS = {
  slower: { colour: "#D55E00", symbol: "triangle-down" },
  same: { colour: "#7F7F7F", symbol: "circle" },
  faster: { colour: "#0072B2", symbol: "triangle-up" },
};
const LEGEND_MOST = 16; // entries; more would take the plot's room

const setting = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const narrow = () => window.matchMedia("(max-width: 40rem)").matches;
// Plotly reads tags and entities in texts; ours have none.
const plain = (text) => String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
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

// The roofline: a symbol says the variant, a colour the operation or the machine.
const byMachine = () => filters.elements.colour?.value === "machine";
const variants = values("variant").sort();
const ours = variants.filter((name) => !name.startsWith("onednn"));
const theirs = variants.filter((name) => name.startsWith("onednn"));
const symbolOf = (name) =>
  theirs.includes(name) ? `${SYMBOLS[theirs.indexOf(name) % 5]}-open` : SYMBOLS[ours.indexOf(name) % SYMBOLS.length];
// Black is not seen on a dark page.
const opColour = (op) => (data.colours[op] === "#000000" ? setting("--ink") : data.colours[op]);
const colourOf = (row) => (byMachine() ? data.machines[row.machine].colour : opColour(row.op));
const ofMachine = (item) => (several("machine") ? `${letterOf(item)} ` : "");
const orUnknown = (written) => written || "not known";
const hover = (row) =>
  [
    `<b>${plain(nameOf(row))}</b>`, plain(row.problem),
    plain(`${row.variant}, ${threadsOf(row)}, ${row.isa} ${row.dtype}, ${row.cache}`),
    ...["machine", "run"].filter(several).map((column) => plain(row[column])),
    `${duration(row.median_ns)}, ${short(row.gflops)} GFLOP/s${row.status === "unstable" ? " (unstable)" : ""}`,
    `roof ${orUnknown(percent(row.roof_fraction))}, attainable ${orUnknown(percent(row.attainable_fraction))}`,
    `gap ${orUnknown(short(row.flops_gap))}${row.lever ? `, lever: ${plain(row.lever)}` : ""}`,
    ...(row.energy_j === null ? [] : [joules(row.energy_j)]),
    ...(row.usd_per_1k === null ? [] : [`${short(row.usd_per_1k)} $ per 1000 inferences`]),
  ].join("<br>");

const points = (these) => {
  const groups = new Map();
  these.forEach((row) => {
    const key = JSON.stringify([byMachine() && row.machine, row.op, row.variant]);
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(row);
  });
  const showlegend = !narrow() && groups.size <= LEGEND_MOST;
  return [...groups.values()].map((group) => {
    const [first] = group;
    const colour = colourOf(first);
    return {
      type: "scatter", mode: "markers", showlegend,
      name: plain(`${byMachine() ? ofMachine(first) : ""}${first.op} ${first.variant}`),
      x: group.map((row) => row.intensity), y: group.map((row) => row.gflops),
      text: group.map(hover), hoverinfo: "text",
      marker: {
        symbol: symbolOf(first.variant), color: colour, size: 9,
        opacity: group.map((row) => (row.status === "unstable" ? 0.45 : 0.9)),
        line: theirs.includes(first.variant) ? { width: 2, color: colour } : { width: 0.7, color: setting("--paper") },
      },
    };
  });
};

// What tells a roof from the others that are drawn.
const roofName = (roof, roofs) =>
  ["isa", "dtype", "threads"].filter((column) => new Set(roofs.map((other) => other[column])).size > 1)
    .map((column) => (column === "threads" ? threadsOf(roof) : roof[column])).join(" ");
const roofLines = (roofs, low, high) => {
  // The names of more would cover each other.
  const named = narrow() ? { flats: 2, slopes: 8 } : { flats: 3, slopes: 15 };
  const slopes = roofs.flatMap((roof) =>
    Object.entries(roof.bandwidths).map(([level, bandwidth]) => ({ roof, level, bandwidth })));
  slopes.sort((a, b) => a.bandwidth - b.bandwidth);
  const flats = [...roofs].sort((a, b) => b.peak - a.peak);
  const traces = [], notes = [];
  const line = (roof, x, y, dash, label, at, side) => {
    const text = plain(`${ofMachine(roof)}${label} ${roofName(roof, roofs)}`.trim());
    const color = byMachine() ? data.machines[roof.machine].colour : setting("--soft");
    traces.push({
      type: "scatter", mode: "lines", x, y, showlegend: false, hoverinfo: "text", text,
      line: { color, width: dash === "solid" ? 1.8 : 1.4, dash },
    });
    if (at) notes.push({
      x: Math.log10(at[0]), y: Math.log10(at[1]), text, showarrow: false, ...side,
      font: { size: 11, color: setting("--soft") },
    });
  };
  flats.forEach((roof, k) => {
    const ridge = roof.peak / Math.max(...Object.values(roof.bandwidths));
    // The name stands above its line; below, where a higher line is near.
    const below = k > 0 && flats[k - 1].peak < roof.peak * (high[1] / low[1]) ** 0.05;
    line(roof, [ridge, high[0]], [roof.peak, roof.peak], "solid", `${roof.mix} peak ${short(roof.peak)} GFLOP/s`,
      flats.length <= named.flats ? [high[0], roof.peak] : null,
      { xanchor: "right", yanchor: below ? "top" : "bottom" });
  });
  let height = low[1];
  slopes.forEach(({ roof, level, bandwidth }) => {
    const start = Math.max(low[0], low[1] / bandwidth);
    // The name stands right of its line, near the line's lower end; each higher than the last.
    height = Math.max(start * bandwidth * 1.1, height * (high[1] / low[1]) ** 0.05);
    const y = Math.min(height, roof.peak);
    line(roof, [start, roof.peak / bandwidth], [start * bandwidth, roof.peak], DASHES[level] || "longdash",
      `${level} ${short(bandwidth)} GB/s`, slopes.length <= named.slopes ? [y / bandwidth, y] : null,
      { xanchor: "left", yanchor: "middle", xshift: 5 });
  });
  return { traces, notes };
};
// For each machine and setting the best that any of the runs found, as in pictures of several runs.
const roofsOf = (these) => {
  const setOf = (item) => JSON.stringify([item.machine, item.isa, item.dtype, item.threads]);
  const keyOf = (item) => JSON.stringify([item.run, setOf(item)]);
  const keys = new Set(these.map(keyOf));
  const drawn = new Map(), missing = [];
  let merged = false;
  for (const roof of data.roofs.filter((one) => keys.has(keyOf(one)))) {
    const best = drawn.get(setOf(roof));
    if (roof.missing) missing.push(roof.missing);
    else if (!best) drawn.set(setOf(roof), { ...roof, bandwidths: { ...roof.bandwidths } });
    else {
      merged = true;
      best.peak = Math.max(best.peak, roof.peak);
      for (const [level, bandwidth] of Object.entries(roof.bandwidths)) {
        best.bandwidths[level] = Math.max(best.bandwidths[level] || 0, bandwidth);
      }
    }
  }
  return { drawn: [...drawn.values()], missing: [...new Set(missing)], merged };
};

let ready = false;
const drawRoofline = (these) => {
  const pointed = these.filter((row) => TIMED.includes(row.status) && row.intensity > 0 && row.gflops > 0);
  const { drawn, missing, merged } = roofsOf(pointed);
  byId("roofs-of").textContent =
    merged ? "Of runs on one machine the best of each roof is drawn; choose a run to see its own." : "";
  byId("roofless").textContent = missing.join(" ");
  const without = these.filter((row) => !pointed.includes(row));
  const count = (status) => `${without.filter((row) => row.status === status).length} ${status}`;
  const why = [...new Set(without.map((row) => row.status))].map(count).join(", ");
  byId("shown").textContent =
    `${these.length} of ${rows.length} rows, ${pointed.length} points${why ? `; no point for ${why}` : ""}`;
  filters.classList.toggle("by-machine", byMachine());
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
const drawKey = () => {
  if (!several("machine")) return;
  for (const [name, { letter, colour }] of Object.entries(data.machines)) {
    const swatch = element("span", { className: "swatch" });
    swatch.style.background = colour;
    byId("key").append(element("li", {}, swatch, ` ${letter}: ${name}`));
  }
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
  ...(new Set(pairs.map((pair) => pair.run_b)).size > 1 ? [text("run", "run_b")] : []),
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
  const timed = pairs.filter((pair) => pair.ratio > 0).sort((a, b) => a.ratio - b.ratio);
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
  const letters = atob(byId("plotly").textContent);
  const packed = new Uint8Array(letters.length);
  for (let i = 0; i < letters.length; ++i) packed[i] = letters.charCodeAt(i);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const source = await new Response(stream).text();
  document.head.append(element("script", { textContent: source }));
  ready = true;
  const draw = () => { drawRoofline(selected()); drawRatios(); };
  draw();
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  window.matchMedia("(max-width: 40rem)").addEventListener("change", draw);
  document.documentElement.dataset.drawn = "true";
};

buildFilters();
drawKey();
show();
data.tables.forEach(drawTopic);
if (byId("pairs")) {
  sortable(byId("pairs"), pairColumns, "The slowest first; a head sorts")(pairs);
}
loadPlotly().catch((error) => {
  byId("fault").hidden = false;
  byId("fault").textContent =
    `The pictures cannot be drawn in this browser (${error.message}); the tables hold their numbers.`;
});
