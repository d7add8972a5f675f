"""What each hook's answers, silence and faults mean to the pipeline (the table in hookspecs)."""

import textwrap
from datetime import timedelta

import pytest

from bascule.testing import (
    NOW,
    make_blocker,
    make_change,
    make_context,
    make_pack,
    make_result,
    make_verdict,
)
from bascule.types import (
    Check,
    DryRunContext,
    Evidence,
    Failure,
    GateContext,
    MergeContext,
    MergePlan,
    Observation,
    RelaxContext,
    RelaxKind,
    RestoreContext,
    Series,
    Status,
    WatchContext,
    WatchRequest,
)

CHANGE = make_change()
PACK = make_pack(relax={"allow": ["reviews", "checks", "strict"]}, sha256="ab" * 32, lines={"scenario": "a.yml:2:11"})


def ask(*names: str, number: int = 42) -> GateContext:
    return make_context(make_change(number=number), make_pack(scenario=names[0], lines={"scenario": "a.yml:2:11"}))


def hook(name: str, body: str, argument: str = "ctx") -> str:
    return f"@hookimpl\ndef {name}({argument}):\n{textwrap.indent(textwrap.dedent(body), '    ')}\n"


def scenario(name: str, **fields) -> str:
    extra = "".join(f", {k}={v!r}" for k, v in fields.items())
    return f"@hookimpl\ndef scenarios():\n    return [Scenario(name={name!r}, api=HOOK_API{extra})]\n"


# -- gate --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("", "has no gate"),
        (hook("gate", "return []"), "answered no checks"),
        (hook("gate", "return None"), "answered no checks"),
        (hook("gate", "yield from ()"), "answered no checks"),
    ],
)
def test_no_checks_is_not_an_allow(site, source: str, found: str) -> None:
    site.add("quiet", source)
    with site.hosts("quiet") as hosts:
        (check,) = hosts.gate(ask("quiet"))
    assert (check.rule, check.status, check.where) == ("quiet/gate", Status.BLOCK, "a.yml:2:11")
    assert f"`bascule-quiet 1.0.0` {found}" in check.found
    assert check.fix


def test_scope_all_is_asked_for_every_change_and_may_be_silent(site) -> None:
    answer = "if ctx.change.number == 42: return [Check(rule='{0}/x', status=Status.WAIT, found='', fix='wait')]"
    site.add("every", hook("gate", answer.format("every")), scenarios=scenario("every", scope="all"))
    site.add("other", hook("gate", answer.format("other")))
    site.add("mine", hook("gate", "return [Check(rule='mine/x', status=Status.ALLOW, found='')]"))
    with site.hosts("every", "other", "mine") as hosts:
        assert [c.rule for c in hosts.gate(ask("mine"))] == ["every/x", "mine/x"]
        quiet = ask("mine", number=7)
        assert [c.rule for c in hosts.gate(quiet)] == ["mine/x"]
        assert [(c.rule, c.status) for c in hosts.gate(quiet, ["mine", "every"])] == [
            ("every/gate", Status.BLOCK),
            ("mine/x", Status.ALLOW),
        ]


def test_a_plugin_is_asked_once_under_any_of_its_names(site) -> None:
    body = "return [Check(rule=r, status=Status.ALLOW, found='') for r in ('tofu/x', 'infra/y')]"
    two = "@hookimpl\ndef scenarios():\n    yield Scenario(name='tofu', api=1)\n    yield Scenario(name='cdk', api=1)\n"
    site.add("infra", hook("gate", body), scenarios=two)
    with site.hosts("infra") as hosts:
        assert sorted(hosts.scenarios()) == ["cdk", "tofu"]
        for names in (["tofu"], ["cdk", "tofu", "infra"], ["infra"]):
            assert [c.rule for c in hosts.gate(ask(names[0]), names)] == ["infra/y", "tofu/x"]
        assert hosts.missing("tofu") is None


def test_two_implementations_of_one_plugin_are_both_asked(site) -> None:
    first = "return [Check(rule='pair/a', status=Status.ALLOW, found='')]"
    body = "return [Check(rule='pair/b', status=Status.BLOCK, found='', fix='x')]"
    second = hook("gate_too", body).replace("@hookimpl", "@hookimpl(specname='gate')")
    site.add("pair", hook("gate", first) + second)
    with site.hosts("pair") as hosts:
        assert sorted(c.rule for c in hosts.gate(ask("pair"))) == ["pair/a", "pair/b"]


def test_an_implementation_may_take_no_argument(site) -> None:
    site.add("plain", hook("gate", "return [Check(rule='plain/a', status=Status.ALLOW, found='')]", ""))
    with site.hosts("plain") as hosts:
        assert [c.status for c in hosts.gate(ask("plain"))] == [Status.ALLOW]


def test_a_host_answers_many_questions_with_one_process(site) -> None:
    site.add(
        "count",
        hook("gate", "import os; return [Check(rule='count/pid', status=Status.ALLOW, found=str(os.getpid()))]"),
    )
    with site.hosts("count") as hosts:
        pids = {hosts.gate(ask("count", number=n))[0].found for n in range(1, 30)}
        assert len(pids) == 1
        hosts.stop()
        assert hosts.gate(ask("count"))[0].found not in pids


RULES = [
    {"id": "r1", "use": "mine/x", "where": "a.yml:9:5"},
    {"id": "r2", "use": "mine/y"},
    {"id": "c1", "use": "odd/expr"},
]
BY_RULE = "return [Check(rule=r.use, id=r.id, status=Status.ALLOW, found='') for r in ctx.pack.rules if {which}]"


@pytest.mark.parametrize(
    ("mine", "odd", "wrong"),
    [
        ("r.use[:5] == 'mine/'", "r.use[:4] == 'odd/'", {}),
        ("r.id == 'r2'", "r.use[:4] == 'odd/'", {"mine/x": "gave no answer to this rule"}),
        ("r.use[:5] == 'mine/'", None, {"odd/plugin": "not installed"}),
        ("r.use[:5] == 'mine/'", "False", {"odd/gate": "answered no checks"}),
    ],
)
def test_every_rule_of_the_pack_is_answered_by_its_own_plugin(site, mine, odd, wrong) -> None:
    site.add("mine", hook("gate", BY_RULE.format(which=mine)))
    if odd is not None:
        site.add("odd", hook("gate", BY_RULE.format(which=odd)))
    pack = make_pack(scenario="mine", rules=RULES)
    with site.hosts("mine", "odd") as hosts:
        found = {c.rule: c for c in hosts.gate(make_context(pack=pack))}
    assert {r: c.found for r, c in found.items() if c.status is not Status.ALLOW}.keys() == wrong.keys()
    for rule, text in wrong.items():
        assert found[rule].status is Status.BLOCK
        assert text in found[rule].found
        assert found[rule].fix
    if "mine/x" in wrong:
        assert (found["mine/x"].id, found["mine/x"].where) == ("r1", "a.yml:9:5")


def test_no_plugin_answers_for_a_rule_that_is_not_its_own(site) -> None:
    site.add(
        "odd",
        hook("gate", "return [Check(rule='odd/expr', id=i, status=Status.ALLOW, found='') for i in ('c1', 'r1')]"),
    )
    site.add("mine", hook("gate", BY_RULE.format(which="r.use[:5] == 'mine/'")))
    with site.hosts("mine", "odd") as hosts:
        found = hosts.gate(make_context(pack=make_pack(scenario="mine", rules=RULES)))
    (wrong,) = [c for c in found if c.status is not Status.ALLOW]
    assert (wrong.rule, wrong.status) == ("odd/gate", Status.ERROR)
    assert "answered for the rule id `r1`" in wrong.found


# -- dry_run -----------------------------------------------------------------------------------------------------------


def rehearse(site, tmp_path, body: str) -> tuple[Evidence | Check, ...]:
    setup = "from bascule import wire\n"
    site.add("reh", setup + hook("dry_run", body))
    ctx = DryRunContext(change=CHANGE, pack=PACK, now=NOW, objects=str(tmp_path), workdir=str(tmp_path))
    with site.hosts("reh", dry_run=60.0) as hosts:
        return hosts.dry_run(ctx, ["reh"])


EVIDENCE = """
data = {{"n": [1, 2.5, None]}}
bound = Binding(head_sha={head}, base_sha=ctx.change.base_sha, pack_sha256=ctx.pack.sha256)
yield Evidence(kind={kind!r}, binding=bound, provenance="local", summary="s", sha256={sha}, data=data, source="core")
"""


def test_evidence_is_attributed(site, tmp_path) -> None:
    body = EVIDENCE.format(head="ctx.change.head_sha", kind="reh/plan", sha="wire.sha256(data)")
    (found,) = rehearse(site, tmp_path, body)
    assert isinstance(found, Evidence)
    assert (found.kind, found.source) == ("reh/plan", "bascule-reh 1.0.0")
    assert found.data == {"n": [1, 2.5, None]}


@pytest.mark.parametrize(
    ("head", "kind", "sha", "reason"),
    [
        ("'0' * 40", "reh/plan", "wire.sha256(data)", "bound to something else"),
        ("ctx.change.head_sha", "terraform/plan", "wire.sha256(data)", "answered as `terraform/plan`"),
        ("ctx.change.head_sha", "reh/plan", "'abc'", "bound to something else"),
    ],
)
def test_evidence_of_something_else_is_an_error(site, tmp_path, head, kind, sha, reason) -> None:
    (found,) = rehearse(site, tmp_path, EVIDENCE.format(head=head, kind=kind, sha=sha))
    assert isinstance(found, Check)
    assert found.status is Status.ERROR
    assert reason in found.found


@pytest.mark.parametrize("origin", ["actions:1/1/1", "file:plan.json"])
def test_where_evidence_came_from_cannot_be_made_up(site, tmp_path, origin) -> None:
    """The core brought no such file: a plugin may repeat what it was told of one, and claim nothing of its own."""
    body = EVIDENCE.format(head="ctx.change.head_sha", kind="reh/plan", sha="wire.sha256(data)")
    (found,) = rehearse(site, tmp_path, body.replace('"local"', repr(origin)))
    assert isinstance(found, Check)
    assert found.status is Status.ERROR
    assert f"from `{origin}`, which the core did not bring" in found.found


def test_numbers_that_json_has_not_are_an_error(site, tmp_path) -> None:
    body = EVIDENCE.format(head="ctx.change.head_sha", kind="reh/plan", sha="'0' * 64").replace("2.5", "float('nan')")
    (found,) = rehearse(site, tmp_path, body)
    assert isinstance(found, Check)
    assert "JSON" in found.found


def test_a_rehearsal_may_answer_with_checks_or_nothing(site, tmp_path) -> None:
    (found,) = rehearse(site, tmp_path, "yield Check(rule='reh/lint', status=Status.BLOCK, found='x', fix='y')")
    assert (found.rule, found.source) == ("reh/lint", "bascule-reh 1.0.0")
    assert rehearse(site, tmp_path, "return None") == ()


# -- relax -------------------------------------------------------------------------------------------------------------

RELAX = RelaxContext(change=CHANGE, pack=PACK, verdict=make_verdict(), blockers=(make_blocker(),))


def propose(*kinds: str) -> str:
    made = ", ".join(f"RelaxProposal(kind=RelaxKind.{k}, reason='r')" for k in kinds)
    return hook("relax", f"return [{made}]")


@pytest.mark.parametrize(
    ("sources", "kinds"),
    [
        (("", ""), None),
        ((propose("REVIEWS"), ""), ["reviews"]),
        ((propose("LOCK", "STRICT", "REVIEWS", "REVIEWS"), ""), ["reviews", "strict"]),
        ((propose("REVIEWS", "CHECKS"), propose("CHECKS", "STRICT")), ["checks"]),
        ((propose("REVIEWS"), propose("CHECKS")), []),
        ((propose("REVIEWS"), propose()), []),
        ((propose("REVIEWS"), hook("relax", "return None")), []),
        ((propose("REVIEWS"), hook("relax", "1 / 0")), []),
        ((hook("relax", "return [RelaxKind.REVIEWS]"), ""), []),
        ((hook("relax", "import os; os._exit(0)"), ""), []),
    ],
)
def test_relax_only_narrows(site, sources, kinds) -> None:
    for name, source in zip(("one", "two"), sources, strict=True):
        site.add(name, source)
    with site.hosts("one", "two") as hosts:
        found = hosts.relax(RELAX, ["one", "two"])
        assert (None if found is None else [p.kind.value for p in found]) == kinds
        assert hosts.relax(RELAX, ["one", "two", "absent"]) == ()
        assert bool(hosts.faults) == any(w in s for s in sources for w in ("1 / 0", "[RelaxKind", "_exit"))


def test_relax_asks_only_what_is_bound(site) -> None:
    site.add("one", propose("REVIEWS"))
    site.add("two", propose(), scenarios=scenario("two", scope="all"))
    with site.hosts("one", "two") as hosts:
        assert [p.kind for p in hosts.relax(RELAX, ["one"])] == [RelaxKind.REVIEWS]


# -- merge -------------------------------------------------------------------------------------------------------------

MERGE = MergeContext(change=CHANGE, pack=PACK, verdict=make_verdict())


def plan(method: str) -> str:
    return hook("merge", f"return MergePlan(method={method!r}, title=f'#{{ctx.change.number}}')")


def test_merge_takes_one_answer(site) -> None:
    site.add("one", plan("rebase"))
    site.add("two", hook("merge", "return None"))
    site.add("none")
    with site.hosts("one", "two", "none") as hosts:
        assert hosts.merge(MERGE, ["one", "two", "none"]) == MergePlan(method="rebase", title="#42")
        assert hosts.merge(MERGE, ["two", "none"]) is None
        assert hosts.merge(MERGE, ["none"]) is None


@pytest.mark.parametrize(
    ("second", "status", "found"),
    [
        (plan("squash"), Status.BLOCK, "`bascule-one 1.0.0` and `bascule-two 1.0.0` both say how to merge"),
        (hook("merge", "1 / 0"), Status.ERROR, "ZeroDivisionError"),
        (hook("merge", "return [MergePlan(method='squash')]"), Status.ERROR, "type list; expected MergePlan"),
        (hook("merge", "yield MergePlan(method='squash')"), Status.ERROR, "type generator; expected MergePlan"),
    ],
)
def test_merge_is_refused(site, second: str, status: Status, found: str) -> None:
    site.add("one", plan("squash"))
    site.add("two", second)
    with site.hosts("one", "two") as hosts:
        check = hosts.merge(MERGE, ["one", "two"])
    assert isinstance(check, Check)
    assert check.status is status
    assert found in check.found


def test_merge_keeps_to_the_pack_and_to_the_methods_there_are(site) -> None:
    site.add("one", plan("squash"))
    site.add("odd", plan("force"))
    wants = make_pack(merge={"method": "rebase"})
    with site.hosts("one", "odd") as hosts:
        against = hosts.merge(MergeContext(change=CHANGE, pack=wants, verdict=make_verdict()), ["one"])
        odd = hosts.merge(MERGE, ["odd"])
        absent = hosts.merge(MERGE, ["one", "absent"])
    for check, text in ((against, "`squash`"), (odd, "`force`"), (absent, "not installed")):
        assert isinstance(check, Check)
        assert check.status is Status.BLOCK
        assert text in check.found


# -- restore -----------------------------------------------------------------------------------------------------------


def test_restore_collects_and_a_fault_is_an_alarm(site) -> None:
    site.add("one", hook("restore", "yield Check(rule='one/x', status=Status.ALLOW, found=ctx.outcome.run)"))
    site.add("two", hook("restore", "1 / 0"))
    site.add("none")
    ctx = RestoreContext(change=CHANGE, pack=PACK, outcome=make_result("merged", run="r-1"))
    with site.hosts("one", "two", "none") as hosts:
        found = hosts.restore(ctx, ["one", "two", "none"])
        assert hosts.restore(ctx, ["none"]) == ()
    assert [(c.rule, c.status, c.found == "r-1") for c in found] == [
        ("one/x", Status.ALLOW, True),
        ("two/restore", Status.ERROR, False),
    ]


# -- watch -------------------------------------------------------------------------------------------------------------

SERIES = tuple(
    Series(id=i, objective="slo", kind="ratio", queries={"total": "t", "bad": "b"}, step=30.0, start=NOW, blocks=2)
    for i in ("s-1", "s-2")
)
REQUESTS = tuple(
    WatchRequest(
        run=r, repository="acme/shop", number=1, sha="0" * 40, started_at=NOW, ends_at=NOW + timedelta(hours=1),
        series=("s-1", "s-2"),
    )
    for r in ("r-1", "r-2")
)  # fmt: skip
WATCH = WatchContext(requests=REQUESTS, series=SERIES, now=NOW + timedelta(minutes=5))
SEEN = """
for series in ctx.series:
    yield Observation(series={series}, start={start}, blocks={blocks}, seen={seen})
"""
FINE = {"series": "series.id", "start": "series.start", "blocks": "((10.0, 1.0), None)", "seen": "'empty'"}


def test_watch_asks_everybody_about_everything_at_once(site) -> None:
    site.add("one", hook("watch", SEEN.format(**FINE)))
    site.add("none")
    with site.hosts("one", "none") as hosts:
        found = hosts.watch(WATCH)
        assert hosts.watch(WATCH, ["none"]) == ()
    assert [(o.series, o.blocks, o.source) for o in found] == [
        ("s-1", ((10.0, 1.0), None), "bascule-one 1.0.0"),
        ("s-2", ((10.0, 1.0), None), "bascule-one 1.0.0"),
    ]


@pytest.mark.parametrize(
    ("body", "note"),
    [
        ("1 / 0", "ZeroDivisionError"),
        ("import os; os._exit(3)", "exit code 3"),
        (SEEN.format(**FINE | {"series": "'s-9'"}), "the series 's-9' was not asked for"),
        (SEEN.format(**FINE | {"start": "ctx.now"}), "asked for was"),
        (SEEN.format(**FINE | {"blocks": "((1.0, 0.0),) * 3"}), "3 blocks, asked for were 2"),
        (SEEN.format(**FINE | {"blocks": "((1.0,),)"}), "not 2 numbers, as a ratio has"),
        (SEEN.format(**FINE | {"blocks": "((float('inf'), 1.0),)"}), "JSON"),
        (SEEN.format(**FINE | {"blocks": "(('9', 1.0),)"}), "expected a number, found str"),
        (SEEN.format(**FINE | {"seen": "'fine'"}), "is none of empty, gone, unreachable"),
    ],
)
def test_a_watch_that_fails_is_without_data_never_healthy(site, body: str, note: str) -> None:
    site.add("one", hook("watch", body))
    with site.hosts("one") as hosts:
        found = hosts.watch(WATCH)
    assert [(o.series, o.blocks, o.seen) for o in found] == [
        ("s-1", (None, None), "unreachable"),
        ("s-2", (None, None), "unreachable"),
    ]
    assert all(isinstance(o, Observation) and note in o.note for o in found)


def test_a_watch_without_its_plugin_is_without_data(site) -> None:
    with site.hosts("absent") as hosts:
        found = hosts.watch(WATCH, ["absent"])
    assert [(o.series, o.blocks) for o in found] == [("s-1", (None, None)), ("s-2", (None, None))]
    assert "not installed" in found[0].note


# -- classify ----------------------------------------------------------------------------------------------------------

FAILURE = Failure(run="r-1", stage="dry_run", scenario="one", message="boom", exit_code=137)


def cause(name: str, confidence: float, specificity: int = 0) -> str:
    return hook(
        "classify",
        f"return Classification(cause={name!r}, confidence={confidence}, because='b', specificity={specificity})",
        "failure",
    )


@pytest.mark.parametrize(
    ("answers", "winner"),
    [
        ((cause("code_failure", 0.5), cause("rate_limited", 0.9)), "two"),
        ((cause("code_failure", 0.9), cause("rate_limited", 0.9, 5)), "two"),
        ((cause("code_failure", 0.9, 5), cause("rate_limited", 0.9, 5)), "one"),
        ((hook("classify", "return None", "failure"), cause("rate_limited", 0.1)), "two"),
        ((hook("classify", "1 / 0", "failure"), cause("rate_limited", 0.1)), "two"),
        ((cause("bad_luck", 1.0), cause("rate_limited", 0.1)), "two"),
        ((cause("code_failure", 1.5), cause("rate_limited", 0.1)), "two"),
        ((hook("classify", "1 / 0", "failure"), ""), None),
        (("", ""), None),
    ],
)
def test_the_best_classification_wins(site, answers, winner) -> None:
    for name, source in zip(("one", "two"), answers, strict=True):
        site.add(name, source)
    with site.hosts("one", "two") as hosts:
        found = hosts.classify(FAILURE)
        noted = [(f.plugin, f.hook) for f in hosts.faults]
    assert (None if found is None else found.source) == (None if winner is None else f"bascule-{winner} 1.0.0")
    expected = any(w in answers[0] for w in ("1 / 0", "bad_luck", "1.5"))
    assert noted == ([("one", "classify")] if expected else [])
