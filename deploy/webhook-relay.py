#!/usr/bin/env python3
"""Receives Warraq's webhooks on loopback and passes each story on: to Telegram, Matrix, Slack, ntfy or by e-mail.

webhook-relay.py --listen 127.0.0.1:8099 --secret-file hook.secret TARGET
TARGET and its settings, which are environment variables so that no secret stands on the command line:
  telegram  TELEGRAM_TOKEN, TELEGRAM_CHAT; TELEGRAM_URL in place of the Bot API
  matrix    MATRIX_SERVER (https://…), MATRIX_TOKEN, MATRIX_ROOM (!id:server)
  slack     SLACK_URL (https://hooks.slack.com/services/…)
  ntfy      NTFY_URL (https://ntfy.sh/TOPIC), NTFY_TOKEN (may be missing)
  email     SMTP_SERVER (host:port), SMTP_USER, SMTP_PASSWORD (both may be missing), MAIL_FROM, MAIL_TO

Answers 204 when the story was passed on, 401 for a wrong signature, 502 when the target refused: Warraq then tries again.
Needs Python 3.9 and nothing else.
"""
import argparse, base64, email.message, hashlib, hmac, json, os, smtplib, sys, time, urllib.parse, urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

OLDEST = 300  # seconds; an older message may be a replayed one (Standard Webhooks)
LONGEST = 1_000_000  # bytes


def is_signed(keys, headers, body):
    """Returns whether Standard Webhooks' headers sign this body with one of the keys."""
    name, at, signatures = (headers.get("webhook-" + part, "") for part in ("id", "timestamp", "signature"))
    if not at.isascii() or not at.isdigit() or abs(time.time() - int(at)) > OLDEST:
        return False
    signed = f"{name}.{at}.".encode() + body
    right = [b"v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()) for key in keys]
    return any(hmac.compare_digest(given.encode(), one) for given in signatures.split() for one in right)


def post(url, body, headers, method="POST"):
    request = urllib.request.Request(url, data=body, headers=headers, method=method)
    with urllib.request.urlopen(request, timeout=10):
        pass


def post_json(url, value, headers=(), method="POST"):
    post(url, json.dumps(value).encode(), {"Content-Type": "application/json", **dict(headers)}, method)


def lines(story):
    first = f"{story['outlet']['name']}: {story['title']}"
    return "\n".join(part for part in (first, story.get("summary"), story["link"]) if part)


def telegram(story, _):
    url = f"https://api.telegram.org/bot{os.environ['TELEGRAM_TOKEN']}/sendMessage"
    post_json(os.environ.get("TELEGRAM_URL", url), {"chat_id": os.environ["TELEGRAM_CHAT"], "text": lines(story)[:4096]})


def matrix(story, name):
    room, transaction = (urllib.parse.quote(text, safe="") for text in (os.environ["MATRIX_ROOM"], name))
    # The transaction's id makes the server drop what it got before.
    url = f"{os.environ['MATRIX_SERVER'].rstrip('/')}/_matrix/client/v3/rooms/{room}/send/m.room.message/{transaction}"
    headers = {"Authorization": f"Bearer {os.environ['MATRIX_TOKEN']}"}
    post_json(url, {"msgtype": "m.notice", "body": lines(story)}, headers, "PUT")


def slack(story, _):
    escape = lambda text: text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    link = story["link"].replace("|", "%7C").replace(">", "%3E")
    post_json(os.environ["SLACK_URL"], {"text": f"{escape(story['outlet']['name'])}: <{link}|{escape(story['title'])}>"})


def ntfy(story, _):
    url = urllib.parse.urlsplit(os.environ["NTFY_URL"])
    token = os.environ.get("NTFY_TOKEN")
    value = {"topic": url.path.strip("/"), "title": story["outlet"]["name"], "message": story["title"], "click": story["link"]}
    post_json(f"{url.scheme}://{url.netloc}/", value, {"Authorization": f"Bearer {token}"} if token else {})


def mail(story, name):
    message = email.message.EmailMessage()
    message["From"], message["To"] = os.environ["MAIL_FROM"], os.environ["MAIL_TO"]
    message["Subject"] = " ".join(f"{story['outlet']['name']}: {story['title']}".split())
    message["Message-ID"] = f"<{name}@{os.environ['MAIL_FROM'].rpartition('@')[2]}>"
    message.set_content(lines(story))
    host, _, port = os.environ["SMTP_SERVER"].partition(":")
    with smtplib.SMTP(host, int(port or 25), timeout=10) as server:
        if os.environ.get("SMTP_USER"):
            server.starttls()
            server.login(os.environ["SMTP_USER"], os.environ["SMTP_PASSWORD"])
        server.send_message(message)


TARGETS = {"telegram": telegram, "matrix": matrix, "slack": slack, "ntfy": ntfy, "email": mail}


def handler(keys, target):
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            length = self.headers.get("content-length", "")
            if not length.isdigit() or int(length) > LONGEST:
                return self.answer(413)
            body = self.rfile.read(int(length))
            if not is_signed(keys, self.headers, body):
                return self.answer(401)
            try:
                target(json.loads(body)["data"], self.headers["webhook-id"])
            except (OSError, KeyError, ValueError, smtplib.SMTPException) as error:
                # Its text may repeat an address that holds a secret.
                print("cannot forward a story:", type(error).__name__, file=sys.stderr, flush=True)
                return self.answer(502)
            self.answer(204)

        def answer(self, status):
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    return Handler


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--listen", default="127.0.0.1:8099")
    parser.add_argument("--secret-file", required=True)
    parser.add_argument("target", choices=TARGETS)
    given = parser.parse_args()
    with open(given.secret_file, encoding="ascii") as file:
        secrets = file.read().split()
    if not secrets or not all(secret.startswith("whsec_") for secret in secrets):
        parser.error("a secret does not begin with whsec_")
    host, _, port = given.listen.rpartition(":")
    server = ThreadingHTTPServer((host, int(port)), handler([base64.b64decode(secret[6:]) for secret in secrets], TARGETS[given.target]))
    print("listening on", "%s:%d" % server.server_address[:2], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
