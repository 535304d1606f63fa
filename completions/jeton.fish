# Fish completion for jeton: add this line to ~/.config/fish/completions/jeton.fish
COMPLETE=fish jeton | source
