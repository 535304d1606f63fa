# Completion of jeton in fish: put this line into ~/.config/fish/completions/jeton.fish
COMPLETE=fish jeton | source
