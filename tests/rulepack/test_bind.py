"""Binding: by files and base branch alone; several packs hold together."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bascule.errors import Problem
from bascule.rulepack.bind import RULE, Bound, BoundPack, bind, refusals, unite
from bascule.types import Match, MergeRule, Mode, NotifyRule, RelaxKind, RelaxRule, Rulepack, Status


def make(name: str, *files: str, branches: tuple[str, ...] = (), **fields: Any) -> Rulepack:
    return Rulepack(
        name=name, path=f"rulepack/{name}.yml", scenario="s", match=Match(files=files, branches=branches), **fields
    )


def test_a_pack_binds_by_the_files_it_claims() -> None:
    docs, infra = make("docs", "docs/**"), make("infra", "infra/**", "docs/infra.md")
    bound = bind([infra, docs], paths=["docs/a.md", "docs/infra.md"], base_ref="main")
    assert bound.packs == (
        BoundPack(pack=docs, claimed=("docs/a.md", "docs/infra.md")),
        BoundPack(pack=infra, claimed=("docs/infra.md",)),
    )
    assert bound.unclaimed == ()


def test_a_pack_binds_on_its_branches_only() -> None:
    pack = make("p", "**", branches=("main", "release/*"))
    assert not bind([pack], paths=["a"], base_ref="release/1").nothing
    assert bind([pack], paths=["a"], base_ref="release/1/2").nothing
    assert bind([pack], paths=["a"], base_ref="next").nothing


def test_an_unclaimed_file_blocks() -> None:
    bound = bind([make("docs", "docs/**")], paths=["docs/a", "src/x", "caf\udce9"], base_ref="main")
    assert bound.unclaimed == ("caf\udce9", "src/x")
    (check,) = unite(bound).checks
    assert (check.rule, check.status) == (RULE, Status.BLOCK)
    assert "`src/x`" in check.found
    assert check.expected == "every changed file claimed by a rulepack"
    assert check.fix


def test_no_pack_at_all_does_nothing() -> None:
    bound = bind([make("docs", "docs/**")], paths=["src/x"], base_ref="main")
    assert bound == Bound(packs=(), unclaimed=("src/x",))
    assert bound.nothing
    united = unite(bound)
    assert (united.mode, united.relax_allow, united.checks) == (Mode.OFF, (), ())


def test_off_judges_nothing_and_claims_nothing() -> None:
    off = make("off", "**", mode=Mode.OFF)
    assert bind([off], paths=["a"], base_ref="main").nothing
    both = bind([off, make("docs", "docs/**")], paths=["docs/a", "src/x"], base_ref="main")
    assert [b.pack.name for b in both.packs] == ["docs"]
    assert both.unclaimed == ("src/x",)


def test_permissions_intersect_and_the_lowest_mode_holds() -> None:
    a = make(
        "a", "**", mode=Mode.AUTO, merge=MergeRule(method="squash"), notify=NotifyRule(comment="never"),
        relax=RelaxRule(allow=(RelaxKind.CHECKS, RelaxKind.REVIEWS), max_exposure=10.0),
    )  # fmt: skip
    b = make(
        "b", "**", mode=Mode.PROPOSE, notify=NotifyRule(comment="always"),
        relax=RelaxRule(allow=(RelaxKind.REVIEWS, RelaxKind.LOCK), max_exposure=5.0),
    )  # fmt: skip
    united = unite(bind([a, b], paths=["x"], base_ref="main"))
    assert united.mode is Mode.PROPOSE
    assert united.relax_allow == (RelaxKind.REVIEWS,)
    assert united.max_exposure == 5.0
    assert united.method == "squash"
    assert united.comment == "always"
    assert united.checks == ()


def test_conflicting_merge_methods_block() -> None:
    a = make("a", "**", merge=MergeRule(method="squash"))
    b = make("b", "**", merge=MergeRule(method="merge"), lines={"merge.method": "rulepack/b.yml:9:9"})
    united = unite(bind([a, b], paths=["x"], base_ref="main"))
    assert united.method is None
    (check,) = united.checks
    assert check.status is Status.BLOCK
    assert check.found == "the rulepacks disagree: `a` wants squash, `b` wants merge"
    assert check.where == "rulepack/b.yml:9:9"


def test_problems_of_packs_become_checks_that_block() -> None:
    (check,) = refusals([Problem(where="rulepack/a.yml:1:2", message="found this", fix="do that")])
    assert (check.status, check.where, check.found, check.fix) == (
        Status.BLOCK, "rulepack/a.yml:1:2", "found this", "do that",
    )  # fmt: skip
    assert refusals([Problem(where="a", message="b")])[0].fix


PACKS = st.lists(
    st.builds(
        lambda name, files, mode, allow, exposure: make(
            name, *files, mode=mode, relax=RelaxRule(allow=tuple(allow), max_exposure=exposure)
        ),
        st.sampled_from("abcd"),
        st.lists(st.sampled_from(["**", "a/**", "b/*", "x"]), min_size=1),
        st.sampled_from(Mode),
        st.lists(st.sampled_from(list(RelaxKind)), unique=True),
        st.sampled_from([1.0, 5.0, 10.0]),
    ),
    max_size=4,
    unique_by=lambda p: p.name,
)


@given(PACKS, st.lists(st.sampled_from(["a/1", "a/2", "b/1", "x", "y"]), min_size=1, unique=True), st.randoms())
def test_more_packs_never_permit_more(packs: list[Rulepack], paths: list[str], rng: Any) -> None:
    bound = bind(packs, paths=paths, base_ref="main")
    united = unite(bound)
    for one in bound.packs:
        assert united.mode.level <= one.pack.mode.level
        assert set(united.relax_allow) <= set(one.pack.relax.allow)
        assert united.max_exposure <= one.pack.relax.max_exposure
    assert {p for b in bound.packs for p in b.claimed} | set(bound.unclaimed) == set(paths)
    assert not {p for b in bound.packs for p in b.claimed} & set(bound.unclaimed)
    shuffled = list(packs)
    rng.shuffle(shuffled)
    assert bind(shuffled, paths=paths[::-1], base_ref="main") == bound
