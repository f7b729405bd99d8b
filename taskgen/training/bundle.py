"""The files that every dataset carries to be trained on: two trainers, and configurations for others."""

from pathlib import Path

HERE = Path(__file__).parent
SCRIPTS = ("train_grpo.py", "train_trl.py")


def training_files() -> dict[str, bytes]:
    """The content of each file, by its path in a dataset folder; each is the very file that lies beside this one."""
    configs = sorted(
        path for path in (HERE / "configs").rglob("*") if path.is_file() and "__pycache__" not in path.parts
    )
    files = [*(HERE / name for name in SCRIPTS), *configs]
    return {file.relative_to(HERE).as_posix(): file.read_bytes() for file in files}
