// Figures: a caption, a legend, an SVG that is drawn again when its width changes, and the same
// numbers as a table.

// spec: title, text (a string, or a function that is called for each drawing), desc (of the SVG), legend ([label, (svg) => ...]), height (of a width),
// draw(plot, width, height), rows: () => {columns: [names], rows: [[texts]]}. Gives {redraw}.
function figure(parent, spec) {
  const id = newId("figure");
  const caption = make("figcaption", {}, make("h3", {id: id + "-caption"}, spec.title),
    spec.text ? make("p", {}) : null);
  const svg = d3.create("svg").attr("class", "chart").attr("role", "img")
    .attr("aria-labelledby", id + "-title " + id + "-desc");
  svg.append("title").attr("id", id + "-title").text(spec.title);
  svg.append("desc").attr("id", id + "-desc").text(spec.desc);
  const plot = svg.append("g");
  const element = make("figure", {}, caption);
  if (spec.legend)
    element.append(legend(spec.legend));
  element.append(svg.node());
  if (spec.rows)
    element.append(alternative(spec.title, spec.rows));
  parent.append(element);
  let width = 0;
  function redraw() {
    if (width < 40)
      return;
    const height = spec.height(width);
    if (spec.text)
      caption.lastChild.textContent = typeof spec.text === "function" ? spec.text() : spec.text;
    svg.attr("viewBox", "0 0 " + width + " " + height);
    plot.selectAll("*").remove();
    spec.draw(plot, width, height);
  }
  function fit(now) {
    if (now !== width) {
      width = now;
      redraw();
    }
  }
  new ResizeObserver(() => fit(Math.floor(element.clientWidth))).observe(element);
  // Paper has another width, for which no observer is called.
  window.addEventListener("beforeprint", () => fit(element.closest(".panels") ? 330 : 680));
  window.addEventListener("afterprint", () => fit(Math.floor(element.clientWidth)));
  return {redraw, element};
}

// The numbers of a figure, made when they are asked for.
function alternative(title, rows) {
  const details = make("details", {}, make("summary", {}, "Numbers of this figure"));
  details.addEventListener("toggle", () => {
    details.querySelector(".scroll")?.remove();
    if (!details.open)
      return;
    const made = rows();
    const list = table(title, made.columns.map((name, i) =>
      ({name, left: i === 0, text: (row) => row[i]})));
    list.show(made.rows);
    details.append(list.element);
  });
  return details;
}

// entries: [label, mark, classes]; mark: line, dot, band, bar.
function legend(entries) {
  const list = make("ul", {class: "legend"});
  for (const [label, mark, classes] of entries) {
    const svg = d3.create("svg").attr("viewBox", "0 0 26 12").attr("aria-hidden", "true");
    if (mark === "line")
      svg.append("line").attr("x1", 1).attr("x2", 25).attr("y1", 6).attr("y2", 6).attr("class", classes);
    else if (mark === "dot")
      svg.append("circle").attr("cx", 13).attr("cy", 6).attr("r", 4).attr("class", classes);
    else
      svg.append("rect").attr("x", 2).attr("width", 22).attr("y", 2).attr("height", 8).attr("class", classes);
    list.append(make("li", {}, svg.node(), label));
  }
  return list;
}

// ---- scales ----

// Whether numbers are spread over decades, so that a logarithmic axis shows them better.
function isWide(values, factor) {
  const [least, most] = d3.extent(values.filter(isKnown));
  return least > 0 && most / least >= factor;
}

// A scale of numbers over a range of pixels, with ticks. log: wanted where all are above 0.
function numbersScale(values, range, log) {
  const known = values.filter(isKnown);
  let [least, most] = known.length > 0 ? d3.extent(known) : [0, 1];
  const scale = log && least > 0 ? d3.scaleLog() : d3.scaleLinear();
  if (least === most) {
    const around = least === 0 ? 1 : Math.abs(least) / 4;
    [least, most] = [least - around, most + around];
  }
  scale.domain([least, most]).range(range);
  const room = Math.abs(range[1] - range[0]);
  const wanted = Math.max(2, Math.min(6, Math.floor(room / 42)));
  if (!log || !(least > 0)) {
    scale.nice(wanted);
    const ticks = scale.ticks(wanted), whole = ticks.filter(Number.isInteger);
    const counts = known.length > 0 && known.every(Number.isInteger) && whole.length > 1;
    return {scale, ticks: counts ? whole : ticks, text: tickTexts(ticks)};
  }
  const decades = Math.log10(most / least);
  let ticks;
  if (decades < 1)
    ticks = d3.ticks(least, most, wanted).filter((tick) => tick > 0);
  else
    ticks = scale.ticks().filter((tick) => {
      const head = tick / Math.pow(10, Math.floor(Math.log10(tick) + 1e-9));
      const digit = Math.round(head);
      return digit === 1 || (decades <= 2.2 && (digit === 2 || digit === 5));
    });
  const step = Math.ceil(ticks.length / (wanted + 2));
  return {scale, ticks: ticks.filter((tick, i) => i % step === 0), text: tickTexts(ticks)};
}

// The ticks whose labels leave room for each other; size: of a label in pixels.
function thin(ticks, at, size) {
  let end = -Infinity;
  return ticks.slice().sort((a, b) => at(a) - at(b)).filter((tick) => {
    const half = size(tick) / 2;
    if (at(tick) - half < end + 8)
      return false;
    end = at(tick) + half;
    return true;
  });
}

function textWidth(text) {
  return 7.3 * Array.from(text).length;
}

function drawX(plot, at, ticks, text, y, width, name) {
  const kept = thin(ticks, at, (tick) => textWidth(text(tick)));
  const scale = (tick) => at(tick);
  scale.domain = () => kept;
  scale.range = () => [0, width];
  scale.copy = () => scale;
  const axis = d3.axisBottom(scale).tickValues(kept).tickFormat(text).tickSizeOuter(0).tickSize(4).tickPadding(6);
  plot.append("g").attr("transform", "translate(0," + y + ")").call(axis).selectAll(".domain").remove();
  if (name)
    plot.append("text").attr("x", width).attr("y", y + 38).attr("text-anchor", "end").text(name);
}

function drawY(plot, made, left, right, name, text = made.text) {
  const axis = d3.axisLeft(made.scale).tickValues(made.ticks).tickFormat(text).tickSize(0).tickPadding(8);
  plot.append("g").attr("class", "grid").selectAll("line").data(made.ticks).enter().append("line")
    .attr("x1", left).attr("x2", right)
    .attr("y1", (tick) => made.scale(tick)).attr("y2", (tick) => made.scale(tick));
  plot.append("g").attr("transform", "translate(" + left + ",0)").call(axis).selectAll(".domain").remove();
  if (name)
    plot.append("text").attr("x", 0).attr("y", 10).text(name);
}

// The room that the labels of a vertical axis take.
function marginOf(made, text = made.text) {
  return 14 + (d3.max(made.ticks, (tick) => textWidth(text(tick))) || 0);
}

// ---- a chart of lines ----

// spec as for figure, and: x, y ({name, text, log, values}), lines ([{label, mark, points: [[x, y,
// low, high]]}]), rule: [[x, y], [x, y]]. Lines have colours, dashes and dots of their own.
function linesFigure(parent, spec) {
  const marks = (i) => "s" + i % 6 + (i % 4 > 0 ? " dash" + i % 4 : "");
  const lines = () => typeof spec.lines === "function" ? spec.lines() : spec.lines;
  return figure(parent, {
    ...spec,
    legend: spec.legend || lines().map((line, i) => [line.label, "line", "curve " + marks(i)]),
    height: spec.height || ((width) => Math.max(220, Math.min(320, 0.55 * width))),
    draw(plot, width, height) {
      const drawn = lines(), points = drawn.flatMap((line) => line.points);
      const top = 24, bottom = height - 46;
      const y = numbersScale(points.flatMap((point) => point.slice(1)).concat(spec.y.values || []),
        [bottom, top], spec.y.log);
      const places = Array.from(new Set(points.map((point) => point[0])));
      const edge = d3.max(places, (place) => textWidth((spec.x.text || tickText)(place)) / 2) || 0;
      const left = Math.max(marginOf(y, spec.y.text), edge - 16), right = width - Math.max(12, edge);
      const x = numbersScale(points.map((point) => point[0]).concat(spec.x.values || []),
        [left + 16, right], spec.x.log);
      drawY(plot, y, left, right, spec.y.name, spec.y.text);
      drawX(plot, x.scale, places.length <= 12 ? places : x.ticks, spec.x.text || (places.length <= 12 ? tickText : x.text), bottom,
        right, spec.x.name);
      if (spec.rule)
        plot.append("path").attr("class", "rule").attr("d", d3.line()
          .x((point) => x.scale(point[0])).y((point) => y.scale(point[1]))(spec.rule));
      drawn.forEach((line, i) => {
        const known = line.points.filter((point) => isKnown(point[1])).sort((a, b) => a[0] - b[0]);
        plot.append("path").attr("class", "curve " + marks(i)).attr("d", d3.line()
          .x((point) => x.scale(point[0])).y((point) => y.scale(point[1]))(known));
        for (const [at, value, low, high] of known) {
          if (isKnown(low) && isKnown(high))
            plot.append("line").attr("class", "s" + i % 6).attr("x1", x.scale(at)).attr("x2", x.scale(at))
              .attr("y1", y.scale(low)).attr("y2", y.scale(high));
          if (known.length <= 60)
            plot.append("circle").attr("class", "dot f" + i % 6).attr("r", 3.5)
              .attr("cx", x.scale(at)).attr("cy", y.scale(value))
              .append("title").text(line.label + ": " + (spec.y.text || tickText)(value));
        }
      });
    },
  });
}
