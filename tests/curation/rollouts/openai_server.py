"""A server that speaks the OpenAI chat-completions protocol and does as its plan says; a process of its own.

`python -m tests.curation.rollouts.openai_server` prints its port. The plan is JSON:

answers     for each prompt the text to answer with, or a list of texts, one for each turn of a dialogue
wrong       for each prompt which of its requests, by number, get a wrong answer
faults      for each request, by its number in order of arrival, what goes wrong: {"status": 429, "retry_after": "1"},
            {"drop": true}, {"hang": 5}, {"drip": 0.2}, {"body": "..."}, {"finish": "length"}
poison      for each prompt a fault for every request with it
always      a fault for every request that has none of its own
key         the key that is asked for
models      the names of the models that are there
seconds     how long an answer takes
no_usage    whether the tokens that were used are kept secret

PUT /plan gives it a new plan and forgets all requests, PATCH /plan changes the plan, GET /seen tells every request.
"""

import json
import socket
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class State:
    def __init__(self, plan):
        self.plan = plan
        self.seen = []
        self.busy = 0
        self.lock = threading.Lock()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *arguments):
        pass

    def reply(self, status, content, **headers):
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body))} | headers
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        drip = self.fault.get("drip")
        for piece in [body[place : place + 1] for place in range(len(body))] if drip else [body]:
            self.wfile.write(piece)
            time.sleep(drip or 0)

    fault = {}

    def do_GET(self):
        if self.path == "/seen":
            self.reply(200, state.seen)
        elif self.path == "/v1/models":
            models = state.plan.get("models", ["toy"])
            self.reply(200, {"object": "list", "data": [{"id": name, "object": "model"} for name in models]})
        else:
            self.reply(404, {"error": {"message": f"no such page: {self.path}"}})

    def sent(self):
        return json.loads(self.rfile.read(int(self.headers["Content-Length"])))

    def do_PUT(self):
        global state
        state = State(self.sent())
        self.reply(200, {})

    def do_PATCH(self):
        state.plan |= self.sent()
        self.reply(200, {})

    def do_POST(self):
        self.converse(self.sent(), state)

    def converse(self, request, state):
        with state.lock:
            number = len(state.seen)
            state.busy += 1
            prompt = next(message["content"] for message in request["messages"] if message["role"] == "user")
            turn = sum(message["role"] == "assistant" for message in request["messages"])
            before = sum(entry["prompt"] == prompt and entry["turn"] == turn for entry in state.seen)
            entry = {
                "prompt": prompt,
                "turn": turn,
                "time": time.monotonic(),
                "busy": state.busy,
                "key": self.headers["Authorization"],
                "request": request,
            }
            state.seen.append(entry)
        try:
            of_prompt = state.plan.get("poison", {}).get(prompt, state.plan.get("always", {}))
            self.fault = state.plan.get("faults", {}).get(str(number), of_prompt)
            self.answer(request, state.plan, prompt, turn, before)
        finally:
            with state.lock:
                state.busy -= 1
            self.fault = {}

    def answer(self, request, plan, prompt, turn, before):
        fault = self.fault
        if self.path != "/v1/chat/completions":
            return self.reply(404, {"error": {"message": f"no such page: {self.path}"}})
        if "key" in plan and self.headers["Authorization"] != f"Bearer {plan['key']}":
            return self.reply(401, {"error": {"message": "Incorrect API key provided"}})
        if request["model"] not in plan.get("models", ["toy"]):
            return self.reply(404, {"error": {"message": f"The model `{request['model']}` does not exist."}})
        if "status" in fault:
            headers = {"Retry_After": fault["retry_after"]} if "retry_after" in fault else {}
            return self.reply(fault["status"], {"error": {"message": fault.get("message", "a fault")}}, **headers)
        if "drop" in fault:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()
            return None
        time.sleep(fault.get("hang", plan.get("seconds", 0)))
        if "body" in fault:
            return self.reply(200, fault["body"].encode())
        answer = plan["answers"].get(prompt, "I do not know.")
        answer = answer[turn] if isinstance(answer, list) else answer
        if before in plan.get("wrong", {}).get(prompt, ()):
            answer = "<answer>no</answer>"
        message = {"role": "assistant", "content": answer} | fault.get("message_extra", {})
        content = {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": request["model"],
            "choices": [{"index": 0, "message": message, "finish_reason": fault.get("finish", "stop")}],
            "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
        }
        if plan.get("no_usage"):
            del content["usage"]
        return self.reply(200, content)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request, client_address):
        """A client that has gone is nothing to talk about."""


if __name__ == "__main__":
    state = State({})
    server = Server(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()
