// The page's parts: elements, texts, numbers, tables, controls. Data become text by textContent
// alone, so that a name stays a name.
const data = JSON.parse(document.getElementById("data").textContent);

// A text from outside with its control characters, and those that change the direction of text,
// made visible, as windrow's messages have them.
function shown(text) {
  return String(text).replace(
    /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"));
}

function shorten(text, most) {
  const letters = Array.from(shown(text));
  return letters.length <= most ? letters.join("") : letters.slice(0, most - 1).join("") + "\u2026";
}

// An element. Attributes whose value is null are left out; children are elements or texts.
function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {}))
    if (value !== null)
      element.setAttribute(name, value);
  element.append(...children.filter((child) => child !== null));
  return element;
}

let lastId = 0;
function newId(word) {
  lastId += 1;
  return word + "-" + lastId;
}

// ---- numbers ----

const missing = "\u2013";

function isKnown(value) {
  return typeof value === "number" && Number.isFinite(value);
}

// So many significant digits; a power of ten where the number is very large or small.
function number(value, digits = 4) {
  if (!isKnown(value))
    return missing;
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e6)
    return String(value).replace("-", "\u2212");
  const text = value !== 0 && (size >= 1e6 || size < 0.999e-4)
    ? value.toExponential(digits - 1).replace(/\.?0+e/, "e").replace("e+", "e")
    : String(Number(value.toPrecision(digits)));
  return text.replace(/-/g, "\u2212");
}

function whole(value) {
  return isKnown(value) ? d3.format(",")(Math.round(value)).replace(/,/g, "\u2009") : missing;
}

function percent(value, digits = 1) {
  return isKnown(value) ? (100 * value).toFixed(digits) + "\u2009%" : missing;
}

function seconds(value) {
  if (!isKnown(value))
    return missing;
  if (value > 0 && value < 0.1)
    return number(1000 * value, 3) + "\u2009ms";
  if (value < 120)
    return number(value, 3) + "\u2009s";
  return value < 7200 ? number(value / 60, 3) + "\u2009min" : number(value / 3600, 3) + "\u2009h";
}

const superscripts = "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079";

// A number at an axis: 10⁻⁴ rather than 0.0001 or 1e-4, 20k rather than 20000.
function tickText(value, digits = 2) {
  const size = Math.abs(value), power = Math.round(Math.log10(size));
  if (value === 0 || (size >= 0.999e-4 && size < 1e4))
    return number(value, Math.max(4, digits));
  const head = value / Math.pow(10, Math.floor(Math.log10(size) + 1e-9));
  if (size >= 1e4 && size < 1e12)
    return d3.format("." + Math.max(3, digits) + "~s")(value).replace("G", "\u2009G").replace("M", "\u2009M").replace("k", "\u2009k");
  const exponent = Math.floor(Math.log10(size) + 1e-9);
  const raised = (exponent < 0 ? "\u207b" : "") +
    Array.from(String(Math.abs(exponent))).map((digit) => superscripts[Number(digit)]).join("");
  return Math.abs(head - 1) < 1e-6 && power === exponent
    ? "10" + raised : number(head, digits) + "\u00b7" + "10" + raised;
}

// A text for each of the numbers at an axis, with so many digits that no two are alike.
function tickTexts(ticks) {
  let digits = 2;
  while (digits < 12 && new Set(ticks.map((tick) => tickText(tick, digits))).size < ticks.length)
    digits += 1;
  return (value) => tickText(value, digits);
}

// ---- the frame ----

const main = make("main", {});
const contents = make("ul", {});

// The last part of a path.
function nameOf(path) {
  return path === "/dev/stdin" ? "Standard input" : shorten(path.split("/").pop() || path, 80);
}

function startPage(path, lead) {
  const title = nameOf(path);
  document.title = title + " \u2013 Windrow";
  const themes = select("Theme", [["", "System"], ["light", "Light"], ["dark", "Dark"]], (theme) => {
    if (theme === "")
      delete document.documentElement.dataset.theme;
    else
      document.documentElement.dataset.theme = theme;
  });
  const head = make("header", {}, make("div", {}, make("h1", {}, title), make("p", {class: "lead"}, lead)),
    themes.label);
  const foot = make("footer", {}, "Made by windrow report. Nothing on this page is loaded from elsewhere.");
  document.body.append(head, main, foot);
}

function endPage() {
  if (contents.children.length > 1)
    main.prepend(make("nav", {"aria-label": "Contents"}, contents));
}

function section(title, text) {
  const id = newId("part"), heading = make("h2", {id: id + "-title"}, title);
  const part = make("section", {id, "aria-labelledby": id + "-title"}, heading);
  if (text)
    part.append(make("p", {class: "soft"}, text));
  contents.append(make("li", {}, make("a", {href: "#" + id}, title)));
  main.append(part);
  return part;
}

function tiles(entries) {
  const list = make("dl", {class: "tiles"});
  for (const [name, value, unit] of entries)
    list.append(make("div", {class: "tile"}, make("dt", {}, name),
      make("dd", {}, value, unit ? make("small", {}, " " + unit) : null)));
  main.append(list);
}

function facts(entries) {
  const list = make("dl", {class: "facts"});
  for (const [name, value] of entries)
    if (value !== null && value !== undefined && value !== "")
      list.append(make("dt", {}, name), make("dd", {}, value));
  main.append(list);
}

// ---- controls ----

// A select with a label. choices: [value, text]. Gives {label, input}.
function select(name, choices, onChange) {
  const id = newId("choice"), input = make("select", {id});
  for (const [value, text] of choices)
    input.append(make("option", {value}, text));
  if (onChange)
    input.addEventListener("change", () => onChange(input.value));
  return {input, label: make("label", {for: id}, name, input)};
}

// A row of controls; a select with one choice is left out.
function controls(parent, ...entries) {
  const kept = entries.filter((entry) => entry.querySelectorAll("option").length !== 1);
  if (kept.length > 0)
    parent.append(make("div", {class: "controls"}, ...kept));
}

// ---- tables ----

// columns: [{name, text: (row) => string, key: (row) => value, left, long}]. A column with `key`
// sorts. Gives {element, show(rows)}.
function table(caption, columns, options = {}) {
  const body = make("tbody", {}), head = make("tr", {});
  let rows = [], sorted = options.sorted || null, falling = false;
  const place = (column) => column.left ? "text" + (column.long ? " long" : "") : null;
  function fill() {
    const list = rows.slice();
    if (sorted)
      list.sort((a, b) => compare(sorted.key(a), sorted.key(b), falling));
    const most = options.most ? options.most() : Infinity;
    body.replaceChildren(...list.slice(0, most).map((row) => make("tr", {},
      ...columns.map((column) => make("td", {class: place(column)}, column.text(row))))));
    columns.forEach((column, i) => {
      if (column.key)
        head.children[i].setAttribute("aria-sort",
          column !== sorted ? "none" : falling ? "descending" : "ascending");
    });
  }
  for (const column of columns) {
    const cell = make("th", {scope: "col", class: place(column)});
    if (column.key) {
      const button = make("button", {type: "button"}, column.name);
      button.addEventListener("click", () => {
        falling = sorted === column && !falling;
        sorted = column;
        fill();
      });
      cell.append(button);
    } else {
      cell.append(column.name);
    }
    head.append(cell);
  }
  const element = make("div", {class: "scroll", tabindex: "0", role: "region", "aria-label": caption},
    make("table", {}, make("caption", {}, caption), make("thead", {}, head), body));
  return {element, fill, show(list) {
    rows = list;
    fill();
  }};
}

// Ascending, with what is not known at the end.
function compare(a, b, falling) {
  const lacks = (value) => value === null || value === undefined || Number.isNaN(value);
  if (lacks(a) || lacks(b))
    return Number(lacks(a)) - Number(lacks(b));
  const order = typeof a === "string" || typeof b === "string"
    ? String(a).localeCompare(String(b), "en", {numeric: true}) : a - b;
  return falling ? -order : order;
}
