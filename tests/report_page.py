"""report_page.py WINDROW FOLDER: opens the pages of `windrow report` in a headless chromium. A page says nothing
on the console, loads nothing, fits a phone, obeys the keyboard alone, shows hostile names as text, is readable in
both themes, and prints."""
import os
import re
import shutil
import sqlite3
import subprocess
import sys

from browser import Browser

HOSTILE = "</script><img src=x onerror=\"window.owned=1\"><svg onload=window.owned=2>'&amp;\u202egnp\x01" + 10000 * "x"
WINDROW, FOLDER = sys.argv[1:3]
failures = 0


def check(holds, what):
    global failures
    if not holds:
        failures += 1
        print("FAILED:", what)


def windrow(*arguments, code=0, output=None):
    done = subprocess.run([WINDROW, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != code:
        sys.exit(f"windrow {' '.join(arguments)}: exit code {done.returncode}: {done.stderr}")
    if output is not None:
        with open(output, "w") as file:
            file.write(done.stdout)


# ---- pages ----

def quoted(text):
    return '"' + text.replace('"', '""') + '"'


def make_pages():
    """Pages of every kind, with hostile names where a kind has names."""
    windrow("sweep", "--store", "study.db", "--device", "cpu", "--hidden", "1,2,4,8", "--lr", "1e-4,1e-3,1e-2,1", "--clip",
            "0,1", "--seeds", "0..5", "--epochs", "30", "--validate", "0.2", "--quiet", code=8)
    with sqlite3.connect("study.db") as study:
        for name in ("series", "target"):
            study.execute("UPDATE study SET value = ? WHERE name = ?", (HOSTILE, name))
        study.execute("INSERT INTO trial (hidden, window, batch, init, lr, clip, seed, status, why) VALUES"
                      " (4, 5, 1, 'pytorch', 0.001, 0.3, 0, 'failed', ?)", (HOSTILE,))
    windrow("sweep", "--store", "wide.db", "--device", "cpu", "--hidden", "1,2", "--batch", "all,7",
            "--lr", "1e-4,1e-3", "--clip", "0,1", "--init", "notebook,pytorch", "--seeds", "0..84:4", "--epochs", "5", "--quiet")
    windrow("sweep", "--store", "halving.db", "--device", "cpu", "--sample", "100", "--hidden", "2,4,8",
            "--optimizer", "adam,sgd", "--lr", "log:1e-4..1e-1", "--seeds", "0..9999", "--epochs", "30",
            "--validate", "0.2", "--halving", "3", "--rungs", "2", "--bracket", "50", "--quiet")
    windrow("sweep", "--store", "stopped.db", "--device", "cpu", "--hidden", "2,4", "--optimizer", "momentum,sgd",
            "--momentum", "0.5,0.9", "--weight-decay", "0,1e-4,1e-2", "--seeds", "0..4", "--epochs", "60",
            "--validate", "0.2", "--patience", "1", "--validate-every", "5", "--loss", "huber", "--quiet")
    names = ["a", HOSTILE.replace("\x01", "")]
    with open("fit.csv", "w") as file:
        file.write("unique_id,ds,y\n")
        for name in names:
            file.writelines(f"{quoted(name)},{1960 + t},{t * t % 17 + t}\n" for t in range(60))
    windrow("forecast", "--data", "fit.csv", "--horizon", "4", "--device", "cpu", "--updates", "100", "--seeds", "2", "--recipe",
            "yearly", "--quiet", "--save", "fit.safetensors", "--output", "forecast.csv")
    windrow("backtest", "--data", "fit.csv", "--horizon", "4", "--device", "cpu", "--updates", "100", "--seeds", "2", "--recipe",
            "yearly", "--quiet", "--levels", "50,80,95", "--csv", "two.csv", "--json", output="backtest.json")
    with open("two.csv") as file, open("scores.csv", "w") as to:
        head, *rows = file.read().splitlines()
        to.write(head + "\n")
        to.writelines(row + "\n" for row in rows)
        to.writelines(f"s{i}," + row.split(",", 1)[1] + "\n" for i in range(40) for row in rows[:3])
    windrow("bench", "--device", "cpu", "--models", "1,4,16", "--hidden", "4", "--schedule", "both", "--seconds", "0.001",
            "--repeats", "1", "--json", output="plain.json")
    with open("plain.json") as file, open("bench.json", "w") as to:
        told = HOSTILE.replace("\\", "\\\\").replace('"', '\\"').replace("\x01", "\\u0001")
        to.write(re.sub(r'"detail":"[^"]*"', lambda _: f'"detail":"{told}"', file.read()))
    with open("history.csv", "w") as file:
        file.write("date,commit,version,machine,device,threads,M,H,T,B,schedule,updates_per_s,of_peak,spread\n")
        for machine in ("here", quoted(HOSTILE)):
            file.writelines(f"2026-01-0{day},c{day},0.2.0,{machine},cpu,1,{M},20,5,1,fused,{day * M * 1000},0.{day},0.01\n"
                            for day in (1, 2, 3) for M in (1, 64))
    sources = {"study": ["study.db"], "wide": ["wide.db"], "halving": ["halving.db"], "stopped": ["stopped.db"],
               "fit": ["fit.safetensors"], "fan": ["fit.safetensors", "--data", "fit.csv"],
               "backtest": ["backtest.json"], "scores": ["scores.csv"], "bench": ["bench.json"], "history": ["history.csv"]}
    for page, arguments in sources.items():
        windrow("report", *arguments, "--html", page + ".html")
    return list(sources)


# ---- checks ----

def check_silent(browser, page, where):
    check(browser.messages == [], f"{page}, {where}: the console has {browser.messages[:3]}")
    own = "file://" + os.path.abspath(page + ".html")
    check(set(url.split("#")[0] for url in browser.requests) == {own}, f"{page}, {where}: loads {browser.requests[:5]}")
    check(browser.value("window.owned === undefined && document.querySelector('img, iframe, main svg[onload]') === null"),
          f"{page}, {where}: a name has become an element")


def open_details(browser):
    browser.value("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    browser.value("new Promise((done) => setTimeout(done, 100))")
    browser.settle()


def check_phone(browser, page):
    browser.size(360, 740, mobile=True)
    browser.open(page + ".html")
    open_details(browser)
    width = browser.value("document.documentElement.scrollWidth")
    check(width <= 360, f"{page}: {width} pixels wide on a phone of 360")
    outside = browser.value("""Array.from(document.querySelectorAll("svg.chart text")).filter((text) => {
        const box = text.getBoundingClientRect();
        return box.left < -1 || box.right > 361 || box.top < text.ownerSVGElement.getBoundingClientRect().top - 3; }
        ).map((text) => text.textContent)""")
    check(outside == [], f"{page}: texts beyond the phone: {outside[:5]}")
    check(browser.value("document.querySelectorAll('figure svg.chart > g > *').length > 0"), f"{page}: no figure is drawn")
    check_silent(browser, page, "phone")


def check_names(browser, page):
    shown = browser.value("document.body.innerText")
    start = "</script><img src=x onerror=\"window.owned=1\">"
    check(start in shown, f"{page}: the hostile name is not shown as text")
    check("\u202e" not in shown and "\x01" not in shown, f"{page}: control characters are shown as they are")


# The least contrast of a text with what lies behind it, with that text.
CONTRAST = """(() => {
  const light = (c) => { const v = c / 255; return v <= 0.04045 ? v / 12.92 : Math.pow((v + 0.055) / 1.055, 2.4); };
  const parse = (text) => text.match(/[0-9.]+/g).map(Number);
  const luminance = ([r, g, b]) => 0.2126 * light(r) + 0.7152 * light(g) + 0.0722 * light(b);
  const behind = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const colour = parse(getComputedStyle(one).backgroundColor);
      if (colour.length === 3 || colour[3] > 0)
        return colour;
    }
    return [255, 255, 255];
  };
  let least = [99, ""];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (walker.currentNode.textContent.trim() === "" || element.closest("script, noscript, title, desc"))
      continue;
    const style = getComputedStyle(element);
    const a = luminance(parse(element.closest("svg") ? style.fill : style.color)), b = luminance(behind(element));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < least[0])
      least = [ratio, walker.currentNode.textContent.slice(0, 40)];
  }
  return least;
})()"""


def luminance(browser):
    colour = browser.value("getComputedStyle(document.body).backgroundColor")
    return sum(map(int, re.findall(r"\d+", colour)[:3])) / 3


def check_themes(browser, page):
    browser.size(1200, 900)
    for scheme in ("light", "dark"):
        browser.features(prefers_color_scheme=scheme)
        browser.open(page + ".html")
        check((luminance(browser) > 128) == (scheme == "light"), f"{page}: the page does not follow the scheme {scheme}")
        ratio, text = browser.value(CONTRAST)
        check(ratio >= 4.5, f"{page}: contrast {ratio:.2f} of {text!r} in the scheme {scheme}")
        for chosen in ("light", "dark", ""):
            browser.value(f"""(() => {{ const theme = document.querySelector("header select");
                theme.value = "{chosen}"; theme.dispatchEvent(new Event("change")); }})()""")
            wanted = chosen or scheme
            check((luminance(browser) > 128) == (wanted == "light"), f"{page}: the theme {chosen!r} under {scheme}")
        check_silent(browser, page, scheme)
    browser.features(prefers_color_scheme="light")


# What a control can change: texts, figures, which parts are open, the theme, the place.
STATE = """(() => {
  const all = document.body.innerHTML + document.documentElement.outerHTML.slice(0, 120) + location.hash +
    Array.from(document.querySelectorAll("details")).map((one) => one.open).join();
  let hash = 0;
  for (let i = 0; i < all.length; i++)
    hash = (hash * 31 + all.charCodeAt(i)) | 0;
  return hash;
})()"""
FOCUSED = """(() => {
  const all = Array.from(document.querySelectorAll("a, select, button, summary, [tabindex]")), now = document.activeElement;
  if (!now || now === document.body)
    return null;
  const style = getComputedStyle(now);
  return {place: all.indexOf(now), tag: now.tagName, name: (now.getAttribute("aria-label") || (now.labels && now.labels[0] ?
      now.labels[0].firstChild.textContent : now.textContent)).slice(0, 30), options: now.options ? now.options.length : 0,
    ring: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0};
})()"""


def use_control(browser, page, control):
    """Uses the control that has the focus, and checks that something changes."""
    before = browser.value(STATE)
    if control["tag"] == "SELECT":
        changed = False
        for key in ["ArrowDown"] * (control["options"] - 1) + ["ArrowUp"] * (control["options"] - 1):
            browser.press(key)
            changed = changed or browser.value(STATE) != before
        check(changed, f"{page}: the arrow keys change nothing at {control['name']!r}")
    elif control["tag"] in ("BUTTON", "SUMMARY", "A"):
        browser.press("Enter")
        if control["tag"] == "SUMMARY":
            browser.value("new Promise((done) => setTimeout(done, 20))")
        changed = browser.value(STATE) != before
        check(changed or control["name"] == "Keep all", f"{page}: Enter changes nothing at {control['name']!r}")


def check_keyboard(browser, page):
    browser.size(1200, 900)
    browser.open(page + ".html")
    count = browser.value("document.querySelectorAll('a, select, button, summary, [tabindex]').length")
    seen = []
    for _ in range(count + 60):
        browser.press("Tab")
        control = browser.value(FOCUSED)
        if control is None or control["place"] in seen:
            break
        seen.append(control["place"])
        check(control["ring"], f"{page}: no focus is seen at {control['name']!r}")
        check(control["name"].strip() != "", f"{page}: a {control['tag']} has no name")
        if control["tag"] != "A":  # a link moves the place from which Tab goes on
            use_control(browser, page, control)
        if control["tag"] == "SUMMARY":  # closed again, so that the same controls stay
            browser.press("Enter")
            browser.value("new Promise((done) => setTimeout(done, 20))")
    check(len(seen) == count, f"{page}: Tab reaches {len(seen)} of {count} controls")
    if browser.value("document.querySelector('nav a') !== null"):
        browser.value("document.querySelectorAll('nav a')[1].focus()")
        use_control(browser, page, {"tag": "A", "name": "a link"})
    check_silent(browser, page, "keyboard")


def check_sorting(browser):
    """A heading sorts the table of trials, up and down; the filters reach the table."""
    browser.open("study.html")
    column = """Array.from(document.querySelectorAll("section table tbody tr")).slice(0, 20).map(
        (row) => Number(row.children[COLUMN].textContent))"""
    heads = browser.value("Array.from(document.querySelectorAll('section thead th')).map((cell) => cell.textContent)")
    for falling in (False, True):
        browser.value(f"document.querySelectorAll('section thead th button')[{heads.index('trial')}].focus()")
        browser.press("Enter")
        values = browser.value(column.replace("COLUMN", str(heads.index("trial"))))
        check(len(values) == 20 and values == sorted(values, reverse=falling), f"study: sorted by trial: {values}")
        state = browser.value(f"document.querySelectorAll('section thead th')[{heads.index('trial')}].getAttribute('aria-sort')")
        check(state == ("descending" if falling else "ascending"), f"study: aria-sort is {state}")
    browser.value("""(() => { const label = Array.from(document.querySelectorAll("label")).find((one) =>
        one.firstChild.textContent === "hidden"); label.querySelector("select").focus(); })()""")
    for _ in range(2):
        browser.press("ArrowDown")
    values = browser.value(column.replace("COLUMN", str(heads.index("hidden"))))
    done = browser.value("document.querySelector('[role=status]').textContent")
    check(set(values) == {2}, f"study: the choice hidden = 2 leaves {values}")
    check(done.split(" of ")[0] == str(browser.value("document.querySelectorAll('.coordinate:not(.off)').length")),
          f"study: {done!r} does not count the lines that are left")
    browser.value("Array.from(document.querySelectorAll('button')).find((one) => one.textContent === 'Keep all').focus()")
    browser.press("Enter")
    check(browser.value("document.querySelectorAll('.coordinate.off').length") == 0, "study: 'Keep all' does not keep all")


FACTS = """Object.fromEntries(Array.from(document.querySelectorAll("dl.facts dt")).map(
    (name) => [name.textContent, name.nextSibling.textContent.replace(/\u00a0/g, " ")]))"""
TRIALS = """(() => { const list = Array.from(document.querySelectorAll("table")).find((one) =>
    one.caption.textContent.startsWith("Trials, best first"));
    const heads = Array.from(list.querySelectorAll("th")).map((cell) => cell.textContent);
    return Array.from(list.querySelectorAll("tbody tr")).map((row) =>
      Object.fromEntries(heads.map((head, i) => [head, row.children[i].textContent]))); })()"""


def check_halving(browser):
    """Pruned trials are told apart: in figures, in the table, and by the rung where they ended."""
    browser.open("halving.html")
    with sqlite3.connect("halving.db") as study:
        done = study.execute("SELECT id FROM best").fetchall()
        best = study.execute("SELECT score FROM best LIMIT 1").fetchone()[0]
        rungs = study.execute("SELECT epochs, count(*) FROM trial WHERE status = 'pruned' GROUP BY 1 ORDER BY 1").fetchall()
    points = browser.value("""[":not(.pruned)", ".pruned"].map((which) =>
        document.querySelector("figure svg.chart").querySelectorAll(".trial" + which).length)""")
    check(points == [len(done), 100 - len(done)], f"halving: the first figure has {points} points")
    check("pruned, at their rung" in browser.value("document.querySelector('.legend').textContent"),
          "halving: no legend of pruned trials")
    tile = browser.value("Array.from(document.querySelectorAll('.tile')).find((one) => "
                         "one.textContent.startsWith('best score')).querySelector('dd').firstChild.textContent")
    check(abs(float(tile) - best) < 1e-3 * best, f"halving: the best score is {tile}, not {best}")
    check(browser.value("document.querySelectorAll('.coordinate').length") == len(done), "halving: a line of a pruned trial")
    rows = browser.value(TRIALS)
    check([int(row["trial"]) for row in rows[:len(done)]] == [one for one, in done] and
          all(row["status"] == "pruned" and row["epochs"] == str(rungs[-1][0]) for row in rows[len(done):]),
          f"halving: the table begins with {[(row['trial'], row['status'], row['epochs']) for row in rows]}")
    told = browser.value("""Array.from(Array.from(document.querySelectorAll("table")).find((one) =>
        one.caption.textContent === "Trials by rung").querySelectorAll("tbody tr")).map((row) =>
        [row.children[0].textContent, Number(row.children[2].textContent)])""")
    check(told == [[f"{epochs} epochs", count] for epochs, count in rungs] + [["done", len(done)]], f"halving: rungs {told}")
    facts = browser.value(FACTS)
    check("1/3" in facts["halving"] and "lr (100)" in facts["varies"], f"halving: {facts}")
    check(facts["where they count"] == "beta1 0.9, beta2 0.999, epsilon 1e-8", f"halving: {facts}")


def check_stopped(browser):
    """Early stopping and the loss in words; an option that means nothing beside the others has no point."""
    browser.open("stopped.html")
    facts = browser.value(FACTS)
    check(facts["early stopping"] == "after 1 validation without a new best, one every 5 epochs", f"stopped: {facts}")
    check(facts["loss"] == "huber, delta 1", f"stopped: {facts}")
    with sqlite3.connect("stopped.db") as study:
        first = study.execute("SELECT id, epochs, best_epoch FROM best LIMIT 1").fetchone()
        counts = [study.execute(f"SELECT count(*) FROM trial WHERE {where}").fetchone()[0]
                  for where in ("momentum > 0", "true")]
    row = browser.value(TRIALS)[0]
    check((row["trial"], row["epochs"], row["best epoch"]) == tuple(map(str, first)), f"stopped: the table begins with {row}")
    figures = browser.value("""Array.from(document.querySelectorAll("figure")).map((one) =>
        [one.querySelector("h3").textContent, one.querySelectorAll(".trial:not(li .trial)").length,
         Array.from(one.querySelectorAll("svg.chart .tick")).map((tick) => tick.textContent)])""")
    by = {title: (points, ticks) for title, points, ticks in figures}
    check(by["Score by momentum"][0] == counts[0] and by["Score by weight_decay"][0] == counts[1], f"stopped: {by}")
    check(by["Score by momentum"][1][-2:] == ["0.5", "0.9"], f"stopped: {by}")
    check(by["Score by weight_decay"][1][-3:] == ["0", "0.0001", "0.01"], f"stopped: {by}")


def check_brush(browser):
    """Dragging along an axis keeps the trials there, and its select says so."""
    browser.size(1200, 900)
    browser.open("study.html")
    browser.value("document.querySelector('.brush').scrollIntoView({behavior: 'instant', block: 'center'})")
    browser.settle()
    box = browser.value("""(() => { const b = document.querySelector(".brush .overlay").getBoundingClientRect();
        return [b.x + b.width / 2, b.y, b.height]; })()""")
    for kind, share in (("mousePressed", 0.02), ("mouseMoved", 0.2), ("mouseMoved", 0.4), ("mouseReleased", 0.4)):
        browser.call("Input.dispatchMouseEvent", type=kind, x=box[0], y=box[1] + share * box[2], button="left", buttons=1,
                     clickCount=1)
    browser.settle()
    kept = browser.value("[document.querySelectorAll('.coordinate:not(.off)').length, document.querySelectorAll('.coordinate').length]")
    told = browser.value("document.querySelectorAll('.controls select')[1].selectedOptions[0].textContent")
    check(0 < kept[0] < kept[1], f"study: the brush keeps {kept[0]} of {kept[1]}")
    check(told == "marked on the axis", f"study: the select says {told!r}")
    check_silent(browser, "study", "brush")


def check_print(browser, page):
    browser.size(1200, 900)
    browser.features(prefers_color_scheme="dark")
    browser.open(page + ".html")
    paper = browser.pdf()
    check(paper.startswith(b"%PDF") and len(paper) > 5000, f"{page}: no PDF: {len(paper)} bytes")
    browser.call("Emulation.setEmulatedMedia", media="print", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    browser.settle()
    check(luminance(browser) == 255, f"{page}: the paper is not white")
    check(browser.value("Array.from(document.querySelectorAll('select')).every((one) => one.offsetParent === null)"),
          f"{page}: controls are printed")
    browser.call("Emulation.setEmulatedMedia", media="")
    browser.features(prefers_color_scheme="light")
    check_silent(browser, page, "print")


def check_structure(browser, page):
    browser.size(1200, 900)
    browser.open(page + ".html")
    flaws = browser.value("""(() => {
      const flaws = [];
      for (const svg of document.querySelectorAll("svg.chart")) {
        const ids = svg.getAttribute("aria-labelledby").split(" ");
        if (svg.getAttribute("role") !== "img" || !ids.every((id) => document.getElementById(id)?.textContent))
          flaws.push("a figure without title or description");
      }
      for (const control of document.querySelectorAll("select"))
        if (!control.labels[0])
          flaws.push("a select without a label");
      const ids = Array.from(document.querySelectorAll("[id]")).map((one) => one.id);
      if (new Set(ids).size !== ids.length)
        flaws.push("an id stands twice");
      for (const link of document.querySelectorAll("a"))
        if (!document.getElementById(link.hash.slice(1)))
          flaws.push("a link to nothing");
      if (document.querySelectorAll("h1").length !== 1 || document.querySelectorAll("main").length !== 1)
        flaws.push("not one title and one main part");
      return flaws;
    })()""")
    check(flaws == [], f"{page}: {flaws[:5]}")


def main():
    shutil.rmtree(FOLDER, ignore_errors=True)
    os.makedirs(FOLDER)
    os.chdir(FOLDER)
    if shutil.which("chromium") is None:
        print("skipped: no chromium (Debian: chromium)")
        return 77
    if "built without D3" in subprocess.run([WINDROW, "report", "x", "--html", "y"], stderr=subprocess.PIPE, text=True).stderr:
        print("skipped: this windrow was built without D3 (Debian: node-d3)")
        return 77
    try:
        browser = Browser()
    except (EOFError, TimeoutError) as error:
        print("skipped: chromium does not start here:", error)
        return 77
    try:
        pages = make_pages()
        for page in pages:
            check_structure(browser, page)
            check_phone(browser, page)
            check_themes(browser, page)
            check_keyboard(browser, page)
            check_print(browser, page)
            if page not in ("wide", "halving", "stopped", "backtest"):
                browser.open(page + ".html")
                if page == "history":  # where the name is a choice
                    check(browser.value("document.querySelectorAll('option')[4].textContent").startswith("</script><img src=x"),
                          "history: the hostile machine is no choice")
                else:
                    check_names(browser, page)
        check_sorting(browser)
        check_halving(browser)
        check_stopped(browser)
        check_brush(browser)
    finally:
        browser.close()
    print(f"{len(pages)} pages, {failures} failures")
    return int(failures > 0)


sys.exit(main())
