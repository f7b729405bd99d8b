"""What states the problem of each reasoning-gym family: some fields of its metadata, or else its question.

The rest of the metadata is answers, working, sizes that follow, and bookkeeping (seed, index, difficulty). Families
whose metadata leaves part of the problem out (the board, the clues, the examples) are compared by the words of their
question, which several of them draw as lines of symbols: the lines stay apart.
"""

import re
from collections.abc import Mapping
from typing import Any

# `a.b` is field b of field a.
STATED = {
    family: tuple(fields.split())
    for family, fields in {
        "advanced_geometry": "task_type A B C",
        "base_conversion": "source_repr source_base target_base",
        "basic_arithmetic": "expression",
        "bf": "bf_program",
        "binary_alternation": "string",
        "binary_matrix": "matrix",
        "bitwise_arithmetic": "problem",
        "boxnet": "row_num column_num initial_state",
        "caesar_cipher": "cipher_text",
        "chain_sum": "expression",
        "circuit_logic": "expression final_gate assignments",
        "coin_flip": "num_trials k_heads problem_type",
        "color_cube_rotation": "initial_state rotations target_side",
        "complex_arithmetic": "num1 num2 operation",
        "count_bits": "number",
        "count_primes": "start end",
        "countdown": "numbers target",
        "course_schedule": "courses prerequisites",
        "cryptarithm": "words_letters result_letters allow_leading_zero",
        "decimal_chain_sum": "expression",
        "dice": "puzzle.dice_str puzzle.target",
        "fraction_simplification": "numerator denominator",
        "futoshiki": "puzzle constraints",
        "gcd": "numbers",
        "graph_color": "puzzle.vertices puzzle.edges puzzle.num_colors",
        "group_anagrams": "words",
        "intermediate_integration": "integrand variable",
        "isomorphic_strings": "words",
        "jugs": "puzzle.jug_capacities puzzle.target",
        "kakurasu": "n_rows n_cols row_sums col_sums",
        "knight_swap": "board pieces start_turn",
        "knights_knaves": "names statements knight_knave_terms.knight",
        "largest_island": "grid",
        "lcm": "numbers",
        "leg_counting": "animals",
        "letter_counting": "target_letter span",
        "letter_jumble": "scrambled_words",
        "maze": "grid start goal wall path",
        "mini_sudoku": "puzzle",
        "n_queens": "puzzle",
        "number_filtering": "original_numbers filter_value operation",
        "number_format": "formatted_candidates size",
        "number_sequence": "sequence",
        "number_sorting": "original_numbers direction",
        "palindrome_generation": "letters",
        "palindrome_partitioning": "string",
        "polynomial_equations": "polynomial_expr variable",
        "polynomial_multiplication": "polynomial_expr",
        "pool_matrix": "matrix pool_type pool_size",
        "power_function": "base exponent",
        "prime_factorization": "number",
        "products": "expression",
        "propositional_logic": "premises",
        "puzzle24": "numbers",
        "quantum_lock": "buttons initial_state initial_value target_value",
        "ransom_note": "ransom_note magazine",
        "rectangle_count": "puzzle",
        "rotate_matrix": "matrix num_rotations",
        "rotten_oranges": "matrix",
        "rush_hour": "board_config",
        "shortest_path": "matrix",
        "simple_equations": "equation variable",
        "simple_geometry": "n_sides known_angles",
        "simple_integration": "integrand variable",
        "sokoban": "gamestr",
        "spell_backward": "word",
        "spiral_matrix": "matrix",
        "string_insertion": "string",
        "string_manipulation": "string selected_rules",
        "string_splitting": "initial_machines",
        "string_synthesis": "initial_blocks",
        "sudoku": "puzzle",
        "survo": "puzzle candidate_numbers",
        "syllogism": "premise1 premise2 conclusion",
        "tower_of_hanoi": "num_disks num_pegs start_peg target_peg",
        "tsumego": "board",
        "word_ladder": "start_word end_word",
        "word_sequence_reversal": "words",
        "word_sorting": "transformed_words direction",
    }.items()
}
# Their rules are applied so many times at most; only the question tells how many.
LIMITED = frozenset(("string_splitting", "string_synthesis"))
_LIMIT = re.compile(r"Apply the rules at most ([0-9]+) times")
# Told by their questions, in which inner white space and the punctuation at the ends of lines say nothing.
TOLD = frozenset(
    """ab acre aiw arc_1d arc_agi calendar_arithmetic decimal_arithmetic emoji_mystery family_relationships
    game_of_life game_of_life_halting gsm_symbolic list_functions mahjong_puzzle manipulate_matrix modulo_grid
    needle_haystack path_star rearc rubiks_cube self_reference time_intervals zebra_puzzles""".split()
)
# Told by their questions, in which every blank may count.
DRAWN = frozenset(("codeio", "figlet_font", "sentence_reordering"))
FAMILIES = frozenset(STATED) | TOLD | DRAWN


def statement(family: str, metadata: Mapping[str, Any], text: str) -> Any:
    """What tells a row from all others of its family, as plain JSON. Raises LookupError where a field is missing."""
    if family in STATED:
        fields = [_field(metadata, field) for field in STATED[family]]
        return fields + _LIMIT.findall(text) if family in LIMITED else fields
    return words_of(text) if family in TOLD else text


def plain(value: Any) -> Any:
    """Metadata without what tables do to them: keys of other rows, filled with nulls, and whole numbers made floats."""
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items() if part is not None}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def words_of(text: str) -> list[str]:
    """The lines of a text, its words one space apart; without empty lines and without punctuation at their ends."""
    lines = (" ".join(line.split()).rstrip(" .,;:!?") for line in text.split("\n"))
    return [line for line in lines if line]


def _field(metadata: Mapping[str, Any], field: str) -> Any:
    value: Any = metadata
    for name in field.split("."):
        value = value[name]
    return value
