"""gpu_report.py PROGRAM: scripts/gpu_report without a GPU: what its steps do when commands fail,
take too long or find no OpenCL, their programs being replaced by a few words of shell; and what
scripts/gpu_kit must refuse to carry, such as PROGRAM, which needs a library that it does not hold.
"""
import ctypes.util
import importlib.machinery
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import types
import unittest

SCRIPTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scripts")
sys.dont_write_bytecode = True


def script(name):
    """A script of ours as a module."""
    loader = importlib.machinery.SourceFileLoader(name, os.path.join(SCRIPTS, name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


gpu_report, kit_module = script("gpu_report"), script("gpu_kit")
import driver  # noqa: E402
import elf  # noqa: E402
from shell import Failed, NotHere, Shell  # noqa: E402
from steps import Steps, replace  # noqa: E402


class InFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.shell = Shell(self.folder + "/gpu.log")

    def read(self, name):
        with open(os.path.join(self.folder, name)) as file:
            return file.read()


class Commands(InFolder):
    def test_failure_keeps_all_that_was_said(self):
        self.shell.run(["sh", "-c", "echo hint >&2"])
        with self.assertRaises(Failed) as caught:
            self.shell.run(["sh", "-c", "echo out; echo first >&2; echo last >&2; exit 3"])
        said = str(caught.exception)
        self.assertIn("exit code 3: last", said)
        line = int(said.rsplit("gpu.log, line ", 1)[1].rstrip(")"))
        kept = self.read("gpu.log").splitlines()[line - 1:]
        self.assertTrue(kept[0].startswith("$ sh -c"))
        self.assertEqual(kept[-6:-1][-4:], ["out", "first", "last", "[exit code 3]"])
        self.assertIn("hint", self.read("gpu.log"))

    def test_time_limit_ends_all_processes_and_keeps_what_they_said(self):
        self.shell.give(0.5)
        with self.assertRaises(Failed) as caught:
            self.shell.run(["sh", "-c", "echo begun; sleep 1000 & wait"])
        self.assertIn("longer", str(caught.exception))
        self.assertIn("begun\n[stopped]", self.read("gpu.log"))


class StepsInTime(InFolder):
    def make(self, seconds):
        self.rows, self.written = [], []
        return Steps(self.shell, seconds, self.rows,
                     lambda: self.written.append([row["step"] for row in self.rows]))

    def states(self):
        return [(row["step"], row["state"]) for row in self.rows]

    def test_what_no_time_is_left_for_is_left_out(self):
        steps = self.make(100)
        for name, cost in ("dear", 60), ("dearer than what is left", 101), ("cheap", 1):
            steps.step(name, cost, cost, lambda: "done")
        self.assertEqual(self.states(), [("dear", "ok"), ("dearer than what is left", "left out"),
                                         ("cheap", "ok")])
        self.assertIn("needs about 101 s", self.rows[1]["said"])
        self.assertEqual(gpu_report.table.left_out({"steps": self.rows}),
                         "dearer than what is left")

    def test_no_step_may_outlast_the_whole(self):
        steps = self.make(2)
        steps.step("slow", 1, 1000, self.shell.run, ["sleep", "1000"])
        self.assertEqual(self.states(), [("slow", "failed")])
        steps.step("next", 1, 10, lambda: "done")
        self.assertEqual(self.states()[1], ("next", "left out"))

    def test_each_step_ends_as_it_ends_and_is_written_at_once(self):
        def fails(error):
            raise error
        steps = self.make(100)
        self.assertFalse(steps.step("a", 0, 9, fails, Failed("why")))
        self.assertFalse(steps.step("b", 0, 9, fails, NotHere("no card")))
        self.assertFalse(steps.step("c", 0, 9, fails, KeyError("rows")))
        self.assertTrue(steps.step("d", 0, 9, lambda: "well"))
        self.assertEqual([row["state"] for row in self.rows], ["failed", "not here", "failed", "ok"])
        self.assertEqual([row["said"] for row in self.rows],
                         ["why", "no card", "KeyError: 'rows'", "well"])
        self.assertEqual(self.written, [["a"], ["a", "b"], ["a", "b", "c"], ["a", "b", "c", "d"]])

    def test_steps_together_run_side_by_side_and_fail_alone(self):
        met = threading.Barrier(2, timeout=60)

        def meets():
            met.wait()
            return self.shell.run(["echo", "met"]).strip()
        steps = self.make(100)
        steps.together([("slow", 1, 0.5, self.shell.run, ["sleep", "1000"]), ("a", 1, 60, meets),
                        ("b", 1, 60, meets), ("dear", 101, 101, meets)])
        self.assertEqual({row["step"]: (row["state"], row["said"]) for row in self.rows
                          if row["state"] == "ok"}, {"a": ("ok", "met"), "b": ("ok", "met")})
        self.assertEqual(dict(self.states())["slow"], "failed")
        self.assertEqual(dict(self.states())["dear"], "left out")
        self.assertEqual(len(self.written), 4)

    def test_files_are_replaced_whole(self):
        path = self.folder + "/gpu.md"
        replace(path, "old")
        with open(path) as old:
            replace(path, "new")
            self.assertEqual(old.read(), "old")
        self.assertEqual(self.read("gpu.md"), "new")
        self.assertEqual(sorted(os.listdir(self.folder)), ["gpu.log", "gpu.md"])


class Carried(InFolder):
    """A folder with a program of this machine in it."""

    def setUp(self):
        super().setUp()
        self.addCleanup(setattr, elf, "NEWEST", elf.NEWEST)
        shutil.copy(PROGRAM, self.folder + "/program")

    def test_a_library_that_is_not_carried_is_refused(self):
        with self.assertRaisesRegex(Failed, "program needs .*, which the kit does not hold"):
            elf.check(self.shell, self.folder)

    def test_a_newer_glibc_is_refused(self):
        libraries, version = elf.needs(self.shell.run(["objdump", "-p", self.folder + "/program"]))
        for name in libraries - elf.SYSTEM:
            open(os.path.join(self.folder, name), "w").close()
        elf.NEWEST = version
        elf.check(self.shell, self.folder)
        elf.NEWEST = (version[0], version[1] - 1)
        with self.assertRaisesRegex(Failed, "program needs glibc"):
            elf.check(self.shell, self.folder)


class Driver(InFolder):
    """A driver whose libraries lie where the loader does not look."""

    def setUp(self):
        super().setUp()
        for name in "LD_LIBRARY_PATH", "OCL_ICD_VENDORS":
            before = os.environ.pop(name, None)
            self.addCleanup(lambda name=name: os.environ.pop(name, None))
            if before is not None:
                self.addCleanup(os.environ.__setitem__, name, before)
        self.addCleanup(setattr, driver, "FOLDERS", driver.FOLDERS)
        driver.FOLDERS = (self.folder + "/empty", self.folder)
        known = ctypes.util.find_library("m")  # any library, under the driver's name
        self.library = os.path.join(self.folder, "libnvidia-opencl.so.580.1")
        shutil.copy(subprocess.check_output(["cc", "-print-file-name=" + known],
                                            text=True).strip(), self.library)

    def test_opencl_is_found_and_named_to_the_loader(self):
        said = driver.expose(self.folder + "/vendors")
        self.assertIn(self.library + ": loads", said[0])
        self.assertEqual(self.read("vendors/nvidia.icd"), self.library + "\n")
        self.assertEqual(os.environ["OCL_ICD_VENDORS"], self.folder + "/vendors")
        self.assertEqual(os.environ["LD_LIBRARY_PATH"], self.folder)

    def test_the_icd_files_told_are_those_that_the_loader_reads(self):
        driver.expose(self.folder + "/vendors")
        self.assertEqual(driver.icd_files(), ".icd files: %s/vendors/nvidia.icd" % self.folder)
        os.environ["OCL_ICD_VENDORS"] = self.folder + "/vendors/nvidia.icd"
        self.assertEqual(driver.icd_files(), ".icd files: %s/vendors/nvidia.icd" % self.folder)
        os.environ["OCL_ICD_VENDORS"] = self.folder + "/empty"
        self.assertEqual(driver.icd_files(), ".icd files: none in %s/empty" % self.folder)

    def test_what_cannot_be_loaded_is_told(self):
        with open(self.library, "w") as file:
            file.write("no library")
        said = driver.expose(self.folder + "/vendors")
        self.assertIn(self.library + ": OSError", said[0])
        self.assertNotIn("OCL_ICD_VENDORS", os.environ)


CPU = {"id": "cpu", "name": "some", "detail": "2 threads", "gpu": False, "usable": True}
SHAPE = {"file": "a.ptx", "kernel": "wr_fused_rows", "hidden": 20, "window": 5, "rule": "", "forced": "",
         "cap": None, "group_models": 8, "group_items": 160}
TRAINED = {"registers": 9, "spilled_bytes": 0, "same_bits": True, "epochs": 4, "fastest": 3.0,
           "updates_per_second": 2.0, "slowest": 1.0}
PEAK = {"device": "GPU", "driver": 13000, "units": 132, "peak_flops_per_second": 1e12}
BENCH = {"devices": [{"peak_flops_per_second": 1e9, "rows": []}]}


class Command(unittest.TestCase):
    def test_the_folder_of_a_kit_is_not_told(self):
        self.assertEqual(gpu_report.command(["--kit", "/home/ann/kit", "--seconds", "9"]),
                         "kit/run --seconds 9")
        self.assertEqual(gpu_report.command(["--seconds", "9", "--kit=/home/ann/kit/", "--quick"]),
                         "kit/run --seconds 9 --quick")
        self.assertEqual(gpu_report.command(["--quick"]), "scripts/gpu_report --quick")


class Arguments(InFolder):
    def refused(self, *words):
        done = subprocess.run([sys.executable, SCRIPTS + "/gpu_report", "--out",
                               self.folder + "/out", *words], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=60)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        return done.stderr

    def test_what_cannot_be_meant_is_refused_before_anything_is_written(self):
        for kit in "", self.folder, self.folder + "/none", self.folder + "/gpu.log":
            self.assertIn("is no kit", self.refused("--kit", kit))
        for device in "cpu", "opencl", "opencl:0", "nonsense", "":
            self.assertIn("such as opencl:0.0", self.refused("--device", device))
        self.assertIn("needs a folder", self.refused("--out", ""))
        for number in "nan", "inf", "0", "-1", "abc":
            self.assertIn("needs a number above 0", self.refused("--seconds", number))
        self.assertEqual(os.listdir(self.folder), ["gpu.log"])


class Kit(InFolder):
    """gpu_kit, which makes a folder in the place of another one."""

    def make(self, kit):
        kit_module.build_all = lambda shell: None
        kit_module.BUILD = self.folder + "/build"
        kit_module.elf = types.SimpleNamespace(check=lambda shell, kit: "glibc")
        kit_module.fill = self.fill
        kit_module.make(kit)

    def fill(self, shell, kit):
        for name in "run", "bin/windrow", "tests/tests.json", "ptx/shapes.json":
            os.makedirs(os.path.dirname(os.path.join(kit, name)), exist_ok=True)
            with open(os.path.join(kit, name), "w") as file:
                file.write("new")
        return "made"

    def test_a_kit_is_replaced_and_keeps_its_reports(self):
        kit = self.folder + "/kit"
        self.make(kit)
        os.mkdir(kit + "/report")
        for name in "old", "report/gpu.json":
            with open(os.path.join(kit, name), "w") as file:
                file.write("kept")
        self.make(kit)
        self.assertEqual(self.read("kit/report/gpu.json"), "kept")
        self.assertFalse(os.path.exists(kit + "/old"))
        self.assertEqual(sorted(os.listdir(self.folder)), ["build", "gpu.log", "kit"])

    def test_a_kit_stays_where_it_cannot_be_replaced(self):
        kit = self.folder + "/kit"
        self.make(kit)
        for name in "report", "old":
            os.mkdir(os.path.join(kit, name))
        rename, calls = os.rename, []

        def fails_once(source, target):
            calls.append(target)
            if len(calls) == 2:
                raise OSError("no")
            rename(source, target)
        os.rename = fails_once
        self.addCleanup(setattr, os, "rename", rename)
        with self.assertRaisesRegex(OSError, "no"):
            self.make(kit)
        self.assertEqual(calls[1:], [kit, kit])
        self.assertEqual(sorted(os.listdir(kit)), ["bin", "old", "ptx", "report", "run", "tests"])

    def test_what_is_no_kit_is_left_alone(self):
        kit = self.folder + "/kit"
        for name in kit, kit + ".new":
            os.mkdir(name)
            with open(name + "/run", "w") as file:
                file.write("mine")
        with self.assertRaisesRegex(Failed, "something else than a kit"):
            self.make(kit)
        with self.assertRaisesRegex(Failed, "is no folder"):
            self.make(kit + "/run")
        self.assertEqual(self.read("kit/run"), "mine")
        os.remove(kit + "/run")  # an empty folder may become one
        self.make(kit)
        self.assertEqual((self.read("kit/run"), self.read("kit.new/run")), ("new", "mine"))


class Out(InFolder):
    def test_a_folder_that_cannot_be_written_is_told_in_a_line(self):
        for out in self.folder + "/gpu.log", self.folder + "/gpu.log/below":  # a file is there
            done = subprocess.run([sys.executable, SCRIPTS + "/gpu_report", "--out", out],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertRegex(done.stderr, r"^gpu_report: --out: .*gpu\.log.*\n$")


class Routes(InFolder):
    """All of gpu_report with a kit whose programs say what they are made to say."""

    def setUp(self):
        super().setUp()
        for name in "bin", "ptx", "tests":
            os.mkdir(os.path.join(self.folder, name))
        self.put("tests/tests.json", {})
        self.put("ptx/shapes.json", [SHAPE, dict(SHAPE, hidden=4)])
        self.program("windrow", devices={"devices": [CPU]}, bench=BENCH)
        self.program("cuda_run", default=TRAINED, peak=PEAK)

    def put(self, name, value):
        with open(os.path.join(self.folder, name), "w") as file:
            json.dump(value, file)

    def program(self, name, default=None, code=0, **answers):
        path = os.path.join(self.folder, "bin", name)
        cases = ["*%s*) echo '%s' ;;" % (word, json.dumps(said)) for word, said in answers.items()]
        cases.append("*) echo '%s'; exit %d ;;" % (json.dumps(default), code))
        with open(path, "w") as file:
            file.write('#!/bin/sh\ncase "$*" in\n%s\nesac\n' % "\n".join(cases))
        os.chmod(path, 0o755)

    def report(self, cuda, device=None):
        words = dict(out=self.folder + "/out", kit=self.folder, quick=True, seconds=100.0,
                     device=device)
        report = gpu_report.Report(types.SimpleNamespace(**words))
        report.has_cuda = lambda: cuda
        report.opencl.peers = lambda models, names: "none"
        report.look = lambda: "a test"
        return report

    def state(self, report, name):
        return [s["state"] for s in report.data["steps"] if s["step"] == name]

    def test_opencl_missing_is_no_failure_where_cuda_measures(self):
        report = self.report(cuda=True)
        report.main()
        self.assertEqual(self.state(report, "device"), ["not here"])
        self.assertEqual([row["hidden"] for row in report.data["cuda"]], [20, 4, 20])
        self.assertFalse(report.failed())
        self.assertIn("no usable OpenCL GPU among: cpu", self.read("out/gpu.md"))
        self.assertEqual(json.loads(self.read("out/gpu.json")), report.data)
        self.assertEqual(list(report.data)[:2], ["windrow", "schema"])

    def test_forced_choices_are_told(self):
        before = dict(os.environ)
        self.addCleanup(lambda: (os.environ.clear(), os.environ.update(before)))
        for name in [name for name in os.environ if name.startswith("WINDROW_")]:
            del os.environ[name]  # what CTest sets
        for name, value in ("WINDROW_FUSED", "rows"), ("WINDROW_WARP", ""), (
                "WINDROW_BUILD_OPTIONS", "-w -cl-x"):
            os.environ[name] = value
        report = self.report(cuda=True)
        report.main()
        self.assertIn("- variables: WINDROW_BUILD_OPTIONS='-w -cl-x' WINDROW_FUSED=rows\n",
                      self.read("out/gpu.md"))

    def test_no_gpu_at_all_is_a_failure(self):
        report = self.report(cuda=False)
        report.main()
        self.assertEqual(self.state(report, "device"), ["failed"])
        self.assertTrue(report.failed())

    def test_a_device_that_was_asked_for_and_is_not_here_is_a_failure(self):
        report = self.report(cuda=True, device="opencl:3.0")
        report.main()
        self.assertEqual(self.state(report, "device"), ["failed"])
        self.assertEqual(self.state(report, "verify"), [])
        self.assertTrue(report.failed())

    def test_other_bits_are_a_failure(self):
        self.program("cuda_run", default=dict(TRAINED, same_bits=False, difference="model 3"),
                     peak=PEAK)
        report = self.report(cuda=True)
        report.main()
        self.assertTrue(report.failed())
        self.assertIn("bits differ from cpu's: model 3", self.read("out/gpu.md"))

    def test_one_step_a_size_and_peers_before_sizes(self):
        report = self.report(cuda=False)
        report.quick, report.opencl.device = False, "opencl:0.0"
        steps = [(name, words) for name, _, _, _, *words in report.through_opencl()]
        names = [name for name, words in steps]
        self.assertLess(names.index("peers: 10000 models"), names.index("bench: H 4"))
        models = {words[5]: words[3] for name, words in steps if name.startswith("bench: H")}
        self.assertEqual(models["64"], "10000")
        self.assertEqual((models["128"], models["256"]), ("1000", "1000"))


if __name__ == "__main__":
    PROGRAM = sys.argv.pop()
    unittest.main(verbosity=2)
