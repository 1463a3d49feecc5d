"""Rules and stories: who chooses the next action.

Rasa's RulePolicy wins over every other policy, and here each turn has a `move`, for which there is a rule. So a story
would never be heard. Here stories are matched as rules are: only by the slots, intents and actions that they name, over
several turns, and before the rules; a story is the special case, the rules are what holds otherwise.
"""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Text, Tuple

from rasa.core.policies.rule_policy import RULES, RULES_FOR_LOOP_UNHAPPY_PATH, RulePolicy
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.shared.core.constants import ACTION_LISTEN_NAME, RULE_SNIPPET_ACTION_NAME
from rasa.shared.core.domain import Domain, State
from rasa.shared.core.events import ActionExecuted
from rasa.shared.core.generator import TrackerWithCachedStates
from rasa.shared.core.trackers import DialogueStateTracker
from recent_states import longest, recent_states

AT_ITS_END = 0.5
"""Confidence in listening: under a rule's (1.0), over the fallback's (0.1 in config.yml)."""
_TRAINED = DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT


class LoadedPolicy(RulePolicy):
    """Rasa's, but once it is trained and loaded it looks back no further than its longest rule."""

    _look_back: Optional[int] = None
    """States; None while training."""

    @classmethod
    def load(cls, *given: Any, **named: Any) -> LoadedPolicy:
        policy: LoadedPolicy = super().load(*given, **named)
        if policy.lookup:
            rules = policy.lookup.get(RULES, {}), policy.lookup.get(RULES_FOR_LOOP_UNHAPPY_PATH, {})
            policy._look_back = longest(*rules) + 1  # whether a call begins before the first state shows in the next
        return policy

    def _prediction_states(
        self,
        tracker: DialogueStateTracker,
        domain: Domain,
        use_text_for_last_user_input: bool = False,
        rule_only_data: Optional[Dict[Text, Any]] = None,
    ) -> List[State]:
        if self._look_back is None:
            return super()._prediction_states(tracker, domain, use_text_for_last_user_input, rule_only_data)
        states = recent_states(tracker, domain, self._look_back)
        self.featurizer._choose_last_user_input([states], use_text_for_last_user_input)
        return states

    def format_tracker_states(self, states: List[Dict]) -> Text:
        """Only for Rasa's debug log."""
        return "" if self._look_back else super().format_tracker_states(states)


@DefaultV1Recipe.register(_TRAINED, is_trainable=True)
class RulesPolicy(LoadedPolicy):
    """Rasa's, but deaf to stories: they may do otherwise than the rules."""

    def train(self, training_trackers: List[TrackerWithCachedStates], domain: Domain, **kwargs: Any) -> Resource:
        rules = [tracker for tracker in training_trackers if tracker.is_rule_tracker]
        return super().train(rules, domain, **kwargs)


@DefaultV1Recipe.register(_TRAINED, is_trainable=True)
class StoriesPolicy(LoadedPolicy):
    """Each story as a rule of several turns, that may begin anywhere in a call."""

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        return {
            **RulePolicy.get_default_config(),
            "priority": RulePolicy.get_default_config()["priority"] + 1,
            "enable_fallback_prediction": False,
            "restrict_rules": False,
            "check_for_contradictions": False,
        }

    def train(self, training_trackers: List[TrackerWithCachedStates], domain: Domain, **kwargs: Any) -> Resource:
        stories = [
            _as_rule(tracker, domain)
            for tracker in training_trackers
            if not tracker.is_rule_tracker and not getattr(tracker, "is_augmented", False)
        ]
        return super().train(stories, domain, **kwargs)

    def _find_action_from_rules(
        self, tracker: DialogueStateTracker, domain: Domain, use_text_for_last_user_input: bool
    ) -> Tuple[Optional[Text], Optional[Text], bool]:
        """A story that is told to its end inside a form goes back to the form, as a rule does."""
        if self._look_back and not self.lookup.get(RULES):
            return None, None, False
        action, source, returning = super()._find_action_from_rules(tracker, domain, use_text_for_last_user_input)
        loop = tracker.active_loop_name
        if action == ACTION_LISTEN_NAME and loop and tracker.latest_action_name != loop:
            return loop, source, returning
        return action, source, returning

    def _prediction_result(self, action_name: Text, tracker: DialogueStateTracker, domain: Domain) -> List[float]:
        """Where a story ends, a rule may go on; without one the caller is listened to."""
        result: List[float] = super()._prediction_result(action_name, tracker, domain)
        return [AT_ITS_END * each for each in result] if action_name == ACTION_LISTEN_NAME else result


def _as_rule(story: TrackerWithCachedStates, domain: Domain) -> TrackerWithCachedStates:
    """What lies before its first step does not matter."""
    events = [ActionExecuted(RULE_SNIPPET_ACTION_NAME), *story.events]
    rule = TrackerWithCachedStates.from_events(
        story.sender_id, evts=events, slots=domain.slots, domain=domain, sender_source=story.sender_source
    )
    rule.is_rule_tracker = True
    return rule
