"""Prompts: several wordings, the format stated, the answer not given away."""

import re

import taskgen
from taskgen.prompts import TERSE, render, wordings
from tests.every_task.sampling import ladder, problem, some


def prompts(name):
    template = taskgen.task(name).template
    for record in some(name):
        for wording in wordings(template):
            yield record, wording, render(template, problem(record), wording)


def test_there_are_four_wordings_and_a_terse_one(name):
    names = list(wordings(taskgen.task(name).template))
    assert TERSE in names
    assert len(names) >= 5


def test_the_wordings_differ(name):
    template = taskgen.task(name).template
    for record in some(name):
        texts = {render(template, problem(record), wording) for wording in wordings(template)}
        assert len(texts) == len(wordings(template))


def test_the_terse_wording_is_one_line_and_the_shortest(name):
    template = taskgen.task(name).template
    for record in some(name):
        texts = {wording: render(template, problem(record), wording) for wording in wordings(template)}
        assert "\n" not in texts[TERSE]
        assert len(texts[TERSE]) == min(map(len, texts.values()))


def test_every_prompt_states_where_the_answer_goes(name):
    for _, _, prompt in prompts(name):
        assert "<answer>" in prompt
        assert "</answer>" in prompt


def test_no_prompt_gives_the_answer_away(name):
    for record, wording, prompt in prompts(name):
        if len(record.answer) > 3:
            assert record.answer not in prompt, f"{wording}: {record.answer}"
        for inner in re.findall(r"<answer>(.*?)</answer>", prompt, re.DOTALL):
            assert taskgen.verify(record, f"<answer>{inner}</answer>").score == 0.0


def test_no_prompt_shows_traces_of_the_template(name):
    for _, wording, prompt in prompts(name):
        # Programs call methods without arguments and may hold a dict in a dict.
        code = ("None", "()", "{{", "}}") if taskgen.task(name).domain == "code" else ()
        for trace in {"{{", "}}", "{%", "None", "Undefined", "  .", " ,", "()", "<bound", "\n\n\n"} - {*code}:
            assert trace not in prompt, f"{wording}: {trace!r} in {prompt}"


def test_the_wordings_are_all_drawn(name):
    drawn = {record.wording for record in ladder(name)}
    assert drawn == set(wordings(taskgen.task(name).template)) - {TERSE}


def test_a_terse_record_is_the_same_problem(name):
    task = taskgen.task(name)
    for record in some(name)[:2]:
        terse = task.generate(difficulty=record.difficulty, index=record.index, wording=TERSE)
        assert (terse.id, terse.answer) == (record.id, record.answer)
        assert terse.prompt != record.prompt
