"""A language model's opinion, kept honest: asked where rules are unsure, within a budget, with evidence.

Flow: `rubric` holds the clauses; `prompt` frames the transcript as data; `scoring.llm` asks any OpenAI-compatible
endpoint; `answer` checks what came back; `memory` caches answers and keeps the day's spending; `injection` notices
transcripts that talk to the judge. `scoring.scorers.judge` puts it together. Off unless a scorecard configures it.
"""
