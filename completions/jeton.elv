# Elvish completion for jeton: add this line to ~/.config/elvish/rc.elv
eval (env COMPLETE=elvish jeton | slurp)
