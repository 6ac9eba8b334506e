"""A headless Chromium, driven by its DevTools protocol over a pair of pipes: opens a page, listens, clicks, looks."""
import base64
import fcntl
import json
import os
import pathlib
import select
import shutil
import subprocess
import time

# A snap sees no files of /tmp.
PROGRAM = shutil.which("chromium")
PROGRAM = None if PROGRAM and "/snap/" in PROGRAM else PROGRAM
PATIENCE_S = 60


class Chromium:
    """`errors`: what the console said that is an error, and exceptions. `requests`: what was asked for but the page."""

    def __init__(self, profile):
        def high(descriptor):  # out of the way of 3 and 4, which Chromium reads and writes
            copy = fcntl.fcntl(descriptor, fcntl.F_DUPFD, 10)
            os.close(descriptor)
            return copy

        commands, answers = os.pipe(), os.pipe()
        theirs = high(commands[0]), high(answers[1])
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                   "--remote-debugging-pipe", f"--user-data-dir={profile}", "about:blank"]
        self.process = subprocess.Popen(
            ["/bin/bash", "-c", f'exec "$@" 3<&{theirs[0]} 4>&{theirs[1]}', "bash", PROGRAM, *options],
            pass_fds=theirs, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for descriptor in theirs:
            os.close(descriptor)
        self.write, self.read = commands[1], answers[0]
        self.buffer, self.number, self.session = b"", 0, None
        self.errors, self.requests, self.loaded = [], [], False
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(domain + ".enable")

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.write)
        os.close(self.read)

    def message(self):
        """The next message; what it says of errors and requests is kept."""
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.read], [], [], PATIENCE_S)
            part = os.read(self.read, 1 << 20) if ready else b""
            assert part, "Chromium says nothing"
            self.buffer += part
        text, self.buffer = self.buffer.split(b"\0", 1)
        message = json.loads(text)
        method, about = message.get("method"), message.get("params", {})
        if method == "Network.requestWillBeSent":
            self.requests.append(about["request"]["url"][:200])
        elif method == "Log.entryAdded" and about["entry"]["level"] in ("error", "warning"):
            self.errors.append(about["entry"]["text"])
        elif method == "Runtime.consoleAPICalled" and about["type"] in ("error", "warning", "assert"):
            self.errors.append(str(about["args"]))
        elif method == "Runtime.exceptionThrown":
            self.errors.append(str(about["exceptionDetails"]))
        elif method == "Page.loadEventFired":
            self.loaded = True
        return message

    def send(self, method, **parameters):
        self.number += 1
        command = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            command["sessionId"] = self.session
        os.write(self.write, json.dumps(command).encode() + b"\0")
        while True:
            message = self.message()
            if message.get("id") == self.number:
                assert "error" not in message, message
                return message["result"]

    def open(self, path, width=1280, height=900, dark=False):
        """Opens a file and waits until its pictures are drawn; returns the seconds that it took."""
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                  mobile=width < 600)
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.send("Emulation.setEmulatedMedia", features=scheme)
        self.errors.clear()
        self.requests.clear()
        self.loaded = False
        begin = time.monotonic()
        self.send("Page.navigate", url=pathlib.Path(path).resolve().as_uri())
        while not self.loaded:
            self.message()
        self.until("document.documentElement.dataset.drawn === 'true' || !document.getElementById('fault').hidden")
        return time.monotonic() - begin

    def until(self, condition):
        end = time.monotonic() + PATIENCE_S
        while not self.run(f"Boolean({condition})"):
            assert time.monotonic() < end, f"never: {condition}; {self.errors}"
            time.sleep(0.02)

    def run(self, expression):
        """The value of a JavaScript expression in the page."""
        done = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in done, done
        return done["result"].get("value")

    def press(self, key):
        for kind in ("keyDown", "keyUp"):
            text = {"text": "\r"} if key == "Enter" and kind == "keyDown" else {}
            code = {"Enter": 13, "Tab": 9}.get(key, 0)
            self.send("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, **text)

    def screenshot(self, path, whole=False):
        taken = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        pathlib.Path(path).write_bytes(base64.b64decode(taken["data"]))
