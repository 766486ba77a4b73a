"""Whatever a project's files say, the file that is made of them can be read and holds no secret."""

from __future__ import annotations

import tomllib

from hypothesis import example, given
from hypothesis import strategies as st

from wixproxy.config.starter import Project, Starter

NAMES = st.sampled_from(
    ["WIX_CLIENT_ID", "WIX_CLIENT_SECRET", "VITE_WIX_CLIENT_SECRET", "WIX_CLIENT_PUBLIC_KEY"]
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=5,
)
DOCUMENTS = st.none() | st.fixed_dictionaries(
    {}, optional={"appId": ANYTHING, "site": ANYTHING, "scripts": ANYTHING}
)
MARK = "canary"


@given(
    wix_config=DOCUMENTS | st.builds(lambda text: {"site": {"outputDirectory": text}}, st.text()),
    variables=st.dictionaries(
        st.sampled_from([".env", ".env.local"]),
        st.dictionaries(NAMES, st.text(max_size=20).map(lambda text: MARK + text)),
    ),
    package=DOCUMENTS,
)
@example({"site": {"outputDirectory": '"\\\x7f\n'}}, {}, None)
def test_any_project_has_a_file_that_can_be_read(
    wix_config: dict[str, object] | None,
    variables: dict[str, dict[str, str]],
    package: dict[str, object] | None,
) -> None:
    made = Starter(Project(wix_config, variables, package))
    text = made.text()
    assert tomllib.loads(text).keys() == {"site", "upstream"}
    assert MARK not in text
    assert MARK not in str(made.found)
