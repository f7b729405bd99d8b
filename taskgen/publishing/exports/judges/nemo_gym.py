"""taskgen as a resources server of NeMo Gym."""

import asyncio

from nemo_gym.base_resources_server import (
    BaseResourcesServerConfig,
    BaseVerifyRequest,
    BaseVerifyResponse,
    SimpleResourcesServer,
)

import taskgen


class TaskgenVerifyRequest(BaseVerifyRequest):
    """What a row of the dataset adds to the model's response."""

    problem: str


class TaskgenVerifyResponse(TaskgenVerifyRequest, BaseVerifyResponse):
    """The reward, and why."""

    status: str
    reason: str


class TaskgenServer(SimpleResourcesServer):
    """Judges the text of a response."""

    config: BaseResourcesServerConfig

    async def verify(self, body: TaskgenVerifyRequest) -> TaskgenVerifyResponse:
        """1 for a correct answer, 0 for any other. Raises RuntimeError where the problem could not be judged."""
        messages = [item for item in body.response.output if item.type == "message"]
        text = "".join(part.text for item in messages for part in item.content if part.type == "output_text")
        verdict = await asyncio.to_thread(taskgen.verify, body.problem, text)
        if verdict.status == "verifier_error":
            raise RuntimeError(verdict.reason)
        return TaskgenVerifyResponse(
            **body.model_dump(), reward=verdict.score, status=verdict.status, reason=verdict.reason
        )


if __name__ == "__main__":
    TaskgenServer.run_webserver()
