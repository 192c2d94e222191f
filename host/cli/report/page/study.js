// The page of a study.

// The columns of a group and of a trial, as report_study.c writes them.
function groupOf(row) {
  const [value, trials, done, diverged, failed, best, lower, median, upper, time] = row;
  return {value, trials, done, diverged, failed, best, lower, median, upper, seconds: time};
}

// The score of a pruned trial, at its rung, is `pruned`: it is none of a trial that is done. An option
// that means nothing beside the trial's others is "".
function trialOf(row, names) {
  const [id, status, score, loss, validation, time, divergedAt, epochs, bestEpoch] = row;
  const options = {}, pruned = status === "pruned";
  names.forEach((name, i) => { options[name] = row[9 + i]; });
  return {id, status, score: pruned ? null : score, pruned: pruned ? score : null, loss, validation,
    seconds: time, divergedAt, epochs, bestEpoch, options};
}

function numeric(text) {
  return text.trim() !== "" && Number.isFinite(Number(text));
}

// Whether the median lies nearer to the middle on a logarithmic axis than on a linear one. Two numbers
// have no median that tells.
function growsByFactors(numbers) {
  const [least, most] = d3.extent(numbers), middle = d3.median(numbers);
  if (!(least > 0) || most / least < 4)
    return false;
  if (numbers.length === 2)
    return most / least >= 10;
  const off = (share) => Math.abs(share - 0.5);
  return off(Math.log(middle / least) / Math.log(most / least)) < off((middle - least) / (most - least));
}

// What the figures need of an option that varies. Its kind: log, linear, or word, which is also that
// of numbers over decades with 0 among them.
function describe(option, trials) {
  const told = new Set(trials.map((trial) => trial.options[option.name]));
  // Where the option means nothing, the study holds 0.
  const groups = option.groups.map(groupOf)
    .filter((group) => !(told.has("") && group.value === "0" && !told.has("0")));
  const seen = new Set(groups.map((group) => group.value).concat(Array.from(told)));
  seen.delete("");
  const values = Array.from(seen);
  const isNumber = values.every(numeric), numbers = values.map(Number);
  let kind = "word";
  if (isNumber && growsByFactors(numbers))
    kind = "log";
  else if (isNumber && !(d3.min(numbers) === 0 && growsByFactors(numbers.filter((value) => value > 0))))
    kind = "linear";
  if (isNumber)
    values.sort((a, b) => Number(a) - Number(b));
  return {name: option.name, count: option.values, groups, values, kind, words: !isNumber,
    hasTable: groups.length > 0 && (option.values <= 32 || option.name === "hidden")};
}

// Places of an option's values over a range of pixels: {at(text), ticks, text, gap}; gap: pixels
// between neighbours.
function optionScale(option, range) {
  const inner = [range[0] + 14, range[1] - 14];
  if (option.kind === "word") {
    const scale = d3.scalePoint().domain(option.values).range(inner);
    return {at: scale, ticks: option.values, text: (value) => shorten(value, 14), gap: scale.step() || 40};
  }
  const numbers = option.values.map(Number);
  const scale = option.kind === "log" ? d3.scaleLog() : d3.scaleLinear();
  scale.domain(d3.extent(numbers)).range(inner);
  const few = numbers.length <= 16;
  const places = numbers.map(scale).sort((a, b) => a - b);
  const gap = d3.min(d3.pairs(places), ([a, b]) => Math.abs(b - a)) || 40;
  const [least, most] = scale.domain(), round = numbersScale(numbers, inner, option.kind === "log").ticks;
  const ticks = few ? option.values : round.filter((tick) => tick >= least && tick <= most).map(String);
  return {at: (value) => scale(Number(value)), ticks, text: (value) => tickText(Number(value)), gap,
    invert: scale.invert};
}

// A number in [-1, 1] that a trial keeps, so that trials of one value do not hide each other.
function spread(id) {
  return 2 * ((id * 0.6180339887498949) % 1) - 1;
}

// A point for each trial that has a value and the option.
function drawPoints(plot, option, trials, value, x, y, style = "trial") {
  const width = Math.max(0, Math.min(9, x.gap / 2 - 5));
  const drawn = trials.filter((trial) => isKnown(value(trial)) && trial.options[option.name] !== "");
  plot.append("g").style("--share", Math.max(0.28, Math.min(0.8, 4 / Math.sqrt(drawn.length))))
    .selectAll("circle").data(drawn)
    .enter().append("circle").attr("class", style).attr("r", 2.2)
    .attr("cx", (trial) => x.at(trial.options[option.name]) + width * spread(trial.id))
    .attr("cy", (trial) => y.scale(value(trial)));
}

function studyLead(counts) {
  return counts.map(([name, count]) => whole(count) + " " + name).join(", ");
}

// ---- the head ----

function stoppingText(settings) {
  const patience = Number(settings.patience || 0), every = Number(settings["validate-every"] || 0);
  if (!(patience > 0))
    return "";
  return "after " + whole(patience) + (patience === 1 ? " validation" : " validations") + " without a new best, one " +
    (every > 1 ? "every " + whole(every) + " epochs" : "after each epoch");
}

// The setting: "3, 2 rungs, brackets of 100, trials HASH".
function halvingText(settings) {
  const found = /^(\d+), (\d+) rungs, brackets of (\d+)/.exec(settings.halving || "");
  return found ? "the best 1/" + found[1] + " of a bracket go on from a rung to the next; " + found[2] +
    (found[2] === "1" ? " rung" : " rungs") + ", brackets of at most " + found[3] + " trials" : "";
}

function lossText(settings) {
  const parameter = {huber: "delta", quantile: "tau"}[settings.loss];
  return shorten(settings.loss || "", 20) +
    (parameter ? ", " + parameter + "\u00a0" + shorten(settings["loss-number"] || "", 20) : "");
}

function studyHead(study, varying) {
  const settings = study.settings, statuses = ["done", "pruned", "diverged", "failed", "pending"]
    .filter((name) => study.statuses[name] > 0).map((name) => [name, study.statuses[name]]);
  startPage(study.file, "Study of windrow sweep: " +
    (statuses.length > 0 ? studyLead(statuses) : "no trials"));
  const best = study.trials.filter((trial) => isKnown(trial.score))
    .sort((a, b) => a.score - b.score)[0];
  tiles([["trials", whole(study.count)],
    ...statuses.map(([name, count]) => [name, whole(count)]),
    ["training", seconds(study.seconds)],
    ["best score", best ? number(best.score) : missing, best ? "trial " + best.id : ""]]);
  const held = Number(settings.validate || 0);
  const series = shorten(settings.series || "", 160) +
    (settings["data-seed"] ? ", seed " + shorten(settings["data-seed"], 20) : "");
  const columns = settings.inputs && settings.target
    ? shorten(settings.inputs, 120) + " \u2192 " + shorten(settings.target, 120) : "";
  const list = (options) => options.map((option) => option.name + "\u00a0" + shown(option.value)).join(", ");
  const fixed = list(study.options.filter((option) => !option.varies));
  const follow = list(study.options.filter((option) => option.varies && !option.own));
  facts([["series", series],
    ["rows", shorten(settings.rows || "", 20)],
    ["columns", columns],
    ["scale", shorten(settings.scale || "", 20)],
    ["epochs", shorten(settings.epochs || "", 20)],
    ["early stopping", stoppingText(settings)],
    ["halving", halvingText(settings)],
    ["loss", lossText(settings)],
    ["all trials have", fixed],
    ["where they count", follow],
    ["varies", varying.map((option) => option.name + " (" + option.count + ")").join(", ")],
    ["score", held > 0
      ? "mean loss of the windows held out, the last " + number(100 * held) + "\u2009% of the rows; less is better"
      : "mean loss of a window in the last epoch; less is better"]]);
  if (study.trials.length < study.count)
    main.append(make("p", {class: "soft", id: "sample"}, "This page holds " + whole(study.trials.length) +
      " of " + whole(study.count) + " trials: the " + whole(study.best) +
      " best, and an even sample of the others. Quartiles, means and counts are those of all trials."));
}

// ---- scores by option ----

function scorePanel(parent, study, option, isLog) {
  const scored = study.trials.filter((trial) => isKnown(trial.score));
  const pruned = study.trials.filter((trial) => isKnown(trial.pruned));
  const more = option.groups.length > 0 && option.groups.length < option.values.length
    ? option.groups.length + " of " + option.count + " values have quartiles" : null;
  return figure(parent, {
    title: "Score by " + option.name, text: more,
    desc: "Scores of trials for each " + option.name + (option.groups.length > 0
      ? ": single trials; and of those that are done quartiles, median and best." : ": single trials.") +
      " The numbers are in the table " + (option.hasTable ? "below." : "of trials."),
    height: (width) => Math.max(200, Math.min(280, 0.7 * width)),
    rows: !option.hasTable ? null : () => ({columns: [option.name, "trials", "done", "best", "25 %", "median", "75 %"],
      rows: option.groups.map((group) => [shown(group.value), whole(group.trials), whole(group.done),
        number(group.best), number(group.lower), number(group.median), number(group.upper)])}),
    draw(plot, width, height) {
      const bottom = height - 46, top = 24;
      const y = numbersScale(scored.map((trial) => trial.score).concat(pruned.map((trial) => trial.pruned))
        .concat(option.groups.flatMap((group) => [group.best, group.upper])), [bottom - 6, top], isLog());
      const left = marginOf(y), right = width - 4, x = optionScale(option, [left, right]);
      drawY(plot, y, left, right, "score");
      drawX(plot, x.at, x.ticks, x.text, bottom, right, option.name);
      drawPoints(plot, option, pruned, (trial) => trial.pruned, x, y, "trial pruned");
      drawPoints(plot, option, scored, (trial) => trial.score, x, y);
      const known = option.groups.filter((group) => isKnown(group.median));
      plot.append("path").attr("class", "trend").attr("d", d3.line().x((group) => x.at(group.value))
        .y((group) => y.scale(group.median))(option.kind === "word" ? [] : known));
      const marks = plot.selectAll("g.mark").data(known).enter().append("g")
        .attr("transform", (group) => "translate(" + x.at(group.value) + ",0)");
      const thick = Math.max(2, Math.min(8, x.gap - 3)), radius = Math.max(1.8, Math.min(4, x.gap / 2 - 1));
      marks.append("line").attr("class", "quartiles").style("stroke-width", thick)
        .attr("y1", (group) => y.scale(group.lower)).attr("y2", (group) => y.scale(group.upper));
      marks.append("line").attr("class", "least").attr("x1", -thick * 0.8).attr("x2", thick * 0.8)
        .attr("y1", (group) => y.scale(group.best)).attr("y2", (group) => y.scale(group.best));
      marks.append("circle").attr("class", "median").attr("r", radius)
        .attr("cy", (group) => y.scale(group.median))
        .append("title").text((group) => option.name + " " + shown(group.value) + ": median " + number(group.median));
    },
  });
}

function studyScores(study, varying) {
  const pruned = study.trials.some((trial) => isKnown(trial.pruned));
  const scores = study.trials.map((trial) => isKnown(trial.pruned) ? trial.pruned : trial.score);
  if (!scores.some(isKnown) || varying.length === 0)
    return;
  const part = section("Scores by option", "Each option that varies, whatever the others are." +
    (pruned ? " Quartiles, median and best are those of trials that are done." : ""));
  const positive = d3.min(scores.filter(isKnown)) > 0;
  let log = isWide(scores, 20);
  const drawn = [];
  const choice = select("Score axis", [["linear", "Linear"], ["log", "Logarithmic"]], (value) => {
    log = value === "log";
    drawn.forEach((panel) => panel.redraw());
  });
  choice.input.value = log ? "log" : "linear";
  if (positive)
    controls(part, choice.label);
  const entries = [[pruned ? "trials that are done" : "trials", "dot", "trial"]];
  if (pruned)
    entries.push(["pruned, at their rung", "dot", "trial pruned"]);
  if (varying.some((option) => option.groups.some((group) => isKnown(group.median))))
    entries.push(["quartiles", "bar", "band"], ["median", "dot", "median"], ["best", "line", "least"]);
  part.append(legend(entries));
  const panels = make("div", {class: "panels"});
  part.append(panels);
  for (const option of varying)
    drawn.push(scorePanel(panels, study, option, () => log));
}

// ---- parallel coordinates ----

// The axes: each option that varies, then the score. Each has a filter: a predicate or null.
function coordinateAxes(study, varying, log) {
  const scored = study.trials.filter((trial) => isKnown(trial.score));
  const axes = varying.map((option) => ({name: option.name, option, filter: null,
    value: (trial) => trial.options[option.name],
    scale: (range) => optionScale(option, range)}));
  axes.push({name: "score", filter: null, value: (trial) => trial.score,
    scale(range) {
      const made = numbersScale(scored.map((trial) => trial.score), [range[0] + 14, range[1] - 14], log);
      return {at: made.scale, ticks: made.ticks, text: made.text, gap: 40};
    }});
  return axes;
}

// The choices of an axis' select: [text, predicate].
function coordinateChoices(axis, scored) {
  if (!axis.option)
    return [[0.01, "best 1 %"], [0.1, "best 10 %"], [0.25, "best quarter"], [0.5, "best half"]]
      .map(([part, text]) => {
        const most = scored[Math.max(0, Math.ceil(part * scored.length) - 1)].score;
        return [text, (trial) => isKnown(trial.score) && trial.score <= most];
      });
  const {name, values, kind} = axis.option;
  if (values.length <= 40 || kind === "word")
    return values.slice(0, 200).map((value) =>
      [shorten(value, 30), (trial) => trial.options[name] === value]);
  const numbers = values.map(Number), cuts = [0, 0.25, 0.5, 0.75, 1].map((q) => d3.quantile(numbers, q));
  return [0, 1, 2, 3].map((i) => [number(cuts[i]) + " to " + number(cuts[i + 1]), (trial) => {
    const text = trial.options[name], value = text === "" ? NaN : Number(text);
    return value >= cuts[i] && value <= cuts[i + 1];
  }]);
}

function studyCoordinates(study, varying, onFilter) {
  const scored = study.trials.filter((trial) => isKnown(trial.score)).sort((a, b) => a.score - b.score);
  if (scored.length === 0 || varying.length === 0)
    return;
  const part = section("Trials", "Each line is a trial that is done, from its options to its score. " +
    "The choices above the figure keep trials; so does dragging along an axis.");
  const axes = coordinateAxes(study, varying, isWide(scored.map((trial) => trial.score), 20));
  const rank = new Map(scored.map((trial, i) => [trial.id, Math.min(4, Math.floor(5 * i / scored.length))]));
  const count = make("p", {class: "count", role: "status"});
  const keeps = (trial) => axes.every((axis) => axis.filter === null || axis.filter(trial));
  let chart = null;
  function apply() {
    d3.select(chart.element).selectAll(".coordinate").classed("off", (trial) => !keeps(trial));
    count.textContent = whole(scored.filter(keeps).length) + " of " + whole(scored.length) + " trials kept";
    onFilter(keeps);
  }
  const selects = axes.map((axis) => {
    const choices = coordinateChoices(axis, scored);
    const made = select(axis.name, [["", "all"], ...choices.map(([text], i) => [String(i), text])], (value) => {
      axis.filter = value === "" || value === "brush" ? null : choices[Number(value)][1];
      chart.redraw();
    });
    axis.input = made.input;
    return made.label;
  });
  const clear = make("button", {type: "button"}, "Keep all");
  clear.addEventListener("click", () => {
    for (const axis of axes) {
      axis.filter = null;
      setBrushed(axis, false);
      axis.input.value = "";
    }
    chart.redraw();
  });
  controls(part, ...selects, clear, count);
  chart = figure(part, {
    title: "Options and scores", text: null,
    desc: "Parallel coordinates: an axis for each option that varies and one for the score; a line for each trial.",
    legend: ["best fifth", "second", "third", "fourth", "last fifth"].map((text, i) =>
      [text, "line", "curve q" + i]),
    height: (width) => isTall(width, axes) ? 62 * axes.length + 6 : 380,
    draw(plot, width, height) {
      drawCoordinates(plot, width, height, axes, scored, rank, apply);
      apply();
    },
  });
  return {table: part};
}

// Whether axes lie, one below the other, since they have no room side by side.
function isTall(width, axes) {
  return width / axes.length < 84;
}

// Shows in an axis' select that a brush filters it.
function setBrushed(axis, brushed) {
  const found = axis.input.querySelector("option[value=brush]");
  if (brushed && !found)
    axis.input.append(make("option", {value: "brush"}, "marked on the axis"));
  if (!brushed && found)
    found.remove();
  if (brushed)
    axis.input.value = "brush";
}

function drawCoordinates(plot, width, height, axes, scored, rank, apply) {
  const tall = isTall(width, axes), last = Math.max(1, axes.length - 1);
  const along = tall ? [10, width - 10] : [height - 16, 30];
  const places = axes.map((axis, i) => tall ? 26 + i * (height - 60) / last
    : 46 + i * (width - 100) / last);
  const scales = axes.map((axis) => {
    const made = axis.scale(tall ? along : [along[1], along[0]]);
    return tall ? made : {...made, at: (value) => along[0] + along[1] - made.at(value)};
  });
  const point = (trial, i) => {
    const jitter = axes[i].option ? Math.min(9, scales[i].gap / 3.2) * spread(trial.id) : 0;
    const at = scales[i].at(axes[i].value(trial)) + jitter;
    return tall ? [at, places[i]] : [places[i], at];
  };
  const faint = Math.max(0.15, Math.min(0.9, 9 / Math.sqrt(scored.length)));
  plot.append("g").attr("stroke-opacity", faint).selectAll("path").data(scored.slice().reverse())
    .enter().append("path").attr("class", (trial) => "coordinate q" + rank.get(trial.id))
    .attr("d", (trial) => d3.line()(axes.map((axis, i) => axis.value(trial) === "" ? null : point(trial, i))
      .filter((at) => at !== null)));
  axes.forEach((axis, i) => drawCoordinateAxis(plot, axis, scales[i], places[i], along, tall, apply));
}

function drawCoordinateAxis(plot, axis, scale, place, along, tall, apply) {
  const g = plot.append("g").attr("transform", tall ? "translate(0," + place + ")" : "translate(" + place + ",0)");
  const ticks = thin(scale.ticks, scale.at, (tick) => tall ? textWidth(scale.text(tick)) : 10);
  g.append("line").attr("class", "domain").attr(tall ? "x1" : "y1", along[0]).attr(tall ? "x2" : "y2", along[1])
    .style("stroke", "var(--soft)");
  const texts = g.selectAll("text").data(ticks).enter().append("text").attr("class", "mark").text(scale.text);
  if (tall)
    texts.attr("x", scale.at).attr("y", 16).attr("text-anchor", "middle");
  else
    texts.attr("x", -7).attr("y", scale.at).attr("dy", "0.32em").attr("text-anchor", "end");
  g.append("text").attr("class", "name mark").text(axis.name).attr("x", 0).attr("y", tall ? -8 : 16)
    .attr("text-anchor", tall ? "start" : "middle");
  const area = tall ? [[along[0], -11], [along[1], 11]] : [[-11, along[1]], [11, along[0]]];
  const brush = (tall ? d3.brushX() : d3.brushY()).extent(area);
  const layer = g.append("g").attr("class", "brush").call(brush);
  if (axis.input.value === "brush" && axis.marked)
    layer.call(brush.move, axis.marked.tall === tall ? axis.marked.range : null);
  brush.on("brush end", () => {
    const range = d3.brushSelection(layer.node());
    axis.marked = range ? {tall, range} : null;
    setBrushed(axis, range !== null);
    axis.filter = range === null ? null : (trial) => {
      if (axis.value(trial) === null || axis.value(trial) === "")
        return false;
      const at = scale.at(axis.value(trial));
      return at >= range[0] && at <= range[1];
    };
    if (range === null)
      axis.input.value = "";
    apply();
  });
}

// ---- the table of trials ----

function studyTable(study, varying) {
  const part = section("Table of trials");
  const columns = [{name: "trial", key: (trial) => trial.id, text: (trial) => String(trial.id)},
    {name: "status", key: (trial) => trial.status, text: (trial) => trial.status, left: true}];
  const trained = study.trials.filter((trial) => isKnown(trial.epochs));
  const count = (value) => isKnown(value) ? String(value) : missing;
  if (trained.some((trial) => trial.epochs !== trained[0].epochs))
    columns.push({name: "epochs", key: (trial) => trial.epochs, text: (trial) => count(trial.epochs)});
  if (trained.some((trial) => isKnown(trial.bestEpoch)))
    columns.push({name: "best epoch", key: (trial) => trial.bestEpoch, text: (trial) => count(trial.bestEpoch)});
  for (const option of varying)
    columns.push({name: option.name, left: option.words, text: (trial) => shorten(trial.options[option.name], 40) || missing,
      key: (trial) => numeric(trial.options[option.name]) ? Number(trial.options[option.name])
        : trial.options[option.name] || null});
  const score = {name: "score", key: (trial) => trial.score,
    text: (trial) => number(isKnown(trial.pruned) ? trial.pruned : trial.score, 6)};
  columns.push(score,
    {name: "loss", key: (trial) => trial.loss, text: (trial) => number(trial.loss, 6)});
  if (study.trials.some((trial) => isKnown(trial.validation) && trial.validation !== (trial.score ?? trial.pruned)))
    columns.push({name: "validation", key: (trial) => trial.validation, text: (trial) => number(trial.validation, 6)});
  columns.push({name: "seconds", key: (trial) => trial.seconds, text: (trial) => number(trial.seconds, 3)});
  if (study.trials.some((trial) => isKnown(trial.divergedAt)))
    columns.push({name: "diverged at", key: (trial) => trial.divergedAt,
      text: (trial) => count(trial.divergedAt)});
  const rows = select("Rows", [["20", "20"], ["100", "100"], ["all", "all"]], () => list.fill());
  const statuses = Object.keys(study.statuses);
  const which = select("Status", [["", "all"], ...(statuses.length > 1 ? statuses : []).map((name) => [name, name])],
    () => show());
  const pruned = study.trials.some((trial) => isKnown(trial.pruned));
  const list = table("Trials, best first; " +
    (pruned ? "after those that are done the pruned ones, with the score at their rung; " : "") + "a heading sorts", columns,
    {sorted: score, most: () => rows.input.value === "all" ? Infinity : Number(rows.input.value)});
  let keeps = () => true;
  // Those without a final score keep this order behind the others: pruned ones that came further first.
  const ordered = study.trials.slice().sort((a, b) => Number(isKnown(b.pruned)) - Number(isKnown(a.pruned)) ||
    (isKnown(a.pruned) ? b.epochs - a.epochs || a.pruned - b.pruned : a.id - b.id));
  function show() {
    list.show(ordered.filter((trial) => (which.input.value === "" || trial.status === which.input.value) &&
      keeps(trial)));
  }
  controls(part, which.label, rows.label);
  part.append(list.element);
  show();
  if (study.whys.length > 0) {
    const whys = table("Why trials failed", [{name: "trial", text: (row) => String(row[0])},
      {name: "why", left: true, long: true, text: (row) => shorten(row[1], 400)}]);
    whys.show(study.whys);
    part.append(make("p", {}), whys.element);
  }
  return (predicate) => {
    keeps = predicate;
    show();
  };
}

// ---- curves, seconds, divergence ----

function studyCurves(study) {
  const curves = study.curves.filter((curve) => curve.points.length > 1);
  if (curves.length === 0)
    return;
  const best = curves.filter((curve) => curve.role === "best");
  const middle = curves.filter((curve) => curve.role === "median");
  const part = section("Loss curves", "Total loss by epoch of the " +
    (best.length === 1 ? "best trial" : best.length + " best trials") +
    ", and of the trial with the median score.");
  const losses = curves.flatMap((curve) => curve.points.map((point) => point[1]));
  const epochs = curves.flatMap((curve) => curve.points.map((point) => point[0]));
  let log = isWide(losses, 10), far = false;
  const loss = select("Loss axis", [["linear", "Linear"], ["log", "Logarithmic"]], (value) => {
    log = value === "log";
    chart.redraw();
  });
  const epoch = select("Epoch axis", [["linear", "Linear"], ["log", "Logarithmic"]], (value) => {
    far = value === "log";
    chart.redraw();
  });
  loss.input.value = log ? "log" : "linear";
  controls(part, ...(d3.min(losses) > 0 ? [loss.label] : []), ...(d3.max(epochs) > 2 ? [epoch.label] : []));
  const chart = figure(part, {
    title: "Total loss by epoch", desc: part.querySelector("p").textContent,
    legend: [["best", "line", "curve s0"], ["second to last of the best", "line", "curve thin s0"],
      ["median trial", "line", "curve s1 dash1"]].filter((entry, i) =>
      i === 0 ? best.length > 0 : i === 1 ? best.length > 1 : middle.length > 0),
    height: (width) => Math.max(260, Math.min(400, 0.5 * width)),
    rows: () => ({columns: ["trial", "role", "epochs", "first loss", "last loss"],
      rows: curves.map((curve) => [String(curve.trial), curve.role, whole(curve.points[curve.points.length - 1][0]),
        number(curve.points[0][1]), number(curve.points[curve.points.length - 1][1])])}),
    draw(plot, width, height) {
      const top = 24, bottom = height - 46;
      const y = numbersScale(losses, [bottom, top], log), left = marginOf(y), right = width - 12;
      const x = numbersScale(epochs.filter((at) => !far || at > 0), [left, right], far); // the first is 0
      drawY(plot, y, left, right, "total loss");
      drawX(plot, x.scale, x.ticks, x.text, bottom, right, "epoch");
      const line = d3.line().x((point) => x.scale(point[0])).y((point) => y.scale(point[1]));
      for (const curve of best.slice(1).reverse().concat(middle, best.slice(0, 1))) {
        const style = curve.role === "median" ? "s1 dash1" : curve === best[0] ? "s0" : "thin s0";
        plot.append("path").attr("class", "curve " + style)
          .attr("d", line(curve.points.filter((point) => !far || point[0] > 0)))
          .append("title").text("trial " + curve.trial);
      }
    },
  });
}

function optionSelect(part, name, options, redraw) {
  let option = options[0];
  const choice = select(name, options.map((one, i) => [String(i), one.name]), (value) => {
    option = options[Number(value)];
    redraw();
  });
  controls(part, choice.label);
  return () => option;
}

function studySeconds(study, varying) {
  const trained = study.trials.filter((trial) => isKnown(trial.seconds) && trial.seconds > 0);
  const pruned = trained.filter((trial) => trial.status === "pruned");
  if (trained.length === 0 || varying.length === 0)
    return;
  const part = section("Seconds per trial",
    "A trial's share of the time of the ensemble with which it trained.");
  const grouped = varying.filter((option) => option.groups.length > 0);
  const sorted = (grouped.length > 0 ? grouped : varying).slice()
    .sort((a, b) => Number(b.name === "hidden") - Number(a.name === "hidden"));
  const current = optionSelect(part, "By", sorted, () => chart.redraw());
  const chart = figure(part, {
    title: "Seconds of training", desc: "Seconds of training of a trial against an option.",
    legend: [[pruned.length > 0 ? "trials that are not pruned" : "trials", "dot", "trial"],
      ...(pruned.length > 0 ? [["pruned, to their rung", "dot", "trial pruned"]] : []),
      ...(grouped.length > 0 ? [["mean", "dot", "median"]] : [])],
    height: (width) => Math.max(220, Math.min(320, 0.45 * width)),
    rows: grouped.length === 0 ? null : () => ({columns: [current().name, "trials", "mean seconds"],
      rows: current().groups.map((group) => [shown(group.value), whole(group.trials), number(group.seconds, 3)])}),
    draw(plot, width, height) {
      const option = current(), bottom = height - 46;
      const all = trained.map((trial) => trial.seconds);
      const y = numbersScale(all.concat(option.groups.map((group) => group.seconds).filter((s) => s > 0)),
        [bottom, 24], isWide(all, 10));
      const left = marginOf(y), right = width - 12, x = optionScale(option, [left, right]);
      drawY(plot, y, left, right, "seconds");
      drawX(plot, x.at, x.ticks, x.text, bottom, right, option.name);
      drawPoints(plot, option, pruned, (trial) => trial.seconds, x, y, "trial pruned");
      drawPoints(plot, option, trained.filter((trial) => trial.status !== "pruned"), (trial) => trial.seconds, x, y);
      plot.append("g").selectAll("circle").data(option.groups.filter((group) => group.seconds > 0))
        .enter().append("circle").attr("class", "median").attr("r", Math.max(1.8, Math.min(4, x.gap / 2 - 1)))
        .attr("cx", (group) => x.at(group.value)).attr("cy", (group) => y.scale(group.seconds));
    },
  });
}

function studyDiverged(study, varying) {
  const diverged = study.trials.filter((trial) => isKnown(trial.divergedAt));
  const grouped = varying.filter((option) => option.groups.length > 0);
  if (grouped.length === 0 || !(study.statuses.diverged > 0))
    return;
  const part = section("Where trials diverged", whole(study.statuses.diverged) + " of " +
    whole(study.count) + " trials diverged.");
  const where = (option) => d3.max(option.groups, (group) => group.diverged / group.trials) -
    d3.min(option.groups, (group) => group.diverged / group.trials);
  const sorted = grouped.sort((a, b) => where(b) - where(a));
  const drawn = [];
  const current = optionSelect(part, "By", sorted, () => drawn.forEach((one) => one.redraw()));
  const panels = make("div", {class: "panels wide"});
  part.append(panels);
  const height = (width) => Math.max(200, Math.min(280, 0.5 * width));
  drawn.push(figure(panels, {
    title: "Share that diverged", desc: "The share of the trials that diverged, for each value of an option.", height,
    rows: () => ({columns: [current().name, "trials", "diverged", "share"],
      rows: current().groups.map((group) => [shown(group.value), whole(group.trials), whole(group.diverged),
        percent(group.diverged / group.trials)])}),
    draw(plot, width, height) {
      const option = current(), bottom = height - 46, text = (share) => percent(share, 0);
      const y = {scale: d3.scaleLinear().domain([0, 1]).range([bottom, 24]), ticks: [0, 0.25, 0.5, 0.75, 1]};
      const left = marginOf(y, text), right = width - 4, x = optionScale(option, [left, right]);
      drawY(plot, y, left, right, "diverged", text);
      drawX(plot, x.at, x.ticks, x.text, bottom, right, option.name);
      const wide = Math.max(2, Math.min(26, x.gap - 4));
      plot.append("g").selectAll("rect").data(option.groups).enter().append("rect").attr("class", "bar")
        .attr("x", (group) => x.at(group.value) - wide / 2).attr("width", wide)
        .attr("y", (group) => y.scale(group.diverged / group.trials))
        .attr("height", (group) => bottom - y.scale(group.diverged / group.trials));
    },
  }));
  if (diverged.length > 0)
    drawn.push(figure(panels, {
      title: "Epoch in which they diverged", desc: "The epoch in which each trial diverged, against an option.", height,
      rows: () => ({columns: ["trial", current().name, "epoch"], rows: diverged.map((trial) =>
        [String(trial.id), shown(trial.options[current().name]), String(trial.divergedAt)])}),
      draw(plot, width, height) {
        const option = current(), bottom = height - 46, epochs = diverged.map((trial) => trial.divergedAt);
        const y = numbersScale(epochs, [bottom, 24], isWide(epochs, 20));
        const left = marginOf(y), right = width - 4, x = optionScale(option, [left, right]);
        drawY(plot, y, left, right, "epoch");
        drawX(plot, x.at, x.ticks, x.text, bottom, right, option.name);
        drawPoints(plot, option, diverged, (trial) => trial.divergedAt, x, y);
      },
    }));
}

// ---- rungs ----

function studyRungs(study) {
  const rungs = study.rungs.map(([epochs, reached, ended, best, median]) => ({epochs, reached, ended, best, median}));
  if (!rungs.some((rung) => isKnown(rung.epochs)))
    return;
  const part = section("Rungs", "How far trials came. Scores are those of the trials that ended there, " +
    "since a trial keeps one score, its last.");
  const list = table("Trials by rung", [
    {name: "rung", left: true, text: (rung) => isKnown(rung.epochs) ? whole(rung.epochs) + " epochs" : "done"},
    {name: "reached", text: (rung) => whole(rung.reached)},
    {name: "ended there", text: (rung) => whole(rung.ended)},
    {name: "best score", text: (rung) => number(rung.best, 6)},
    {name: "median score", text: (rung) => number(rung.median, 6)}]);
  list.show(rungs);
  part.append(list.element);
}

function drawStudy(raw) {
  const names = raw.options.filter((option) => option.varies).map((option) => option.name);
  const trials = raw.trials.map((row) => trialOf(row, names));
  const study = {...raw, trials};
  const varying = raw.options.filter((option) => option.own)
    .map((option) => describe(option, trials));
  studyHead(study, varying);
  if (trials.length === 0)
    return;
  studyScores(study, varying);
  studyRungs(study);
  let filterTable = () => {};
  studyCoordinates(study, varying, (keeps) => filterTable(keeps));
  filterTable = studyTable(study, varying);
  studyCurves(study);
  studySeconds(study, varying);
  studyDiverged(study, varying);
}
