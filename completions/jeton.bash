# Bash completion for jeton: add this line to ~/.bashrc
source <(COMPLETE=bash jeton)
