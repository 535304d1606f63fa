# Elvish completion for jeton: add this line to ~/.config/elvish/rc.elv
eval (E:COMPLETE=elvish jeton | slurp)
