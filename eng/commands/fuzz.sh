# Fuzzes the wire, expressions and state machines:
# `./analemma fuzz frames|server|json|jsonata|paths|states|hostile|workflows [SEED] [--count N] [--minutes N] [--case
# NUMBER] [--socket PATH]`.
# Ten million frames against a live server: `./analemma fuzz server 1 --count 10000000`.
# Ten minutes of all parsers of workflows: `./analemma fuzz workflows 1 --minutes 10`.

run_project "$root/fuzz/Analemma.Fuzz.csproj" "$@"
