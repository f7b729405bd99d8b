"""What the Hub checks in the front matter of a dataset card, by its documentation."""

import re
from typing import Any

import yaml

LICENCES = set(
    "apache-2.0 mit openrail bigscience-openrail-m creativeml-openrail-m afl-3.0 artistic-2.0 bsl-1.0 bsd "
    "bsd-2-clause bsd-3-clause bsd-3-clause-clear c-uda cc cc0-1.0 cc-by-2.0 cc-by-2.5 cc-by-3.0 cc-by-4.0 cc-by- "
    "sa-3.0 cc-by-sa-4.0 cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nd-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0 cc- "
    "by-nc-sa-2.0 cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 cdla-sharing-1.0 cdla-permissive-1.0 cdla-permissive-2.0 wtfpl "
    "ecl-2.0 epl-1.0 epl-2.0 eupl-1.1 eupl-1.2 agpl-3.0 gfdl gpl gpl-2.0 gpl-3.0 lgpl lgpl-2.1 lgpl-3.0 isc "
    "lppl-1.3c ms-pl mpl-2.0 odc-by odbl openrail++ osl-3.0 postgresql ofl-1.1 ncsa unlicense zlib pddl unknown "
    "other".split()
)
SIZES = set(
    "n<1K 1K<n<10K 10K<n<100K 100K<n<1M 1M<n<10M 10M<n<100M 100M<n<1B 1B<n<10B 10B<n<100B 100B<n<1T n>1T other "
    "unknown".split()
)
TASKS = set(
    "text-classification token-classification table-question-answering question-answering zero-shot-classification "
    "translation summarization feature-extraction text-generation fill-mask sentence-similarity text-ranking "
    "tabular-classification tabular-regression tabular-to-text table-to-text multiple-choice text-retrieval "
    "reinforcement-learning robotics graph-ml time-series-forecasting visual-question-answering image-text-to-text "
    "text-to-image image-to-text other".split()
)
CREATORS = {"found", "crowdsourced", "expert-generated", "machine-generated", "no-annotation", "other"}
_SPLIT, _CONFIG = r"\w+(\.\w+)*", r'[^<>:/\\|?*"]+'


def faults(content: str) -> list[str]:
    """What the Hub would refuse a card for; nothing where it would take it."""
    found = re.match(r"\ufeff?\s*---\r?\n(.*?)\r?\n---(\r?\n|$)", content, re.DOTALL)
    if not found:
        return []  # a card without front matter only gets a warning
    try:
        front = yaml.safe_load(found[1])
    except yaml.YAMLError as error:
        return [f"YAML: {error}"]
    if not isinstance(front, dict):
        return ["the front matter is no mapping"]
    return [*_words(front), *_configs(front.get("configs")), *_infos(front.get("dataset_info"))]


def _words(front: dict[str, Any]) -> list[str]:
    complaints = []
    allowed = {
        "license": LICENCES,
        "size_categories": SIZES,
        "task_categories": TASKS,
        "annotations_creators": CREATORS,
        "language_creators": CREATORS,
    }
    for name, known in allowed.items():
        for value in _listed(front.get(name)):
            if value not in known:
                complaints.append(f'"{name}" must be one of [{", ".join(sorted(known))}], not {value}')
    for name in ("tags", "source_datasets", "task_ids"):
        if name in front and not (isinstance(front[name], list) and all(type(tag) is str for tag in front[name])):
            complaints.append(f'"{name}" must be a list of strings')
    for value in _listed(front.get("language")):
        if not isinstance(value, str) or not re.fullmatch(r"[a-z]{2,3}|code|multilingual", value):
            complaints.append(f'"language" must only contain ISO 639 codes in lower case, not {value}')
    if not isinstance(front.get("pretty_name", ""), str):
        complaints.append('"pretty_name" must be a string')
    if front.get("license") == "other" and not front.get("license_name"):
        complaints.append('"license_name" is needed where "license" is other')
    return complaints


def _configs(configs: Any) -> list[str]:
    if configs is None:
        return []
    if not isinstance(configs, list) or not all(isinstance(config, dict) for config in configs):
        return ['"configs" must be a list of mappings']
    complaints = []
    names = [config.get("config_name") for config in configs]
    if any(not isinstance(name, str) or not re.fullmatch(_CONFIG, name) for name in names):
        complaints.append('"configs[].config_name" must be a name')
    if len(set(map(str, names))) < len(names):
        complaints.append('"configs[].config_name" must differ')
    if sum(config.get("default") is True for config in configs) > 1:
        complaints.append('only one of "configs" may be the default')
    for config in configs:
        if not _are_data_files(config.get("data_files", "*")):
            complaints.append(f'"configs[].data_files" of {config.get("config_name")} cannot be read')
    return complaints


def _are_data_files(value: Any) -> bool:
    if isinstance(value, str):
        return True
    if not isinstance(value, list) or not value:
        return False
    if all(isinstance(entry, str) for entry in value):
        return True
    splits = [entry.get("split") if isinstance(entry, dict) else None for entry in value]
    return len(set(splits)) == len(splits) and all(
        isinstance(entry, dict)
        and isinstance(entry.get("split"), str)
        and bool(re.fullmatch(_SPLIT, entry["split"]))
        and bool(_listed(entry.get("path")))
        and all(isinstance(path, str) for path in _listed(entry.get("path")))
        for entry in value
    )


def _infos(infos: Any) -> list[str]:
    complaints = []
    for info in _listed(infos):
        if not isinstance(info, dict):
            return ['"dataset_info" must be a mapping or a list of mappings']
        if isinstance(infos, list) and not isinstance(info.get("config_name"), str):
            complaints.append('"dataset_info[].config_name" must be a name')
        if not all(_is_feature(feature) for feature in _listed(info.get("features"))):
            complaints.append('"dataset_info.features" must be a list of named features')
        for split in _listed(info.get("splits")):
            if not isinstance(split, dict) or not re.fullmatch(_SPLIT, str(split.get("name"))):
                complaints.append('"dataset_info.splits" must be a list of named splits')
            elif any(type(split.get(name)) is not int for name in ("num_bytes", "num_examples")):
                complaints.append('"dataset_info.splits[]" must have num_bytes and num_examples')
        for name in ("download_size", "dataset_size"):
            if name in info and type(info[name]) is not int:
                complaints.append(f'"dataset_info.{name}" must be a whole number')
    return complaints


def _is_feature(feature: Any) -> bool:
    return (
        isinstance(feature, dict)
        and isinstance(feature.get("name"), str)
        and any(kind in feature for kind in ("dtype", "list", "sequence", "struct"))
    )


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
