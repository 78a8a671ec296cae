# Fuzzes the wire, and expressions: `./analemma fuzz frames|server|jsonata [SEED] [--count N] [--case NUMBER] [--socket PATH]`.
# Ten million frames against a live server: `./analemma fuzz server 1 --count 10000000`.

run_project "$root/fuzz/Analemma.Fuzz.csproj" "$@"
