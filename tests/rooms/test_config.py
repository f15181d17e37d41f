"""Settings: what cannot be used is named, with what to give; what can be set is documented."""

from pathlib import Path

import pytest

from app.config import ENVIRONMENT, ConfigError, Settings, load_settings

DOCUMENTATION = Path(__file__).resolve().parents[2] / "docs" / "operations.md"


def test_every_setting_is_documented_with_its_default() -> None:
    text = DOCUMENTATION.read_text()
    for field, name in ENVIRONMENT.items():
        row = next((line for line in text.splitlines() if line.startswith(f"| `{name}` |")), None)
        assert row, f"docs/operations.md has no row for {name}: say what it does"
        default = getattr(Settings(), field)
        if default not in {None, ""}:
            assert f"`{shown(default)}`" in row, (
                f"docs/operations.md must say that {name} is {default} by default"
            )


def shown(default: object) -> str:
    if isinstance(default, bool):
        return str(default).lower()
    return f"{default:g}" if isinstance(default, float) else str(default)


def test_every_setting_has_a_variable() -> None:
    assert set(ENVIRONMENT) == set(Settings.__struct_fields__)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PORT", "eighty", "give a whole number"),
        ("PORT", "70000", "is not a port"),
        ("FRONTDESK_WORKER", "perhaps", "give true or false"),
        ("FRONTDESK_JOB_LEASE", "0", "greater than zero"),
        ("FRONTDESK_JOB_LEASE", "soon", "give a number"),
        ("DATABASE_URL", "mysql://localhost/x", "must look like postgresql://"),
        ("REDIS_URL", "http://localhost:6379", "must look like redis://"),
        ("OPENAI_BASE_URL", "localhost:11434", "must begin with http"),
        ("FRONTDESK_PRICE_IN", "-1", "must not be less than zero"),
        ("FRONTDESK_BUDGET_VISITOR", "plenty", "write it like `200 requests/day"),
        ("OPENAI_FALLBACK_API_KEY", "k", "stands in for a model"),
        ("FRONTDESK_LOG", "loud", "debug, info, warning or error"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(name: str, value: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as error:
        load_settings({name: value})
    assert name.partition("_API")[0] in str(error.value)


def test_an_empty_variable_counts_as_absent() -> None:
    assert load_settings({"DATABASE_URL": "", "PORT": ""}) == Settings()
