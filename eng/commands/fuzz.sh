# Fuzzes the wire, expressions and state machines:
# `./analemma fuzz frames|server|json|jsonata|states [SEED] [--count N] [--case NUMBER] [--socket PATH]`.
# Ten million frames against a live server: `./analemma fuzz server 1 --count 10000000`.
# Ten minutes of hostile state machines: `./analemma fuzz states 1 --count 3000000`.

run_project "$root/fuzz/Analemma.Fuzz.csproj" "$@"
