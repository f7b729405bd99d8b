"""A server of embeddings that speaks the OpenAI protocol: a text is the bag of its words, hashed to 64 numbers.

As a script: FAULT, which is none, busy (every second request is refused once), broken or short; prints its port.
"""

import json
import sys
from hashlib import blake2b
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SIZE = 64


def embedding(text):
    vector = [0.0] * SIZE
    for word in text.lower().split():
        vector[int.from_bytes(blake2b(word.encode(), digest_size=2).digest(), "big") % SIZE] += 1.0
    return vector


class Handler(BaseHTTPRequestHandler):
    fault = "none"
    requests = 0

    def do_POST(self):
        Handler.requests += 1
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert (self.path, asked["model"]) == ("/v1/embeddings", "words")
        if self.fault == "broken" or (self.fault == "busy" and Handler.requests % 2):
            return self.reply(500 if self.fault == "broken" else 429, {"error": {"message": "no luck"}})
        texts = asked["input"][1:] if self.fault == "short" else asked["input"]
        found = [{"object": "embedding", "index": i, "embedding": embedding(text)} for i, text in enumerate(texts)]
        usage = {"prompt_tokens": 1, "total_tokens": 1}
        return self.reply(200, {"object": "list", "model": "words", "data": found[::-1], "usage": usage})

    def reply(self, status, content):
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("retry-after-ms", "1")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


if __name__ == "__main__":
    Handler.fault = sys.argv[1]
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()
