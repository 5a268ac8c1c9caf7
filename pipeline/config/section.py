"""What every section of the config is made of."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from pipeline.config.yaml_text import canonical

Finite = Annotated[float, Field(allow_inf_nan=False)]
# strict validation wants a tuple, YAML gives a list; the items stay strict
Name = Annotated[str, AfterValidator(canonical)]
Names = Annotated[tuple[Name, ...], Field(strict=False)]


class Section(BaseModel):
    """A section is strict (text is no number), closed (no unknown key) and frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)
