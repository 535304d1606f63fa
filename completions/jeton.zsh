# Completion of jeton in zsh: put this line into ~/.zshrc, after compinit
source <(COMPLETE=zsh jeton)
