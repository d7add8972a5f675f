"""Comments, labels, reactions, reviews and conversations on the code."""

from typing import Any

from attrs import frozen

from bascule.simulator import conversation, reactions, reviewing, threads
from bascule.simulator.graphql.lookup import reactable, row_of
from bascule.simulator.graphql.mutations.base import Input, Mutations, done
from bascule.simulator.graphql.pulls import PullNode
from bascule.simulator.graphql.reviews import ReviewNode, ThreadNode
from bascule.simulator.graphql.scope import GraphqlFault, cursor
from bascule.simulator.graphql.talk import REST_CONTENT, CommentNode, ReactionNode
from bascule.simulator.model import IssueComment, Label, Repo
from bascule.simulator.threads import Place

_TALK = "issues|pull_requests"


@frozen(kw_only=True)
class TalkMutations(Mutations):
    """What people say on a pull request."""

    # -- comments --------------------------------------------------------------------------------

    def add_comment(self, input: Input) -> Input:
        """Comment on a pull request."""
        repo, row = self._pull(input["subjectId"], _TALK)
        made = conversation.add_comment(self.scope.world, repo, self.scope.actor, row, input["body"])
        count = len(self.scope.world.store.issue_comments.where(repo_id=repo.id, number=row.number))
        edge = {"cursor": cursor(count), "node": CommentNode(scope=self.scope, row=made)}
        return done(input, commentEdge=edge, subject=PullNode(scope=self.scope, row=row))

    def _comment(self, text: str, mutation: str) -> tuple[Repo, IssueComment]:
        comment: IssueComment = row_of(self.scope, text, "IC", "issue_comments")
        repo = self._writable(self.scope.world.store.repos[comment.repo_id], _TALK)
        if not conversation.may_change(self.scope.world, repo, self.scope.actor, comment.author_id):
            self._need(repo, "write", mutation)
        return repo, comment

    def update_issue_comment(self, input: Input) -> Input:
        """Say it otherwise."""
        _, comment = self._comment(input["id"], "UpdateIssueComment")
        conversation.edit_comment(self.scope.world, comment, input["body"])
        return done(input, issueComment=CommentNode(scope=self.scope, row=comment))

    def delete_issue_comment(self, input: Input) -> Input:
        """Take it back."""
        _, comment = self._comment(input["id"], "DeleteIssueComment")
        self.scope.world.store.issue_comments.remove(comment)
        return done(input)

    # -- labels ----------------------------------------------------------------------------------

    def _labels(self, input: Input, mutation: str) -> tuple[Repo, Any, list[Label]]:
        repo, row = self._pull(input["labelableId"], _TALK)
        self._need(repo, "triage", mutation)
        labels = [row_of(self.scope, i, "LA", "labels") for i in input["labelIds"]]
        strange = next((label for label in labels if label.repo_id != repo.id), None)
        if strange is not None:
            raise GraphqlFault("UNPROCESSABLE", f"Label {strange.name} does not belong to this repository.")
        return repo, row, labels

    def add_labels_to_labelable(self, input: Input) -> Input:
        """Label a pull request."""
        repo, row, labels = self._labels(input, "AddLabelsToLabelable")
        conversation.add_labels(self.scope.world, repo, self.scope.actor, row, labels)
        return done(input, labelable=PullNode(scope=self.scope, row=row))

    def remove_labels_from_labelable(self, input: Input) -> Input:
        """Take labels off."""
        repo, row, labels = self._labels(input, "RemoveLabelsFromLabelable")
        conversation.remove_labels(self.scope.world, repo, self.scope.actor, row, labels)
        return done(input, labelable=PullNode(scope=self.scope, row=row))

    # -- reactions -------------------------------------------------------------------------------

    def add_reaction(self, input: Input) -> Input:
        """React; the same reaction again changes nothing."""
        node = reactable(self.scope, input["subjectId"])
        repo = self._writable(node.repo, _TALK)
        content = REST_CONTENT[input["content"]]
        made, _ = conversation.react(self.scope.world, repo, self.scope.actor, node.KIND, node.subject_id, content)
        shown = ReactionNode(scope=self.scope, row=made, reactable=node)
        return done(input, reaction=shown, reactionGroups=node.reaction_groups, subject=node)

    def remove_reaction(self, input: Input) -> Input:
        """Take one's own reaction back."""
        node = reactable(self.scope, input["subjectId"])
        repo = self._writable(node.repo, _TALK)
        content = REST_CONTENT[input["content"]]
        mine = [
            r
            for r in conversation.reactions_to(self.scope.world, repo, node.KIND, node.subject_id)
            if r.user_id == self.scope.actor.user.id and r.content == content
        ]
        if not mine:
            raise GraphqlFault("NOT_FOUND", "Could not resolve to a Reaction of yours with that content.")
        self.scope.world.store.reactions.remove(mine[0])
        shown = ReactionNode(scope=self.scope, row=mine[0], reactable=node)
        return done(input, reaction=shown, reactionGroups=node.reaction_groups, subject=node)

    # -- reviews ---------------------------------------------------------------------------------

    def add_pull_request_review(self, input: Input) -> Input:
        """Review, with comments on the code; without `event` it stays a draft."""
        world, actor = self.scope.world, self.scope.actor
        repo, row = self._pull(input["pullRequestId"], "pull_requests")
        drafts = [
            (
                Place(path=d["path"], line=d["line"], side=d["side"], start_line=d.get("startLine")),
                str(d["body"]),
            )
            for d in input.get("threads") or ()
            if d is not None
        ]
        for place, _ in drafts:
            threads.check_place(world, repo, row, place)
        made = reviewing.create(
            world,
            repo,
            actor,
            row,
            event=input.get("event"),
            body=input.get("body") or "",
            commit_id=input.get("commitOID"),
            has_comments=bool(drafts),
            write_comments=lambda review: [
                threads.start_thread(world, repo, actor, row, review, place, body) for place, body in drafts
            ],
        )
        node = ReviewNode(scope=self.scope, row=made)
        edge = {"cursor": cursor(len(reviewing.reviews_of(world, row, actor))), "node": node}
        return done(input, pullRequestReview=node, reviewEdge=edge)

    def dismiss_pull_request_review(self, input: Input) -> Input:
        """Make an opinion void."""
        row = row_of(self.scope, input["pullRequestReviewId"], "PRR", "reviews")
        repo = self._writable(self.scope.world.store.repos[row.repo_id], "pull_requests")
        self._need(repo, "write", "DismissPullRequestReview")
        pull = self.scope.world.store.pulls[row.pull_id]
        reviewing.dismiss(self.scope.world, repo, self.scope.actor, pull, row, input["message"])
        return done(input, pullRequestReview=ReviewNode(scope=self.scope, row=row))

    def _resolve(self, input: Input, *, resolved: bool) -> Input:
        row = row_of(self.scope, input["threadId"], "PRRT", "review_threads")
        repo = self._writable(self.scope.world.store.repos[row.repo_id], "pull_requests")
        made = threads.set_resolved(self.scope.world, repo, self.scope.actor, row, resolved=resolved)
        reactions.gate_changed(self.scope.world, repo)
        return done(input, thread=ThreadNode(scope=self.scope, row=made))

    def resolve_review_thread(self, input: Input) -> Input:
        """Resolve a conversation."""
        return self._resolve(input, resolved=True)

    def unresolve_review_thread(self, input: Input) -> Input:
        """Open it again."""
        return self._resolve(input, resolved=False)
