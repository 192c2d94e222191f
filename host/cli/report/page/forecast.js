// The page of a fit: forecasts with --data, else the errors that intervals come of.

function fitHead(fit) {
  const many = fit.series > (fit.forecasts || fit.fitted).length;
  startPage(fit.file, "Fit of windrow forecast: recipe " + shorten(fit.recipe, 40));
  tiles([["series", whole(fit.series)], ["horizon", whole(fit.horizon), "steps"],
    ["models", whole(fit.models)], ["seeds", whole(fit.seeds), "of each series"]]);
  facts([["models see", whole(fit.steps) + " steps of " + whole(fit.chunk) +
      (fit.chunk === 1 ? " value" : " values")],
    ["hidden units", whole(fit.hidden)],
    ["step of time stamps", shorten(fit.freq, 40)],
    ["time zone", shorten(fit.tz, 60)],
    ["covariates", shorten(fit.covariates, 200)],
    ["seasonal naive", fit.naive > 0 ? whole(fit.naive) + " series, which are too short or constant" : ""]]);
  if (many)
    main.append(make("p", {class: "soft"}, "This page holds an even sample of " +
      whole((fit.forecasts || fit.fitted).length) + " of " + whole(fit.series) + " series."));
}

function seriesSelect(part, list, redraw) {
  let current = list[0];
  const choice = select("Series", list.map((one, i) => [String(i), shorten(one.id, 60)]), (value) => {
    current = list[Number(value)];
    redraw();
  });
  controls(part, choice.label);
  return () => current;
}

// Of stamps along an axis, those that have room.
function drawStamps(plot, x, stamps, bottom, right) {
  const room = Math.max(1, Math.floor((right - x(0)) / (textWidth(shorten(stamps[0], 24)) + 22)));
  const step = Math.max(1, Math.ceil(stamps.length / room));
  const ticks = d3.range(0, stamps.length, step);
  drawX(plot, x, ticks, (tick) => shorten(stamps[tick] || "", 24), bottom, right, null);
}

function drawFan(plot, width, height, one) {
  const stamps = one.ds.concat(one.next), from = one.ds.length, top = 24, bottom = height - 34;
  const y = numbersScale(one.y.concat(one.points, one.low.flat(), one.high.flat()), [bottom, top], false);
  const left = marginOf(y), right = width - 12;
  const x = d3.scaleLinear().domain([0, stamps.length - 1]).range([left + 4, right]);
  drawY(plot, y, left, right, null);
  drawStamps(plot, x, stamps, bottom, right);
  plot.append("line").attr("class", "rule").attr("x1", x(from - 0.5)).attr("x2", x(from - 0.5))
    .attr("y1", top).attr("y2", bottom);
  const start = one.y[from - 1];
  for (let level = one.low.length - 1; level >= 0; level--) {
    const edge = one.low[level].map((low, k) => [from + k, low, one.high[level][k]])
      .filter((point) => isKnown(point[1]) && isKnown(point[2]));
    if (isKnown(start) && edge.length > 0)
      edge.unshift([from - 1, start, start]);
    plot.append("path").attr("class", "band").attr("d", d3.area().x((point) => x(point[0]))
      .y0((point) => y.scale(point[1])).y1((point) => y.scale(point[2]))(edge));
  }
  const line = d3.line().defined((point) => isKnown(point[1])).x((point) => x(point[0])).y((point) => y.scale(point[1]));
  plot.append("path").attr("class", "history").attr("d", line(one.y.map((value, t) => [t, value])));
  const ahead = one.points.map((value, k) => [from + k, value]);
  if (isKnown(start))
    ahead.unshift([from - 1, start]);
  plot.append("path").attr("class", "curve s0").attr("d", line(ahead));
}

function fitForecasts(fit) {
  const part = section("Forecasts", "The end of a series, its forecast, and intervals of " +
    fit.levels.map((level) => number(level)).join(", ") + "\u2009%.");
  const current = seriesSelect(part, fit.forecasts, () => chart.redraw());
  const intervals = fit.forecasts.some((one) => one.low.length > 0);
  const head = ["time", "forecast"].concat(intervals
    ? fit.levels.flatMap((level) => ["low " + number(level) + " %", "high " + number(level) + " %"]) : []);
  const chart = figure(part, {
    title: "Forecast", text: () => shorten(current().id, 200), desc: "The end of the series that is chosen, its forecast and its intervals.",
    legend: [["history", "line", "history"], ["forecast", "line", "curve s0"],
      ["intervals, the darker the more likely", "bar", "band"]].slice(0, intervals ? 3 : 2),
    height: (width) => Math.max(260, Math.min(420, 0.5 * width)),
    rows: () => ({columns: head, rows: current().points.map((point, k) => [shown(current().next[k]), number(point, 5),
      ...current().low.flatMap((low, level) => [number(low[k], 5), number(current().high[level][k], 5)])])}),
    draw(plot, width, height) {
      drawFan(plot, width, height, current());
    },
  });
}

function fitErrors(fit) {
  const measured = fit.fitted.filter((one) => one.errors.some((step) => isKnown(step[0])));
  if (measured.length > 0) {
    const part = section("Errors by step", "Absolute errors of a fit to fewer values, on values that it has not seen: " +
      "their mean, and what so many of them keep below. Intervals come of these. windrow report --data FILE draws forecasts.");
    const current = seriesSelect(part, measured, () => chart.redraw());
    const chart = linesFigure(part, {
      title: "Absolute error by step", text: () => shorten(current().id, 200), desc: "Absolute errors of the series that is chosen at each step ahead.",
      x: {name: "steps ahead"}, y: {name: "absolute error, in units of the series", log: false, values: [0]},
      lines: () => ["mean", ...fit.levels.map((level) => number(level) + " % of the errors")].map((label, i) =>
        ({label, points: current().errors.map((step, k) => [k + 1, step[i]])})),
      rows: () => ({columns: ["step", "mean", ...fit.levels.map((level) => number(level) + " %")],
        rows: current().errors.map((step, k) => [String(k + 1), ...step.map((value) => number(value))])}),
    });
  }
  const part = section("Series");
  const list = table("Series that were fitted", [
    {name: "series", left: true, text: (one) => shorten(one.id, 60), key: (one) => one.id},
    {name: "values", text: (one) => whole(one.length), key: (one) => one.length},
    {name: "last", left: true, text: (one) => shown(one.last), key: (one) => one.last},
    {name: "window", text: (one) => one.window > 0 ? whole(one.window) : "naive", key: (one) => one.window},
    {name: "spread", text: (one) => number(one.spread), key: (one) => one.spread},
    {name: "origins", text: (one) => whole(one.origins), key: (one) => one.origins}]);
  list.show(fit.fitted);
  part.append(list.element);
}

function drawFit(fit) {
  fitHead(fit);
  if (fit.forecasts)
    fitForecasts(fit);
  else
    fitErrors(fit);
}
