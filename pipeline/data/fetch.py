"""Bring the article's file from its public address."""

from pathlib import Path

from pipeline.errors import DataError

URL = (
    "https://raw.githubusercontent.com/KunjJoshi/DiabetesPredictionUsingDataMining/"
    "fa8c83034cf7d8e5bc065656dc2dc59955b97940/Diabetestype.csv"
)
SHA256 = "fc36ff73d2b211bc45d07b31891ccc505ce30ee19a47d4926a750e2d23b652ee"


def fetch(target: Path, url: str = URL, sha256: str = SHA256) -> Path:
    """Download a file unless it is there already, and keep it only if its SHA-256 is the expected one.

    Raises:
        DataError: the address does not answer, or answers with something else.
    """
    import pooch
    import requests

    pooch.get_logger().setLevel("WARNING")
    try:
        return Path(pooch.retrieve(url, f"sha256:{sha256}", fname=target.name, path=target.parent))
    except ValueError as error:  # pooch's word for a wrong hash; it has deleted what it downloaded
        raise DataError(
            f"{url}: the file there is not the expected one: {str(error).splitlines()[0]}; {target} was not written"
        ) from None
    except requests.RequestException as error:
        reason = type(error).__name__
        raise DataError(f"{url}: cannot be fetched ({reason}); check the network, or download it by hand to {target}") from None
    except OSError as error:
        raise DataError(
            f"{target}: cannot be written: {error.strerror or error}; make room, or begin in a folder that can be written"
        ) from None
