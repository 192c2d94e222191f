"""The table of scripts/gpu_report, in markdown."""

NOTEBOOK = 2500 * 95  # updates


def rate(value):
    return "%.3g" % value if value < 1000 else "{:,.0f}".format(float("%.3g" % value))


def part(value):
    return "%.1f%%" % (100 * value)


def of_peak(data, device, updates, hidden=20, window=5, batch=1):
    peak = data["peaks"].get(device)
    return part(updates * 6 * (window - 1) * hidden ** 2 * batch / peak) if peak else "-"


def bits(row):
    return "yes" if row["same_bits"] else "NO"


def left_out(data):
    return ", ".join(r["step"] for r in data["steps"] if r["state"] == "left out")


def steps(data):
    for r in data["steps"]:
        yield r["step"], r["state"], "%.0f" % r["seconds"], r["said"]


def train(data):
    for r in data["train"]:
        updates = r["updates_per_second"]
        yield (rate(r["models"]), r["name"] or "-", r["device"], r["epochs"], rate(updates),
               rate(updates / NOTEBOOK), of_peak(data, r["device"], updates), bits(r))


def cuda(data):
    for r in data["cuda"]:
        updates = r["updates_per_second"]
        yield (r["kernel"], r["cap"] or "-", r["rule"] or "-", r["hidden"], rate(r["models"]), r["epochs"], rate(updates),
               part((r["fastest"] - r["slowest"]) / updates),
               rate(updates / NOTEBOOK) if r["hidden"] == 20 else "-",
               of_peak(data, "cuda", updates, r["hidden"], r["window"]), r["registers"],
               r["spilled_bytes"], bits(r))


def bench(data):
    for r in data["bench"]:
        measured = (r["refused"], "", "", "", "") if r["refused"] else (
            "%.2f" % r["open_seconds"], rate(r["updates_per_second"]), part(r["spread"]),
            rate(r["flops_per_second"] / 1e9),
            of_peak(data, r["device"], r["updates_per_second"], r["hidden"], r["window"],
                    r["batch"]))
        yield (r["device"], rate(r["models"]), r["hidden"], r["window"], r["batch"],
               r["schedule"]) + measured


def peers(data):
    for r in data["peers"]:
        measured = ("", "", r["state"])
        if "us" in r:
            measured = (rate(r["updates_per_second"]), part(r["spread"]), r["how"])
        yield (rate(r["models"]), r["name"], r["threads"] or "-") + measured


TABLES = [
    ("Steps", "step|result|s|what it said", steps),
    ("Training the notebook (H 20, T 5, 95 windows, 2500 epochs or a part of them)",
     "notebooks|rule or variant|device|epochs|updates/s|notebooks/s|of peak|bits as cpu's", train),
    ("The kernels through CUDA, median of three runs (T 5)",
     "kernel|registers capped at|rule|H|M|epochs|updates/s|spread|notebooks/s|of peak|registers|spilled bytes|bits as cpu's",
     cuda),
    ("windrow bench", "device|M|H|T|B|schedule|open s|updates/s|spread|Gflop/s|of peak", bench),
    ("Peers, in the same minutes", "models|contender|threads|updates/s|spread|remark", peers),
]


def markdown(data):
    lines = ["### Figures of %s" % data["date"], "", "`%s`" % data["command"], ""]
    lines += ["- %s: %s" % item for item in data["machine"].items()]
    lines += ["- peak of %s: %s Gflop/s, in a loop of float32 fma" % (device, rate(peak / 1e9))
              for device, peak in data["peaks"].items()]
    lines += ["- of peak: counting 6 (T-1) H^2 flops for each window of an update"]
    lines += ["- left out for want of time: " + left_out(data)] if left_out(data) else []
    for heading, columns, rows in TABLES:
        rows = list(rows(data))
        if rows:
            lines += ["", "#### " + heading, "", "| " + columns.replace("|", " | ") + " |",
                      "|" + "---|" * (columns.count("|") + 1)]
            lines += ["| %s |" % " | ".join(str(cell).replace("|", "/") for cell in row)
                      for row in rows]
    return "\n".join(lines) + "\n"
