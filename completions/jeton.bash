# Completion of jeton in bash: put this line into ~/.bashrc
source <(COMPLETE=bash jeton)
