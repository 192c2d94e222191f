// The pages of a bench: of its JSON, and of a history of benches.

const sizes = [["models", "M, models side by side"], ["hidden", "H, hidden units"], ["window", "T, rows of a window"],
  ["batch", "B, windows of an update"]];

function cellText(row) {
  return "M = " + row.models + ", H = " + row.hidden + ", T = " + row.window + ", B = " + row.batch;
}

// What the rows of a curve share, as text.
function sharedText(rows, but) {
  return sizes.filter(([key]) => key !== but && new Set(rows.map((row) => row[key])).size === 1)
    .map(([key, name]) => name[0] + " = " + rows[0][key]).join(", ");
}

// A line for each device, schedule and whatever else varies beside the size.
function linesOf(rows, size, value, range) {
  const lines = new Map();
  for (const row of rows) {
    const others = sizes.filter(([key]) => key !== size && new Set(rows.map((one) => one[key])).size > 1)
      .map(([key, name]) => name[0] + " = " + row[key]);
    const label = [row.device, row.schedule, ...others].join(", ");
    if (!lines.has(label))
      lines.set(label, {label, points: []});
    lines.get(label).points.push([row[size], value(row), ...(range ? range(row) : [])]);
  }
  return Array.from(lines.values());
}

function benchCurve(rows, size, name) {
  const measured = rows.filter((row) => isKnown(row.updates_per_second));
  if (new Set(measured.map((row) => row[size])).size < 2)
    return;
  const part = section("Speed by " + size, "All cells here have " + sharedText(measured, size) + ".");
  const panels = make("div", {class: "panels wide"}), places = measured.map((row) => row[size]);
  part.append(panels);
  const columns = ["device", "schedule", "cell"];
  const start = (row) => [row.device, row.schedule, cellText(row)];
  linesFigure(panels, {title: "Updates in a second", text: "The median of the repeats; bars reach from the slowest to the fastest.",
    desc: "Updates of all models in a second against " + size + ".",
    x: {name, log: isWide(places, 8)}, y: {name: "updates/s", log: isWide(measured.map((row) => row.updates_per_second), 8)},
    lines: linesOf(measured, size, (row) => row.updates_per_second, (row) => [row.slowest, row.fastest]),
    rows: () => ({columns: [...columns, "updates/s", "slowest", "fastest"], rows: measured.map((row) =>
      [...start(row), whole(row.updates_per_second), whole(row.slowest), whole(row.fastest)])})});
  linesFigure(panels, {title: "Percent of the peak", text: "Of the recurrent products, of the device's measured peak.",
    desc: "The share of the device's peak against " + size + ".",
    x: {name, log: isWide(places, 8)}, y: {name: "of the peak", text: (value) => percent(value, 0), values: [0]},
    lines: linesOf(measured, size, (row) => row.of_peak),
    rows: () => ({columns: [...columns, "of the peak"], rows: measured.map((row) => [...start(row), percent(row.of_peak)])})});
}

function benchTable(rows) {
  const part = section("All cells");
  const list = table("Cells, in the order in which they were measured; a heading sorts", [
    {name: "device", left: true, text: (row) => row.device, key: (row) => row.device},
    {name: "schedule", left: true, text: (row) => shorten(row.schedule, 20), key: (row) => row.schedule},
    ...sizes.map(([key, name]) => ({name: name[0], text: (row) => whole(row[key]), key: (row) => row[key]})),
    {name: "updates/s", text: (row) => whole(row.updates_per_second), key: (row) => row.updates_per_second},
    {name: "of the peak", text: (row) => percent(row.of_peak), key: (row) => row.of_peak},
    {name: "refused", left: true, long: true, text: (row) => row.refused ? shorten(row.refused, 200) : ""}]);
  list.show(rows);
  part.append(list.element);
}

function drawBench(bench) {
  const rows = bench.devices.flatMap((device) => device.rows.map((row) => ({...row, device: shorten(device.id, 24)})));
  const fastest = rows.filter((row) => isKnown(row.updates_per_second))
    .sort((a, b) => b.updates_per_second - a.updates_per_second)[0];
  startPage(bench.file, "Bench of windrow " + shorten(bench.windrow, 20));
  tiles([["cells", whole(rows.length)], ["devices", whole(bench.devices.length)],
    ["fastest", fastest ? tickText(fastest.updates_per_second) : missing, "updates/s"],
    ["repeats", whole(bench.repeats), "of " + number(bench.seconds) + "\u2009s"]]);
  facts([...bench.devices.map((device) => [shorten(device.id, 24), shorten(device.name + (device.detail ? " (" + device.detail + ")" : ""), 240) +
      ", peak " + number(device.peak_flops_per_second / 1e9, 4) + "\u2009Gflop/s"]),
    ["fastest cell", fastest ? cellText(fastest) + ", " + fastest.schedule : ""]]);
  for (const [size, name] of sizes) {
    const own = rows.filter((row) => row.curve === size);
    benchCurve(own.length > 0 ? own : rows.filter((row) => row.curve === "grid"), size, name);
  }
  benchTable(rows);
}

// ---- history ----

const cellParts = [["M", "M = "], ["H", "H = "], ["T", "T = "], ["B", "B = "], ["schedule", ""], ["device", ""],
  ["threads", "threads = "]];

// A cell of a history as text: of its parts those that `which` names.
function partsText(row, which) {
  return which.map(([key, before]) => before + (isKnown(row[key]) ? number(row[key]) : shorten(row[key] || "", 16))).join(", ");
}

function drawHistory(history) {
  const rows = history.rows.map((row) => Object.fromEntries(history.columns.map((name, i) => [name, row[i]])));
  const runs = Array.from(new Set(rows.map((row) => row.date + " " + row.commit)));
  startPage(history.file, "History of benches");
  tiles([["runs", whole(runs.length)], ["rows", whole(rows.length)],
    ["machines", whole(new Set(rows.map((row) => row.machine)).size)]]);
  const machines = Array.from(new Set(rows.map((row) => row.machine)));
  const part = section("Speed by run", "Runs in their order, as commits. Rows of different machines cannot be compared.");
  let machine = machines[0];
  const choice = select("Machine", machines.map((name, i) => [String(i), shorten(name, 60)]), (value) => {
    machine = machines[Number(value)];
    draw();
  });
  controls(part, choice.label);
  const panels = make("div", {class: "panels wide"});
  part.append(panels);
  function draw() {
    const own = rows.filter((row) => row.machine === machine);
    const varies = cellParts.filter(([key]) => new Set(own.map((row) => row[key])).size > 1);
    const same = partsText(own[0], cellParts.filter((part) => !varies.includes(part)));
    const cell = (row) => partsText(row, varies.length > 0 ? varies : cellParts);
    const lines = (key) => {
      const byCell = new Map();
      for (const row of own)
        byCell.set(cell(row), (byCell.get(cell(row)) || []).concat([[runs.indexOf(row.date + " " + row.commit), row[key]]]));
      return Array.from(byCell, ([label, points]) => ({label, points}));
    };
    const x = {name: "commit", text: (i) => Number.isInteger(i) && runs[i] ? shorten(runs[i].split(" ")[1] || "", 10) : ""};
    const table = (key, format) => () => ({columns: ["date", "commit", "cell", key],
      rows: own.map((row) => [shown(row.date), shown(row.commit), cell(row), format(row[key])])});
    panels.replaceChildren();
    linesFigure(panels, {title: "Updates in a second", text: shorten(machine, 60) + (same ? "; all cells: " + same : ""), desc: "Updates in a second of each cell, by run.", x,
      y: {name: "updates/s", log: isWide(own.map((row) => row.updates_per_s), 8)}, lines: lines("updates_per_s"),
      rows: table("updates_per_s", whole)});
    linesFigure(panels, {title: "Percent of the peak", text: shorten(machine, 60) + (same ? "; all cells: " + same : ""), desc: "The share of the peak of each cell, by run.", x,
      y: {name: "of the peak", text: (value) => percent(value, 0), values: [0]}, lines: lines("of_peak"),
      rows: table("of_peak", (value) => percent(value))});
  }
  draw();
}
