"""Settings of the section ``data`` that are valid one by one and make no sense together, or have no effect."""

from collections import Counter
from collections.abc import Iterable, Iterator

from pipeline.config.data_section import DataSection, Feature, ascending, plain
from pipeline.config.yaml_text import Location, Problem
from pipeline.errors import did_you_mean, listing


def data_contradictions(data: DataSection) -> Iterator[Problem]:
    """Yield the location of each contradictory or useless setting, and what to do about it."""
    for check in (_roles, _codes, _target, _features, _read):
        for location, text in check(data):
            yield ("data", *location), text


def _roles(data: DataSection) -> Iterator[Problem]:
    if data.target in data.features:
        yield ("features", data.target), "this column is data.target, the answer itself; remove it from the features"
    for name in (data.target, *data.features):
        if name in data.added():
            at: Location = ("target",) if name == data.target else ("features", name)
            yield at, f'"{name}" is the name of a column that predict adds to a file; rename the column in the file and here'
    for index, name in enumerate(data.redundant):
        if name == data.target or name in data.features:
            other = "data.target" if name == data.target else "a feature"
            yield ("redundant", index), f'"{name}" is also {other}; a column has one role'
    for index, name in enumerate(data.patient or ()):
        if name == data.target or name in data.features or name in data.redundant:
            other = "data.target" if name == data.target else "a feature" if name in data.features else "in data.redundant"
            yield ("patient", index), f'"{name}" is also {other}; the name of a patient has no other role'


def _codes(data: DataSection) -> Iterator[Problem]:
    for name, code in data.codes.items():
        twin = next(other for other, value in data.codes.items() if value == code)
        if twin != name:
            yield ("codes", name), f'has the code of "{twin}" ({code:g}), so nothing can tell them apart; give each its own'
    for name, twin in _twins(data.codes):
        yield ("codes", name), f'is the same class as "{twin}" in a file, where both are {plain(name)}; remove one'
    if data.reference is not None and data.reference not in data.codes:
        text = f'"{data.reference}" is not among data.codes ({listing(data.codes)}){did_you_mean(data.reference, data.codes)}'
        yield ("reference",), text


def _target(data: DataSection) -> Iterator[Problem]:
    if data.merge and data.cut:
        yield ("cut",), "cannot be combined with data.merge: classes are made of values or of limits; choose one"
    made = {("merge",): tuple(data.merge or data.codes), ("cut", "classes"): data.cut.classes if data.cut else tuple(data.codes)}
    for at, classes in made.items():
        if set(classes) != set(data.codes):
            yield at, f"makes the classes {listing(classes)}, but data.codes has {listing(data.codes)}; they must be the same"
    for value, twin in _twins([value for values in (data.merge or {}).values() for value in values]):
        yield ("merge",), f'the value "{value}" is there twice{_as(value, twin)}; a value belongs to one class'
    if data.cut:
        if not ascending(data.cut.at):
            yield ("cut", "at"), f"the limits between classes must ascend; got {list(data.cut.at)}"
        if len(data.cut.classes) != len(data.cut.at) + 1:
            needed, found = len(data.cut.at) + 1, len(data.cut.classes)
            yield ("cut", "classes"), f"must name one class more than there are limits, {needed}; got {found}"


def _features(data: DataSection) -> Iterator[Problem]:
    for name, feature in data.features.items():
        if (ends := feature.range) and ends[0] >= ends[1]:
            yield ("features", name, "range"), f"must be [lowest, highest] with lowest below highest; got {list(ends)}"
        yield from ((("features", name, *at), text) for at, text in _categories(feature))


def _categories(feature: Feature) -> Iterator[Problem]:
    if feature.categories is None:
        return
    for key in ("range", "unit", "criterion", "censored"):
        if getattr(feature, key) is not None:
            yield (key,), "has no effect on categories, which are no quantity; remove it"
    for text, twin in _twins(feature.categories):
        yield ("categories",), f'the category "{text}" is there twice{_as(text, twin)}; remove one'
    if missing := [text for text in map(str, feature.missing) if plain(text) in map(plain, feature.categories)]:
        yield ("missing",), f'"{missing[0]}" is also a category; a text means one thing'


def _read(data: DataSection) -> Iterator[Problem]:
    read = data.read
    if read.thousands is not None and read.thousands == read.decimal:
        yield ("read", "thousands"), f'"{read.thousands}" is also data.read.decimal; a mark means one thing'
    for name, count in Counter(read.header or ()).items():
        if count > 1:
            yield ("read", "header"), f'"{name}" is twice in this list; give each column its own name'
    names = read.header or ()
    for name in (data.target, *data.features) if names else ():
        if name not in names:
            yield ("read", "header"), f'"{name}", which the config uses, is not among these names{did_you_mean(name, names)}'


def _twins(texts: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield the texts that a file cannot tell from an earlier one, with that one."""
    first: dict[str, str] = {}
    for text in texts:
        if plain(text) in first:
            yield text, first[plain(text)]
        first.setdefault(plain(text), text)


def _as(text: str, twin: str) -> str:
    return "" if text == twin else f', also as "{twin}"'
