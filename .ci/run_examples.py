"""Runs a page's examples in Python and for Datasette, and holds what they print against the page: PAGE FOLDER.

With WARRAQ_BLESS=1, writes what they print into the page.
"""
import os
import re
import subprocess
import sys

page, folder = sys.argv[1:]
text = open(page, encoding="utf-8").read()
EXAMPLE = re.compile(r"```(python|sh)\n((?:(?!```).*\n)*)```\n```text\n((?:(?!```).*\n)*)```\n")
wrong = []
ran = 0


def run(example):
    global ran
    language, code, shown = example.groups()
    if language == "sh" and not code.startswith("datasette "):
        return example[0]
    ran += 1
    command = ["python3", "-c", code] if language == "python" else ["sh", "-eu", "-c", code]
    said = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    if said.returncode:
        sys.exit(f"{code}\n{said.stderr}")
    if said.stdout != shown:
        wrong.append(f"{code}\nprints\n{said.stdout}\nand the page shows\n{shown}")
    return f"```{language}\n{code}```\n```text\n{said.stdout}```\n"


answered = EXAMPLE.sub(run, text)
if "WARRAQ_BLESS" in os.environ:
    open(page, "w", encoding="utf-8").write(answered)
elif wrong:
    sys.exit("\n".join(wrong))
expected = text.count("```python\n") + text.count("```sh\ndatasette ")
if ran != expected:
    sys.exit(f"{page} has {expected} examples, {ran} of them show what they print")
print(f"{ran} examples print what {page} shows")
