// The pages of a backtest: of its JSON, and of its CSV.

const measures = [["mae", "MAE", "units of the series"], ["rmse", "RMSE", "units of the series"],
  ["smape", "sMAPE", "percent"], ["mase", "MASE", "of seasonal naive"], ["crps", "CRPS", "units of the series"]];

function methodName(name) {
  return shorten(name.replace("seasonal-naive", "seasonal naive"), 30);
}

// A bar for each method.
function methodBars(parent, title, unit, methods, value) {
  figure(parent, {
    title, text: unit + "; less is better", desc: title + " of each method.",
    height: () => 34 * methods.length + 8,
    rows: () => ({columns: ["method", title], rows: methods.map((one) => [methodName(one.method), number(value(one))])}),
    draw(plot, width) {
      const left = 8 + d3.max(methods, (one) => textWidth(methodName(one.method)));
      const x = d3.scaleLinear().domain([0, d3.max(methods, (one) => value(one) || 0) || 1]).range([left, width - 56]);
      methods.forEach((one, i) => {
        const y = 34 * i + 4;
        plot.append("text").attr("x", left - 8).attr("y", y + 17).attr("text-anchor", "end").text(methodName(one.method));
        if (isKnown(value(one)))
          plot.append("rect").attr("class", "f" + i % 6).attr("x", left).attr("y", y + 3).attr("height", 20)
            .attr("rx", 2).attr("width", Math.max(1, x(value(one)) - left));
        plot.append("text").attr("x", x(value(one) || 0) + 6).attr("y", y + 17).text(number(value(one)));
      });
    },
  });
}

function coverageFigures(methods, text) {
  if (!methods.some((one) => one.intervals.length > 0))
    return;
  const part = section("Intervals", text);
  const panels = make("div", {class: "panels wide"});
  part.append(panels);
  const rows = (key, format) => () => ({columns: ["level", ...methods.map((one) => methodName(one.method))],
    rows: methods[0].intervals.map((interval, i) => [number(interval.level) + "\u2009%",
      ...methods.map((one) => format(one.intervals[i] && one.intervals[i][key]))])});
  const points = (key) => methods.map((one) => ({label: methodName(one.method),
    points: one.intervals.map((interval) => [interval.level / 100, interval[key]])}));
  const text100 = (value) => number(100 * value, 3) + "\u2009%";
  linesFigure(panels, {title: "Coverage against level", text: "On the dashed line an interval holds as much as it says.",
    desc: "The share of values in the intervals of each level, by method, beside the level.",
    x: {name: "level", text: text100}, y: {name: "values in the interval", text: text100,
      values: methods[0].intervals.map((interval) => interval.level / 100)},
    rule: d3.extent(methods.flatMap((one) => one.intervals), (interval) => interval.level / 100).map((level) => [level, level]),
    lines: points("coverage"), rows: rows("coverage", (value) => percent(value))});
  linesFigure(panels, {title: "Mean width against level", text: "Narrower is better where the coverage is right.",
    desc: "The mean width of the intervals of each level, by method.",
    x: {name: "level", text: text100}, y: {name: "width", values: [0]}, lines: points("width"),
    rows: rows("width", (value) => number(value))});
}

function methodTable(methods) {
  const part = section("Scores by method");
  const panels = make("div", {class: "panels"});
  part.append(panels);
  for (const [key, name, unit] of measures)
    if (methods.some((one) => isKnown(one[key])))
      methodBars(panels, name, unit, methods, (one) => one[key]);
  const list = table("Means over the series, each of equal weight", [
    {name: "method", left: true, text: (one) => methodName(one.method), key: (one) => one.method},
    ...measures.map(([key, name]) => ({name, text: (one) => number(one[key]), key: (one) => one[key]})),
    ...(methods[0].intervals || []).flatMap((interval, i) => [
      {name: "in " + number(interval.level) + " %", text: (one) => percent(one.intervals[i] && one.intervals[i].coverage),
        key: (one) => one.intervals[i] && one.intervals[i].coverage},
      {name: "width", text: (one) => number(one.intervals[i] && one.intervals[i].width),
        key: (one) => one.intervals[i] && one.intervals[i].width}])]);
  list.show(methods);
  part.append(make("p", {}), list.element);
}

// What a backtest found, in a sentence.
function verdict(methods) {
  const own = methods.find((one) => one.method === "windrow");
  const best = methods.filter((one) => one !== own && isKnown(one.mase)).sort((a, b) => a.mase - b.mase)[0];
  if (!own || !best || !isKnown(own.mase))
    return "";
  return "MASE " + number(own.mase) + " of windrow, " + number(best.mase) + " of " + methodName(best.method) + ", the better naive method";
}

function drawBacktest(result) {
  startPage(result.file, "Backtest of windrow: recipe " + result.recipes.map((name) => shorten(name, 40)).join(", "));
  tiles([["series", whole(result.series)], ["origins", whole(result.origins)],
    ["horizon", whole(result.horizon), "steps"], ["scored", whole(result.scored), "of " + whole(result.values)],
    ["training", seconds(result.seconds)]]);
  facts([["verdict", verdict(result.methods)],
    ["origins", whole(result.step) + " steps apart, " + (result.refit ? "a fit before each" : "one fit before the first")],
    ["models", whole(result.models) + (result.diverged > 0 ? ", " + whole(result.diverged) + " of them diverged" : "")]]);
  methodTable(result.methods);
  coverageFigures(result.methods, "The share of values that lie in the intervals, and how wide these are.");
}

// ---- the CSV: scores of each series ----

function mean(values) {
  return d3.mean(values.filter(isKnown));
}

// A method with the means of its rows.
function methodOf(method, rows, levels) {
  const made = {method, intervals: levels.map((level) => ({level: Number(level),
    coverage: mean(rows.map((row) => row["coverage-" + level])), width: mean(rows.map((row) => row["width-" + level]))}))};
  for (const [key] of measures)
    made[key] = mean(rows.map((row) => row[key]));
  return made;
}

// The series' scores of a method, in order: the share of series that have at most this score.
function distribution(parent, methods, byMethod, key, name) {
  linesFigure(parent, {title: name + " of the series", text: "The share of series with at most this score: further left is better.",
    desc: "The distribution of " + name + " over the series, by method.",
    x: {name, log: isWide(methods.flatMap((method) => byMethod.get(method).map((row) => row[key])), 30)},
    y: {name: "share of series", text: (value) => percent(value, 0), values: [0, 1]},
    lines: methods.map((method) => {
      const sorted = byMethod.get(method).map((row) => row[key]).filter(isKnown).sort((a, b) => a - b);
      return {label: methodName(method), points: sorted.map((value, i) => [value, (i + 1) / sorted.length])};
    }),
    rows: () => ({columns: ["method", "least", "25 %", "median", "75 %", "most"], rows: methods.map((method) => {
      const sorted = byMethod.get(method).map((row) => row[key]).filter(isKnown).sort((a, b) => a - b);
      return [methodName(method), ...[0, 0.25, 0.5, 0.75, 1].map((q) => number(d3.quantile(sorted, q)))];
    })})});
}

function drawScores(result) {
  const rows = result.rows.map((row) => Object.fromEntries(result.columns.map((name, i) => [name, row[i]])));
  const levels = result.columns.filter((name) => name.startsWith("coverage-")).map((name) => name.slice(9));
  const byMethod = new Map();
  for (const row of rows)
    byMethod.set(row.method, (byMethod.get(row.method) || []).concat([row]));
  const names = Array.from(byMethod.keys()).slice(0, 12);
  const methods = names.map((name) => methodOf(name, byMethod.get(name), levels));
  const count = new Set(rows.map((row) => row.unique_id)).size;
  startPage(result.file, "Backtest of windrow: scores of each series");
  tiles([["series", whole(count)], ["methods", whole(names.length)], ["levels", whole(levels.length)]]);
  facts([["verdict", verdict(methods)]]);
  methodTable(methods);
  coverageFigures(methods, "The share of values that lie in the intervals, and how wide these are: means over the series.");
  if (count > 1) {
    const part = section("Scores over the series"), panels = make("div", {class: "panels wide"});
    part.append(panels);
    for (const [key, name] of measures)
      if ((key === "mase" || key === "smape") && rows.some((row) => isKnown(row[key])))
        distribution(panels, names, byMethod, key, name);
  }
  const part = section("Series"), most = select("Rows", [["30", "30"], ["300", "300"], ["all", "all"]], () => list.fill());
  const which = select("Method", [["", "all"], ...names.map((name, i) => [String(i), methodName(name)])],
    (value) => list.show(value === "" ? rows : byMethod.get(names[Number(value)])));
  const list = table("Scores of each series; a heading sorts", [
    {name: "series", left: true, text: (row) => shorten(row.unique_id, 60), key: (row) => row.unique_id},
    {name: "method", left: true, text: (row) => methodName(row.method), key: (row) => row.method},
    ...measures.map(([key, name]) => ({name, text: (row) => number(row[key]), key: (row) => row[key]})),
    ...levels.map((level) => ({name: "in " + shorten(level, 8) + " %", text: (row) => percent(row["coverage-" + level]),
      key: (row) => row["coverage-" + level]}))],
  {most: () => most.input.value === "all" ? Infinity : Number(most.input.value)});
  controls(part, which.label, most.label);
  list.show(rows);
  part.append(list.element);
}
