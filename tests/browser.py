"""Drives Debian's chromium by the DevTools protocol, over a pipe: one page at a time."""
import base64
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time

WAIT = 60  # seconds for an answer


class Browser:
    """A headless chromium. `messages` collects what pages say on the console, `requests` what they load."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="windrow-browser-")
        to_read, self.to = os.pipe()
        self.back, to_write = os.pipe()
        # The browser reads its file 3 and writes its file 4.
        program = [sys.executable, "-c", (
            "import os, sys\n"
            "a, b = int(sys.argv[1]), int(sys.argv[2])\n"
            "a, b = os.dup(a), os.dup(b)\n"
            "a, b = os.dup2(a, 100), os.dup2(b, 101)\n"
            "os.dup2(100, 3); os.dup2(101, 4)\n"
            "os.execvp(sys.argv[3], sys.argv[3:])\n"), str(to_read), str(to_write), shutil.which("chromium"),
            "--headless", "--remote-debugging-pipe", "--user-data-dir=" + self.folder, "--disable-gpu",
            "--no-first-run", "--disable-background-networking", "--disable-dev-shm-usage", "--hide-scrollbars"]
        if os.getuid() == 0:  # chromium has no sandbox for root
            program.append("--no-sandbox")
        self.process = subprocess.Popen(program, pass_fds=(to_read, to_write), stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_read)
        os.close(to_write)
        self.buffer = b""
        self.last = 0
        self.session = None
        self.messages, self.requests, self.events = [], [], []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")

    def close(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def read(self):
        """The next message; notes what events tell."""
        end = time.monotonic() + WAIT
        while b"\0" not in self.buffer:
            if not select.select([self.back], [], [], max(0, end - time.monotonic()))[0]:
                raise TimeoutError("chromium does not answer")
            piece = os.read(self.back, 1 << 20)
            if not piece:
                raise EOFError("chromium ended")
            self.buffer += piece
        text, self.buffer = self.buffer.split(b"\0", 1)
        message = json.loads(text)
        name, told = message.get("method"), message.get("params", {})
        if name == "Runtime.consoleAPICalled":
            self.messages.append(str([a.get("value", a.get("description")) for a in told["args"]]))
        elif name == "Runtime.exceptionThrown":
            self.messages.append(json.dumps(told["exceptionDetails"])[:2000])
        elif name == "Log.entryAdded":
            self.messages.append(told["entry"]["text"])
        elif name == "Network.requestWillBeSent":
            self.requests.append(told["request"]["url"])
        if name is not None:
            self.events.append(name)
        return message

    def call(self, method, **parameters):
        self.last += 1
        message = {"id": self.last, "method": method, "params": parameters}
        if self.session is not None:
            message["sessionId"] = self.session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.read()
            if answer.get("id") == self.last:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]

    def size(self, width, height, mobile=False):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=mobile)

    def features(self, **features):
        """prefers_color_scheme="dark", ..."""
        self.call("Emulation.setEmulatedMedia", features=[
            {"name": name.replace("_", "-"), "value": value} for name, value in features.items()])

    def open(self, path):
        self.messages, self.requests, self.events = [], [], []
        self.call("Page.navigate", url="file://" + os.path.abspath(path))
        while "Page.loadEventFired" not in self.events:
            self.read()
        self.settle()

    def settle(self):
        """Waits until what was changed is drawn."""
        self.value("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))")

    def value(self, expression):
        """The value of a JavaScript expression, or of its promise."""
        answer = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(json.dumps(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def press(self, key, shift=False):
        codes = {"Tab": (9, ""), "Enter": (13, "\r"), " ": (32, " "), "ArrowDown": (40, ""), "ArrowUp": (38, ""),
                 "Home": (36, ""), "End": (35, "")}
        code, text = codes[key]
        told = {"key": key, "code": "Space" if key == " " else key, "windowsVirtualKeyCode": code, "modifiers": 8 if shift else 0}
        self.call("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", text=text, **told)
        self.call("Input.dispatchKeyEvent", type="keyUp", **told)
        self.settle()

    def picture(self, path, whole=True):
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole,
                         **({"clip": {**self.area(), "scale": 1}} if whole else {}))
        with open(path, "wb") as file:
            file.write(base64.b64decode(shot["data"]))

    def area(self):
        width, height = self.value("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
        return {"x": 0, "y": 0, "width": width, "height": height}

    def pdf(self):
        """The page as printed, in bytes."""
        return base64.b64decode(self.call("Page.printToPDF", printBackground=False, paperWidth=8.27, paperHeight=11.69)["data"])
