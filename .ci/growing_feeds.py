"""An outlet on loopback whose feeds grow with each visit, for checks that kill whatever reads them."""
import http.server, threading

FEEDS = 8


class Outlet(http.server.BaseHTTPRequestHandler):
    """Each visit lists `step` entries more; the tag says how many."""

    def do_GET(self):
        n = int(self.path[1:])
        self.server.listed[n] = count = self.server.listed[n] + self.server.step
        items = "".join(
            f"<item><guid>{i}</guid><title>Feed {n} entry {i}</title><link>http://news.invalid/{n}/{i}</link>"
            f"<description>{f'words of {n} and {i} ' * 20}</description></item>" for i in range(count))
        body = f"<rss version='2.0'><channel><title>{n}</title>{items}</channel></rss>".encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/rss+xml")
        self.send_header("ETag", f'"{count}"')
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    """Serves `FEEDS` feeds at /0, /1 and so on. `listed` has how many entries each listed last."""

    def __init__(self, step):
        super().__init__(("127.0.0.1", 0), Outlet)
        self.step, self.listed = step, [0] * FEEDS
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        pass  # whoever asked was killed


def outlets(port):
    """The outlets of a configuration."""
    return "".join(f'[[outlet]]\nslug = "v{n}"\nname = "V{n}"\nfeeds = ["http://127.0.0.1:{port}/{n}"]\n' for n in range(FEEDS))
