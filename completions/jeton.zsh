# Zsh completion for jeton: add this line to ~/.zshrc, after compinit
source <(COMPLETE=zsh jeton)
