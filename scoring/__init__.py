"""Complete conversations in, scores with evidence out.

Flow: `due` finds conversations that ended, idled or grew; `runner` grades each with the scorers a `scorecard` names;
`ledger` keeps one state per conversation revision and scorer; results go to the store. `scorers` holds one file a
scorer; `arguments` knows where argument values come from; `policy` checks rules over time; `judge` asks a language
model, sampled and budgeted. The same `runner.grade` grades production, offline files and replays.
"""
