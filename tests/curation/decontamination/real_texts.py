"""Real texts: prompts of every task, and paragraphs in many scripts."""

from functools import cache

from taskgen.records import make_record
from taskgen.registry import all_tasks

PARAGRAPHS = (
    "Falsches Üben von Xylophonmusik quält jeden größeren Zwerg. Straße, STRASSE, strasse: dreimal dasselbe Wort.",
    "Ο Οδυσσέας έφυγε ΝΩΡΙΣ το πρωί και ο Τηλέμαχος έμεινε μόνος του στο σπίτι της μητέρας του, στην Ιθάκη.",
    "İstanbul'da yağmur yağıyordu; IŞIK söndü ve herkes evine döndü. Bir, iki, üç, dört, beş, altı, yedi, sekiz.",
    "Съешь же ещё этих мягких французских булок, да выпей чаю. В чащах юга жил бы цитрус? Да, но фальшивый экземпляр!",
    "एक गाँव में एक किसान रहता था। उसके पास १२ गायें और ३० भेड़ें थीं, और वह हर दिन उनको चराने ले जाता था।",
    "كان في قديم الزمان ملك له ثلاثة أولاد، ولكل ولد حصان وسيف. سافر الأول شرقا والثاني غربا والثالث بقي.",
    "小明有十二个苹果，他给了小红三个，又买了七个。请问小明现在一共有多少个苹果？答案是16个。",
    "太郎さんはりんごを12個持っています。花子さんに3個あげました。残りは何個でしょうか。ﾊﾝｶｸ ｶﾀｶﾅ ＡＢＣ１２３",
    "The ﬁrst oﬃce: ½ of x² plus “curly” quotes\u00a0and\u2009thin spaces, so\u00adft, zero\u200bwidth, na\u0308iv.",
    "def add(x, y):\n    return x + y\n\nassert add(2, 3) == 5  # five\n\n\t\\frac{1}{2} \\cdot \\sqrt{16} = 2",
    "5 3 . | . 7 .\n6 . . | 1 9 5\n------+------\n. 9 8 | . . .\n\n🙂🙃 👩‍🚀 #.#..#\n##  $ @ .##",
)


@cache
def prompts():
    """Prompts of every task, several a task, as generated."""
    made = []
    for task in all_tasks().values():
        for index in range(3):
            made.append(make_record(task, 1, task.ladder[0], 5, "train", index, None).prompt)
    return tuple(made)
